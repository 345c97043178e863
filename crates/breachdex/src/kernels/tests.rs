//! Every kernel of this processor against plain code.

#![allow(clippy::unwrap_used)]

use super::*;

struct Select(u64, u32);

impl Task for Select {
    type Output = u32;

    #[inline(always)]
    fn run<O: BitOperations>(self) -> u32 {
        O::select(self.0, self.1)
    }
}

struct EncodeHex([u64; 3]);

impl Task for EncodeHex {
    type Output = [u8; 48];

    #[inline(always)]
    fn run<O: BitOperations>(self) -> Self::Output {
        O::encode_hex(&self.0)
    }
}

#[test]
fn every_kernel_encodes_hex_as_the_standard_library_does() {
    let mut words = [0x0123_4567_89ab_cdef_u64, 0xfedc_ba98_7654_3210, 0];
    for round in 0..10_000_u64 {
        let expected: String = words.iter().map(|word| format!("{word:016X}")).collect();
        for kernel in ActiveKernel::available() {
            assert_eq!(kernel.run(EncodeHex(words)), expected.as_bytes());
        }
        words = words.map(|word| word.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(round));
    }
}

struct DecodeHex([u8; 32]);

impl Task for DecodeHex {
    type Output = Option<[u64; 2]>;

    #[inline(always)]
    fn run<O: BitOperations>(self) -> Self::Output {
        O::decode_hex(&self.0)
    }
}

#[test]
fn every_kernel_decodes_hex_as_the_standard_library_does() {
    let digits = *b"0123456789abcdefFEDCBA9876543210";
    for position in 0..32 {
        for byte in 0..=255 {
            let mut digits = digits;
            digits[position] = byte;
            let number = |half: &[u8]| {
                half.iter().try_fold(0, |number: u64, digit| {
                    Some(number << 4 | u64::from(char::from(*digit).to_digit(16)?))
                })
            };
            let expected = number(&digits[..16]).zip(number(&digits[16..])).map(|(a, b)| [a, b]);
            for kernel in ActiveKernel::available() {
                assert_eq!(kernel.run(DecodeHex(digits)), expected, "byte {byte} at {position}");
            }
        }
    }
}

#[test]
fn every_kernel_selects_as_a_plain_loop_does() {
    let mut word = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..20_000_u32 {
        word = word.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(1);
        let word = match round % 5 {
            0 => word,
            1 => word & word.rotate_left(17),
            2 => word | word.rotate_left(29),
            3 => u64::MAX << (round % 64),
            _ => 1 << (round % 64),
        };
        let ones: Vec<u32> = (0..64).filter(|bit| word >> bit & 1 == 1).collect();
        for (rank, position) in ones.iter().enumerate() {
            for kernel in ActiveKernel::available() {
                assert_eq!(kernel.run(Select(word, rank as u32)), *position, "{word:x} rank {rank}");
            }
        }
    }
}

struct EncodeFour(u32);

impl Task for EncodeFour {
    type Output = u64;

    #[inline(always)]
    fn run<O: BitOperations>(self) -> u64 {
        O::encode_four(self.0)
    }
}

struct PutOnes(u64, u32);

impl Task for PutOnes {
    type Output = Vec<u32>;

    #[inline(always)]
    fn run<O: BitOperations>(self) -> Vec<u32> {
        let mut out = [7; 64];
        let ones = O::put_ones(self.0, self.1, &mut out);
        out[..ones].to_vec()
    }
}

#[test]
fn every_kernel_finds_the_ones_of_a_word() {
    let mut word = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..5_000_u32 {
        word = word.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(1);
        let word = match round % 6 {
            0 => word,
            1 => word & word.rotate_left(17) & word.rotate_left(5),
            2 => word | word.rotate_left(29) | word.rotate_left(11),
            3 => 0,
            4 => u64::MAX,
            _ => 1 << (round % 64) | 1,
        };
        let base = [0, 64, u32::MAX - 63, round * 64][round as usize % 4];
        let expected: Vec<u32> = (0..64).filter(|bit| word >> bit & 1 == 1).map(|bit| base + bit).collect();
        for kernel in ActiveKernel::available() {
            assert_eq!(kernel.run_wide(PutOnes(word, base)), expected, "{} {word:x}", kernel.name());
            let four = kernel.run_wide(EncodeFour(word as u32)).to_le_bytes();
            assert_eq!(four, format!("{:08X}", word as u32).as_bytes(), "{}", kernel.name());
        }
    }
}

/// Where a pass is made for one kernel, a name that is none, or of a kernel that is not there, must not pass for another.
#[test]
fn a_kernel_that_is_named_is_the_one_that_runs() {
    let active = ActiveKernel::choose(Kernel::Auto);
    match std::env::var("BREACHDEX_KERNEL") {
        Ok(name) => assert_eq!(active.name(), name),
        Err(_) => assert_eq!(Some(active), ActiveKernel::available().last()),
    }
    assert_eq!(ActiveKernel::choose(Kernel::Portable).name(), "portable");
}
