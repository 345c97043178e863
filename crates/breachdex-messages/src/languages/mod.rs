//! The registry of languages: one line each. `code` of a language is the name of its file.

#![forbid(unsafe_code)]

use std::str::FromStr;

use crate::catalogue::{Command, Incidents, Passwords, Reports};
use crate::words::Words;

/// Declares the languages and their files, and checks every text of them at compile time.
macro_rules! languages {
    ($($(#[$doc:meta])* $name:ident => $file:ident,)+) => {
        $(mod $file;)+

        /// A language that breachdex speaks. New ones are added without notice.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Language {
            $($(#[$doc])* $name,)+
        }

        impl Language {
            /// Every language, in the order in which help lists them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The code of ISO 639-1: `en`, `ja`.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($file),)+
                }
            }

            const fn catalogue(self) -> &'static Catalogue {
                match self {
                    $(Self::$name => &$file::CATALOGUE,)+
                }
            }
        }

        const _: () = {
            $($file::CATALOGUE.check();)+
        };
    };
}

languages! {
    /// English.
    #[default]
    En => en,
    /// Japanese.
    Ja => ja,
}

/// What a language's file holds.
pub(crate) struct Catalogue {
    pub(crate) facts: Facts,
    pub(crate) passwords: Passwords,
    pub(crate) reports: Reports,
    pub(crate) incidents: Incidents,
    pub(crate) command: Command,
}

/// How a language is written.
pub(crate) struct Facts {
    /// The language's name in itself.
    pub(crate) name: &'static str,
    /// What stands between two sentences.
    pub(crate) sentence_separator: &'static str,
    /// What stands between groups of three digits.
    pub(crate) digit_separator: &'static str,
    /// Whether one thing is said in another way than several. A language with more forms than two needs a new kind of
    /// template first.
    pub(crate) has_singular: bool,
}

impl Catalogue {
    const fn check(&self) {
        self.passwords.check();
        self.reports.check();
        self.incidents.check();
        self.command.check();
    }
}

impl Language {
    /// The language's name in itself: `English`, `日本語`.
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// The messages for people who choose a password or log in.
    pub const fn passwords(self) -> Words<Passwords> {
        Words { language: self, texts: &self.catalogue().passwords }
    }

    /// The words of audit reports.
    pub const fn reports(self) -> Words<Reports> {
        Words { language: self, texts: &self.catalogue().reports }
    }

    /// The words of reports on attacks at log-in.
    pub const fn incidents(self) -> Words<Incidents> {
        Words { language: self, texts: &self.catalogue().incidents }
    }

    /// The command's answers on a terminal.
    pub const fn command(self) -> Words<Command> {
        Words { language: self, texts: &self.catalogue().command }
    }

    /// What stands between two sentences: a space in English, nothing in Japanese.
    pub const fn sentence_separator(self) -> &'static str {
        self.facts().sentence_separator
    }

    /// Whether one thing is said in another way than several, as in English and not in Japanese.
    pub const fn has_singular(self) -> bool {
        self.facts().has_singular
    }

    /// Digits in groups of three, as the language separates them.
    pub fn grouped(self, number: u64) -> String {
        crate::template::grouped(number, self.facts().digit_separator)
    }

    pub(crate) const fn facts(self) -> &'static Facts {
        &self.catalogue().facts
    }
}

/// Takes `ja`, `ja-JP`, `ja_JP.UTF-8` and the like.
impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(name: &str) -> Result<Self, UnknownLanguage> {
        let first = name.split(['-', '_', '.', '@']).next().unwrap_or_default();
        let known = Self::ALL.iter().find(|language| language.code().eq_ignore_ascii_case(first));
        known.copied().ok_or(UnknownLanguage)
    }
}

/// A language that breachdex does not speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownLanguage;

impl std::fmt::Display for UnknownLanguage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let codes: Vec<&str> = Language::ALL.iter().map(|language| language.code()).collect();
        write!(formatter, "the language is not known; choose one of {}", codes.join(", "))
    }
}

impl std::error::Error for UnknownLanguage {}

#[cfg(test)]
mod tests;
