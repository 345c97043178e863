//! Passwords that are a small change away from a leaked one.
//!
//! Somebody whose password is refused, or has leaked, tends to change it a little: attackers know, and try the
//! variations of what they have (credential tweaking). The variations here are the commonest of those found in
//! leaked pairs by Pal et al., "Might I Get Pwned: A Second Generation Compromised Credential Checking Service",
//! USENIX Security 2022 (MIGP), section 4, and Das et al., "The Tangled Web of Password Reuse", NDSS 2014.
//!
//! Cost: one lookup each for at most [`MOST_VARIATIONS`] variations, and for a password of eight code points and
//! more one walk through the list of common words.

#![forbid(unsafe_code)]

mod common;
mod variations;

#[cfg(feature = "starter")]
pub(crate) use common::is_near_a_common_word;
pub use variations::MOST_VARIATIONS;
pub(crate) use variations::for_each_variation;
