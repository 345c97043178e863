//! The programs as they are run, over small corpora.

#![forbid(unsafe_code)]

mod full_scale;
mod peers;
