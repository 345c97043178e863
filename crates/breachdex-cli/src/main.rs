//! The command `breachdex`.
fn main() {}
