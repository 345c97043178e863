"""The parts of the second reader, `reader.py`; each module reads one part of docs/format.md."""
