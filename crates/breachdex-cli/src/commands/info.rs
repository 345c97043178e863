//! `info`: what an index holds and where it comes from.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use breachdex::trust::SignatureFiles;
use breachdex::{Index, PREFIX_COUNT};
use clap::Args;
use serde::Serialize;

use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::flags::TrustFlags;
use crate::output::Output;
use crate::printable::printable;
use crate::trust;

/// The most bytes of a note that are shown.
const LONGEST_NOTE: usize = 200;

/// Show what an index holds
#[derive(Args)]
#[command(after_long_help = "\
JSON fields:
  index                the path
  format_version       of the file
  kind                 \"sha1\" or \"ntlm\"
  bits                 kept of each digest
  exact                whether that is all of them
  entries              how many digests
  counts               whether counts are stored
  total_count          sum of all counts, null without counts
  max_count            the largest count, null without counts
  floor                seen less often than this, a password may be missing
  cut                  whether --top left entries out
  collisions           digests folded into another that shares the kept bits
  false_positive_rate  chance that a password outside the source is found
  overlay              whether this is an overlay
  pairs                how many exposed pairs it holds; only in a file of pairs, whose entries are
                       keyed digests and no passwords
  holds_overlay        whether it is one or one was merged into it: keep the file secret
  coverage             object: whole (true or false), prefixes (how many of 1048576),
                       ranges (list of \"FIRST-LAST\")
  source, date         as given to build, null where not given
  bytes                the file's length
  bytes_per_entry      null without entries
  directory_bits       leading bits that the directory resolves
  groups               in the file
  content_id           equal for indexes with the same entries and facts
  signed_by            the key that the signature names, null without one
  signature_checked    whether that key is trusted and the signature valid; see --trusted-key
  notes                object: what may vary between equal indexes, such as tool; long ones
                       and those that are not text only by their length

Examples:
      breachdex info pwned.bdx
      breachdex info --json pwned.bdx | jq .entries")]
pub(crate) struct Flags {
    /// The index
    file: PathBuf,
    #[command(flatten)]
    trust: TrustFlags,
    /// As one JSON object
    #[arg(long)]
    json: bool,
}

impl Subcommand for Flags {
    fn run(self) -> Result<Exit, Failure> {
        let trusted = trust::of(&self.trust)?;
        let index = Index::open_with(&self.file, trust::mapped(&trusted).any_content())?;
        let facts = Facts::of(&index)?;
        let mut output = Output::open();
        if self.json {
            let json = serde_json::to_string(&facts).map_err(|error| Failure::output(error.into()))?;
            output.write_json(&json)?;
            output.write(b"\n")?;
        } else {
            output.write(facts.text().as_bytes())?;
        }
        output.flush()?;
        Ok(Exit::Success)
    }
}

/// The fields of `--json`, in this order. They may gain companions but do not change.
#[derive(Serialize)]
struct Facts {
    index: String,
    format_version: u32,
    kind: &'static str,
    bits: u32,
    exact: bool,
    entries: u64,
    counts: bool,
    total_count: Option<u64>,
    max_count: Option<u64>,
    floor: u64,
    cut: bool,
    collisions: u64,
    false_positive_rate: f64,
    overlay: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pairs: Option<u64>,
    holds_overlay: bool,
    coverage: CoverageFacts,
    source: Option<String>,
    date: Option<String>,
    bytes: u64,
    bytes_per_entry: Option<f64>,
    directory_bits: u32,
    groups: u64,
    content_id: String,
    signed_by: Option<String>,
    signature_checked: bool,
    notes: BTreeMap<String, String>,
    #[serde(skip)]
    full_bits: u32,
}

#[derive(Serialize)]
struct CoverageFacts {
    whole: bool,
    prefixes: u32,
    ranges: Vec<String>,
    #[serde(skip)]
    short: String,
}

impl Facts {
    fn of(index: &Index) -> Result<Self, Failure> {
        let metadata = index.metadata();
        let counts = metadata.has_counts;
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let notes = index.notes()?.into_iter();
        let claimed = || SignatureFiles::beside(index.path()?).claimed_key();
        let signed_by = index.signed().map(|signed| signed.key).or_else(claimed);
        Ok(Self {
            index: index.name().to_owned(),
            format_version: metadata.format_version,
            kind: metadata.kind.name(),
            bits: metadata.bits,
            exact: metadata.is_exact(),
            entries: metadata.entries,
            counts,
            total_count: counts.then_some(metadata.total_count),
            max_count: counts.then_some(metadata.max_count),
            floor: metadata.floor,
            cut: metadata.is_cut,
            collisions: metadata.collisions,
            false_positive_rate: metadata.false_positive_rate(),
            overlay: metadata.is_overlay,
            pairs: metadata.is_pairs.then_some(metadata.max_count),
            holds_overlay: metadata.holds_overlay,
            coverage: CoverageFacts {
                whole: metadata.coverage.is_whole(),
                prefixes: metadata.coverage.prefixes(),
                ranges: metadata
                    .coverage
                    .ranges()
                    .iter()
                    .map(|(first, last)| format!("{first:05X}-{last:05X}"))
                    .collect(),
                short: metadata.coverage.to_string(),
            },
            source: given(&metadata.source),
            date: given(&metadata.corpus_date),
            bytes: metadata.file_length,
            bytes_per_entry: (metadata.entries > 0)
                .then(|| metadata.file_length as f64 / metadata.entries as f64),
            directory_bits: metadata.directory_bits,
            groups: metadata.groups,
            content_id: index.content_id().to_string(),
            signed_by: signed_by.map(|key| key.to_string()),
            signature_checked: index.signed().is_some(),
            notes: notes.map(|(name, value)| (name, note_text(&value))).collect(),
            full_bits: metadata.kind.bits(),
        })
    }

    fn text(&self) -> String {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| String::from("not given"));
        let number =
            |number: Option<u64>| number.map_or_else(|| String::from("no counts"), |n| n.to_string());
        let mut rows = vec![
            ("index", self.index.clone()),
            ("format version", self.format_version.to_string()),
            ("kind", self.kind.to_owned()),
            ("bits kept", self.bits_text()),
            ("entries", self.entries.to_string()),
            ("total count", number(self.total_count)),
            ("largest count", number(self.max_count)),
            ("floor", self.floor_text()),
            ("coverage", self.coverage_text()),
            ("source", or_none(&self.source)),
            ("corpus date", or_none(&self.date)),
            ("bytes", self.bytes_text()),
            ("directory bits", self.directory_bits.to_string()),
            ("groups", self.groups.to_string()),
            ("content id", self.content_id.clone()),
            ("signature", self.signature_text()),
        ];
        if let Some(text) = self.overlay_text() {
            rows.push(("overlay", text));
        }
        let notes = self.notes.iter().map(|(name, value)| (name.as_str(), value.clone()));
        rows.extend(notes);
        let rows: Vec<_> = rows.iter().map(|(name, value)| (printable(name), printable(value))).collect();
        let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        rows.iter().map(|(name, value)| format!("{name:<width$}  {value}\n")).collect()
    }

    fn bits_text(&self) -> String {
        match self.exact {
            true => format!("{}, exact", self.bits),
            false => format!(
                "{} of {}, false-positive rate {:.3e}, collisions {}",
                self.bits, self.full_bits, self.false_positive_rate, self.collisions
            ),
        }
    }

    fn signature_text(&self) -> String {
        match (&self.signed_by, self.signature_checked) {
            (Some(key), true) => format!("valid, key {key}"),
            (Some(key), false) => format!("not checked, names key {key} (see --trusted-key)"),
            (None, _) => String::from("none"),
        }
    }

    fn overlay_text(&self) -> Option<String> {
        if let Some(pairs) = self.pairs {
            return Some(format!(
                "this holds {pairs} exposed pairs: keep the file secret, and its key apart from it"
            ));
        }
        let what = match (self.overlay, self.holds_overlay) {
            (true, _) => "this is one",
            (false, true) => "one was merged into this index",
            (false, false) => return None,
        };
        Some(format!("{what}: keep the file secret"))
    }

    fn floor_text(&self) -> String {
        let cut = if self.cut { " (cut with --top)" } else { "" };
        match self.floor {
            1 => format!("1, nothing left out{cut}"),
            floor => format!("{floor}, entries seen less often may be missing{cut}"),
        }
    }

    fn coverage_text(&self) -> String {
        match self.coverage.whole {
            true => String::from("whole"),
            false => {
                format!("{} of {PREFIX_COUNT} prefixes: {}", self.coverage.prefixes, self.coverage.short)
            }
        }
    }

    fn bytes_text(&self) -> String {
        match self.bytes_per_entry {
            Some(each) => format!("{}, {each:.2} per entry", self.bytes),
            None => self.bytes.to_string(),
        }
    }
}

/// A note as text: what is none, or more than a line or two, only by its length.
fn note_text(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) if value.len() <= LONGEST_NOTE => text.to_owned(),
        _ => format!("{} bytes", value.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_shown_as_text_or_by_its_length() {
        assert_eq!(note_text(b"breachdex 0.1.0"), "breachdex 0.1.0");
        assert_eq!(note_text(&[b'x'; LONGEST_NOTE]), "x".repeat(LONGEST_NOTE));
        assert_eq!(note_text(&[b'x'; LONGEST_NOTE + 1]), "201 bytes");
        assert_eq!(note_text(&[0xff, 1]), "2 bytes");
    }
}
