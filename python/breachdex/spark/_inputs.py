"""Files as shares of work: which bytes or row groups of which file a task reads, and how."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal, TypeAlias, cast

from breachdex import BuildError, InputNotFoundError

if TYPE_CHECKING:
    from breachdex.types import Path

Format: TypeAlias = Literal["hibp", "passwords", "parquet"]
"""What files hold: ``HEX:COUNT`` lines, passwords, one a line, or columns."""

_PIECE: Final = 1 << 23
"""Bytes of text that are parsed at once."""

_LONGEST_LINE: Final = 1 << 26

_SAMPLED: Final = 1 << 14
"""Bytes of text in one place of a sample."""

_UNPACKED_PARTS: Final = 1 << 10
"""Rows of a batch of Parquet."""

_EVERY: Final = 16
"""Of so many batches of a share that is sampled from end to end, one is looked at."""

_PACKED: Final[dict[str, Callable[..., Any]]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_ZSTANDARD: Final = ".zst"
_ARCHIVES: Final = (".zip", ".7z")


@dataclass(frozen=True)
class Share:
    """What one task reads. Travels to executors."""

    order: int
    path: str
    format: Format
    start: int
    """The first byte, or the first row group."""
    end: int
    """The byte or the row group behind the last; text belongs to the share in which its line begins."""
    is_packed: bool = False
    before: int = 0
    """Rows of the file's row groups before."""
    rows: int = 0
    """Rows of its row groups."""


def shares(paths: Sequence[Path], format: Format, size: int) -> list[Share]:
    """Cuts files, and the files of folders, into shares of about so many bytes.

    :raises InputNotFoundError: when a path is not there.
    :raises BuildError: when a file is an archive, or a folder holds nothing.
    """
    cut: list[Share] = []
    for path in paths:
        for name, length in _files(_absolute(os.fspath(path))):
            suffix = os.path.splitext(name)[1].lower()
            if suffix in _ARCHIVES:
                raise BuildError(f"{name} is an archive; unpack it, or compress the file alone")
            if format == "parquet":
                cut += _row_groups(name, len(cut), size)
            elif suffix in _PACKED or suffix == _ZSTANDARD:
                cut.append(Share(len(cut), name, format, 0, length, is_packed=True))
            else:
                for start in range(0, length, size):
                    cut.append(Share(len(cut), name, format, start, min(start + size, length)))
    return cut


def _absolute(path: str) -> str:
    """A path as executors find it, whose working folders are others."""
    return path if "://" in path else os.path.abspath(path)


def _files(path: str) -> list[tuple[str, int]]:
    """The files of a path with their lengths, in the order of their names."""
    from pyarrow import fs

    system, inner = _system(path)
    found = system.get_file_info(inner)
    if found.type == fs.FileType.NotFound:
        raise InputNotFoundError(f"there is no input {path}")
    if found.type == fs.FileType.File:
        return [(path, found.size)]
    inside = system.get_file_info(fs.FileSelector(inner, recursive=True))
    prefix = path.removesuffix("/")
    files = [
        (prefix + entry.path.removeprefix(inner.removesuffix("/")), entry.size)
        for entry in inside
        # What Spark and Hadoop leave beside data begins like this.
        if entry.type == fs.FileType.File and not os.path.basename(entry.path).startswith((".", "_"))
    ]
    if not files:
        raise BuildError(f"the folder {path} holds no files")
    return sorted(files)


def _system(path: str) -> tuple[Any, str]:
    """The file system of a path or an address, and the path within it."""
    from pyarrow import fs

    if "://" in path:
        try:
            return cast("tuple[Any, str]", fs.FileSystem.from_uri(path))
        except Exception as error:
            raise BuildError(f"{path} cannot be read: {error}") from error
    return fs.LocalFileSystem(), path


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    """A file as plain bytes that can be sought in."""
    try:
        if "://" not in path:
            with open(path, "rb") as file:
                yield file
            return
        system, inner = _system(path)
        with system.open_input_file(inner) as file:
            yield cast("BinaryIO", file)
    except FileNotFoundError as error:
        raise InputNotFoundError(f"there is no input {path} on this machine") from error


@contextmanager
def _unpacked(path: str) -> Iterator[BinaryIO]:
    """The text of a compressed file."""
    with _opened(path) as file:
        suffix = os.path.splitext(path)[1].lower()
        if suffix == _ZSTANDARD:
            import pyarrow as pa

            with pa.CompressedInputStream(pa.PythonFile(file), "zstd") as text:
                yield text
            return
        with _PACKED[suffix](file, "rb") as text:
            yield cast("BinaryIO", text)


