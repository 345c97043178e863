//! What the benchmarks share: synthetic corpora, the questions asked of every structure, the peers, breachdex
//! itself as a subject, timing, and the report.

#![forbid(unsafe_code)]

pub mod asking;
pub mod checksum;
pub mod corpus;
pub mod machine;
pub mod measure;
pub mod peers;
pub mod questions;
pub mod report;
pub mod subject;
