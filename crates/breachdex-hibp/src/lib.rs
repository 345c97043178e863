//! The Pwned Passwords range protocol.

#![forbid(unsafe_code)]
