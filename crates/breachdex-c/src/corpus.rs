//! A corpus that is open, and questions to it.

use std::ffi::{CString, c_char};

use breachdex::{Corpus, Digest, Finding, FormSet, Kind, LiveIndex, Question};

use crate::call::{bytes, clear, handle, run, run_plain, store, store_handle, take_back};
use crate::error::{BreachdexError, BreachdexStatus, Failure};
use crate::exposure::BreachdexExposure;
use crate::options::BreachdexOptions;

/// Indexes and overlays that are asked as one. Free it with `breachdex_corpus_free`. Threads may share it.
#[derive(Debug)]
pub struct BreachdexCorpus {
    pub(crate) corpus: Corpus,
}

/// The version of the library, as in `0.1.0`.
#[unsafe(no_mangle)]
pub extern "C" fn breachdex_version() -> *const c_char {
    const VERSION: &std::ffi::CStr =
        match std::ffi::CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
            Ok(version) => version,
            Err(_) => c"",
        };
    VERSION.as_ptr()
}

/// Opens a corpus. Takes some milliseconds for any size. Null options mean the embedded index of common passwords: what it does
/// not hold may well be exposed.
///
/// # Safety
/// `options` is null or of `breachdex_options_new`; `corpus` has room for a pointer; `error` is null or has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_open(
    options: *const BreachdexOptions,
    corpus: *mut *mut BreachdexCorpus,
    error: *mut *mut BreachdexError,
) -> BreachdexStatus {
    // SAFETY: the caller's pointers are as above.
    unsafe {
        run(error, || {
            if corpus.is_null() {
                return Err(Failure::null("corpus"));
            }
            clear(corpus);
            let open = match options.as_ref() {
                Some(options) => options.open(),
                None => BreachdexOptions::default().open(),
            };
            store_handle(corpus, "corpus", BreachdexCorpus { corpus: open? })
        })
    }
}

/// Frees a corpus; nothing happens for null.
///
/// # Safety
/// `corpus` is null, or of `breachdex_open` and not yet freed, and no thread uses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_corpus_free(corpus: *mut BreachdexCorpus) {
    // SAFETY: as above.
    unsafe { take_back(corpus) }
}

/// How often a password was seen; 0 if it is not exposed. Exactly these bytes: SHA-1 of them, or for an NTLM index the NTLM
/// digest of them as UTF-8. Needs an index with counts.
///
/// # Safety
/// `corpus` is of `breachdex_open`, `password` has `length` bytes, `count` has room, `error` is null or has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_count(
    corpus: *const BreachdexCorpus,
    password: *const u8,
    length: usize,
    count: *mut u64,
    error: *mut *mut BreachdexError,
) -> BreachdexStatus {
    // SAFETY: the caller's pointers are as above.
    unsafe {
        run(error, || {
            let corpus = &handle(corpus, "corpus")?.corpus;
            let question = Question::exact(corpus.kind(), bytes(password, length, "password")?)?;
            let [(_, digest)] = question.forms() else { return Err(Failure::panicked()) };
            store(count, "count", counted(corpus, digest)?)
        })
    }
}

/// `breachdex_count` of a raw digest: 20 bytes of SHA-1, or 16 of NTLM.
///
/// # Safety
/// As `breachdex_count`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_count_digest(
    corpus: *const BreachdexCorpus,
    digest: *const u8,
    length: usize,
    count: *mut u64,
    error: *mut *mut BreachdexError,
) -> BreachdexStatus {
    // SAFETY: the caller's pointers are as above.
    unsafe {
        run(error, || {
            let corpus = &handle(corpus, "corpus")?.corpus;
            let digest = digest_of(corpus.kind(), bytes(digest, length, "digest")?)?;
            store(count, "count", counted(corpus, &digest)?)
        })
    }
}

