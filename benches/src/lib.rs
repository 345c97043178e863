//! What the benchmarks share: synthetic corpora, the peers, timing, and the report.

#![forbid(unsafe_code)]

pub mod corpus;
