//! A Pwned Passwords range server.

#![forbid(unsafe_code)]
