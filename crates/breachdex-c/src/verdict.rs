//! What becomes of a password, and why.

use std::ffi::{CString, c_char};

use breachdex_policy::{Action, Fact, Language, Verdict};
use serde_json::{Map, Value, json};

use crate::call::{handle, optional_text, run_plain, take_back};
use crate::corpus::string;

/// What becomes of a password. Free it with `breachdex_verdict_free`. Threads may share it.
#[derive(Debug)]
pub struct BreachdexVerdict {
    verdict: Verdict,
    language: Language,
    codes: Vec<CString>,
}

/// What is done about a password, from mild to severe.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreachdexAction {
    /// It may be used.
    Accept = 0,
    /// It may be used, and its owner is told.
    Warn = 1,
    /// It may be used, and its owner is told by another way.
    Notify = 2,
    /// At log-in: no session; the account's owner chooses another password by the link that is sent to the address on file.
    ForceReset = 3,
    /// It may not be used.
    Reject = 4,
}

impl BreachdexVerdict {
    pub(crate) fn new(verdict: Verdict, language: Language) -> Self {
        let code = |reason: &breachdex_policy::Reason| CString::new(reason.code().name()).unwrap_or_default();
        let codes = verdict.reasons().iter().map(code).collect();
        Self { verdict, language, codes }
    }

    fn json(&self, language: Language) -> Value {
        let messages = self.verdict.messages(language);
        let reasons = self.verdict.reasons().iter().zip(messages).map(|(reason, message)| {
            let facts = reason.finding.facts().into_iter().map(|(name, fact)| {
                let fact = match fact {
                    Fact::Number(number) => json!(number),
                    Fact::Text(text) => json!(text),
                    Fact::Flag(flag) => json!(flag),
                };
                (name.to_owned(), fact)
            });
            let mut all = Map::from_iter(facts);
            all.insert(String::from("code"), json!(reason.code().name()));
            all.insert(String::from("action"), json!(reason.action.name()));
            all.insert(String::from("message"), json!(message));
            Value::Object(all)
        });
        json!({
            "event": self.verdict.event().name(),
            "action": self.verdict.action().name(),
            "accepted": self.verdict.accepted(),
            "reasons": reasons.collect::<Vec<_>>(),
        })
    }
}

/// Whether the password may be used; false for null.
///
/// # Safety
/// `verdict` is null, or of `breachdex_policy_check` and not yet freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_verdict_accepted(verdict: *const BreachdexVerdict) -> bool {
    // SAFETY: as above.
    let verdict = unsafe { handle(verdict, "verdict") };
    run_plain(false, || verdict.is_ok_and(|verdict| verdict.verdict.accepted()))
}

/// What is done about the password: the severest action of its reasons; `BREACHDEX_ACTION_REJECT` for null.
///
/// # Safety
/// As `breachdex_verdict_accepted`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_verdict_action(verdict: *const BreachdexVerdict) -> BreachdexAction {
    // SAFETY: as above.
    let verdict = unsafe { handle(verdict, "verdict") };
    run_plain(BreachdexAction::Reject, || match verdict.map(|verdict| verdict.verdict.action()) {
        Ok(Action::Accept) => BreachdexAction::Accept,
        Ok(Action::Warn) => BreachdexAction::Warn,
        Ok(Action::Notify) => BreachdexAction::Notify,
        Ok(Action::ForceReset) => BreachdexAction::ForceReset,
        Ok(Action::Reject) | Err(_) => BreachdexAction::Reject,
    })
}

/// How many reasons there are, the severest first; 0 for null.
///
/// # Safety
/// As `breachdex_verdict_accepted`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_verdict_reasons(verdict: *const BreachdexVerdict) -> usize {
    // SAFETY: as above.
    let verdict = unsafe { handle(verdict, "verdict") };
    run_plain(0, || verdict.map_or(0, |verdict| verdict.codes.len()))
}

/// The code of a reason, as in `exposed`; valid until the verdict is freed. Null where there is no such reason.
///
/// # Safety
/// As `breachdex_verdict_accepted`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_verdict_code(
    verdict: *const BreachdexVerdict,
    number: usize,
) -> *const c_char {
    // SAFETY: as above.
    let verdict = unsafe { handle(verdict, "verdict") };
    run_plain(std::ptr::null(), || {
        let code = verdict.ok().and_then(|verdict| verdict.codes.get(number));
        code.map_or(std::ptr::null(), |code| code.as_ptr())
    })
}

/// What a person is told about a reason, in a language such as `en` or `ja-JP`; null, and languages that there are no words
/// in, mean the policy's own. Free it with `breachdex_string_free`. Null where there is no such reason.
///
/// # Safety
/// As `breachdex_verdict_accepted`, and `language` is null or ends with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_verdict_message(
    verdict: *const BreachdexVerdict,
    number: usize,
    language: *const c_char,
) -> *mut c_char {
    // SAFETY: as above.
    let (verdict, language) = unsafe { (handle(verdict, "verdict"), optional_text(language, "language")) };
    run_plain(std::ptr::null_mut(), || {
        let Ok(verdict) = verdict else { return std::ptr::null_mut() };
        let language = spoken(language.ok().flatten(), verdict.language);
        let message = verdict.verdict.messages(language).into_iter().nth(number);
        message.map_or(std::ptr::null_mut(), string)
    })
}

/// The whole verdict as JSON, with messages in a language as in `breachdex_verdict_message`. Free it with
/// `breachdex_string_free`. Null for null.
///
/// # Safety
/// As `breachdex_verdict_message`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_verdict_json(
    verdict: *const BreachdexVerdict,
    language: *const c_char,
) -> *mut c_char {
    // SAFETY: as above.
    let (verdict, language) = unsafe { (handle(verdict, "verdict"), optional_text(language, "language")) };
    run_plain(std::ptr::null_mut(), || {
        let Ok(verdict) = verdict else { return std::ptr::null_mut() };
        let language = spoken(language.ok().flatten(), verdict.language);
        string(verdict.json(language).to_string())
    })
}

/// Frees a verdict; nothing happens for null.
///
/// # Safety
/// `verdict` is null, or of `breachdex_policy_check` and not yet freed, and no thread uses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn breachdex_verdict_free(verdict: *mut BreachdexVerdict) {
    // SAFETY: as above.
    unsafe { take_back(verdict) }
}

fn spoken(asked: Option<&str>, otherwise: Language) -> Language {
    asked.and_then(|asked| asked.parse().ok()).unwrap_or(otherwise)
}
