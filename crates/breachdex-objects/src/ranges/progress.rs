//! The notes of a run that uploads ranges, as objects: what is done, and who does it.
//!
//! ```text
//! breachdex upload 2
//! writer 5f0c…
//! state running
//! begun 00000 00FFF
//! names alike
//! blocks 2
//! 8a41…
//! 07be…
//! breachdex ranges 1
//! kind SHA-1
//! …
//! ```
//! A line for each finished block has the BLAKE3 hash of the object `manifest.part.PREFIX`, which is that block's part of the manifest.
//! What follows is the head of the manifest. `begun` has the first and the last prefix of which objects may be of any run since the
//! manifest was written, `none` if there are none: what is there and in no finished block is not known. `names` are
//! `mixed` if some of these runs, or the manifest, had objects of other encodings or names.

#![forbid(unsafe_code)]

use std::io::Cursor;
use std::path::Path;

use breachdex_server::{PrefixSpan, RangesHead, RangesManifest, read_span, span_text};

const FIRST_LINE: &str = "breachdex upload 2";

/// What the notes say.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    /// A number by chance that tells runs apart.
    pub(super) writer: String,
    /// Whether its writer goes on, as far as it could say.
    pub(super) is_running: bool,
    /// The prefixes of which objects may have been written or removed since the manifest was written.
    pub(super) begun: Option<PrefixSpan>,
    /// Whether they have no other names than this run's objects.
    pub(super) is_alike: bool,
    /// The hash of each finished block's part of the manifest.
    pub(super) blocks: Vec<String>,
    pub(super) head: RangesHead,
}

impl Progress {
    /// Adds prefixes to those that were begun.
    pub(super) fn begin(&mut self, spans: impl IntoIterator<Item = PrefixSpan>) {
        for (first, last) in spans {
            let (lowest, highest) = self.begun.unwrap_or((first, last));
            self.begun = Some((lowest.min(first), highest.max(last)));
        }
    }

    pub(super) fn encode(&self) -> String {
        let state = if self.is_running { "running" } else { "interrupted" };
        let begun = self.begun.map_or("none".into(), span_text);
        let names = if self.is_alike { "alike" } else { "mixed" };
        let mut text = format!(
            "{FIRST_LINE}\nwriter {}\nstate {state}\nbegun {begun}\nnames {names}\nblocks {}\n",
            self.writer,
            self.blocks.len()
        );
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
        let (begun, text) = text.strip_prefix("begun ")?.split_once('\n')?;
        let (names, text) = text.strip_prefix("names ")?.split_once('\n')?;
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
            is_alike: names == "alike",
            begun: if begun == "none" { None } else { Some(read_span(begun)?) },
            blocks: hashes,
            head: head.records.is_empty().then_some(head.head)?,
        })
    }
}
