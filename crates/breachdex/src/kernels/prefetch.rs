//! Asking the processor for a cache line before it is needed.

#![allow(unsafe_code)]

/// Starts loading the cache line that holds `bytes[at]`; nothing when `at` is outside or there is no such
/// instruction. Never faults, also where the page is not in memory.
#[inline(always)]
pub(crate) fn prefetch(bytes: &[u8], at: usize) {
    line_of(bytes, at);
}

/// The same for `items[at]`.
#[inline(always)]
pub(crate) fn prefetch_item<T>(items: &[T], at: usize) {
    line_of(items, at);
}

#[inline(always)]
fn line_of<T>(items: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(item) = items.get(at) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: SSE is part of every x86-64, and the address is one of a live slice.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(item).cast()) };
    }
    #[cfg(target_arch = "aarch64")]
    if let Some(item) = items.get(at) {
        // SAFETY: a hint, which changes nothing that a program can see; the address is one of a live slice.
        unsafe {
            std::arch::asm!(
                "prfm pldl1keep, [{line}]",
                line = in(reg) std::ptr::from_ref(item),
                options(nostack, readonly, preserves_flags)
            );
        }
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let _ = (items, at);
}
