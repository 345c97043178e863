//! What a person is told, one file a language in `messages/`.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::OnceLock;

/// A language that breachdex speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// English.
    En,
    /// Japanese.
    Ja,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::En, Self::Ja];

    /// The two letters of it: `en`, `ja`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ja => "ja",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::En => include_str!("../messages/en.toml"),
            Self::Ja => include_str!("../messages/ja.toml"),
        }
    }
}

/// Takes `ja`, `ja-JP`, `ja_JP.UTF-8` and the like.
impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(name: &str) -> Result<Self, UnknownLanguage> {
        let first = name.split(['-', '_', '.', '@']).next().unwrap_or_default();
        let known = Self::ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(first));
        known.ok_or(UnknownLanguage)
    }
}

/// A language that breachdex does not speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownLanguage;

/// Every message of a language by its code. `%(name)d` stands for a number, `%(name)s` for a text. A message whose words depend on a
/// number has a second one under `CODE.one` where the language needs it.
pub fn messages(language: Language) -> &'static BTreeMap<String, String> {
    static PARSED: [OnceLock<BTreeMap<String, String>>; 2] = [const { OnceLock::new() }; 2];
    PARSED[language as usize]
        .get_or_init(|| toml::from_str(language.text()).expect("the messages are part of the program"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands for something in a text: `count)d`, `site_name)s`.
    fn places(text: &str) -> Vec<&str> {
        let mut places: Vec<&str> = text
            .split("%(")
            .skip(1)
            .filter_map(|rest| rest.find(')').and_then(|end| rest.get(..end + 2)))
            .collect();
        places.sort_unstable();
        places
    }

    #[test]
    fn every_language_has_the_same_messages_with_the_same_places() {
        let english = messages(Language::En);
        for language in Language::ALL {
            let theirs = messages(language);
            let required: Vec<_> = english.keys().filter(|code| !code.ends_with(".one")).collect();
            let codes: Vec<_> = theirs.keys().filter(|code| !code.ends_with(".one")).collect();
            assert_eq!(required, codes, "{language:?}");
            for (code, text) in theirs {
                assert_eq!(places(text), places(&english[code]), "{language:?} {code}");
                assert!(!text.trim().is_empty());
            }
        }
    }

    #[test]
    fn languages_are_known_by_their_usual_names() {
        for name in ["ja", "ja-JP", "ja_JP.UTF-8", "JA"] {
            assert_eq!(name.parse(), Ok(Language::Ja));
        }
        assert_eq!("en_GB".parse(), Ok(Language::En));
        assert_eq!("fr".parse::<Language>(), Err(UnknownLanguage));
        assert_eq!("".parse::<Language>(), Err(UnknownLanguage));
    }

    #[test]
    fn japanese_says_leaked_not_leaking() {
        for text in messages(Language::Ja).values() {
            assert!(!text.contains("漏洩") && !text.contains("漏えい"), "{text}");
        }
    }
}
