//! The command `breachdex` as a library.
