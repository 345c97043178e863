//! Hexadecimal in and out, strict on the way in and upper-case on the way out.

#![forbid(unsafe_code)]

use crate::digest::Key;
use crate::kernels::{BitOperations, Portable};

/// Eight ASCII hex digits, first digit in the lowest byte, to their 32-bit value; `None` if one is not a digit.
#[inline(always)]
pub(crate) fn decode_eight(ascii: u64) -> Option<u32> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * ONES;
    // Where every byte is ASCII the additions below cannot carry from byte to byte; else `None` anyway.
    let letter = ascii | (0x20 * ONES);
    // In each sum the high bit says "at least '0'", "past '9'", "at least 'a'", "past 'f'".
    let digit = ascii.wrapping_add((0x80 - 0x30) * ONES) & !ascii.wrapping_add((0x80 - 0x3a) * ONES) & HIGH;
    let alpha = letter.wrapping_add((0x80 - 0x61) * ONES) & !letter.wrapping_add((0x80 - 0x67) * ONES) & HIGH;
    if ascii & HIGH != 0 || (digit | alpha) != HIGH {
        return None;
    }
    // '0'..'9' hold their value in the low nibble, letters hold value - 9 there.
    let nibbles = (ascii & (0x0f * ONES)) + (alpha >> 7) * 9;
    let pairs = (nibbles << 4 | nibbles >> 8) & 0x00ff_00ff_00ff_00ff;
    let quads = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    Some(((quads | quads >> 16) as u32).swap_bytes())
}

#[inline(always)]
fn eight(digits: &[u8], at: usize) -> Option<u32> {
    let part: [u8; 8] = digits.get(at..at + 8)?.try_into().ok()?;
    decode_eight(u64::from_le_bytes(part))
}

/// Exactly 40 or 32 hex digits of either case to a key; `None` when a byte is not a hex digit or the
/// width is another.
#[inline(always)]
pub(crate) fn decode_key(digits: &[u8]) -> Option<Key> {
    decode_key_with::<Portable>(digits)
}

/// [`decode_key`] with a processor's own operations.
#[inline(always)]
pub(crate) fn decode_key_with<O: BitOperations>(digits: &[u8]) -> Option<Key> {
    let (first, rest) = digits.split_first_chunk::<32>()?;
    let last = match rest.len() {
        8 => u64::from(eight(rest, 0)?) << 32,
        0 => 0,
        _ => return None,
    };
    let [a, b] = O::decode_hex(first)?;
    Some(Key { words: [a, b, last] })
}

/// The value of one hex digit.
pub(crate) fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|value| value as u8)
}

/// Four bytes (as a big-endian number) to eight upper-case digits, first digit in the lowest byte.
#[inline(always)]
pub(crate) fn encode_four(value: u32) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let spread = u64::from(value.swap_bytes());
    let quads = (spread | spread << 16) & 0x0000_ffff_0000_ffff;
    let pairs = (quads | quads << 8) & 0x00ff_00ff_00ff_00ff;
    let nibbles = (pairs >> 4 | pairs << 8) & (0x0f * ONES);
    // 6 more than a nibble carries into bit 4 exactly for 10..15.
    let letters = ((nibbles + 6 * ONES) >> 4) & ONES;
    nibbles + 0x30 * ONES + letters * 7
}

/// Writes all 48 hex digits of `key` to the start of `out`.
#[inline(always)]
pub(crate) fn encode_key<const LENGTH: usize>(key: &Key, out: &mut [u8; LENGTH]) {
    const { assert!(LENGTH >= 48) };
    for (i, word) in key.words.iter().enumerate() {
        out[i * 16..i * 16 + 8].copy_from_slice(&encode_four((word >> 32) as u32).to_le_bytes());
        out[i * 16 + 8..i * 16 + 16].copy_from_slice(&encode_four(*word as u32).to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_decodes_as_the_standard_library_says() {
        for position in 0..40 {
            for byte in 0..=255_u8 {
                let mut digits = *b"0123456789abcdefABCDEF0123456789abcdef01";
                digits[position] = byte;
                let expected = digit(byte);
                match (decode_key(&digits), expected) {
                    (Some(key), Some(value)) => {
                        let bytes = key.to_bytes();
                        let nibble = if position % 2 == 0 {
                            bytes[position / 2] >> 4
                        } else {
                            bytes[position / 2] & 15
                        };
                        assert_eq!(nibble, value, "byte {byte} at {position}");
                    }
                    (None, None) => {}
                    (found, _) => panic!("byte {byte} at {position}: decoded {}", found.is_some()),
                }
            }
        }
    }

    #[test]
    fn encoding_is_the_inverse_of_decoding() {
        let digits = b"0123456789ABCDEF89ABCDEF0123456700FF10AC";
        let mut out = [0; 48];
        encode_key(&decode_key(digits).expect("hex"), &mut out);
        assert_eq!(&out[..40], digits);
        assert_eq!(&out[40..], b"00000000");
    }
}
