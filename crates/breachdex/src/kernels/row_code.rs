//! A prefix code for the rows of ranges that packs many digits at a time: what a gzip encoder without matches spends its
//! time with.
//!
//! `0` to `D` have codes of four bits. `E` and `F`, the rarest, have a bit more, a one in front: so digits are packed by
//! reversing their values' bits, and by opening a gap for that one before each `E` and `F`. This costs less than 0.1 % of a
//! body against the best code there is.

#![forbid(unsafe_code)]

use super::{ActiveKernel, BitOperations, Kernel, Task};

/// Bytes that a [`Stage`] collects before it is full, and how many more a row may take.
pub const STAGE: usize = 4096;
const SLACK: usize = 64;

/// Counts whose code with the colon before and the line end behind it is looked up.
pub const COUNTS: usize = 1000;

/// Digits that one register of codes with their gaps holds, so that what was pending before them fits, too.
const PIECE: usize = 11;
/// The longest of them without gaps.
const PIECE_BITS: u64 = (1 << (4 * PIECE)) - 1;
/// Bytes that must lie behind a row's start.
const WINDOW: usize = 48;

/// 32 characters as codes of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CodedDigits {
    /// Four bits of each code, the first digit's lowest.
    pub(crate) codes: [u64; 2],
    /// Which of them have a one in front, the first digit's bit lowest.
    pub(crate) long: u32,
    /// Which of them are upper-case digits. What the others have for codes means nothing.
    pub(crate) digits: u32,
}

/// The four bits of each digit's code, first bit lowest, without the one in front of the last two.
pub(super) const CODES: [u8; 16] = [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 3, 11];

/// Where the bits of eleven digits go: all but the gaps in front of the chosen ones.
static PLACES: [u64; 1 << PIECE] = {
    let mut table = [0; 1 << PIECE];
    let mut long = 0;
    while long < table.len() {
        let (mut gaps, mut at, mut digit) = (0_u64, 0, 0);
        while digit < PIECE {
            if long >> digit & 1 == 1 {
                gaps |= 1 << at;
                at += 1;
            }
            at += 4;
            digit += 1;
        }
        table[long] = !gaps;
        long += 1;
    }
    table
};

/// The code of three digits, by their values, the first one lowest, above its length in a byte.
static THREES: [u32; 1 << 12] = {
    let mut table = [0; 1 << 12];
    let mut values = 0;
    while values < table.len() {
        let (mut bits, mut length, mut digit) = (0, 0, 0);
        while digit < 3 {
            let (code, of_it) = digit_code(values >> (4 * digit) & 15);
            bits |= code << length;
            length += of_it;
            digit += 1;
        }
        table[values] = bits << 8 | length;
        values += 1;
    }
    table
};

/// The code of a digit, its first bit lowest, and its length.
pub const fn digit_code(value: usize) -> (u32, u32) {
    let code = CODES[value] as u32;
    if value < 14 { (code, 4) } else { (code << 1 | 1, 5) }
}

/// Bits that were packed: whole bytes, and fewer than eight bits behind them.
#[derive(Debug)]
pub struct Stage {
    bytes: [u8; STAGE + SLACK],
    bits: Bits,
}

/// How far a stage is filled. A copy of it stays in registers.
#[derive(Clone, Copy, Debug)]
struct Bits {
    whole: usize,
    pending: u64,
    count: u32,
}

impl Bits {
    /// Puts at most 56 bits into the stage, and whole bytes of them at most seven behind the last ones.
    #[inline(always)]
    fn put(self, bits: u64, length: u32, stage: &mut [u8; STAGE + SLACK]) -> Self {
        let joined = self.pending | bits << self.count;
        if let Some(into) = stage.get_mut(self.whole..self.whole + 8) {
            into.copy_from_slice(&joined.to_le_bytes());
        }
        let count = self.count + length;
        let whole = self.whole + (count / 8) as usize;
        Self { whole, pending: joined >> (count & !7), count: count & 7 }
    }
}

impl Stage {
    /// A stage without whole bytes, with these bits before the first ones.
    pub fn new((pending, count): (u64, u32)) -> Self {
        Self { bytes: [0; STAGE + SLACK], bits: Bits { whole: 0, pending, count } }
    }

    /// Goes on with these bits where nothing is whole.
    pub fn resume(&mut self, (pending, count): (u64, u32)) {
        self.bits = Bits { pending, count, ..self.bits };
    }

    /// Puts at most 16 bits. The stage must not be full.
    pub fn put(&mut self, bits: u64, length: u32) {
        self.bits = self.bits.put(bits, length, &mut self.bytes);
    }

    /// Whether it has to be emptied before more is put.
    pub fn is_full(&self) -> bool {
        self.bits.whole >= STAGE
    }

    /// The bits that are no whole byte yet, and how many they are.
    pub fn pending(&self) -> (u64, u32) {
        (self.bits.pending, self.bits.count)
    }

