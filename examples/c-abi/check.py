"""Is a password exposed? It is the first line of standard input. `python check.py libbreachdex.so pwned.bdx`

For programs that cannot have the module `breachdex`, which does more.
"""

import ctypes
import sys
from ctypes import byref, c_char_p, c_int, c_size_t, c_uint64, c_void_p


def load(path: str) -> ctypes.CDLL:
    """The library, with what its functions take."""
    library = ctypes.CDLL(path)
    for name, result, arguments in [
        ("breachdex_options_new", c_void_p, []),
        ("breachdex_options_add_index", c_int, [c_void_p, c_char_p, c_void_p]),
        ("breachdex_open", c_int, [c_void_p, c_void_p, c_void_p]),
        ("breachdex_count", c_int, [c_void_p, c_char_p, c_size_t, c_void_p, c_void_p]),
        ("breachdex_error_message", c_char_p, [c_void_p]),
        ("breachdex_options_free", None, [c_void_p]),
        ("breachdex_corpus_free", None, [c_void_p]),
    ]:
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def main() -> int:
    """Asks, and says what is known; 0 not exposed, 1 exposed, 2 an error."""
    library = load(sys.argv[1])
    error, corpus, count = c_void_p(), c_void_p(), c_uint64()
    options = library.breachdex_options_new()
    password = sys.stdin.readline().rstrip("\r\n").encode()
    statuses = (
        lambda: library.breachdex_options_add_index(options, sys.argv[2].encode(), byref(error)),
        lambda: library.breachdex_open(options, byref(corpus), byref(error)),
        lambda: library.breachdex_count(corpus, password, len(password), byref(count), byref(error)),
    )
    if any(call() for call in statuses):
        sys.stderr.write(f"{library.breachdex_error_message(error).decode()}\n")
        return 2
    library.breachdex_corpus_free(corpus)
    library.breachdex_options_free(options)
    sys.stdout.write("exposed\n" if count.value else "not exposed\n")
    return 1 if count.value else 0


sys.exit(main())
