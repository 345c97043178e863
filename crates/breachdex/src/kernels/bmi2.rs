//! Bit operations with POPCNT, LZCNT, BMI1 and BMI2 (Haswell and later, Zen and later).

#![allow(unsafe_code)]

use std::arch::x86_64::_pdep_u64;

use super::{BitOperations, Task};

/// The operations of [`run`]; private, so that nothing else can name them.
struct Bmi2;

impl BitOperations for Bmi2 {
    #[inline(always)]
    fn select(word: u64, rank: u32) -> u32 {
        // SAFETY: only `run` instantiates a task with `Bmi2`, and its caller vouches for BMI2.
        unsafe { _pdep_u64(1 << rank, word) }.trailing_zeros()
    }
}

/// Whether this processor can run [`run`].
pub(super) fn available() -> bool {
    is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("popcnt")
        && is_x86_feature_detected!("lzcnt")
}

/// Runs a task compiled with the features.
///
/// # Safety
/// [`available`] must have returned true.
#[target_feature(enable = "bmi1,bmi2,popcnt,lzcnt")]
pub(super) unsafe fn run<T: Task>(task: T) -> T::Output {
    task.run::<Bmi2>()
}
