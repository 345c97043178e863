//! Every kernel's code of digits against the table of codes, and rows against the codes of their characters.

#![allow(clippy::unwrap_used)]

use super::*;

struct CodeDigits([u8; 32]);

impl Task for CodeDigits {
    type Output = CodedDigits;

    #[inline(always)]
    fn run<O: BitOperations>(self) -> CodedDigits {
        O::code_digits(&self.0)
    }
}

struct Spread(u64, u64);

impl Task for Spread {
    type Output = u64;

    #[inline(always)]
    fn run<O: BitOperations>(self) -> u64 {
        O::spread(self.0, self.1)
    }
}

fn next(random: &mut u64) -> u64 {
    *random = random.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(1);
    *random ^ *random >> 29
}

#[test]
fn every_kernel_codes_digits_and_knows_what_is_none() {
    let mut random = 0x9e37_79b9_7f4a_7c15;
    let plain = |text: &[u8; 32]| {
        let mut coded = CodedDigits { codes: [0; 2], long: 0, digits: 0 };
        for (at, byte) in text.iter().enumerate() {
            let Some(value) = b"0123456789ABCDEF".iter().position(|digit| digit == byte) else { continue };
            let code = digit_code(value).0;
            let four = if value < 14 { code } else { code >> 1 };
            coded.codes[at / 16] |= u64::from(four) << (at % 16 * 4);
            coded.long |= u32::from(value >= 14) << at;
            coded.digits |= 1 << at;
        }
        coded
    };
    let check = |text: [u8; 32]| {
        let expected = plain(&text);
        // Behind the first that is none, codes mean nothing.
        let sound = expected.digits.trailing_ones();
        let below = |bits: u32| bits & (1_u64 << sound).wrapping_sub(1) as u32;
        let codes = |[first, second]: [u64; 2]| {
            (u128::from(second) << 64 | u128::from(first))
                & 1_u128.checked_shl(4 * sound).unwrap_or(0).wrapping_sub(1)
        };
        for kernel in ActiveKernel::available() {
            let found = kernel.run(CodeDigits(text));
            let found = (found.digits.trailing_ones(), below(found.long), codes(found.codes));
            let expected = (sound, below(expected.long), codes(expected.codes));
            assert_eq!(found, expected, "{} {:?}", kernel.name(), String::from_utf8_lossy(&text));
        }
    };
    for _ in 0..2_000 {
        check(std::array::from_fn(|_| b"0123456789ABCDEF"[next(&mut random) as usize & 15]));
    }
    for byte in 0..=255 {
        for place in 0..32 {
            let mut text = *b"0123456789ABCDEFFEDCBA9876543210";
            text[place] = byte;
            check(text);
        }
    }
}

#[test]
fn every_kernel_opens_the_gaps() {
    let mut random = 0x9e37_79b9_7f4a_7c15;
    for (long, places) in PLACES.iter().enumerate() {
        let codes = next(&mut random) & PIECE_BITS;
        let (mut expected, mut at) = (0, 0);
        for digit in 0..PIECE {
            at += long >> digit & 1;
            expected |= (codes >> (4 * digit) & 15) << at;
            at += 4;
        }
        for kernel in ActiveKernel::available() {
            assert_eq!(kernel.run(Spread(codes, *places)), expected, "{} {long:x}", kernel.name());
        }
    }
}

/// Any code will do for the counts.
fn count_code(count: usize) -> (u64, u32) {
    let text = format!(":{count}\r\n");
    (text.bytes().fold(1, |bits, byte| (bits << 5) ^ u64::from(byte)) & 0x7f_ffff, 23)
}

/// The bits of rows one by one.
fn plain(rows: &str) -> Vec<bool> {
    let mut all = Vec::new();
    let mut push = |bits: u64, length: u32| all.extend((0..length).map(|bit| bits >> bit & 1 == 1));
    for row in rows.lines() {
        let (digits, count) = row.split_once(':').unwrap();
        for digit in digits.chars() {
            let (bits, length) = digit_code(digit.to_digit(16).unwrap() as usize);
            push(bits.into(), length);
        }
        let (bits, length) = count_code(count.parse().unwrap());
        push(bits, length);
    }
    all
}

