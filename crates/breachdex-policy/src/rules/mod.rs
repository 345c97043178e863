//! The rules: a file, or a folder, and a line in the registry each.
//!
//! A rule's file has the type of what it finds, and what is to be known about the rule as its [`Rule`]: its name, in which
//! profiles it is on and what is done then, how it examines a password, and which message says so.

#![forbid(unsafe_code)]

use breachdex::{Kind, Question};
use breachdex_messages::{Passwords, Reports, Words};

use crate::action::Action;
use crate::event::Event;
use crate::policy::{Candidate, Examination};
use crate::profile::Profile;
use crate::reason::{Fact, Facts, Given};
use crate::requirements::Rules;

/// Declares the rules, their files and the types of what they find, in the order of their names.
macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $(#[cfg($cfg:meta)])? $name:ident($file:ident::$found:ident),)+) => {
        $($(#[cfg($cfg)])? pub(crate) mod $file;)+

        /// What the rules find.
        pub(crate) mod found {
            $($(#[cfg($cfg)])? pub use super::$file::$found;)+
        }

        /// The kinds of reasons, in the order of their names. New ones are added without notice.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ $(#[cfg($cfg)])? $name,)+
        }

        impl Code {
            /// Every code, in the order of their names.
            pub const ALL: [Self; [$($(#[cfg($cfg)])? Self::$name),+].len()] =
                [$($(#[cfg($cfg)])? Self::$name),+];

            /// The name in reports and settings, as `exposed`.
            pub const fn name(self) -> &'static str {
                match self {
                    $($(#[cfg($cfg)])? Self::$name => <$file::$found as Rule>::NAME,)+
                }
            }

            /// What reports call it.
            pub fn title(self, words: Words<Reports>) -> &'static str {
                match self {
                    $($(#[cfg($cfg)])? Self::$name => <$file::$found as Rule>::title(words),)+
                }
            }

            /// Whether it is on in a profile.
            pub(crate) fn is_on(self, profile: Profile) -> bool {
                match self {
                    $($(#[cfg($cfg)])? Self::$name => <$file::$found as Rule>::is_on(profile),)+
                }
            }

            /// What is done about it in a profile, where it is on.
            pub(crate) fn action(self, profile: Profile, event: Event) -> Action {
                match self {
                    $($(#[cfg($cfg)])? Self::$name => <$file::$found as Rule>::action(profile, event),)+
                }
            }

            /// What it finds, if it finds anything.
            pub(crate) fn examine(self, examination: &mut Examination<'_>) -> Option<Finding> {
                match self {
                    $($(#[cfg($cfg)])? Self::$name => {
                        <$file::$found as Rule>::examine(examination).map(Finding::$name)
                    })+
                }
            }

            /// What it may ask a corpus of this kind.
            pub(crate) fn questions(
                self,
                rules: &Rules,
                kind: Kind,
                candidate: &Candidate<'_>,
            ) -> breachdex::Result<Vec<Question>> {
                match self {
                    $($(#[cfg($cfg)])? Self::$name => {
                        <$file::$found as Rule>::questions(rules, kind, candidate)
                    })+
                }
            }
        }

        /// What a rule found. New kinds are added without notice.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Finding {
            $($(#[doc = $doc])+ $(#[cfg($cfg)])? $name($file::$found),)+
        }

        impl Finding {
            /// Which rule found it.
            pub const fn code(&self) -> Code {
                match self {
                    $($(#[cfg($cfg)])? Self::$name(_) => Code::$name,)+
                }
            }

            /// What it says besides its code, in the order in which reports have it.
            pub fn facts(&self) -> Vec<(&'static str, Fact<'static>)> {
                match self {
                    $($(#[cfg($cfg)])? Self::$name(found) => found.facts(),)+
                }
            }

            fn read(code: Code, given: Given<'_>) -> Option<Self> {
                match code {
                    $($(#[cfg($cfg)])? Code::$name => {
                        <$file::$found as Rule>::from_facts(given).map(Self::$name)
                    })+
                }
            }

            /// What a person is told of it.
            pub(crate) fn message(&self, event: Event, action: Action, words: Words<Passwords>) -> String {
                match self {
                    $($(#[cfg($cfg)])? Self::$name(found) => found.message(event, action, words),)+
                }
            }

            /// How often the password was seen, where a person may be told.
            pub(crate) fn sightings(&self) -> Option<u64> {
                match self {
                    $($(#[cfg($cfg)])? Self::$name(found) => found.sightings(),)+
                }
            }
        }
    };
}

rules! {
    /// It is a word about the account or the service, or little more than one.
    ContextWord(context_word::WordSource),
    /// It has a control character, such as NUL, a tab or a line end, at which some programs cut it off.
    ControlCharacter(control_character::ControlCharacter),
    /// It is in leaked data.
    Exposed(exposed::Exposure),
    /// It is exposed together with the account's user name or e-mail address.
    ExposedPair(exposed_pair::ExposedPair),
    /// Whether it is in leaked data could not be found out.
    IndexUnavailable(index_unavailable::IndexUnavailable),
    /// It is one character over and over: the rule that CONTRIBUTING.md adds.
    #[cfg(test)]
    OneCharacter(one_character::OneCharacter),
    /// It is nothing but repeated or consecutive characters.
    Repetitive(repetitive::Repetitive),
    /// A small variation of it is in leaked data; never says which.
    SimilarExposed(similar_exposed::SimilarExposed),
    /// It has more code points than are allowed.
    TooLong(too_long::TooLong),
    /// It has fewer code points than are demanded.
    TooShort(too_short::TooShort),
}

impl Finding {
    /// The finding of these facts, if a rule of this code says just them.
    pub fn from_facts(code: Code, facts: &[(&str, Fact<'_>)]) -> Option<Self> {
        Self::read(code, Given(facts)).filter(|finding| finding.facts() == facts)
    }

    /// A fact by its name.
    pub fn fact(&self, name: &str) -> Option<Fact<'static>> {
        self.facts().into_iter().find(|(known, _)| *known == name).map(|(_, fact)| fact)
    }

    /// Where what was found comes from: an index or a word.
    pub fn source(&self) -> Option<&'static str> {
        if let Some(Fact::Text(source)) = self.fact("source") { Some(source) } else { None }
    }
}

/// A rule, as the type of what it finds.
pub(crate) trait Rule: Copy {
    /// The name in reports and settings, which is the file's.
    const NAME: &'static str;

    /// Whether it is on in a profile, if nothing else is said.
    fn is_on(_profile: Profile) -> bool {
        true
    }

    /// What is done about it in a profile, if nothing else is said and it is on: a password is refused when it is chosen,
    /// and nobody who logs in is told anything.
    fn action(profile: Profile, event: Event) -> Action {
        if event == Event::LogIn { Action::Accept } else { profile.refusal() }
    }

    /// What it finds, if it finds anything. Asked only where the policy does something about it, in the order of names,
    /// and of a password beyond measure only for [`Code::TooLong`], [`Code::Exposed`] and [`Code::ExposedPair`].
    fn examine(examination: &mut Examination<'_>) -> Option<Self>;

    /// What [`Rule::examine`] may ask a corpus of this kind.
    fn questions(_: &Rules, _: Kind, _: &Candidate<'_>) -> breachdex::Result<Vec<Question>> {
        Ok(Vec::new())
    }

    /// What a reason says besides the code.
    fn facts(&self) -> Facts {
        Facts::new()
    }

    /// The reverse of [`Rule::facts`].
    fn from_facts(given: Given<'_>) -> Option<Self>;

    /// What a person is told.
    fn message(&self, event: Event, action: Action, words: Words<Passwords>) -> String;

    /// How often the password was seen, where a person may be told.
    fn sightings(&self) -> Option<u64> {
        None
    }

    /// What reports of audits call it.
    fn title(_words: Words<Reports>) -> &'static str {
        Self::NAME
    }
}

#[cfg(test)]
mod tests;
