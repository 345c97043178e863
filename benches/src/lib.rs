//! What the benchmarks share: synthetic corpora, the questions asked of every structure, the peers in memory and on
//! disk, breachdex itself as a subject, timing, and the report.

// `forbid` in every file but `at_size/storage.rs`, which maps files.
#![deny(unsafe_code)]

pub mod asking;
pub mod at_size;
pub mod checksum;
pub mod corpus;
pub mod machine;
pub mod measure;
pub mod peers;
pub mod questions;
pub mod report;
pub mod subject;
pub mod watch;