/// Whether a password is exposed: as its bytes are, and in the forms that people and programs make of it (NFC, NFKC, trimmed,
/// without invisible characters). `min_count` is from how many sightings on it is, at least 1.
///
/// `BREACHDEX_STATUS_UNKNOWN` means that no source holds it and one could not answer: decide what your site does then.
///
/// # Safety
/// `corpus` is of `breachdex_open`, `password` has `length` bytes, `exposure` has room, `error` is null or has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_examine(
    corpus: *const BreachdexCorpus,
    password: *const u8,
    length: usize,
    min_count: u64,
    exposure: *mut BreachdexExposure,
    error: *mut *mut BreachdexError,
) -> BreachdexStatus {
    // SAFETY: the caller's pointers are as above.
    unsafe {
        run(error, || {
            let corpus = &handle(corpus, "corpus")?.corpus;
            let password = bytes(password, length, "password")?;
            if min_count == 0 {
                return Err(Failure::argument("min_count is 0; give 1 or more"));
            }
            let question = Question::password(corpus.kind(), password, None, FormSet::default())?;
            let found = match corpus.ask(&question, min_count)? {
                Finding::Unknown(fault) => return Err(Failure::unknown(&fault)),
                known => BreachdexExposure::from(known.exposure()),
            };
            store(exposure, "exposure", found)
        })
    }
}

/// What the corpus says about itself, as JSON: for each file its path (null of the embedded index), kind, bits, entries, corpus
/// date, and why a file that replaced it was refused. Free it
/// with `breachdex_string_free`; null if a source cannot say, or for null.
///
/// # Safety
/// `corpus` is null or of `breachdex_open`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_describe(corpus: *const BreachdexCorpus) -> *mut c_char {
    // SAFETY: the caller's pointer is as above.
    let Some(corpus) = (unsafe { corpus.as_ref() }) else { return std::ptr::null_mut() };
    run_plain(std::ptr::null_mut(), || {
        let all: Option<Vec<_>> = corpus.corpus.live_indexes().map(described).collect();
        all.map_or(std::ptr::null_mut(), |all| string(serde_json::json!({ "files": all }).to_string()))
    })
}

/// What an index says about itself; of an overlay no content id, which would confirm a guess of what is in a small one.
fn described(live: &LiveIndex) -> Option<serde_json::Value> {
    let index = live.snapshot().ok()?;
    let metadata = index.metadata();
    Some(serde_json::json!({
        "file": live.path(),
        "kind": metadata.kind.name(),
        "bits": metadata.bits,
        "entries": metadata.entries,
        "has_counts": metadata.has_counts,
        "exact": metadata.is_exact(),
        "overlay": metadata.is_overlay,
        "corpus_date": metadata.corpus_date,
        "content_id": (!metadata.holds_overlay).then(|| index.content_id().to_string()),
        "refused_replacement": live.reload_error().map(|error| error.to_string()),
    }))
}

/// Frees text that a function returned to be freed; nothing happens for null.
///
/// # Safety
/// `text` is null, or was returned so by this library and is not yet freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_string_free(text: *mut c_char) {
    if !text.is_null() {
        // SAFETY: it is from `string`.
        drop(unsafe { CString::from_raw(text) });
    }
}

/// Text for the caller to free.
pub(crate) fn string(text: String) -> *mut c_char {
    CString::new(text).map_or(std::ptr::null_mut(), CString::into_raw)
}

fn counted(corpus: &Corpus, digest: &Digest) -> Result<u64, Failure> {
    // It asks whether there are counts by itself.
    corpus.count(digest).map_err(|fault| match corpus.require_counts() {
        Err(error) => error.into(),
        Ok(()) => Failure::unknown(&fault),
    })
}

fn digest_of(kind: Kind, bytes: &[u8]) -> Result<Digest, Failure> {
    let length = kind.bits() as usize / 8;
    if bytes.len() != length {
        let given = bytes.len();
        return Err(Failure::argument(format!("a {kind} digest has {length} bytes, and {given} were given")));
    }
    Ok(Digest::from_bytes(kind, bytes)?)
}
