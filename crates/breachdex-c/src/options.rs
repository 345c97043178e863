//! What a corpus is to be opened from.

use std::ffi::c_char;
use std::path::PathBuf;
use std::time::Duration;

use breachdex::trust::{PublicKey, Trust};
use breachdex::{Corpus, Index, LiveIndex, OpenOptions};

use crate::call::{give, handle_mut, run, run_plain, take_back, text};
use crate::error::{BreachdexError, BreachdexStatus, Failure};

/// How often to look whether a file was replaced.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// What a corpus is to be opened from. Free it with `breachdex_options_free`; one thread at a time. Options of which one was
/// refused open nothing: `breachdex_open` fails with the same error, whoever looked at it before.
#[derive(Debug, Default)]
pub struct BreachdexOptions {
    indexes: Vec<PathBuf>,
    overlays: Vec<PathBuf>,
    keys: Vec<PublicKey>,
    max_age: Option<u32>,
    is_fixed: bool,
    test_password: bool,
    /// Why one of them could not be added. A caller who did not look would otherwise have a corpus without it: without an index
    /// the embedded one, and without a key any index.
    refused: Option<Failure>,
}

impl BreachdexOptions {
    /// Opens everything. Without an index, the embedded one of common passwords answers.
    pub(crate) fn open(&self) -> Result<Corpus, Failure> {
        if let Some(refused) = &self.refused {
            return Err(refused.clone());
        }
        let trust = match &*self.keys {
            [] => Trust::default(),
            keys => Trust::keys(keys.to_vec()).map_err(|error| Failure::argument(error.to_string()))?,
        };
        let mapped = OpenOptions::new().mapped();
        let trusted = mapped.clone().trust(trust.with_max_age(self.max_age));
        let every = (!self.is_fixed).then_some(POLL_INTERVAL);
        let mut corpus = Corpus::builder();
        for path in &self.indexes {
            corpus = corpus.base(LiveIndex::open(path, trusted.clone(), every)?);
        }
        if self.indexes.is_empty() {
            corpus = corpus.base(Index::starter()?);
        }
        for path in &self.overlays {
            corpus = corpus.overlay(LiveIndex::open(path, mapped.clone(), every)?);
        }
        let corpus = corpus.build()?;
        Ok(if self.test_password { corpus.with_test_password() } else { corpus })
    }
}

/// Adds something to options, which keep the error if it is refused.
fn add(
    options: &mut BreachdexOptions,
    added: impl FnOnce(&mut BreachdexOptions) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let added = added(options);
    if let Err(failure) = &added {
        options.refused.get_or_insert_with(|| failure.clone());
    }
    added
}

/// New options: no index and no overlay, which means the embedded index of common passwords. Null only after a bug.
#[unsafe(no_mangle)]
pub extern "C" fn breachdex_options_new() -> *mut BreachdexOptions {
    run_plain(std::ptr::null_mut(), || give(BreachdexOptions::default()))
}

/// Adds an index file. Several are asked as one.
///
/// # Safety
/// `options` is of `breachdex_options_new`, `path` ends with a NUL, `error` is null or has room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_options_add_index(
    options: *mut BreachdexOptions,
    path: *const c_char,
    error: *mut *mut BreachdexError,
) -> BreachdexStatus {
    // SAFETY: the caller's pointers are as above.
    unsafe {
        run(error, || {
            add(handle_mut(options, "options")?, |options| {
                options.indexes.push(text(path, "path")?.into());
                Ok(())
            })
        })
    }
}

/// Adds an overlay, a list of your own: whatever it holds is exposed.
///
/// # Safety
/// As `breachdex_options_add_index`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_options_add_overlay(
    options: *mut BreachdexOptions,
    path: *const c_char,
    error: *mut *mut BreachdexError,
) -> BreachdexStatus {
    // SAFETY: the caller's pointers are as above.
    unsafe {
        run(error, || {
            add(handle_mut(options, "options")?, |options| {
                options.overlays.push(text(path, "path")?.into());
                Ok(())
            })
        })
    }
}

/// Accepts only indexes that are signed by this key or another that was added: a file of minisign's format, or the key's 56
/// characters. Overlays need none.
///
/// # Safety
/// As `breachdex_options_add_index`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_options_add_trusted_key(
    options: *mut BreachdexOptions,
    key: *const c_char,
    error: *mut *mut BreachdexError,
) -> BreachdexStatus {
    // SAFETY: the caller's pointers are as above.
    unsafe {
        run(error, || {
            add(handle_mut(options, "options")?, |options| {
                let key = PublicKey::from_text_or_file(text(key, "key")?.as_ref());
                options.keys.push(key.map_err(|error| Failure::argument(error.to_string()))?);
                Ok(())
            })
        })
    }
}

/// Refuses indexes whose corpus date is more than so many days ago; 0 accepts any.
///
/// # Safety
/// `options` is of `breachdex_options_new`, or null, for which nothing happens.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_options_set_max_age(options: *mut BreachdexOptions, days: u32) {
    // SAFETY: the caller's pointer is as above.
    if let Ok(options) = unsafe { handle_mut(options, "options") } {
        options.max_age = (days > 0).then_some(days);
    }
}

/// Whether a file that is replaced by rename is verified and takes over while the corpus is in use; so it is unless this says
/// no.
///
/// # Safety
/// `options` is of `breachdex_options_new`, or null, for which nothing happens.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_options_set_follow(options: *mut BreachdexOptions, follow: bool) {
    // SAFETY: the caller's pointer is as above.
    if let Ok(options) = unsafe { handle_mut(options, "options") } {
        options.is_fixed = !follow;
    }
}

/// Whether the test password is exposed, with which the whole path can be tried. Off unless this says yes.
///
/// # Safety
/// `options` is of `breachdex_options_new`, or null, for which nothing happens.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_options_set_test_password(options: *mut BreachdexOptions, exposed: bool) {
    // SAFETY: the caller's pointer is as above.
    if let Ok(options) = unsafe { handle_mut(options, "options") } {
        options.test_password = exposed;
    }
}

/// Frees options; nothing happens for null.
///
/// # Safety
/// `options` is null, or of `breachdex_options_new` and not yet freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_options_free(options: *mut BreachdexOptions) {
    // SAFETY: as above.
    unsafe { take_back(options) }
}
