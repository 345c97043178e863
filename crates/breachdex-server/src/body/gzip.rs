//! Compresses range bodies with gzip, using literals only and one Huffman code that is fixed at program start.
//!
//! A body consists of hex digits, in which deflate finds no repetitions, so only shorter codes for each character
//! help. One code fits every body, because all have the same frequencies. As the code is known in advance, one pass
//! is enough. Text is packed by the library's kernels, whose code of digits it is, in blocks or, where there is no kernel for
//! that, row by row; what has another shape is written byte by byte. The bytes are the same either way.

#![forbid(unsafe_code)]

use std::sync::LazyLock;

use breachdex::row_code::{RowPacker, STAGE, Stage, digit_code};
use breachdex::text_code::{BETWEEN_BITS, TextPacker};

use super::huffman::{self, Code};

/// Symbols of a literal-only block: every byte, and the end of the block.
const SYMBOLS: usize = 257;
const END_OF_BLOCK: usize = 256;

/// gzip, deflate, no name, no time, no hint on speed, unknown system.
const GZIP_HEADER: [u8; 10] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];

/// How long the codes around a row's digits are: a 64th of all codes for each.
const BETWEEN: u8 = BETWEEN_BITS as u8;

static TABLES: LazyLock<Tables> = LazyLock::new(Tables::new);

/// Works out the code and its tables, so that no request has to.
pub(crate) fn prepare() {
    LazyLock::force(&TABLES);
}

/// Appends `body` as one gzip member. Any bytes can be written; those of a range body get 0.53 of their size
/// at some five bytes a nanosecond, others are slower and become longer.
pub(crate) fn compress(body: &[u8], out: &mut Vec<u8>) {
    let tables = &*TABLES;
    compress_with(tables, tables.text.as_ref(), body, out);
}

/// The same with the packer of blocks that is given, or else by rows.
fn compress_with(tables: &Tables, text: Option<&TextPacker>, body: &[u8], out: &mut Vec<u8>) {
    out.reserve(GZIP_HEADER.len() + tables.head.len() + body.len() * 6 / 8 + STAGE);
    out.extend_from_slice(&GZIP_HEADER);
    out.extend_from_slice(&tables.head);
    let mut bits = BitWriter::new(out, tables.head_rest);
    let suffix_digits = body.iter().take(64).position(|byte| *byte == b':').unwrap_or_default();
    let mut rest = body;
    while !rest.is_empty() {
        let packed = match text {
            Some(packer) => bits.put_blocks(packer, rest),
            None => tables.rows.pack(rest, suffix_digits, &mut bits.stage),
        };
        rest = &rest[packed..];
        if bits.stage.is_full() {
            bits.hand_on();
            continue;
        }
        // A row of another shape, one with another character, or one of the last ones.
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
        let (line, behind) = rest.split_at(end);
        tables.encode_bytes(line, &mut bits);
        rest = behind;
    }
    bits.put(tables.codes[END_OF_BLOCK]);
    bits.finish();
    out.extend_from_slice(&crc32fast::hash(body).to_le_bytes());
    out.extend_from_slice(&(body.len() as u32).to_le_bytes());
}

/// How long the code of each symbol is: those of digits as rows are packed, and of all the others that do not occur together
/// as much room as of one that does.
fn lengths() -> [u8; SYMBOLS] {
    let mut lengths = [0; SYMBOLS];
    for (value, digit) in b"0123456789ABCDEF".iter().enumerate() {
        lengths[usize::from(*digit)] = digit_code(value).1 as u8;
    }
    b":\r\n".iter().for_each(|byte| lengths[usize::from(*byte)] = BETWEEN);
    // 238 in the room of 256: the last 18 get twice the room.
    let others = lengths.iter_mut().rev().filter(|length| **length == 0);
    others.enumerate().for_each(|(at, length)| *length = BETWEEN + if at < 18 { 7 } else { 8 });
    lengths
}

struct Tables {
    codes: Vec<Code>,
    rows: RowPacker,
    /// Where the processor packs text without regard to rows.
    text: Option<TextPacker>,
    /// The block's header, whole bytes, and the bits behind them with their number.
    head: Vec<u8>,
    head_rest: (u64, u32),
}

impl Tables {
    fn new() -> Self {
        let lengths = lengths();
        let codes = huffman::canonical(&lengths);
        let rows = RowPacker::new(|count| {
            format!(":{count}\r\n").bytes().fold((0, 0), |(bits, length), byte| {
                let code = codes[usize::from(byte)];
                (bits | u64::from(code.bits) << length, length + u32::from(code.length))
            })
        });
        let text = TextPacker::new([b':', b'\r', b'\n'].map(|byte| codes[usize::from(byte)].bits as u8));
        let mut head = Vec::new();
        let mut bits = BitWriter::new(&mut head, (0, 0));
        write_block_header(&lengths, &mut bits);
        let head_rest = bits.hand_on();
        Self { codes, rows, text, head, head_rest }
    }

    fn encode_bytes(&self, bytes: &[u8], bits: &mut BitWriter<'_>) {
        for byte in bytes {
            bits.put(self.codes[usize::from(*byte)]);
        }
    }
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
    stage: Stage,
}

impl<'a> BitWriter<'a> {
    fn new(out: &'a mut Vec<u8>, pending: (u64, u32)) -> Self {
        Self { out, stage: Stage::new(pending) }
    }

    fn put(&mut self, code: Code) {
        if self.stage.is_full() {
            self.hand_on();
        }
        self.stage.put(u64::from(code.bits), u32::from(code.length));
    }

    /// Hands on what is whole, and returns the bits behind it with their number.
    fn hand_on(&mut self) -> (u64, u32) {
        self.out.extend_from_slice(self.stage.take());
        self.stage.pending()
    }

    /// Puts the codes of whole blocks of text, without the stage, and says how long they were.
    fn put_blocks(&mut self, packer: &TextPacker, text: &[u8]) -> usize {
        let pending = self.hand_on();
        let (packed, pending) = packer.pack(text, pending, self.out);
        self.stage.resume(pending);
        packed
    }

    fn finish(mut self) {
        let (_, count) = self.stage.pending();
        if count > 0 {
            self.put(Code { bits: 0, length: (8 - count) as u8 });
        }
        self.hand_on();
    }
}

#[cfg(test)]
#[path = "gzip_tests.rs"]
mod tests;
