//! Compresses range bodies with gzip, using literals only and one Huffman code that is fixed at program start.
//!
//! A body consists of hex digits, in which deflate finds no repetitions, so only shorter codes for each character
//! help. One code fits every body, because all have the same frequencies. As the code is known in advance, one pass
//! is enough. It goes by rows: one look-up in a table of 256 KiB writes four digits, one writes a whole `:N` with
//! the line end behind it. What has another shape is written byte by byte.

#![forbid(unsafe_code)]

use std::sync::LazyLock;

use super::huffman::{self, Code};

/// How often each character occurs in ten thousand rows of real density, taken over recorded bodies: 35
/// digits, a colon, the count and a line end each.
const FREQUENCIES: [(&[u8], u64); 8] = [
    (b"ABCDEF", 21_870),
    (b"0789", 22_100),
    (b"1", 26_900),
    (b"2", 23_600),
    (b"3", 23_300),
    (b"4", 22_700),
    (b"56", 22_400),
    (b":\r\n", 10_000),
];

/// Symbols of a literal-only block: every byte, and the end of the block.
const SYMBOLS: usize = 257;
const END_OF_BLOCK: usize = 256;

/// gzip, deflate, no name, no time, no hint on speed, unknown system.
const GZIP_HEADER: [u8; 10] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];

/// Digits of a word, of which rows have four (SHA-1) or three (NTLM), and three digits more.
const WORD: usize = 8;
/// What follows these words in a row with a count below 100 and its line end, at most.
const TAIL: usize = "ABC:99\r\n".len();

/// Bytes that are collected before they are handed on, and how many more the last row may take.
const STAGE: usize = 4096;
const SLACK: usize = 64;

static TABLES: LazyLock<Tables> = LazyLock::new(Tables::new);

/// Works out the code and its tables (two milliseconds), so that no request has to.
pub(crate) fn prepare() {
    LazyLock::force(&TABLES);
}

/// Appends `body` as one gzip member. Any bytes can be written; those of a range body get 0.53 of their size
/// at some two and a half bytes a nanosecond, others are slower and become longer.
pub(crate) fn compress(body: &[u8], out: &mut Vec<u8>) {
    let tables = &*TABLES;
    out.reserve(GZIP_HEADER.len() + tables.head.len() + body.len() * 5 / 8 + STAGE);
    out.extend_from_slice(&GZIP_HEADER);
    out.extend_from_slice(&tables.head);
    let mut bits = BitWriter::new(out, tables.head_rest);
    let rest = match body.iter().take(5 * WORD).position(|byte| *byte == b':') {
        Some(35) => tables.encode_rows::<4>(body, &mut bits),
        Some(27) => tables.encode_rows::<3>(body, &mut bits),
        _ => body,
    };
    tables.encode_bytes(rest, &mut bits);
    bits.put(tables.codes[END_OF_BLOCK]);
    bits.finish();
    out.extend_from_slice(&crc32fast::hash(body).to_le_bytes());
    out.extend_from_slice(&(body.len() as u32).to_le_bytes());
}

/// The codes of several characters joined, the first bit lowest, above their length in a byte.
#[derive(Clone, Copy, Default)]
struct Joined(u32);

impl Joined {
    const LENGTH_BITS: u32 = 8;

    fn of(codes: &[Code]) -> Self {
        let (mut bits, mut length) = (0_u32, 0);
        for code in codes {
            bits |= u32::from(code.bits) << length;
            length += u32::from(code.length);
        }
        Self(bits << Self::LENGTH_BITS | length)
    }

    #[inline(always)]
    fn bits(self) -> u64 {
        u64::from(self.0 >> Self::LENGTH_BITS)
    }

    #[inline(always)]
    fn length(self) -> u32 {
        self.0 & 0xFF
    }

    /// Its bits with those of another one behind them.
    #[inline(always)]
    fn then(self, next: Self) -> u64 {
        // Shifts take the low bits of a number alone, which the length is: no masking.
        self.bits() | next.bits().wrapping_shl(self.0)
    }
}

struct Tables {
    codes: Vec<Code>,
    /// By the values of four digits, the first one lowest.
    fours: Box<[Joined; 1 << 16]>,
    /// By the values of three digits, the first one lowest.
    threes: Box<[Joined; 1 << 12]>,
    /// `:N` and CRLF, by the number.
    counts: [Joined; 100],
    /// The block's header, whole bytes, and the bits behind them with their number.
    head: Vec<u8>,
    head_rest: (u64, u32),
}

