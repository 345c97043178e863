//! Pieces of text that threads can parse apart: whole lines, and where the text may be sorted, whole runs of
//! lines with one 16-bit prefix.

#![forbid(unsafe_code)]

use std::sync::Mutex;

use zeroize::optimization_barrier;

/// Where a block may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// After any line.
    Line,
    /// Between two lines whose first four digits differ.
    Prefix,
}

/// A run of whole lines, each ended by a line feed, from one input or from several that follow one another.
#[derive(Debug, Default)]
pub(crate) struct TextBlock {
    /// Initialised throughout, so that it can be read into again; the text is its first `length` bytes.
    pub(crate) buffer: Vec<u8>,
    pub(crate) length: usize,
    /// Where the text of each input starts; ascending, never empty in a block with text.
    pub(crate) segments: Vec<Segment>,
}

/// The part of a block that comes from one input, up to where the next segment starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) start: usize,
    /// Position of the input among the build's inputs.
    pub(crate) input: usize,
    /// Whether this is the beginning of the input.
    pub(crate) starts_file: bool,
}

impl TextBlock {
    /// Each segment and its text, together the whole block.
    ///
    /// # Panics
    /// When text belongs to no segment: rows must never be lost in silence.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (Segment, &[u8])> {
        let owned = self.segments.first().is_some_and(|segment| segment.start == 0);
        assert!(self.length == 0 || owned, "a block's text belongs to an input");
        self.segments.iter().enumerate().map(|(i, segment)| {
            let end = self.segments.get(i + 1).map_or(self.length, |next| next.start);
            (*segment, &self.buffer[segment.start..end])
        })
    }

    pub(crate) fn text(&self) -> &[u8] {
        &self.buffer[..self.length]
    }

    /// The room behind the text, at least `room` bytes of it.
    pub(crate) fn spare(&mut self, room: usize) -> &mut [u8] {
        if self.buffer.len() < self.length + room {
            self.grow(self.length + room);
        }
        &mut self.buffer[self.length..]
    }

    /// Moves to a larger place and overwrites the one it leaves, for the text may be passwords.
    fn grow(&mut self, length: usize) {
        if length > self.buffer.capacity() {
            let mut grown = Vec::with_capacity(length);
            grown.extend_from_slice(&self.buffer[..self.length]);
            self.buffer.fill(0);
            optimization_barrier(self.buffer.as_slice());
            self.buffer = grown;
        }
        self.buffer.resize(length, 0);
    }

    /// Ends the last line with a line feed where it has none.
    pub(crate) fn end_line(&mut self) {
        let segment = self.segments.last().map_or(0, |segment| segment.start);
        if self.length > segment && self.buffer[self.length - 1] != b'\n' {
            self.spare(1)[0] = b'\n';
            self.length += 1;
        }
    }

    /// Moves everything from `at` on into `rest`, which is empty.
    pub(crate) fn split_into(&mut self, at: usize, rest: &mut Self) {
        let tail = self.length - at;
        rest.spare(tail)[..tail].copy_from_slice(&self.buffer[at..self.length]);
        rest.length = tail;
        rest.segments.clear();
        if tail > 0 {
            let kept = self.segments.partition_point(|segment| segment.start < at);
            let whole = self.segments[kept..].iter();
            let starts_at_cut = self.segments.get(kept).is_some_and(|segment| segment.start == at);
            if let (false, Some(cut)) = (starts_at_cut, kept.checked_sub(1).map(|i| self.segments[i])) {
                rest.segments.push(Segment { start: 0, starts_file: false, ..cut });
            }
            rest.segments.extend(whole.map(|segment| Segment { start: segment.start - at, ..*segment }));
        }
        self.length = at;
        self.segments.retain(|segment| segment.start < at);
    }

    fn clear(&mut self) {
        self.length = 0;
        self.segments.clear();
    }
}

/// Blocks whose memory is used again.
#[derive(Default)]
pub(crate) struct BlockPool {
    free: Mutex<Vec<TextBlock>>,
    /// Whether what blocks held must be overwritten, as passwords must.
    secret: bool,
}

impl BlockPool {
    pub(crate) fn new(secret: bool) -> Self {
        Self { free: Mutex::default(), secret }
    }

