//! Compresses range bodies with gzip, using literals only and one Huffman code that is fixed at program start.
//!
//! A body consists of hex digits, in which deflate finds no repetitions, so only shorter codes for each character
//! help. One code fits every body, because all have the same frequencies. As the code is known in advance, one pass
//! is enough, and one table lookup writes two characters.

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

/// The alphabet's codes are no longer than this, so that eight of them and a part of a byte fit a word.
const MOST_BITS: u8 = 7;

/// Symbols of a literal-only block: every byte, and the end of the block.
const SYMBOLS: usize = 257;
const END_OF_BLOCK: usize = 256;

/// gzip, deflate, no name, no time, no hint on speed, unknown system.
const GZIP_HEADER: [u8; 10] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];

/// Input that is encoded before the output is handed on; its output fits [`STAGE`] bytes.
const PIECE: usize = 4096;
const STAGE: usize = PIECE / 8 * MOST_BITS as usize + 8;

static TABLES: LazyLock<Tables> = LazyLock::new(Tables::new);

/// Works out the code (a millisecond), so that no request has to.
pub(crate) fn prepare() {
    LazyLock::force(&TABLES);
}

/// Appends `body` as one gzip member. Any bytes can be written; those of a range body get 0.53 of their size
/// at some two bytes a nanosecond, others become longer.
pub(crate) fn compress(body: &[u8], out: &mut Vec<u8>) {
    let tables = &*TABLES;
    out.reserve(GZIP_HEADER.len() + tables.head.len() + body.len() * 5 / 8 + 64);
    out.extend_from_slice(&GZIP_HEADER);
    out.extend_from_slice(&tables.head);
    let mut bits = BitWriter { out, pending: tables.head_rest.0, count: tables.head_rest.1 };
    let (words, rest) = body.as_chunks::<8>();
    for piece in words.chunks(PIECE / 8) {
        tables.encode_piece(piece, &mut bits);
    }
    rest.iter().for_each(|byte| bits.put(tables.codes[usize::from(*byte)]));
    bits.put(tables.codes[END_OF_BLOCK]);
    bits.finish();
    out.extend_from_slice(&crc32fast::hash(body).to_le_bytes());
    out.extend_from_slice(&(body.len() as u32).to_le_bytes());
}

/// Two characters: their code, its length, and the characters themselves, since others fall on the same slot.
#[derive(Clone, Copy, Default)]
struct Pair {
    bits: u32,
    length: u16,
    characters: u16,
}

struct Tables {
    codes: Vec<Code>,
    /// By the low five bits of both characters, which tell the alphabet's apart.
    pairs: Box<[Pair; 1024]>,
    /// The block's header, whole bytes, and the bits behind them with their number.
    head: Vec<u8>,
    head_rest: (u64, u32),
}

/// Where two characters stand in [`Tables::pairs`].
#[inline(always)]
fn slot(characters: u16) -> usize {
    usize::from(characters & 0x1F | characters >> 3 & 0x3E0)
}

impl Tables {
    fn new() -> Self {
        let mut weights = [0_u64; SYMBOLS];
        for (characters, weight) in FREQUENCIES {
            characters.iter().for_each(|character| weights[usize::from(*character)] = weight);
        }
        let alphabet: Vec<u8> = (0..=255).filter(|byte| weights[usize::from(*byte)] > 0).collect();
        // A symbol that does not occur weighs nothing beside those that do, but must have a code.
        weights.iter_mut().for_each(|weight| *weight = (*weight * 1_000).max(1));
        let lengths = huffman::lengths(&weights, 15);
        let codes = huffman::canonical(&lengths);
        let pairs = pairs(&alphabet, &codes);
        let mut head = Vec::new();
        let mut bits = BitWriter { out: &mut head, pending: 0, count: 0 };
        write_block_header(&lengths, &mut bits);
        let head_rest = (bits.pending, bits.count);
        Self { codes, pairs, head, head_rest }
    }

    /// Encodes eight characters at a time.
    fn encode_piece(&self, piece: &[[u8; 8]], bits: &mut BitWriter<'_>) {
        let mut stage = [0; STAGE];
        let mut at = 0;
        for word in piece {
            let Some((code, length)) = self.encode_word(u64::from_le_bytes(*word)) else {
                bits.out.extend_from_slice(&stage[..at]);
                at = 0;
                word.iter().for_each(|byte| bits.put(self.codes[usize::from(*byte)]));
                continue;
            };
            let joined = bits.pending | code << bits.count;
            stage[at..at + 8].copy_from_slice(&joined.to_le_bytes());
            let count = bits.count + length;
            at += (count / 8) as usize;
            bits.pending = joined >> (count & !7);
            bits.count = count & 7;
        }
        bits.out.extend_from_slice(&stage[..at]);
    }

    /// The bits of eight characters of the alphabet and their number, 56 at most; `None` with a character
    /// outside it.
    #[inline(always)]
    fn encode_word(&self, word: u64) -> Option<(u64, u32)> {
        let pair = |i: u32| {
            let characters = (word >> (i * 16)) as u16;
            let pair = self.pairs[slot(characters)];
            (u64::from(pair.bits), u32::from(pair.length), pair.characters ^ characters)
        };
        let (a, b, c, d) = (pair(0), pair(1), pair(2), pair(3));
        if a.2 | b.2 | c.2 | d.2 != 0 {
            return None;
        }
        let (low, high) = (a.0 | b.0 << a.1, c.0 | d.0 << c.1);
        let half = a.1 + b.1;
        Some((low | high << half, half + c.1 + d.1))
    }
}

fn pairs(alphabet: &[u8], codes: &[Code]) -> Box<[Pair; 1024]> {
    let mut pairs = Box::new([Pair::default(); 1024]);
    // An unused slot holds characters that lead elsewhere, so that nothing is ever equal to them.
    for (at, pair) in pairs.iter_mut().enumerate() {
        pair.characters = if at == 0 { 1 } else { 0 };
    }
    for first in alphabet {
        for second in alphabet {
            let characters = u16::from_le_bytes([*first, *second]);
            let (a, b) = (codes[usize::from(*first)], codes[usize::from(*second)]);
            pairs[slot(characters)] = Pair {
                bits: u32::from(a.bits) | u32::from(b.bits) << a.length,
                length: u16::from(a.length + b.length),
                characters,
            };
        }
    }
    pairs
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

/// Bits into bytes, the first bit lowest. Fewer than eight are pending between calls.
struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    pending: u64,
    count: u32,
}

impl BitWriter<'_> {
    fn put(&mut self, code: Code) {
        self.pending |= u64::from(code.bits) << self.count;
        self.count += u32::from(code.length);
        while self.count >= 8 {
            self.out.push(self.pending as u8);
            self.pending >>= 8;
            self.count -= 8;
        }
    }

    fn finish(self) {
        if self.count > 0 {
            self.out.push(self.pending as u8);
        }
    }
}

#[cfg(test)]
#[path = "gzip_tests.rs"]
mod tests;
