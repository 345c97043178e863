//! A line that is kept whole.

#![forbid(unsafe_code)]

use breachdex::memory::LockedBuffer;

/// No password is longer. Such a line is refused, where it would have to be kept whole.
const LONGEST_LINE: usize = 1 << 20;

/// Enough for any line that is not made up.
const FIRST_ROOM: usize = 1 << 12;

/// A line that is put together in locked memory, overwritten when it is cleared or dropped.
pub(crate) struct Line {
    bytes: LockedBuffer,
    length: usize,
    is_too_long: bool,
}

impl Default for Line {
    fn default() -> Self {
        Self { bytes: LockedBuffer::new(FIRST_ROOM), length: 0, is_too_long: false }
    }
}

impl Line {
    /// A line that is the first `length` bytes of a buffer.
    pub(crate) fn of(bytes: LockedBuffer, length: usize) -> Self {
        Self { bytes, length, is_too_long: false }
    }

    /// Adds the next bytes.
    pub(crate) fn push(&mut self, piece: &[u8]) {
        let length = self.length + piece.len();
        if self.is_too_long || length > LONGEST_LINE {
            self.clear();
            self.is_too_long = true;
            return;
        }
        if length > self.bytes.len() {
            let mut larger = LockedBuffer::new(length.next_power_of_two());
            larger[..self.length].copy_from_slice(&self.bytes[..self.length]);
            self.bytes = larger;
        }
        self.bytes[self.length..length].copy_from_slice(piece);
        self.length = length;
    }

    /// The whole line; `None` where it is longer than 1 MiB.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        (!self.is_too_long).then_some(&self.bytes[..self.length])
    }

    /// Overwrites the line and begins another one.
    pub(crate) fn clear(&mut self) {
        self.bytes.erase(self.length);
        (self.length, self.is_too_long) = (0, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_grows_up_to_its_limit_and_starts_anew() {
        let mut line = Line::default();
        assert_eq!(line.bytes(), Some(&b""[..]));
        let piece = [b'x'; 1000];
        for count in 1..=LONGEST_LINE / piece.len() {
            line.push(&piece);
            assert_eq!(line.bytes().map(<[u8]>::len), Some(count * piece.len()));
        }
        assert!(line.bytes().is_some_and(|bytes| bytes.iter().all(|byte| *byte == b'x')));
        line.push(&piece);
        assert_eq!(line.bytes(), None);
        line.push(b"");
        assert_eq!(line.bytes(), None, "what was too long stays so");
        line.clear();
        line.push(b"next");
        assert_eq!(line.bytes(), Some(&b"next"[..]));
    }
}