def _row_groups(path: str, order: int, size: int) -> list[Share]:
    """Shares of whole row groups."""
    found: list[Share] = []
    with _parquet(path) as file:
        metadata = file.metadata
        start, before, bytes_, rows = 0, 0, 0, 0
        for group in range(metadata.num_row_groups):
            bytes_ += metadata.row_group(group).total_byte_size
            rows += metadata.row_group(group).num_rows
            if bytes_ >= size or group + 1 == metadata.num_row_groups:
                share = Share(order + len(found), path, "parquet", start, group + 1, before=before, rows=rows)
                found.append(share)
                start, before, bytes_, rows = group + 1, before + rows, 0, 0
    return found


@contextmanager
def _parquet(path: str) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with _opened(path) as file:
        try:
            opened = pq.ParquetFile(file)
        except pa.ArrowInvalid as error:
            raise BuildError(f"{path} is no Parquet file: {error}") from error
        with opened:
            yield opened


def batches(share: Share, columns: list[str]) -> Iterator[Any]:
    """The record batches of a share of Parquet."""
    import pyarrow as pa

    with _parquet(share.path) as file:
        names = file.schema_arrow.names
        for column in columns:
            if column not in names:
                raise BuildError(f"{share.path} has no column {column}; it has {', '.join(names)}")
        groups = list(range(share.start, share.end))
        try:
            yield from file.iter_batches(row_groups=groups, columns=columns, batch_size=_UNPACKED_PARTS << 6)
        except (pa.ArrowInvalid, OSError) as error:
            raise BuildError(f"{share.path} cannot be read: {error}") from error


def pieces(share: Share) -> Iterator[bytes]:
    """The text of a share in pieces of whole lines, but for the end of a file."""
    if share.is_packed:
        with _unpacked(share.path) as text:
            try:
                yield from _whole_lines(text, None, share.path)
            except (EOFError, OSError, lzma.LZMAError) as error:
                raise BuildError(f"{share.path} cannot be decompressed: {error}") from error
        return
    with _opened(share.path) as file:
        begin, end = _line_from(file, share.start), _line_from(file, share.end)
        file.seek(begin)
        yield from _whole_lines(file, end - begin, share.path)


def _line_from(file: BinaryIO, at: int) -> int:
    """Where the first line begins that begins at ``at`` or behind it; the end of the file where none does."""
    if at == 0:
        return 0
    position = at - 1
    file.seek(position)
    while read := file.read(_SAMPLED):
        found = read.find(b"\n")
        if found >= 0:
            return position + found + 1
        position += len(read)
    return position


def _whole_lines(text: BinaryIO, length: int | None, path: str) -> Iterator[bytes]:
    """So many bytes, or all, cut behind ends of lines."""
    rest = b""
    while length is None or length > 0:
        read = text.read(_PIECE if length is None else min(_PIECE, length))
        if not read:
            if length is not None:
                raise BuildError(f"{path} became shorter while it was read")
            break
        if length is not None:
            length -= len(read)
        end = read.rfind(b"\n") + 1
        if end == 0:
            rest += read
            if len(rest) > _LONGEST_LINE:
                raise BuildError(f"{path} has a line of more than {_LONGEST_LINE >> 20} MiB")
            continue
        yield rest + read[:end] if rest else read[:end]
        rest = read[end:]
    if rest:
        yield rest


def lines_before(share: Share) -> int:
    """How many lines of the file begin before a share. Reads all of them: for errors alone."""
    with _opened(share.path) as file:
        left = _line_from(file, share.start)
        file.seek(0)
        lines = 0
        while left > 0 and (read := file.read(min(_PIECE, left))):
            lines += read.count(b"\n")
            left -= len(read)
    return lines


def sampled_pieces(share: Share, places: int) -> Iterator[bytes]:
    """Some lines from so many places of a share of text."""
    if share.is_packed:
        # Reading on would mean decompressing all of it.
        with _unpacked(share.path) as text:
            try:
                read = text.read(_SAMPLED * 16)
            except (EOFError, OSError, lzma.LZMAError) as error:
                raise BuildError(f"{share.path} cannot be decompressed: {error}") from error
        yield read[: read.rfind(b"\n") + 1]
        return
    with _opened(share.path) as file:
        length = share.end - share.start
        for place in range(places):
            begin = _line_from(file, share.start + length * place // places)
            if begin >= share.end:
                continue
            file.seek(begin)
            read = file.read(min(_SAMPLED, max(length // places, 256)))
            # A part of a line is none.
            yield read[: read.rfind(b"\n") + 1]


def sampled_batches(share: Share, columns: list[str], *, is_one_of_many: bool) -> Iterator[Any]:
    """Some rows of a share of Parquet: the first ones where there are many shares, else some here and there."""
    with _parquet(share.path) as file:
        groups = list(range(share.start, share.end))
        read = file.iter_batches(row_groups=groups, columns=columns, batch_size=_UNPACKED_PARTS)
        for number, batch in enumerate(read):
            if number % _EVERY == 0:
                yield batch
            if is_one_of_many:
                return
