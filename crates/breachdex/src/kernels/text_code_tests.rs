//! Every kernel's packing of text against the codes of its characters.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::super::row_code::digit_code;
use super::*;

const CHARACTERS: &[u8; 19] = b"0123456789ABCDEF:\r\n";
/// Not those of any encoder: any will do.
const CODES: [u8; 3] = [0b01_0111, 0b11_0111, 0b10_1111];

/// The bits of characters, and how many were packed: whole blocks up to the first that has another.
fn plain(text: &[u8], block: usize, pending: (u64, u32)) -> (usize, Vec<bool>) {
    let mut all: Vec<bool> = (0..pending.1).map(|bit| pending.0 >> bit & 1 == 1).collect();
    let mut packed = 0;
    for block in text.chunks_exact(block) {
        if block.iter().any(|character| !CHARACTERS.contains(character)) {
            break;
        }
        for character in block {
            let (code, length) = match BETWEEN.iter().position(|other| other == character) {
                Some(at) => (u32::from(CODES[at]), BETWEEN_BITS),
                None => digit_code(char::from(*character).to_digit(16).unwrap() as usize),
            };
            all.extend((0..length).map(|bit| code >> bit & 1 == 1));
        }
        packed += block.len();
    }
    (packed, all)
}

fn bits(bytes: &[u8], (pending, count): (u64, u32)) -> Vec<bool> {
    assert!(pending >> count == 0, "nothing is above what is pending");
    let whole = bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
    whole.chain((0..count).map(|bit| pending >> bit & 1 == 1)).collect()
}

/// The kernels that pack text, with the characters of their blocks.
fn kernels() -> impl Iterator<Item = (TextPacker, usize)> {
    ActiveKernel::available()
        .filter_map(|kernel| TextPacker::with(kernel, CODES))
        .map(|packer| (if packer.kernel.name() == "avx512" { 64 } else { 32 }, packer))
        .map(|(block, packer)| (packer, block))
}

fn check(text: &[u8], pending: (u64, u32)) {
    for (packer, block) in kernels() {
        let mut out = b"before".to_vec();
        let (packed, rest) = packer.pack(text, pending, &mut out);
        assert_eq!(&out[..6], b"before");
        let found = (packed, bits(&out[6..], rest));
        assert!(found == plain(text, block, pending), "{} {text:?}", packer.kernel.name());
    }
}

proptest! {
    #[test]
    fn every_kernel_packs_text_as_its_characters(
        text in prop::collection::vec(prop::sample::select(CHARACTERS.to_vec()), 0..500),
        pending in (any::<u64>(), 0_u32..8),
    ) {
        check(&text, (pending.0 & ((1 << pending.1) - 1), pending.1));
    }
}

#[test]
fn the_shortest_and_the_longest_codes_are_packed() {
    for count in 0..8 {
        let pending = (0x55 & ((1 << count) - 1), count);
        for character in CHARACTERS {
            check(&[*character; 300], pending);
        }
        check(&b"0F".repeat(200), pending);
        check(&b":0000000".repeat(40), pending);
        check(&b"0:::::::F:::::::".repeat(20), pending);
    }
}

#[test]
fn any_other_byte_in_any_place_of_a_block_ends_a_run() {
    for byte in 0..=255 {
        for place in 0..64 {
            let mut text = b"0123456789ABCDEF0123456789ABCDEF012:7\r\n".repeat(4);
            text[64 + place] = byte;
            check(&text, (1, 1));
        }
    }
}

#[test]
fn what_is_stored_stays_within_what_was_reserved() {
    for (packer, block) in kernels() {
        for length in [block, 2 * block, 3 * block + 5, 4096] {
            // The longest codes, and no room to begin with.
            let mut out = Vec::new();
            let (packed, _) = packer.pack(&vec![b':'; length], (0, 0), &mut out);
            assert_eq!(packed, length / block * block);
            assert_eq!(out.len(), packed * BETWEEN_BITS as usize / 8);
        }
    }
}
