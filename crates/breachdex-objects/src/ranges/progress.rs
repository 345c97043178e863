//! The notes of a run that uploads ranges, as objects: what is done, and who does it.
//!
//! ```text
//! breachdex upload 1
//! writer 5f0c…
//! state running
//! blocks 2
//! 8a41…
//! 07be…
//! breachdex ranges 1
//! kind SHA-1
//! …
//! ```
//! A line for each finished block has the BLAKE3 hash of the object `manifest.part.PREFIX`, which is that block's part of the manifest.
//! What follows is the head of the manifest.

#![forbid(unsafe_code)]

use std::io::Cursor;
use std::path::Path;

use breachdex_server::{RangesHead, RangesManifest};

const FIRST_LINE: &str = "breachdex upload 1";

/// What the notes say.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    /// A number by chance that tells runs apart.
    pub(super) writer: String,
    /// Whether its writer goes on, as far as it could say.
    pub(super) is_running: bool,
    /// The hash of each finished block's part of the manifest.
    pub(super) blocks: Vec<String>,
    pub(super) head: RangesHead,
}

impl Progress {
    pub(super) fn encode(&self) -> String {
        let state = if self.is_running { "running" } else { "interrupted" };
        let mut text =
            format!("{FIRST_LINE}\nwriter {}\nstate {state}\nblocks {}\n", self.writer, self.blocks.len());
        for hash in &self.blocks {
            text.push_str(hash);
            text.push('\n');
        }
        text + &self.head.encode()
    }

    pub(super) fn decode(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?.strip_prefix(FIRST_LINE)?.strip_prefix('\n')?;
        let (writer, text) = text.strip_prefix("writer ")?.split_once('\n')?;
        let (state, text) = text.strip_prefix("state ")?.split_once('\n')?;
        let (blocks, mut text) = text.strip_prefix("blocks ")?.split_once('\n')?;
        let mut hashes = Vec::new();
        for _ in 0..blocks.parse::<u32>().ok()? {
            let (hash, rest) = text.split_once('\n')?;
            blake3::Hash::from_hex(hash).ok()?;
            hashes.push(hash.to_owned());
            text = rest;
        }
        let head = RangesManifest::read_from(Cursor::new(text), Path::new("manifest.part")).ok()?;
        Some(Self {
            writer: writer.to_owned(),
            is_running: state == "running",
            blocks: hashes,
            head: head.records.is_empty().then_some(head.head)?,
        })
    }
}
