//! Reading and writing numbers at any bit of a run of bytes. Bit i is bit i mod 8 of byte i div 8.

#![forbid(unsafe_code)]

use crate::kernels::BitOperations;

/// Sixteen bytes from `at`, zeros beyond the end.
#[inline(always)]
fn sixteen(bytes: &[u8], at: usize) -> u128 {
    match bytes.get(at..).and_then(|rest| rest.first_chunk::<16>()) {
        Some(chunk) => u128::from_le_bytes(*chunk),
        None => sixteen_at_the_end(bytes, at),
    }
}

#[cold]
fn sixteen_at_the_end(bytes: &[u8], at: usize) -> u128 {
    let rest = bytes.get(at..).unwrap_or_default();
    let mut chunk = [0; 16];
    let len = rest.len().min(16);
    chunk[..len].copy_from_slice(&rest[..len]);
    u128::from_le_bytes(chunk)
}

/// The 64 bits from `bit`; zeros beyond the end.
#[inline(always)]
pub(crate) fn read_word(bytes: &[u8], bit: usize) -> u64 {
    (sixteen(bytes, bit / 8) >> (bit % 8)) as u64
}

/// The number in the `width` (at most 64) bits from `bit`; zeros beyond the end.
#[inline(always)]
pub(crate) fn read_bits(bytes: &[u8], bit: usize, width: u32) -> u64 {
    let word = read_word(bytes, bit);
    if width >= 64 { word } else { word & ((1 << width) - 1) }
}

/// Finds the ones of a bit string one after another.
pub(crate) struct Ones<'a> {
    bytes: &'a [u8],
    word: u64,
    /// The bit at which `word` starts.
    base: usize,
    end: usize,
}

impl<'a> Ones<'a> {
    /// The ones in bits `start` to `end` (exclusive).
    pub(crate) fn new(bytes: &'a [u8], start: usize, end: usize) -> Self {
        Self { bytes, word: read_word(bytes, start), base: start, end }
    }

    /// The same search in the same bytes that are somewhere else now.
    pub(crate) fn onto<'b>(&self, bytes: &'b [u8]) -> Ones<'b> {
        Ones { bytes, word: self.word, base: self.base, end: self.end }
    }

    /// Writes the bits of as many next ones as `wanted`, less `origin`, which is no larger, and which none of them is 2^32
    /// beyond. `out` has room for 64 more.
    #[inline(always)]
    pub(crate) fn next_ones<O: BitOperations>(
        &mut self,
        wanted: usize,
        origin: usize,
        out: &mut [u32],
    ) -> Option<()> {
        let mut found = 0;
        while found < wanted {
            if self.word == 0 {
                self.base += 64;
                if self.base >= self.end {
                    return None;
                }
                self.word = read_word(self.bytes, self.base);
            }
            let room = out.get_mut(found..)?.first_chunk_mut::<64>()?;
            found += O::put_ones(self.word, (self.base - origin) as u32, room);
            // Those that were not wanted come next.
            let left = if found > wanted {
                let last = *out.get(wanted - 1)? - (self.base - origin) as u32;
                self.word & u64::MAX << last << 1
            } else {
                0
            };
            self.word = left;
        }
        let last = out.get(wanted.checked_sub(1)?)?;
        (origin + (*last as usize) < self.end).then_some(())
    }

    /// The bit of the next one.
    #[inline(always)]
    pub(crate) fn next_one(&mut self) -> Option<usize> {
        while self.word == 0 {
            self.base += 64;
            if self.base >= self.end {
                return None;
            }
            self.word = read_word(self.bytes, self.base);
        }
        let bit = self.base + self.word.trailing_zeros() as usize;
        self.word &= self.word - 1;
        (bit < self.end).then_some(bit)
    }
}

/// A bit string of a length known beforehand, written in any order; starts as zeros.
#[derive(Default)]
pub(crate) struct BitBuffer {
    words: Vec<u64>,
}