    pub(crate) fn take(&self) -> TextBlock {
        let mut free = self.free.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        free.pop().unwrap_or_default()
    }

    pub(crate) fn give_back(&self, mut block: TextBlock) {
        if self.secret {
            block.buffer.fill(0);
            optimization_barrier(block.buffer.as_slice());
        }
        block.clear();
        let mut free = self.free.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        free.push(block);
    }
}

/// The last place where text may be cut so that something stands before it: the start of a line, or with
/// [`Cut::Prefix`] the start of a line whose prefix differs from the line before. Takes a logarithmic
/// number of looks; text that is not sorted is cut somewhere, and found not to be sorted later.
pub(crate) fn last_cut(text: &[u8], cut: Cut) -> Option<usize> {
    let whole = text.iter().rposition(|byte| *byte == b'\n')? + 1;
    if cut == Cut::Line {
        return Some(whole);
    }
    let text = &text[..whole];
    let last = line_start(text, whole - 1);
    let prefix = prefix_of(text, last);
    // The line at `low` always has another prefix, the one at `high` the last one's.
    let (mut low, mut high) = (0, last);
    if prefix_of(text, low) == prefix {
        return None;
    }
    loop {
        let middle = line_start(text, low + (high - low) / 2);
        let middle = if middle > low { middle } else { next_line(text, low) };
        if middle >= high {
            return Some(high);
        }
        if prefix_of(text, middle) == prefix {
            high = middle;
        } else {
            low = middle;
        }
    }
}

/// The start of the line that holds the byte at `at`.
fn line_start(text: &[u8], at: usize) -> usize {
    text[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1)
}

fn next_line(text: &[u8], start: usize) -> usize {
    text[start..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |length| start + length + 1)
}

/// The first four digits of a line, in either case; of a line that is shorter, whatever is there.
fn prefix_of(text: &[u8], start: usize) -> [u8; 4] {
    let mut prefix = [0; 4];
    for (digit, byte) in prefix.iter_mut().zip(&text[start..]) {
        *digit = byte | 0x20;
    }
    prefix
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn text_is_cut_between_prefixes() {
        let text = b"0001a\n0001b\n0002a\n0002b\n0003";
        assert_eq!(last_cut(text, Cut::Line), Some(24));
        assert_eq!(last_cut(text, Cut::Prefix), Some(12));
        assert_eq!(last_cut(b"abcd1\nABCD2\nabCD3\n", Cut::Prefix), None);
        assert_eq!(last_cut(b"no line end", Cut::Line), None);
        for groups in 1..20 {
            for each in 1..10 {
                let mut text = Vec::new();
                let mut last_group = 0;
                for group in 0..groups {
                    last_group = text.len();
                    for row in 0..each {
                        text.extend_from_slice(format!("{group:04X}{row}:1\n").as_bytes());
                    }
                }
                let expected = (groups > 1).then_some(last_group);
                assert_eq!(last_cut(&text, Cut::Prefix), expected, "{groups} groups of {each}");
            }
        }
    }

    #[test]
    fn splitting_keeps_the_segments() {
        let segment = |start, input, starts_file| Segment { start, input, starts_file };
        let block = || TextBlock {
            buffer: b"aa\nbb\ncc\n".to_vec(),
            length: 9,
            segments: vec![segment(0, 0, true), segment(3, 1, true), segment(6, 2, true)],
        };
        let mut rest = TextBlock::default();
        let mut first = block();
        first.split_into(6, &mut rest);
        assert_eq!(first.segments, [segment(0, 0, true), segment(3, 1, true)]);
        assert_eq!(rest.segments, [segment(0, 2, true)]);
        assert_eq!((first.text(), rest.text()), (&b"aa\nbb\n"[..], &b"cc\n"[..]));
        let mut first = TextBlock { segments: vec![segment(0, 5, true)], ..block() };
        let mut rest = TextBlock::default();
        first.split_into(3, &mut rest);
        assert_eq!(rest.segments, [segment(0, 5, false)]);
        assert_eq!(rest.parts().collect::<Vec<_>>(), [(segment(0, 5, false), &b"bb\ncc\n"[..])]);
        let mut nothing = TextBlock::default();
        first.split_into(3, &mut nothing);
        assert!(nothing.segments.is_empty());
        assert_eq!(first.segments, [segment(0, 5, true)]);
    }
}