    /// Gives what is whole and forgets it.
    pub fn take(&mut self) -> &[u8] {
        let whole = std::mem::take(&mut self.bits.whole);
        &self.bytes[..whole]
    }
}

/// Packs rows of the usual shape: 35 or 27 upper-case digits, a colon, a count below [`COUNTS`], CRLF.
#[derive(Debug)]
pub struct RowPacker {
    kernel: ActiveKernel,
    /// Whether gaps are opened by the kernel's own operation.
    deposits: bool,
    /// By the count, above the length in a byte.
    counts: Box<[u64; COUNTS]>,
}

impl RowPacker {
    /// A packer with the code and the length of the text around each count: a colon before it, and CRLF behind. At most 40
    /// bits.
    pub fn new(code: impl Fn(usize) -> (u64, u32)) -> Self {
        Self::with(ActiveKernel::choose(Kernel::Auto), code)
    }

    fn with(kernel: ActiveKernel, code: impl Fn(usize) -> (u64, u32)) -> Self {
        let mut counts = Box::new([0; COUNTS]);
        for (count, place) in counts.iter_mut().enumerate() {
            let (bits, length) = code(count);
            *place = bits << 8 | u64::from(length);
        }
        Self { kernel, deposits: kernel.deposits_quickly(), counts }
    }

    /// Packs rows from the start of `rows` on until the stage is full or there is one of another shape, or one too near the end
    /// to tell. Returns the bytes that it packed.
    pub fn pack(&self, rows: &[u8], suffix_digits: usize, stage: &mut Stage) -> usize {
        let packer = self;
        match (suffix_digits, self.deposits) {
            (35, true) => self.kernel.run(PackRows::<4, true> { packer, rows, stage }),
            (35, false) => self.kernel.run(PackRows::<4, false> { packer, rows, stage }),
            (27, true) => self.kernel.run(PackRows::<3, true> { packer, rows, stage }),
            (27, false) => self.kernel.run(PackRows::<3, false> { packer, rows, stage }),
            _ => 0,
        }
    }
}

/// Rows of `WORDS` times eight digits, and three; with `DEPOSITS` by [`BitOperations::spread`].
struct PackRows<'a, const WORDS: usize, const DEPOSITS: bool> {
    packer: &'a RowPacker,
    rows: &'a [u8],
    stage: &'a mut Stage,
}

impl<const WORDS: usize, const DEPOSITS: bool> Task for PackRows<'_, WORDS, DEPOSITS> {
    type Output = usize;

    #[inline(always)]
    fn run<O: BitOperations>(self) -> usize {
        let Self { packer, rows, stage } = self;
        let (mut at, mut bits, bytes) = (0, stage.bits, &mut stage.bytes);
        while bits.whole < STAGE {
            let Some(window) = rows.get(at..).and_then(|rest| rest.first_chunk::<WINDOW>()) else { break };
            let Some(row) = Row::read::<O, WORDS>(window, &packer.counts) else { break };
            let [first, second] = row.coded.codes;
            let long = row.coded.long as usize;
            let middle = first >> (4 * PIECE) | second << (64 - 4 * PIECE);
            let last = second >> (8 * PIECE - 64);
            let last = if WORDS == 4 { last } else { last & 0xff };
            let last_long = long >> (2 * PIECE) & ((1 << (8 * WORDS - 2 * PIECE)) - 1);
            for (codes, long, digits) in [
                (first & PIECE_BITS, long & ((1 << PIECE) - 1), PIECE),
                (middle & PIECE_BITS, long >> PIECE & ((1 << PIECE) - 1), PIECE),
                (last, last_long, 8 * WORDS - 2 * PIECE),
            ] {
                let places = PLACES[long];
                // Ones in the gaps.
                let spread = if DEPOSITS { O::spread(codes, places) } else { spread_plainly(codes, places) };
                let code = spread | !places;
                bits = bits.put(code, digits as u32 * 4 + long.count_ones(), bytes);
            }
            let (three, count) = (row.three, row.count);
            let code = u64::from(three >> 8) | (count >> 8).wrapping_shl(three);
            bits = bits.put(code, (three & 0xff) + (count as u32 & 0xff), bytes);
            at += row.length;
        }
        stage.bits = bits;
        at
    }
}

/// A row of the usual shape.
struct Row {
    coded: CodedDigits,
    /// The three digits behind the words, as [`THREES`] has them.
    three: u32,
    /// What is behind them, as the packer has it.
    count: u64,
    length: usize,
}