impl Tables {
    fn new() -> Self {
        let mut weights = [0_u64; SYMBOLS];
        for (characters, weight) in FREQUENCIES {
            characters.iter().for_each(|character| weights[usize::from(*character)] = weight);
        }
        // A symbol that does not occur weighs nothing beside those that do, but must have a code.
        weights.iter_mut().for_each(|weight| *weight = (*weight * 1_000).max(1));
        let lengths = huffman::lengths(&weights, 15);
        let codes = huffman::canonical(&lengths);
        let code = |byte: u8| codes[usize::from(byte)];
        let digit = |value: usize, at: usize| code(b"0123456789ABCDEF"[value >> (4 * at) & 15]);
        let mut fours = Box::new([Joined::default(); 1 << 16]);
        for (value, joined) in fours.iter_mut().enumerate() {
            *joined = Joined::of(&[digit(value, 0), digit(value, 1), digit(value, 2), digit(value, 3)]);
        }
        let mut threes = Box::new([Joined::default(); 1 << 12]);
        for (value, joined) in threes.iter_mut().enumerate() {
            *joined = Joined::of(&[digit(value, 0), digit(value, 1), digit(value, 2)]);
        }
        let counts = std::array::from_fn(|count| {
            Joined::of(&format!(":{count}\r\n").bytes().map(code).collect::<Vec<_>>())
        });
        let mut head = Vec::new();
        let mut bits = BitWriter::new(&mut head, (0, 0));
        write_block_header(&lengths, &mut bits);
        let head_rest = bits.hand_on();
        Self { codes, fours, threes, counts, head, head_rest }
    }

    /// Encodes rows of `WORDS` words, three digits and a count, and returns what is left: the last row.
    fn encode_rows<'a, const WORDS: usize>(&self, body: &'a [u8], writer: &mut BitWriter<'_>) -> &'a [u8] {
        let mut rest = body;
        while rest.len() >= WORDS * WORD + TAIL {
            let behind = self.encode_usual_rows::<WORDS>(rest, writer);
            if behind.len() == rest.len() {
                // A row of another shape.
                let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
                let (line, behind) = rest.split_at(end);
                self.encode_bytes(line, writer);
                rest = behind;
            } else {
                rest = behind;
            }
            writer.hand_on();
        }
        rest
    }

    /// Encodes rows as far as they have the usual shape and the stage has room, and returns what is left.
    fn encode_usual_rows<'a, const WORDS: usize>(
        &self,
        body: &'a [u8],
        writer: &mut BitWriter<'_>,
    ) -> &'a [u8] {
        let (mut rest, mut bits, stage) = (body, writer.bits, &mut writer.stage);
        let (fours, threes) = (&*self.fours, &*self.threes);
        while bits.whole < STAGE && rest.len() >= WORDS * WORD + TAIL {
            // Of a row that turns out to be another one, nothing counts as written.
            let (mut ahead, mut odd) = (bits, 0);
            for at in 0..WORDS {
                let (values, odd_here) = values(word(rest, at * WORD));
                odd |= odd_here;
                let first = fours[usize::from(values as u16)];
                let second = fours[usize::from((values >> 32) as u16)];
                ahead = ahead.put(first.then(second), first.length() + second.length(), stage);
            }
            let tail = word(rest, WORDS * WORD);
            // Zeros in place of what follows the three digits.
            let (three, odd_here) = values(tail & 0xFF_FFFF | 0x3030_3030_3000_0000);
            let Some((count, length)) = short_count(tail >> 24) else { break };
            if is_odd(odd | odd_here) {
                break;
            }
            let (three, count) = (threes[usize::from(three as u16 & 0xFFF)], self.counts[count]);
            bits = ahead.put(three.then(count), three.length() + count.length(), stage);
            rest = &rest[WORDS * WORD + 3 + length..];
        }
        writer.bits = bits;
        rest
    }

    fn encode_bytes(&self, bytes: &[u8], bits: &mut BitWriter<'_>) {
        for byte in bytes {
            bits.put(self.codes[usize::from(*byte)]);
        }
    }
}

/// The eight bytes at a place, the first one lowest.
#[inline(always)]
fn word(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word))
}