fn bits(bytes: &[u8], (pending, count): (u64, u32)) -> Vec<bool> {
    let whole = bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
    whole.chain((0..count).map(|bit| pending >> bit & 1 == 1)).collect()
}

#[test]
fn every_kernel_packs_rows_as_their_characters() {
    let mut random = 0x9e37_79b9_7f4a_7c15;
    for digits in [35, 27] {
        for round in 0..60 {
            let mut rows = String::new();
            for _ in 0..round {
                let mut digit = || char::from(b"0123456789ABCDEF"[next(&mut random) as usize & 15]);
                rows.extend((0..digits).map(|_| digit()));
                let most = [10, 100, 1000][next(&mut random) as usize % 3];
                rows.push_str(&format!(":{}\r\n", next(&mut random) % most));
            }
            // Enough behind the last row to look at, and nothing of it a row.
            let text = format!("{rows}{}", "-".repeat(WINDOW));
            let expected = plain(&rows);
            for (kernel, deposits) in
                ActiveKernel::available().flat_map(|kernel| [(kernel, true), (kernel, false)])
            {
                let packer = RowPacker { deposits, ..RowPacker::with(kernel, count_code) };
                let mut stage = Stage::new((0, 0));
                assert_eq!(packer.pack(text.as_bytes(), digits, &mut stage), rows.len(), "{}", kernel.name());
                let pending = stage.pending();
                assert!(bits(stage.take(), pending) == expected, "{} {digits} {round}", kernel.name());
            }
        }
    }
}

#[test]
fn rows_of_another_shape_are_left() {
    let usual = "0123456789ABCDEF0123456789ABCDEF012:7\r\n";
    let rest = usual.repeat(2);
    for odd in [
        "0123456789ABCDEF0123456789ABCDEF012:07\r\n",
        "0123456789ABCDEF0123456789ABCDEF012:1000\r\n",
        "0123456789ABCDEF0123456789ABCDEF012:\r\n",
        "0123456789ABCDEF0123456789ABCDEF012:7\n",
        "0123456789ABCDEF0123456789ABCDEF012;7\r\n",
        "0123456789ABCDEF0123456789ABCDEF0123:7\r\n",
        "0123456789ABCDEF0123456789ABCDEF01:7\r\n",
        "0123456789aBCDEF0123456789ABCDEF012:7\r\n",
        "0123456789ABCDEF0123456789ABCDEFg12:7\r\n",
        "0123456789ABCDEF0123456789ABCDEF0a2:7\r\n",
    ] {
        let text = format!("{usual}{odd}{rest}");
        for kernel in ActiveKernel::available() {
            let packer = RowPacker::with(kernel, count_code);
            let mut stage = Stage::new((0, 0));
            assert_eq!(packer.pack(text.as_bytes(), 35, &mut stage), usual.len(), "{odd:?}");
        }
    }
}

#[test]
fn the_longest_piece_and_what_is_pending_fit_a_word() {
    let longest = THREES.iter().map(|three| three & 0xff).max().unwrap();
    assert_eq!(longest, 15);
    // Eleven long digits, and a tail with the longest code that a packer is given.
    assert!(PIECE as u32 * 5 <= 56 && longest + 40 <= 56);
}

#[test]
fn a_full_stage_ends_a_run_and_goes_on_where_it_was() {
    let row = "0123456789ABCDEF0123456789ABCDEF012:7\r\n";
    let text = row.repeat(1_000);
    let packer = RowPacker::new(count_code);
    let (mut stage, mut at, mut packed) = (Stage::new((0, 0)), 0, Vec::new());
    loop {
        let more = packer.pack(&text.as_bytes()[at..], 35, &mut stage);
        let full = stage.is_full();
        packed.extend_from_slice(stage.take());
        at += more;
        if !full {
            break;
        }
    }
    assert_eq!(at / row.len(), 999, "the last one is too near the end");
    assert!(bits(&packed, stage.pending()) == plain(&row.repeat(999)));
}
