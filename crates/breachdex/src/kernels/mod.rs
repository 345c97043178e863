//! Code for one processor feature, chosen at run time; with the mapping the only place for `unsafe`.
//!
//! A plain x86-64 build has neither POPCNT nor PDEP, and finding an entry in a bucket is little else but
//! counting bits. A [`Task`] is written once, generic over its bit operations; [`ActiveKernel::run`] compiles it
//! once portably and once with the features, and calls the one that the processor can run.

#[cfg(target_arch = "x86_64")]
mod bmi2;
mod portable;
mod prefetch;

pub(crate) use portable::Portable;
pub(crate) use prefetch::prefetch;

/// Which kernels an index uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kernel {
    /// The fastest that the processor can run, unless `BREACHDEX_KERNEL=portable` is in the environment.
    #[default]
    Auto,
    /// The ones that run everywhere.
    Portable,
}

/// Operations on bits and bytes that some processors have instructions for.
pub(crate) trait BitOperations {
    /// The position of the one that has `rank` ones below it; `word` must have more than `rank` ones.
    fn select(word: u64, rank: u32) -> u32;

    /// 32 hex digits of either case as two big-endian numbers; `None` if one is not a digit.
    fn decode_hex(digits: &[u8; 32]) -> Option<[u64; 2]>;

    /// The 48 upper-case hex digits of three big-endian numbers.
    fn encode_hex(words: &[u64; 3]) -> [u8; 48];
}

/// Work that is compiled once for every set of bit operations.
pub(crate) trait Task {
    type Output;

    /// Must be `#[inline(always)]`, or it is not compiled with the processor's features.
    fn run<O: BitOperations>(self) -> Self::Output;
}

/// A set of kernels that this processor can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ActiveKernel {
    accelerated: bool,
}

impl ActiveKernel {
    pub(crate) fn choose(choice: Kernel) -> Self {
        let forced = || std::env::var_os("BREACHDEX_KERNEL").is_some_and(|name| name == "portable");
        Self { accelerated: choice == Kernel::Auto && available() && !forced() }
    }

    /// `bmi2` or `portable`.
    pub(crate) fn name(self) -> &'static str {
        if self.accelerated { "bmi2" } else { "portable" }
    }

    #[inline]
    #[cfg_attr(target_arch = "x86_64", allow(unsafe_code))]
    pub(crate) fn run<T: Task>(self, task: T) -> T::Output {
        #[cfg(target_arch = "x86_64")]
        if self.accelerated {
            // SAFETY: `accelerated` is set only where `available` found every feature that `run` enables.
            return unsafe { bmi2::run(task) };
        }
        task.run::<Portable>()
    }
}

#[cfg(target_arch = "x86_64")]
fn available() -> bool {
    bmi2::available()
}

#[cfg(not(target_arch = "x86_64"))]
fn available() -> bool {
    false
}

#[cfg(test)]
mod tests {
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
            for kernel in [ActiveKernel::choose(Kernel::Auto), ActiveKernel::choose(Kernel::Portable)] {
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
                for kernel in [ActiveKernel::choose(Kernel::Auto), ActiveKernel::choose(Kernel::Portable)] {
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
                for kernel in [ActiveKernel::choose(Kernel::Auto), ActiveKernel::choose(Kernel::Portable)] {
                    assert_eq!(kernel.run(Select(word, rank as u32)), *position, "{word:x} rank {rank}");
                }
            }
        }
    }
}
