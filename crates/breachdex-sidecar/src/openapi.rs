//! The document of the API. Written by hand; a test compares it with the code.

#![forbid(unsafe_code)]

/// OpenAPI 3.1.
pub const DOCUMENT: &str = include_str!("openapi.json");
