//! `policy attest`: evidence that a policy, an index and this program do what they are said to do.
//!
//! `facts` is what is known of index and policy, `checks` the tests that are run, and `text` the same for people.

#![forbid(unsafe_code)]

mod checks;
mod facts;
mod text;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use breachdex::{Corpus, Index, LiveIndex};
use breachdex_policy::{Day, Settings};
use serde::Serialize;

use self::checks::Check;
use self::facts::{EventFacts, IndexFacts, PolicyFacts};
use super::flags::PolicyAttestFlags;
use crate::commands::Exit;
use crate::failure::Failure;
use crate::flags::{ProgressName, pairs};
use crate::output::Output;
use crate::progress::Reporter;
use crate::signing::SigningKey;
use crate::target::{self, Target};
use crate::{indexes, trust};

/// What the JSON is; its number changes when a field changes its meaning or goes. Fields may be added.
const SCHEMA: &str = "breachdex-attestation/1";

/// The fields of `--json`, in this order.
#[derive(Serialize)]
struct Attestation {
    schema: &'static str,
    passed: bool,
    time: String,
    tool: String,
    index: IndexFacts,
    overlays: Vec<IndexFacts>,
    pairs: Vec<String>,
    policy: PolicyFacts,
    events: Vec<EventFacts>,
    tests: Vec<Check>,
    remarks: Vec<String>,
}

pub(super) fn run(flags: &PolicyAttestFlags) -> Result<Exit, Failure> {
    let key = match &flags.sign {
        Some(path) => Some(SigningKey::load(path, false)?),
        None => None,
    };
    // Before the tests, which may read all of a large index.
    for path in flags.output.iter().flat_map(|path| [path.clone(), signature_of(path)]) {
        refuse_existing(&path)?;
    }
    let settings = super::settings(&flags.source)?;
    let overlays = if flags.overlay.is_empty() { &settings.overlays } else { &flags.overlay };
    let index = flags.index.as_ref().or(settings.index.as_ref());
    let trusted = trust::of_keys(&flags.keys.trusted_key, None)?;
    // Opened so that a policy whose pairs cannot be read has no evidence of working.
    let (pairs, keys) = match flags.pairs.pairs.is_empty() {
        true => (&settings.pairs, &settings.pair_keys),
        false => (&flags.pairs.pairs, &flags.pairs.pair_key),
    };
    let corpus = indexes::open_live(index, overlays, pairs::open(pairs, keys)?, &trusted)?;
    if settings.rules.needs_counts() {
        corpus.require_counts()?;
    }
    let attestation = Attestation::make(flags, &settings, &corpus, pairs)?;
    let bytes = attestation.bytes(flags.json)?;
    match &flags.output {
        None => {
            let mut output = Output::open();
            if flags.json {
                output.write(&bytes)?
            } else {
                output.say(&String::from_utf8_lossy(&bytes))?
            };
            output.flush()?;
        }
        Some(path) => {
            // Without the signature the file would be there unsigned; so it comes last.
            if let Some(key) = &key {
                write_new(&signature_of(path), key.sign(&bytes, path)?.as_bytes())?;
            }
            write_new(path, &bytes)?;
        }
    }
    Ok(if attestation.passed { Exit::Success } else { Exit::Exposed })
}

impl Attestation {
    fn make(
        flags: &PolicyAttestFlags,
        settings: &Settings,
        corpus: &Corpus,
        pairs: &[PathBuf],
    ) -> Result<Self, Failure> {
        let indexes: Vec<Index> = corpus.live_indexes().map(LiveIndex::snapshot).collect::<Result<_, _>>()?;
        let read = match flags.verify {
            true => indexes.iter().map(verified).collect::<Result<Vec<_>, _>>()?,
            false => indexes.iter().map(|_| None).collect(),
        };
        let now = SystemTime::now();
        let mut facts: Vec<_> = indexes
            .iter()
            .zip(&read)
            .map(|(index, read)| IndexFacts::of(index, read.as_ref(), Day::of(now)))
            .collect();
        let overlays = facts.split_off(1);
        let [index] =
            <[IndexFacts; 1]>::try_from(facts).unwrap_or_else(|_| unreachable!("one base was opened"));
        let tests = checks::run(flags, settings, corpus, &index, &overlays)?;
        let policy = PolicyFacts::of(settings, flags.source.policy.as_deref());
        Ok(Self {
            schema: SCHEMA,
            passed: tests.iter().all(|test| test.passed),
            time: written(now),
            tool: format!("breachdex {}", env!("CARGO_PKG_VERSION")),
            events: EventFacts::of(&settings.rules),
            remarks: facts::remarks(settings, &index, &overlays),
            index,
            overlays,
            pairs: pairs.iter().map(|path| path.display().to_string()).collect(),
            policy,
            tests,
        })
    }

    fn bytes(&self, json: bool) -> Result<Vec<u8>, Failure> {
        if !json {
            return Ok(text::of(self).into_bytes());
        }
        let mut bytes = serde_json::to_vec_pretty(self).map_err(|error| Failure::output(error.into()))?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// Reads all of an index. What is wrong with it is a test that failed, but for a job that was interrupted.
fn verified(index: &Index) -> Result<Option<Result<(), String>>, Failure> {
    let reporter = Reporter::start(ProgressName::Auto)?;
    match index.verify(&reporter) {
        Ok(()) => Ok(Some(Ok(()))),
        Err(error @ breachdex::Error::Cancelled) => Err(error.into()),
        Err(error) => Ok(Some(Err(error.to_string()))),
    }
}

/// A time as RFC 3339 has it, in UTC.
fn written(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() % 86_400;
    format!("{}T{:02}:{:02}:{:02}Z", Day::of(time), seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn signature_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".minisig");
    name.into()
}

/// Evidence is never replaced, and no signature is left beside what it does not sign.
fn refuse_existing(path: &Path) -> Result<(), Failure> {
    match path.symlink_metadata() {
        Ok(_) => Err(Failure::Usage(format!(
            "{} exists; evidence is never replaced, choose another name",
            path.display()
        ))),
        Err(_) => Ok(()),
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut target = Target::create(path, false, false)?;
    target.file().write_all(bytes).map_err(|source| target::failed("write", path, source))?;
    target.publish(false)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_time_is_written_as_rfc_3339_has_it() {
        let time = |seconds| written(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(time(0), "1970-01-01T00:00:00Z");
        assert_eq!(time(1_764_255_599), "2025-11-27T14:59:59Z");
    }
}
