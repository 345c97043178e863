//! The Pwned Passwords range protocol: what a client and a server both need, and no HTTP library.
//!
//! `GET {base}/range/{prefix}` with five hex digits, `?mode=ntlm` for NTLM, answers with `SUFFIX:COUNT` rows.
//! Source: the service's documentation and recorded answers.
//!
//! - [`body`] looks a digest up in an answer and tolerates what real servers send. The strict reader, for answers that
//!   go into an index, is `breachdex::read_range_body`.
//! - [`padding`] makes rows with count 0, and reads the header that asks for them.
//! - [`entity_tag`] reads `If-None-Match`.
//!
//! ```
//! use breachdex::Digest;
//! use breachdex_protocol::body::count;
//! let answer = b"1E4C9B93F3F0682250B6CF8331B7EE68FD8:52256179\r\n1F2B668E8AABEF1C59E9EC6F82E3F3CD786:1";
//! assert_eq!(count(answer, &Digest::sha1(b"password"))?, 52_256_179);
//! # Ok::<(), breachdex_protocol::body::Malformed>(())
//! ```

#![forbid(unsafe_code)]

pub mod body;
pub mod entity_tag;
pub mod padding;

/// Hex digits of a prefix: all that a client tells of a digest.
pub const PREFIX_DIGITS: usize = 5;

/// The service that everybody means when nobody names one.
pub const DEFAULT_BASE_URL: &str = "https://api.pwnedpasswords.com";

/// The path before the prefix.
pub const RANGE_PATH: &str = "/range/";

/// The query that asks for NTLM digests; without it they are SHA-1.
pub const NTLM_QUERY: &str = "mode=ntlm";

/// The largest body that anybody would send: a real range has some 2,000 rows of 40 bytes.
pub const MOST_BODY_BYTES: usize = 8 << 20;

// Threads may share these; a field that forbids it is a breaking change.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<body::Malformed>();
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
