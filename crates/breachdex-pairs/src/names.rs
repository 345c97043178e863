//! Which user names are the same.
//!
//! A name is compared in NFKC and with its case folded, without white space, control characters and invisible characters
//! at its ends or within. A mail address has a host, behind its last `@`: a dot at its end is dropped, and where the file
//! was made with the table of mail providers, the local part is taken as the provider takes it. Every address also has a
//! form without the host, for lists that have the name alone.

#![forbid(unsafe_code)]

use std::fmt;

use breachdex::{fold_case, is_invisible};
use zeroize::Zeroizing;

use crate::label::PairRules;
use crate::providers::Provider;

/// A user name as it is compared. `Debug` shows nothing of it; it is overwritten when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Name {
    text: Zeroizing<String>,
    /// Bytes of the local part, where it has a host.
    local: Option<usize>,
}

impl Name {
    /// The name in full.
    pub fn full(&self) -> &str {
        &self.text
    }

    /// The name without its host, where it has one.
    pub fn local(&self) -> Option<&str> {
        self.local.map(|length| &self.text[..length])
    }

    /// The name that is compared; `None` where nothing is left of it.
    pub fn of(user: &str, rules: PairRules) -> Option<Self> {
        // Without what is not shown before folding, so that it parts no letters from their marks, and once more behind it.
        let shown = kept(user);
        let folded = kept(&fold_case(&shown));
        if folded.is_empty() {
            return None;
        }
        let Some((local, host)) = folded.rsplit_once('@') else {
            return Some(Self { text: folded, local: None });
        };
        let host = host.trim_end_matches(|character: char| character == '.' || character.is_whitespace());
        if local.is_empty() || host.is_empty() {
            return Some(Self { text: folded.clone(), local: None });
        }
        // A provider's first host may be longer than the one that was written, by less than this.
        let mut text = Zeroizing::new(String::with_capacity(folded.len() + 32));
        let provider = Provider::of(host).filter(|_| rules.mail_rules);
        match provider {
            Some(provider) => provider.push_local(local, &mut text),
            None => text.push_str(local),
        }
        if provider.is_some() && !text.is_ascii() {
            // Marks that a dot kept apart have an order of their own.
            text = kept(&fold_case(&text));
        }
        let length = text.len();
        text.push('@');
        text.push_str(provider.map_or(host, |provider| provider.host(host)));
        Some(Self { text, local: Some(length) })
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Name(..)")
    }
}

