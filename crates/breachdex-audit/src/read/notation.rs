//! Passwords that a tool wrote in a notation of its own.

#![forbid(unsafe_code)]

use breachdex::text::is_hex_notation;

use super::assumption::Assumption;
use crate::account::Sink;

/// Passwords of an input that look like hashcat's `$HEX[...]`, or like text of a web page. They are looked up as they are, for
/// somebody's password may be such a text, and the user is told.
#[derive(Default)]
pub(crate) struct Notation {
    passwords: u64,
    first: u64,
    /// The same for `&amp;`, `&lt;` and `&gt;`, which LastPass's extension writes for `&`, `<` and `>`.
    escaped: u64,
    first_escaped: u64,
}

impl Notation {
    /// Looks at the password of a line.
    pub(crate) fn see(&mut self, line: u64, password: &[u8]) {
        if is_hex_notation(password) {
            self.first = if self.passwords == 0 { line } else { self.first };
            self.passwords += 1;
        }
    }

    /// Looks at the password of a line of LastPass.
    pub(crate) fn see_escaped(&mut self, line: u64, password: &[u8]) {
        let has = |entity: &[u8]| password.windows(entity.len()).any(|part| part == entity);
        if has(b"&amp;") || has(b"&lt;") || has(b"&gt;") {
            self.first_escaped = if self.escaped == 0 { line } else { self.first_escaped };
            self.escaped += 1;
        }
    }

    /// Says how many there were.
    pub(crate) fn tell(&self, sink: &mut dyn Sink) {
        if self.passwords > 0 {
            sink.assume(Assumption::HexNotation { passwords: self.passwords, first: self.first });
        }
        if self.escaped > 0 {
            sink.assume(Assumption::Escaped { passwords: self.escaped, first: self.first_escaped });
        }
    }
}