impl BitBuffer {
    /// Starts a string of `bits` zeros, keeping the memory of the last one.
    pub(crate) fn reset(&mut self, bits: usize) {
        self.words.clear();
        // Room for a whole window at any bit.
        self.words.resize(bits / 64 + 4, 0);
    }

    #[inline(always)]
    pub(crate) fn set(&mut self, bit: usize) {
        self.words[bit / 64] |= 1 << (bit % 64);
    }

    /// Puts the number `value`, less than 2^width, into the `width` (at most 64) bits from `bit`.
    #[inline(always)]
    pub(crate) fn put(&mut self, bit: usize, width: u32, value: u64) {
        let (word, shift) = (bit / 64, bit as u32 % 64);
        self.words[word] |= value << shift;
        if shift + width > 64 {
            self.words[word + 1] |= value >> (64 - shift);
        }
    }

    /// Begins a run of numbers at `bit`. What is before it must be written already, and what is behind it not yet.
    pub(crate) fn run_from(&mut self, bit: usize) -> BitRun<'_> {
        let (at, count) = (bit / 64, bit as u32 % 64);
        let pending = self.words.get(at).copied().unwrap_or_default();
        BitRun { words: &mut self.words, at, pending, count }
    }

    /// Appends the first `length` bytes to `out`.
    pub(crate) fn append_to(&self, length: usize, out: &mut Vec<u8>) {
        let start = out.len();
        out.resize(start + length.next_multiple_of(8), 0);
        for (bytes, word) in out[start..].as_chunks_mut().0.iter_mut().zip(&self.words) {
            *bytes = word.to_le_bytes();
        }
        out.truncate(start + length);
    }
}

/// Numbers of 129 to 192 bits one behind the other. Words are written and not read, so that no number waits for the one before
/// to be stored.
pub(crate) struct BitRun<'a> {
    words: &'a mut [u64],
    /// The word that is written next, its lower `count` bits in `pending`.
    at: usize,
    pending: u64,
    count: u32,
}

impl BitRun<'_> {
    /// Puts the number of three words, lowest first, that has `width` bits.
    #[inline(always)]
    pub(crate) fn push(&mut self, [low, middle, high]: [u64; 3], width: u32) {
        debug_assert!((129..=192).contains(&width), "{width}");
        let Some(window) = self.words.get_mut(self.at..).and_then(|words| words.first_chunk_mut::<4>())
        else {
            return;
        };
        let count = self.count;
        let above = |word: u64| word >> 1 >> (63 - count);
        *window = [
            self.pending | low << count,
            above(low) | middle << count,
            above(middle) | high << count,
            above(high),
        ];
        let end = count + width;
        // Two or three words are full.
        self.pending = if end >= 192 { window[3] } else { window[2] };
        self.at += end as usize / 64;
        self.count = end % 64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_wide_numbers_are_those_put_word_by_word() {
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            random = random.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(1);
            random ^ random >> 29
        };
        for width in 129..=192 {
            for start in 0..70 {
                let numbers: Vec<[u64; 3]> =
                    (0..9).map(|_| [next(), next(), next() >> (192 - width)]).collect();
                let bits = start + 9 * width as usize;
                let (mut run, mut plain) = (BitBuffer::default(), BitBuffer::default());
                for buffer in [&mut run, &mut plain] {
                    buffer.reset(bits.next_multiple_of(8));
                    (0..start).step_by(3).for_each(|bit| buffer.set(bit));
                }
                let mut pushed = run.run_from(start);
                for (i, [low, middle, high]) in numbers.into_iter().enumerate() {
                    pushed.push([low, middle, high], width);
                    let at = start + i * width as usize;
                    plain.put(at, 64, low);
                    plain.put(at + 64, 64, middle);
                    plain.put(at + 128, width - 128, high);
                }
                assert!(run.words == plain.words, "{width} bits from {start}");
            }
        }
    }
}
