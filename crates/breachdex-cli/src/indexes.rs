//! Which index answers: the one that was named, else `$BREACHDEX_INDEX`, else the embedded starter index.

#![forbid(unsafe_code)]

use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use breachdex::trust::Trust;
use breachdex::{Checks, Corpus, Index, LiveIndex, OpenOptions, PairList, Residency, files};
use breachdex_pairs::PairsOptions;

use crate::failure::Failure;
use crate::flags::pairs;
use crate::{messages, trust};

const VARIABLE: &str = "BREACHDEX_INDEX";

/// `1` has the test password be exposed.
const TEST_VARIABLE: &str = "BREACHDEX_TEST_PASSWORD";

/// How often to look whether a file was replaced.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The path in `$BREACHDEX_INDEX`, if it is set.
pub(crate) fn default_path() -> Option<PathBuf> {
    env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Whether the environment says that the test password is exposed.
///
/// # Errors
/// [`Failure::Usage`] for a value that is neither yes nor no.
pub(crate) fn knows_test_password() -> Result<bool, Failure> {
    let Some(value) = env::var_os(TEST_VARIABLE).filter(|value| !value.is_empty()) else { return Ok(false) };
    match value.to_string_lossy().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err(Failure::Usage(format!("{TEST_VARIABLE} must be 1 or 0"))),
    }
}

/// Notes a file that is named twice, which is seldom meant.
pub(crate) fn note_repeated(named: &[PathBuf]) {
    for (at, path) in named.iter().enumerate() {
        let is_same = |other: &&PathBuf| files::is_same_file(path, other);
        if let Some(other) = named[..at].iter().find(is_same) {
            let (other, path) = (other.display(), path.display());
            match other.to_string() == path.to_string() {
                true => messages::note(&format!("{path} is named twice; once is enough")),
                false => {
                    messages::note(&format!("{other} and {path} are one file; naming it once is enough"))
                }
            }
        }
    }
}

/// Maps the named indexes, or the default one when none is named. Never empty. A lookup is then over in a microsecond, and a
/// command that asks once reads no more than it needs; every command of this project replaces files by rename, and so must
/// others.
pub(crate) fn open(named: &[PathBuf], trusted: &Trust) -> Result<Vec<Index>, Failure> {
    let map = |path: &Path| Ok(Index::open_with(path, trust::mapped(trusted))?);
    open_each(named, map, |starter| starter)
}

/// [`open`], with indexes that follow their files: for a command that may read its input for days.
pub(crate) fn open_following(named: &[PathBuf], trusted: &Trust) -> Result<Vec<LiveIndex>, Failure> {
    open_each(named, |path| follow(path, trust::mapped(trusted)), LiveIndex::new)
}

fn open_each<T>(
    named: &[PathBuf],
    open: impl Fn(&Path) -> Result<T, Failure>,
    of_starter: impl FnOnce(Index) -> T,
) -> Result<Vec<T>, Failure> {
    if !named.is_empty() {
        note_repeated(named);
        return named.iter().map(|path| open(path)).collect();
    }
    match default_path() {
        Some(path) => Ok(vec![open(&path)?]),
        None => Ok(vec![of_starter(starter()?)]),
    }
}

/// Opens the named index, or the default one, under overlays and with exposed pairs; all of them follow their files.
pub(crate) fn open_live(
    named: Option<&PathBuf>,
    overlays: &[PathBuf],
    pairs: Vec<Arc<dyn PairList>>,
    trusted: &Trust,
) -> Result<Corpus, Failure> {
    let base = match named.cloned().or_else(default_path) {
        Some(path) => follow(&path, trust::mapped(trusted))?,
        None => LiveIndex::new(starter()?),
    };
    Ok(Corpus::builder().base(base).overlays(open_overlays(overlays)?).pairs(pairs).build()?)
}

/// What a service asks beside its pairs.
pub(crate) struct ServiceSources<'a> {
    /// Indexes; the default one if there is none.
    pub(crate) indexes: &'a [PathBuf],
    /// How much of them is in memory; overlays are read on demand.
    pub(crate) residency: Residency,
    pub(crate) overlays: &'a [PathBuf],
    /// Files of pairs with their keys.
    pub(crate) pairs: (&'a [PathBuf], &'a [PathBuf]),
}

/// Opens what a service asks. Files are read and not mapped, and checked for every answer: whatever becomes of a file, the service
/// answers right or says that it cannot. It looks itself whether they were replaced.
pub(crate) fn open_for_service(sources: &ServiceSources<'_>, trusted: &Trust) -> Result<Corpus, Failure> {
    let open = |path: &Path, residency: Residency, trusted: &Trust| {
        let options = OpenOptions::new().residency(residency).checks(Checks::Always).trust(trusted.clone());
        Ok(LiveIndex::open(path, options, None)?)
    };
    let base = |path: &Path| open(path, sources.residency, trusted);
    let bases = open_each(sources.indexes, base, LiveIndex::new)?;
    let overlays = sources.overlays.iter().map(|path| open(path, Residency::OnDemand, &Trust::default()));
    let overlays: Vec<LiveIndex> = overlays.collect::<Result<_, Failure>>()?;
    let (named, keys) = sources.pairs;
    let pairs = pairs::open_with(named, keys, PairsOptions { mapped: false, reload_every: None })?;
    Ok(Corpus::builder().bases(bases).overlays(overlays).pairs(pairs).build()?)
}

/// Opens overlays, which follow their files.
pub(crate) fn open_overlays(paths: &[PathBuf]) -> Result<Vec<LiveIndex>, Failure> {
    paths.iter().map(|path| follow(path, OpenOptions::new().mapped())).collect()
}

/// Maps an index file and follows it when it is replaced.
fn follow(path: &Path, options: OpenOptions) -> Result<LiveIndex, Failure> {
    Ok(LiveIndex::open(path, options, Some(POLL_INTERVAL))?)
}

/// The path of an index, or `starter`.
pub(crate) fn name(index: &Index) -> String {
    if index.is_starter() { String::from("starter") } else { index.name().to_owned() }
}

/// Reports each replacement of a file that was refused, or is older, once.
pub(crate) fn report_reloads(corpus: &Corpus) {
    for reload in corpus.followed().filter_map(LiveIndex::unreported) {
        messages::note(&reload);
    }
}

/// The embedded index, with a word on how little it holds.
#[cfg(feature = "starter")]
pub(crate) fn starter() -> Result<Index, Failure> {
    let index = Index::starter()?;
    messages::note(&format!(
        "using the starter index of {} common passwords; a password that it does not hold may well be \
         exposed: name a full index with --index or {VARIABLE}",
        index.len()
    ));
    Ok(index)
}

#[cfg(not(feature = "starter"))]
pub(crate) fn starter() -> Result<Index, Failure> {
    Err(Failure::Usage(format!("this breachdex has no starter index; name one with --index or {VARIABLE}")))
}
