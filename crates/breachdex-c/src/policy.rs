//! Policies, and passwords judged by them.

use std::ffi::c_char;
use std::path::Path;

use breachdex_policy::{Candidate, Event, Profile, Rules, Settings};

use crate::call::{bytes, clear, handle, optional_text, run, store_handle, take_back, text};
use crate::corpus::BreachdexCorpus;
use crate::error::{BreachdexError, BreachdexStatus, Failure};
use crate::verdict::BreachdexVerdict;

/// What a password must be. Free it with `breachdex_policy_free`. Threads may share it.
#[derive(Debug)]
pub struct BreachdexPolicy {
    rules: Rules,
}

/// When a password is judged.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreachdexEvent {
    /// An account is made, with its first password.
    SignUp = 0,
    /// Its owner chooses another one.
    Change = 1,
    /// Its owner, or whoever reads its mail, chooses another one without knowing the old one.
    Reset = 2,
    /// The password was verified by your site, and only then. Who typed it may be an attacker with a list.
    LogIn = 3,
}

/// A password, and who chose it. Set everything to 0 that is not known.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct BreachdexCandidate {
    /// The password as it was received, in UTF-8.
    pub password: *const u8,
    /// Its length in bytes.
    pub password_length: usize,
    /// The account's name, ending with a NUL; may be null.
    pub user_name: *const c_char,
    /// Its e-mail address, ending with a NUL; may be null.
    pub email: *const c_char,
    /// The form of the password that your site keeps, if it is another, ending with a NUL; may be null.
    pub stored: *const c_char,
    /// A `breachdex_event`.
    pub event: i32,
}

/// The policy of a profile: `nist`, `asvs-l1`, `asvs-l2`, `pci` or `permissive`.
///
/// # Safety
/// `name` ends with a NUL, `policy` has room for a pointer, `error` is null or has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_policy_of_profile(
    name: *const c_char,
    policy: *mut *mut BreachdexPolicy,
    error: *mut *mut BreachdexError,
) -> BreachdexStatus {
    // SAFETY: the caller's pointers are as above.
    unsafe {
        run(error, || {
            clear(policy);
            let name = text(name, "name")?;
            let names = Profile::ALL.map(Profile::name);
            if !names.contains(&name) {
                return Err(Failure::argument(format!(
                    "there is no profile of this name; take {}",
                    names.join(", ")
                )));
            }
            let settings = Settings::parse(&format!("profile = '{name}'"), name)?;
            store_handle(policy, "policy", BreachdexPolicy { rules: settings.rules })
        })
    }
}

/// The policy of a TOML file. The indexes that it may name are not opened: that is what `breachdex_open` is for. Nor are lists of
/// exposed pairs, so that no verdict has the reason `exposed_pair`.
///
/// # Safety
/// `path` ends with a NUL, `policy` has room for a pointer, `error` is null or has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_policy_open(
    path: *const c_char,
    policy: *mut *mut BreachdexPolicy,
    error: *mut *mut BreachdexError,
) -> BreachdexStatus {
    // SAFETY: the caller's pointers are as above.
    unsafe {
        run(error, || {
            clear(policy);
            let settings = Settings::open(Path::new(text(path, "path")?))?;
            store_handle(policy, "policy", BreachdexPolicy { rules: settings.rules })
        })
    }
}

/// Frees a policy; nothing happens for null.
///
/// # Safety
/// `policy` is null, or of this library and not yet freed, and no thread uses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_policy_free(policy: *mut BreachdexPolicy) {
    // SAFETY: as above.
    unsafe { take_back(policy) }
}

/// Judges a password. A fault of a source means what the policy's `on_error` says at the event: a verdict with the reason
/// `index_unavailable`, or `BREACHDEX_STATUS_UNKNOWN`. The verdict is null unless the status is `BREACHDEX_STATUS_OK`.
///
/// # Safety
/// `policy` and `corpus` are of this library, `candidate` is as its members say, `verdict` has room for a pointer, `error` is
/// null or has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_policy_check(
    policy: *const BreachdexPolicy,
    corpus: *const BreachdexCorpus,
    candidate: *const BreachdexCandidate,
    verdict: *mut *mut BreachdexVerdict,
    error: *mut *mut BreachdexError,
) -> BreachdexStatus {
    // SAFETY: the caller's pointers are as above.
    unsafe {
        run(error, || {
            clear(verdict);
            let rules = &handle(policy, "policy")?.rules;
            let corpus = &handle(corpus, "corpus")?.corpus;
            let candidate = read(handle(candidate, "candidate")?)?;
            if rules.needs_counts() {
                corpus.require_counts()?;
            }
            let judged = if rules.test_password {
                rules.check(&corpus.clone().with_test_password(), &candidate, |_| ())
            } else {
                rules.check(corpus, &candidate, |_| ())
            };
            let judged = judged.map_err(|fault| Failure::unknown(&fault))?;
            store_handle(verdict, "verdict", BreachdexVerdict::new(judged, rules.language))
        })
    }
}

/// # Safety
/// The members are as `BreachdexCandidate` says.
unsafe fn read(given: &BreachdexCandidate) -> Result<Candidate<'_>, Failure> {
    // SAFETY: the members are as above.
    unsafe {
        let password = bytes(given.password, given.password_length, "password")?;
        let password = std::str::from_utf8(password)
            .map_err(|_| Failure::argument("password is not UTF-8, and a policy judges text"))?;
        let event = usize::try_from(given.event).ok().and_then(|event| Event::ALL.get(event)).copied();
        Ok(Candidate {
            user_name: optional_text(given.user_name, "user_name")?,
            email: optional_text(given.email, "email")?,
            stored: optional_text(given.stored, "stored")?,
            ..Candidate::new(
                password,
                event.ok_or_else(|| Failure::argument("event is none of the events, which are 0 to 3"))?,
            )
        })
    }
}