/// The names that an account is known by, each once.
pub fn names_of(users: &[&str], rules: PairRules) -> Vec<Name> {
    let mut names = Vec::with_capacity(users.len());
    for name in users.iter().filter_map(|user| Name::of(user, rules)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A text without what is not shown, and without white space at its ends.
fn kept(text: &str) -> Zeroizing<String> {
    let mut shown = Zeroizing::new(String::with_capacity(text.len()));
    shown.extend(text.chars().filter(|character| !is_invisible(*character) && !character.is_control()));
    let trimmed = shown.trim();
    if trimmed.len() == shown.len() {
        return shown;
    }
    let mut text = Zeroizing::new(String::with_capacity(trimmed.len()));
    text.push_str(trimmed);
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::providers::PROVIDERS;

    fn full(user: &str) -> String {
        Name::of(user, PairRules::default()).map_or_else(String::new, |name| name.full().to_owned())
    }

    fn local(user: &str) -> Option<String> {
        Name::of(user, PairRules::default())?.local().map(str::to_owned)
    }

    #[test]
    fn spellings_of_one_name_are_one() {
        for (typed, name) in [
            ("Hanako", "hanako"),
            (" hanako\t", "hanako"),
            ("ｈａｎａｋｏ", "hanako"),
            ("hana\u{200B}ko", "hanako"),
            ("花子", "花子"),
            ("ﾊﾅｺ", "ハナコ"),
            ("か\u{3099}", "が"),
            ("STRASSE", "strasse"),
            ("straße", "strasse"),
            ("HANAKO@Example.JP", "hanako@example.jp"),
            ("hanako＠example.jp.", "hanako@example.jp"),
            ("a@b@example.jp", "a@b@example.jp"),
            ("@example.jp", "@example.jp"),
            ("hanako@", "hanako@"),
            ("", ""),
            (" \u{200B}\u{FEFF} ", ""),
        ] {
            assert_eq!(full(typed), name, "{typed:?}");
        }
    }

    #[test]
    fn mail_providers_are_as_in_the_table() {
        for (typed, name) in [
            ("Taro.Yamada+shop@GoogleMail.com", "taroyamada@gmail.com"),
            ("taro.yamada@gmail.com", "taroyamada@gmail.com"),
            ("taro.yamada+a+b@outlook.jp", "taro.yamada@outlook.jp"),
            ("taro+1@icloud.com", "taro@icloud.com"),
            ("taro+1@pm.me", "taro@pm.me"),
            ("taro+1@fastmail.com", "taro@fastmail.com"),
            ("t.a.r.o+1@example.jp", "t.a.r.o+1@example.jp"),
            ("taro-1@yahoo.co.jp", "taro-1@yahoo.co.jp"),
            ("+1@gmail.com", "+1@gmail.com"),
            ("...@gmail.com", "...@gmail.com"),
            ("taro.yamada+1", "taro.yamada+1"),
        ] {
            assert_eq!(full(typed), name, "{typed:?}");
        }
        let rules = PairRules { mail_rules: false, ..PairRules::default() };
        let name = Name::of("Taro.Yamada+shop@GoogleMail.com", rules).unwrap();
        assert_eq!(
            (name.full(), name.local()),
            ("taro.yamada+shop@googlemail.com", Some("taro.yamada+shop"))
        );
    }

    /// What is dropped uncovers what was within and is at an end then.
    #[test]
    fn nothing_white_is_at_an_end_of_what_is_compared() {
        for (typed, name) in [
            ("!@ .", "!@ ."),
            ("a@b .", "a@b"),
            ("a@b. . .", "a@b"),
            (". a@gmail.com", "a@gmail.com"),
            ("a +b@gmail.com", "a @gmail.com"),
            (". +b@gmail.com", ". @gmail.com"),
            ("\u{1a7f}.\u{f71}@gmail.com", "\u{f71}\u{1a7f}@gmail.com"),
        ] {
            assert_eq!(full(typed), name, "{typed:?}");
        }
    }

    #[test]
    fn an_address_has_a_form_without_its_host() {
        assert_eq!(local("Taro.Yamada+1@gmail.com").as_deref(), Some("taroyamada"));
        assert_eq!(local("a@b@example.jp").as_deref(), Some("a@b"));
        for without in ["taro", "taro@", "@example.jp", "taro@..", ""] {
            assert_eq!(local(without), None, "{without}");
        }
    }

    #[test]
    fn the_documented_table_is_the_table() {
        let page = include_str!("providers.rs");
        for provider in PROVIDERS {
            let row = format!("| {} |", provider.hosts.join(", "));
            assert!(page.contains(&row), "{row}");
            assert_eq!((provider.ignores_dots, provider.ignores_plus), (provider.is_one_host, true));
        }
        let mut hosts: Vec<&str> =
            PROVIDERS.iter().flat_map(|provider| provider.hosts.iter().copied()).collect();
        let number = hosts.len();
        hosts.sort_unstable();
        hosts.dedup();
        assert_eq!(hosts.len(), number, "each host once");
    }

    proptest! {
        #[test]
        fn a_name_is_its_own_name(user in "\\PC{0,12}(@\\PC{0,8}|@gmail\\.com|@outlook\\.jp)?") {
            let rules = PairRules::default();
            if let Some(name) = Name::of(&user, rules) {
                prop_assert_eq!(Name::of(name.full(), rules).map(|again| again.full().to_owned()), Some(name.full().to_owned()));
                prop_assert_eq!(format!("{name:?}"), "Name(..)");
                prop_assert!(!name.full().is_empty());
            }
        }

        #[test]
        fn case_and_width_do_not_matter(user in "[a-z0-9.+]{1,12}@[a-z]{1,8}\\.jp") {
            let wide: String = user.chars().map(|c| if c.is_ascii_alphanumeric() { char::from_u32(c as u32 + 0xFEE0).unwrap() } else { c }).collect();
            prop_assert_eq!(full(&user), full(&user.to_uppercase()));
            prop_assert_eq!(full(&user), full(&wide));
        }
    }
}
