//! What keeps passwords in the process's memory from others.

#![forbid(unsafe_code)]

use breachdex::memory;
use zeroize::zeroize_stack;

/// Bytes of stack that are overwritten after answers: more than hashing and looking up use in any build.
const STACK: usize = 1 << 16;

/// Runs `work`, which sees passwords or digests, and overwrites the stack that it used.
#[inline(always)]
pub(crate) fn erasing_stack<T>(work: impl FnOnce() -> T) -> T {
    memory::erasing_stack::<STACK, T>(work)
}

/// Overwrites the stack below the caller, where calls before had their variables.
pub(crate) fn erase_stack() {
    zeroize_stack::<STACK>();
}

/// Has the system write no core dump of this process, and let no process of the same user read its memory or attach a
/// debugger. Linux only; elsewhere core dumps are as the system is set up.
pub(crate) fn forbid_dumps() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        // It cannot fail on a kernel that Rust runs on, and a sandbox that forbids it is no reason to answer nothing.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
