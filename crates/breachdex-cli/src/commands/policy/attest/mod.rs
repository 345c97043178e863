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

use breachdex::{Corpus, CorpusSource, Index, LiveIndex, Monitor};
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
    let subject = Subject { settings: &settings, corpus: &corpus, pairs };
    let verify = |index: &Index| Ok(index.verify(&Reporter::start(ProgressName::Auto)?));
    let demands = Demands {
        file: flags.source.policy.as_deref(),
        max_age: flags.max_age,
        verify: flags.verify.then_some(&verify),
    };
    let attestation = Attestation::make(&subject, &demands)?;
    let bytes = attestation.bytes(flags.json)?;
    match &flags.output {
        None => {
            let mut output = Output::open();
            let text = String::from_utf8_lossy(&bytes);
            if flags.json {
                output.write_json(&text)?
            } else {
                output.say(&text)?
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

/// What is attested.
struct Subject<'a> {
    settings: &'a Settings,
    corpus: &'a Corpus,
    pairs: &'a [PathBuf],
}

/// Reads all of an index; the inner error is what is wrong with it.
type Verify<'a> = &'a dyn Fn(&Index) -> Result<breachdex::Result<()>, Failure>;

/// What is demanded beside the policy's tests.
struct Demands<'a> {
    /// The policy's file, to be named.
    file: Option<&'a Path>,
    max_age: Option<u32>,
    verify: Option<Verify<'a>>,
}

/// The JSON of `breachdex policy attest --json` about a policy and what it asks, for programs that hold both open.
///
/// # Errors
/// [`AttestError`] where there is no one index to attest, or it cannot be read.
pub fn attest(
    settings: &Settings,
    corpus: &Corpus,
    pairs: &[PathBuf],
    file: Option<&Path>,
    max_age: Option<u32>,
    verify: Option<&dyn Monitor>,
) -> Result<String, AttestError> {
    let [CorpusSource::Index(_)] = corpus.bases() else { return Err(AttestError::NoIndex) };
    let subject = Subject { settings, corpus, pairs };
    let reading = |monitor: &dyn Monitor, index: &Index| Ok(index.verify(monitor));
    let verify = verify.map(|monitor| move |index: &Index| reading(monitor, index));
    let demands = Demands { file, max_age, verify: verify.as_ref().map(|verify| verify as Verify<'_>) };
    let written = Attestation::make(&subject, &demands).and_then(|attestation| attestation.bytes(true));
    let bytes = written.map_err(|failure| match failure {
        Failure::Index(error) => AttestError::Index(error),
        other => AttestError::Other(other.to_string()),
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Why there is no attestation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttestError {
    /// The policy asks a range server, or several indexes.
    #[error(
        "an attestation is of one index on this machine, and this policy asks another number of them, or a range server"
    )]
    NoIndex,
    /// The index cannot be read.
    #[error(transparent)]
    Index(#[from] breachdex::Error),
    /// Something else.
    #[error("{0}")]
    Other(String),
}

impl Attestation {
    fn make(subject: &Subject<'_>, demands: &Demands<'_>) -> Result<Self, Failure> {
        let &Subject { settings, corpus, pairs } = subject;
        let indexes: Vec<Index> = corpus.live_indexes().map(LiveIndex::snapshot).collect::<Result<_, _>>()?;
        let read: Vec<_> = match demands.verify {
            Some(verify) => indexes.iter().map(|index| verified(index, verify)).collect::<Result<_, _>>()?,
            None => indexes.iter().map(|_| None).collect(),
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
        let tests = checks::run(demands.max_age, settings, corpus, &index, &overlays)?;
        let policy = PolicyFacts::of(settings, demands.file);
        Ok(Self {
            schema: SCHEMA,
            passed: tests.iter().all(|test| test.passed),
            time: written(now),
            tool: format!("breachdex {}", env!("CARGO_PKG_VERSION")),
            events: EventFacts::of(&settings.rules),
            remarks: facts::remarks(settings, &index, &overlays, demands.max_age.is_some()),
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
fn verified(index: &Index, verify: Verify<'_>) -> Result<Option<Result<(), String>>, Failure> {
    match verify(index)? {
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
