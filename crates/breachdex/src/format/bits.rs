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

    /// Puts a number of 129 to 192 bits, given at the top of three words that are zero beyond it, into the
    /// `width` bits from `bit`: one shift of the whole instead of three.
    #[inline(always)]
    pub(crate) fn put_wide(&mut self, bit: usize, width: u32, top: &[u64; 3]) {
        let [a, b, c] = *top;
        let (word, shift) = (bit / 64, bit as u32 % 64);
        let Some(window) = self.words[word..].first_chunk_mut::<4>() else { return };
        let spare = 192 - width;
        let moved = if shift > spare {
            let up = shift - spare;
            [c << up, b << up | c >> (64 - up), a << up | b >> (64 - up), a >> (64 - up)]
        } else if shift < spare {
            let down = spare - shift;
            [c >> down | b << (64 - down), b >> down | a << (64 - down), a >> down, 0]
        } else {
            [c, b, a, 0]
        };
        for (word, moved) in window.iter_mut().zip(moved) {
            *word |= moved;
        }
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
