//! Code for one processor feature, chosen at run time; with the mapping the only place for `unsafe`.
//!
//! A plain x86-64 build has neither POPCNT nor PDEP nor wide vectors, and finding an entry in a bucket is little else but
//! counting bits. A [`Task`] is written once, generic over its bit operations; [`ActiveKernel::run`] compiles it once
//! portably and once for each set of features, and calls the best one that the processor can run.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(feature = "build")]
pub(crate) mod blake3_lanes;
#[cfg(target_arch = "x86_64")]
mod bmi2;
mod counts;
pub(crate) mod crc32c_fold;
#[cfg(all(test, unix))]
mod guard;
#[cfg(target_arch = "x86_64")]
mod lane_words;
pub(crate) mod md4_lanes;
#[cfg(all(target_arch = "aarch64", target_endian = "little", target_feature = "neon"))]
mod neon;
mod portable;
mod prefetch;
pub mod row_code;
mod rows;
pub(crate) mod sha1_lanes;
pub mod text_code;
#[cfg(target_arch = "x86_64")]
mod text_lanes;
#[cfg(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_endian = "little", target_feature = "neon")
))]
mod vector_rows;

pub(crate) use counts::Remainders;
#[cfg(all(test, unix))]
pub(crate) use guard::Guarded;
pub(crate) use portable::Portable;
pub(crate) use prefetch::{prefetch, prefetch_item};
use row_code::CodedDigits;
pub(crate) use rows::{Form, Lines, RowBlock, RowShape, Rows};
use text_code::{Packed, TextCodes};

/// Which kernels an index uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kernel {
    /// The fastest that the processor can run, but none that is faster than the one that `BREACHDEX_KERNEL` names in
    /// the environment: `portable`, `bmi2`, `avx2`, `avx512` or `neon`.
    #[default]
    Auto,
    /// The ones that run everywhere.
    Portable,
}

/// Operations on bits and bytes that some processors have instructions for.
pub(crate) trait BitOperations {
    /// The position of the one that has `rank` ones below it; `word` must have more than `rank` ones.
    fn select(word: u64, rank: u32) -> u32;

    /// Writes `base` plus the position of each one of a word, lowest first, and anything behind them. Returns how many
    /// ones there are.
    fn put_ones(word: u64, base: u32, out: &mut [u32; 64]) -> usize;

    /// Four bytes, as a big-endian number, to eight upper-case digits, first digit in the lowest byte.
    fn encode_four(value: u32) -> u64;

    /// 32 hex digits of either case as two big-endian numbers; `None` if one is not a digit.
    fn decode_hex(digits: &[u8; 32]) -> Option<[u64; 2]>;

    /// The 48 upper-case hex digits of three big-endian numbers.
    fn encode_hex(words: &[u64; 3]) -> [u8; 48];

    /// 32 characters as codes of [`row_code`].
    fn code_digits(text: &[u8; 32]) -> CodedDigits;

    /// The lowest bits of a word, as many as there are ones in `places`, each where the next one is. There are few zeros.
    fn spread(bits: u64, places: u64) -> u64;

    /// Appends the codes of [`text_code`] of whole blocks of characters; of none unless [`ActiveKernel::packs_text`].
    fn pack_text(_: &TextCodes, _: &[u8], packed: Packed, _: &mut Vec<u8>) -> Packed {
        packed
    }

    /// Appends a block's rows.
    fn put_rows<F: Form>(block: &RowBlock<'_>, out: &mut Vec<u8>);
}

/// Work that is compiled once for every set of bit operations.
pub(crate) trait Task {
    type Output;

    /// Must be `#[inline(always)]`, or it is not compiled with the processor's features.
    fn run<O: BitOperations>(self) -> Self::Output;
}

/// The sets of kernels, each faster than those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Bmi2,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(all(target_arch = "aarch64", target_endian = "little", target_feature = "neon"))]
    Neon,
}

