//! A prefix code for the text of ranges that packs 64 characters at a time without regard to rows: what the server's gzip
//! spends its time with where the processor has AVX2 or AVX-512. [`row_code`](super::row_code) is for the others.
//!
//! Whole blocks of the 19 characters of ranges are packed. Their low six bits tell them apart, so a look-up by those gives a
//! character's code, its length and, held against the text, whether it is one of them.

#![forbid(unsafe_code)]

use super::row_code::digit_code;
use super::{ActiveKernel, BitOperations, Kernel, Task};

/// The characters of ranges besides their digits.
pub(super) const BETWEEN: [u8; 3] = *b":\r\n";

/// What kernels look up: by the low six bits of a character, and by the value of a digit.
#[derive(Debug)]
#[repr(C, align(64))]
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
pub(crate) struct TextCodes {
    /// The character itself; what no character has is none that has these six bits.
    pub(super) characters: [u8; 64],
    pub(super) codes: [u8; 64],
    pub(super) lengths: [u8; 64],
    /// Two to the power of the length; one at zero, which no character has.
    pub(super) powers: [u8; 64],
    /// The codes of digits, and as many ones as each has bits.
    pub(super) digits: [[u8; 16]; 2],
    /// The codes of [`BETWEEN`].
    pub(super) between: [u8; 3],
}

/// The length of the codes of `:`, CR and LF. With it and the digits' four or five bits, eight codes take 32 to 48 bits, which the
/// kernels rely on.
pub const BETWEEN_BITS: u32 = 6;

/// The place of a character in the tables of [`TextCodes`].
fn place(character: u8) -> usize {
    usize::from(character & 63)
}

impl TextCodes {
    fn new(between: [u8; 3]) -> Self {
        let mut codes = Self {
            characters: [0; 64],
            codes: [0; 64],
            lengths: [0; 64],
            powers: [1; 64],
            digits: [[0; 16]; 2],
            between,
        };
        // Zero is found there by its six bits, and must not be found to be itself.
        codes.characters[0] = 1;
        let mut add = |character: u8, code: u8, length: u32| {
            codes.characters[place(character)] = character;
            codes.codes[place(character)] = code;
            codes.lengths[place(character)] = length as u8;
            codes.powers[place(character)] = 1 << length;
        };
        for (value, character) in b"0123456789ABCDEF".iter().enumerate() {
            let (code, length) = digit_code(value);
            add(*character, code as u8, length);
            codes.digits[0][value] = code as u8;
            codes.digits[1][value] = (1 << length) - 1;
        }
        for (character, code) in BETWEEN.iter().zip(between) {
            add(*character, code, BETWEEN_BITS);
        }
        codes
    }
}

/// How far text was packed: what was packed of it, and the bits that are no whole byte yet with their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packed {
    pub(crate) characters: usize,
    pub(crate) pending: u64,
    pub(crate) count: u32,
}

/// Packs text of ranges where the kernel has a loop for that.
#[derive(Debug)]
pub struct TextPacker {
    kernel: ActiveKernel,
    codes: Box<TextCodes>,
}

impl TextPacker {
    /// A packer with the codes of `:`, CR and LF, each of [`BETWEEN_BITS`] bits, the first one lowest. `None` where the kernel has
    /// no loop for it.
    pub fn new(between: [u8; 3]) -> Option<Self> {
        Self::with(ActiveKernel::choose(Kernel::Auto), between)
    }

    fn with(kernel: ActiveKernel, between: [u8; 3]) -> Option<Self> {
        kernel.packs_text().then(|| Self { kernel, codes: Box::new(TextCodes::new(between)) })
    }

    /// Appends the codes of whole blocks from the start of `text` on, behind fewer than eight pending bits, until one has another
    /// character or less than a block is left. Returns how many characters it packed, and what is pending then.
    pub fn pack(&self, text: &[u8], pending: (u64, u32), out: &mut Vec<u8>) -> (usize, (u64, u32)) {
        let (pending, count) = pending;
        let packed = Packed { characters: 0, pending, count: count & 7 };
        let packed = self.kernel.run_wide(PackText { codes: &self.codes, text, packed, out });
        (packed.characters, (packed.pending, packed.count))
    }
}

struct PackText<'a> {
    codes: &'a TextCodes,
    text: &'a [u8],
    packed: Packed,
    out: &'a mut Vec<u8>,
}

impl Task for PackText<'_> {
    type Output = Packed;

    #[inline(always)]
    fn run<O: BitOperations>(self) -> Packed {
        O::pack_text(self.codes, self.text, self.packed, self.out)
    }
}

#[cfg(test)]
#[path = "text_code_tests.rs"]
mod tests;
