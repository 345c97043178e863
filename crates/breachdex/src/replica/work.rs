//! Work on many units on several threads.

#![forbid(unsafe_code)]

use crate::index::in_order;

/// Works on units on `threads` threads, 0 for one per processor, and hands the results to `accept` on the calling thread, in
/// order. At most two results for each thread wait.
///
/// # Errors
/// The first that `accept` gives.
pub fn for_units<T: Send, E>(
    units: &[u32],
    threads: usize,
    work: impl Fn(u32) -> T + Sync,
    mut accept: impl FnMut(u32, T) -> Result<(), E>,
) -> Result<(), E> {
    let threads = in_order::thread_count(threads);
    let work = |_: &mut (), number: usize| (units[number], work(units[number]));
    in_order::run(threads, units.len(), || (), work, |(unit, result)| accept(unit, result))
}