impl Level {
    #[cfg(target_arch = "x86_64")]
    const ALL: &[Self] = &[Self::Portable, Self::Bmi2, Self::Avx2, Self::Avx512];
    #[cfg(all(target_arch = "aarch64", target_endian = "little", target_feature = "neon"))]
    const ALL: &[Self] = &[Self::Portable, Self::Neon];
    #[cfg(not(any(
        target_arch = "x86_64",
        all(target_arch = "aarch64", target_endian = "little", target_feature = "neon")
    )))]
    const ALL: &[Self] = &[Self::Portable];

    fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Self::Bmi2 => "bmi2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "avx512",
            #[cfg(all(target_arch = "aarch64", target_endian = "little", target_feature = "neon"))]
            Self::Neon => "neon",
        }
    }

    /// Whether this processor can run it.
    fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Bmi2 => bmi2::available(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => avx2::available(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => avx512::available(),
            #[cfg(all(target_arch = "aarch64", target_endian = "little", target_feature = "neon"))]
            Self::Neon => true,
        }
    }
}

/// A set of kernels that this processor can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ActiveKernel {
    /// Only ever one that is available.
    level: Level,
}

impl ActiveKernel {
    pub(crate) fn choose(choice: Kernel) -> Self {
        if choice == Kernel::Portable {
            return Self { level: Level::Portable };
        }
        let forced = std::env::var_os("BREACHDEX_KERNEL");
        let named = |level: &&Level| forced.as_deref().is_some_and(|name| name == level.name());
        let most = Level::ALL.iter().find(named).copied();
        Self::available()
            .filter(|kernel| most.is_none_or(|most| kernel.level <= most))
            .last()
            .unwrap_or(Self { level: Level::Portable })
    }

    /// All that this processor can run, the fastest last.
    pub(crate) fn available() -> impl Iterator<Item = Self> {
        Level::ALL.iter().filter(|level| level.is_available()).map(|level| Self { level: *level })
    }

    /// `portable`, `bmi2`, `avx2`, `avx512` or `neon`.
    pub(crate) fn name(self) -> &'static str {
        self.level.name()
    }

    /// Whether [`BitOperations::spread`] is worth calling: processors of AMD before Zen 3 have `PDEP` and take hundreds of cycles
    /// for it.
    pub(crate) fn deposits_quickly(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        {
            self.level == Level::Portable || !bmi2::deposits_slowly()
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            true
        }
    }

    /// Whether [`BitOperations::pack_text`] packs any.
    pub(crate) fn packs_text(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        {
            // `PEXT` is slow where `PDEP` is.
            self.level == Level::Avx512 || self.level == Level::Avx2 && !bmi2::deposits_slowly()
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            false
        }
    }

    /// Runs a task with the operations of the kernel. What AVX-512 has nothing for is compiled for AVX2 only.
    #[inline]
    #[cfg_attr(target_arch = "x86_64", allow(unsafe_code))]
    pub(crate) fn run<T: Task>(self, task: T) -> T::Output {
        match self.level {
            Level::Portable => task.run::<Portable>(),
            // SAFETY: only available levels are ever made an `ActiveKernel`.
            #[cfg(target_arch = "x86_64")]
            Level::Bmi2 => unsafe { bmi2::run(task) },
            // SAFETY: as above; and AVX-512 is available only where AVX2 is.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 | Level::Avx512 => unsafe { avx2::run(task) },
            #[cfg(all(target_arch = "aarch64", target_endian = "little", target_feature = "neon"))]
            Level::Neon => neon::run(task),
        }
    }

    /// The same for a task that AVX-512 has instructions for.
    #[inline]
    #[cfg_attr(target_arch = "x86_64", allow(unsafe_code))]
    pub(crate) fn run_wide<T: Task>(self, task: T) -> T::Output {
        match self.level {
            // SAFETY: only available levels are ever made an `ActiveKernel`.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { avx512::run(task) },
            _ => self.run(task),
        }
    }
}

#[cfg(test)]
mod tests;
