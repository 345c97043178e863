//! May this password be used?
//!
//! [`Settings`] reads a policy (a profile of a standard, and what is to be different) and makes [`Rules`] of it;
//! [`Rules::check`] judges a [`Candidate`] with a [`breachdex::Corpus`], which knows what is exposed, and says a
//! [`Verdict`] with its [`Reason`]s, in words for a person where wanted.
//!
//! `event`, `action`, `reason` and `verdict` are what is said; `requirements` and `profile` what is demanded, `settings` how
//! that is written; `policy` is the judge; `grace` says how long a log-in that would be refused
//! is let pass; `gate_test` tries a policy with passwords that are made for it. `rules` has a file for each rule and the registry that makes [`Code`] and
//! [`Finding`] of them. The words are those of `breachdex-messages`.
//!
//! There are no composition rules ("a capital and a digit"): NIST SP 800-63B-4 and OWASP ASVS 5.0 forbid them.
//!
//! ```
//! use breachdex::{Corpus, Index};
//! use breachdex_policy::{Candidate, Event, Language, Settings};
//! let corpus = Corpus::from(Index::starter()?);
//! let rules = Settings::parse("profile = 'nist'\nmfa = true", "policy.toml")?.rules;
//! let verdict = rules.check(&corpus, &Candidate::new("ｐａｓｓｗｏｒｄ", Event::SignUp), |_| ())?;
//! assert!(!verdict.accepted());
//! assert!(verdict.messages(Language::Ja)[0].contains("全角と半角"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod action;
mod event;
mod gate_test;
mod grace;
mod policy;
mod profile;
mod reason;
mod requirements;
mod rules;
mod settings;
mod verdict;

pub use action::{Action, ActionTable};
pub use breachdex::{Day, MOST_VARIATIONS};
pub use breachdex_messages::{Language, UnknownLanguage};
pub use event::Event;
pub use gate_test::{GateTest, GateTestKind, Outcome};
pub use grace::{Grace, Left};
pub use policy::Candidate;
pub use profile::Profile;
pub use reason::{Fact, Reason};
pub use requirements::{DEFAULT_MAX_LENGTH, LEAST_MAX_LENGTH, Rules, Scope};
pub use rules::exposed::COMMON_COUNT;
pub use rules::found::*;
pub use rules::{Code, Finding};
pub use settings::{Node, PolicyError, Settings, Value};
pub use verdict::Verdict;

// Threads may share these; a field that forbids it is a breaking change.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<PolicyError>();
    shared::<Rules>();
    shared::<Settings>();
    shared::<Verdict>();
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