impl Row {
    #[inline(always)]
    fn read<O: BitOperations, const WORDS: usize>(
        window: &[u8; WINDOW],
        counts: &[u64; COUNTS],
    ) -> Option<Self> {
        let coded = O::code_digits(window.first_chunk()?);
        let (three, odd) = three_digits(word(window, 8 * WORDS));
        let (count, length) = short_count(word(window, 8 * WORDS + 3))?;
        let all = u32::MAX >> (32 - 8 * WORDS);
        let usual = coded.digits & all == all && odd == 0;
        usual.then_some(Self {
            coded,
            three: THREES[three & 0xfff],
            count: counts[count],
            length: 8 * WORDS + 3 + length,
        })
    }
}

/// The eight bytes at a place, the first one lowest.
#[inline(always)]
fn word(bytes: &[u8; WINDOW], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word))
}

/// The values of the first three bytes as upper-case digits, the first one lowest, and zero if they are.
#[inline(always)]
fn three_digits(text: u64) -> (usize, u64) {
    let text = text & 0xff_ffff;
    let (values, odd) = values(text);
    ((values & 15 | values >> 4 & 0xf0 | values >> 8 & 0xf00) as usize, odd & 0xf0_f0f0)
}

/// The values of eight upper-case hex digits, and what is zero in the upper half of each byte that is one.
#[inline(always)]
fn values(word: u64) -> (u64, u64) {
    const EACH: u64 = 0x0101_0101_0101_0101;
    // Letters, which have bit 6, become 0x4A to 0x4F; digits are 0x30 to 0x39.
    let moved = word.wrapping_add((word >> 6 & EACH) * 9);
    let values = moved & 0x0F0F_0F0F_0F0F_0F0F;
    // Values above nine belong to letters. A carry into the next byte leaves a high half that is neither 3 nor 4.
    (values, moved ^ values.wrapping_add(0x36 * EACH))
}

/// The count below [`COUNTS`], without leading zeros, and the length of `:N` with CRLF, the first character lowest; `None`
/// for anything else.
#[inline(always)]
fn short_count(text: u64) -> Option<(usize, usize)> {
    const LINE_END: u64 = u16::from_le_bytes(*b"\r\n") as u64;
    let digit = |at: u32| (text >> (8 * at) & 0xff).wrapping_sub(u64::from(b'0'));
    let ends = |at: u32| text >> (8 * at) & 0xffff == LINE_END;
    let first = digit(1);
    if text & 0xffff_00ff == LINE_END << 16 | u64::from(b':') && first < 10 {
        return Some((first as usize, 4));
    }
    let second = digit(2);
    if text & 0xff != u64::from(b':') || first.wrapping_sub(1) > 8 || second > 9 {
        return None;
    }
    let two = first * 10 + second;
    if ends(3) {
        return Some((two as usize, 5));
    }
    let third = digit(3);
    (third < 10 && ends(4)).then(|| ((two * 10 + third) as usize, 6))
}

/// [`BitOperations::code_digits`] in plain arithmetic.
#[inline(always)]
pub(super) fn code_plainly(text: &[u8; 32]) -> CodedDigits {
    const EACH: u64 = 0x0101_0101_0101_0101;
    // Bit 0 of each byte to one bit of the highest byte, the lowest byte's lowest.
    const TOGETHER: u64 = 0x0102_0408_1020_4080;
    let mut coded = CodedDigits { codes: [0; 2], long: 0, digits: 0 };
    for (at, eight) in text.as_chunks::<8>().0.iter().enumerate() {
        let (values, odd) = values(u64::from_le_bytes(*eight));
        let odd = (odd >> 4 | odd >> 5 | odd >> 6 | odd >> 7) & EACH;
        let long = values >> 1 & values >> 2 & values >> 3 & EACH;
        let swapped = (values & (5 * EACH)) << 1 | values >> 1 & (5 * EACH);
        let reversed = (swapped & (3 * EACH)) << 2 | swapped >> 2 & (3 * EACH);
        // Of 7 and 15, which those of `E` and `F` are reversed, 3 and 11 are left.
        let codes = reversed & !(long << 2);
        let pairs = (codes | codes >> 4) & 0x00ff_00ff_00ff_00ff;
        let fours = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
        coded.codes[at / 2] |= u64::from((fours | fours >> 16) as u32) << (at % 2 * 32);
        coded.long |= ((long.wrapping_mul(TOGETHER) >> 56) as u32) << (8 * at);
        coded.digits |= (!(odd.wrapping_mul(TOGETHER) >> 56) as u32 & 0xff) << (8 * at);
    }
    coded
}

/// [`BitOperations::spread`] in plain arithmetic: one shift for each gap, of which there are one or two.
#[inline(always)]
pub(super) fn spread_plainly(bits: u64, places: u64) -> u64 {
    let (mut spread, mut gaps) = (bits, !places);
    while gaps != 0 {
        let gap = gaps & gaps.wrapping_neg();
        let below = gap - 1;
        spread = spread & below | (spread & !below) << 1;
        gaps ^= gap;
    }
    spread
}

#[cfg(test)]
#[path = "row_code_tests.rs"]
mod tests;
