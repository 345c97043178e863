//! What both sides of the wire say.
//!
//! `GET {base}/range/{prefix}` with five hex digits, `?mode=ntlm` for NTLM, answers with `SUFFIX:COUNT` rows
//! (see [`breachdex::read_range_body`] for the strict reader of a corpus, [`body`] for the tolerant one of a
//! client). Source: the service's documentation and recorded answers.

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