/// The values of eight upper-case hex digits, four in the lowest 16 bits and four in those from bit 32, the first
/// one lowest; and what [`is_odd`] tells whether one of them is none by.
#[inline(always)]
fn values(word: u64) -> (u64, u64) {
    const EACH: u64 = 0x0101_0101_0101_0101;
    // Letters, which have bit 6, become 0x4A to 0x4F; digits are 0x30 to 0x39.
    let moved = word.wrapping_add((word >> 6 & EACH) * 9);
    let values = moved & 0x0F0F_0F0F_0F0F_0F0F;
    // Values above nine belong to letters. A carry into the next byte leaves a high half that is neither 3 nor 4.
    let odd = moved ^ (values + 0x36 * EACH);
    let pairs = (values | values >> 4) & 0x00FF_00FF_00FF_00FF;
    (pairs | pairs >> 8, odd)
}

/// Whether a byte was not an upper-case hex digit.
#[inline(always)]
fn is_odd(odd: u64) -> bool {
    odd & 0xF0F0_F0F0_F0F0_F0F0 != 0
}

/// The count below 100 and the length of `:N` with CRLF, the first character lowest; `None` for anything else.
#[inline(always)]
fn short_count(text: u64) -> Option<(usize, usize)> {
    let digit = |at: u32| (text >> (8 * at) & 0xFF).wrapping_sub(u64::from(b'0'));
    let first = digit(1);
    if first > 9 || text & 0xFF != u64::from(b':') {
        return None;
    }
    const LINE_END: u64 = u16::from_le_bytes(*b"\r\n") as u64;
    if text >> 16 & 0xFFFF == LINE_END {
        return Some((first as usize, 4));
    }
    let second = digit(2);
    if second > 9 || first == 0 || text >> 24 & 0xFFFF != LINE_END {
        return None;
    }
    Some(((first * 10 + second) as usize, 5))
}

/// The header of the last block of a stream, with dynamic codes: how long the code of each symbol is. No
/// distance is ever used; two of one bit each are declared, as zlib does, which every decoder takes.
fn write_block_header(lengths: &[u8], bits: &mut BitWriter<'_>) {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let mut all = lengths.to_vec();
    all.extend([1, 1]);
    let mut weights = [1_u64; ORDER.len()];
    all.iter().for_each(|length| weights[usize::from(*length)] += 1);
    let length_lengths = huffman::lengths(&weights, 7);
    let length_codes = huffman::canonical(&length_lengths);
    let number = |value: u16, length| Code { bits: value, length };
    bits.put(number(0b101, 3));
    bits.put(number((lengths.len() - 257) as u16, 5));
    bits.put(number(1, 5));
    bits.put(number((ORDER.len() - 4) as u16, 4));
    ORDER.iter().for_each(|symbol| bits.put(number(u16::from(length_lengths[*symbol]), 3)));
    let mut at = 0;
    while at < all.len() {
        let length = all[at];
        let run = all[at..].iter().take_while(|other| **other == length).count();
        bits.put(length_codes[usize::from(length)]);
        at += 1;
        // Symbol 16 repeats the length before it three to six times.
        let mut repeats = run - 1;
        while repeats >= 3 {
            let now = repeats.min(6);
            bits.put(length_codes[16]);
            bits.put(number((now - 3) as u16, 2));
            repeats -= now;
            at += now;
        }
    }
}

/// Bits into bytes, the first bit lowest.
struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    stage: [u8; STAGE + SLACK],
    bits: Bits,
}

/// How far a stage is written. A copy of it stays in registers.
#[derive(Clone, Copy)]
struct Bits {
    /// Bytes of the stage that are whole.
    whole: usize,
    /// The bits behind them, fewer than eight between calls.
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

impl<'a> BitWriter<'a> {
    fn new(out: &'a mut Vec<u8>, (pending, count): (u64, u32)) -> Self {
        Self { out, stage: [0; STAGE + SLACK], bits: Bits { whole: 0, pending, count } }
    }

    fn put(&mut self, code: Code) {
        if self.bits.whole >= STAGE {
            self.hand_on();
        }
        self.bits = self.bits.put(u64::from(code.bits), u32::from(code.length), &mut self.stage);
    }

    /// Hands on what is whole, and returns the bits behind it with their number.
    fn hand_on(&mut self) -> (u64, u32) {
        self.out.extend_from_slice(&self.stage[..self.bits.whole]);
        self.bits.whole = 0;
        (self.bits.pending, self.bits.count)
    }

    fn finish(mut self) {
        if self.bits.count > 0 {
            self.put(Code { bits: 0, length: (8 - self.bits.count) as u8 });
        }
        self.hand_on();
    }
}

#[cfg(test)]
#[path = "gzip_tests.rs"]
mod tests;
