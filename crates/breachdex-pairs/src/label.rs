//! What a file of pairs says about its key and its rules, as the source among its facts:
//! `pairs 1; key=ID; mail-rules=1; local-names=yes`. It is under the file's content id.

#![forbid(unsafe_code)]

use crate::error::PairsError;
use crate::key::KeyId;

/// Which user names of a file are the same. Chosen when the file is made, kept in it, and so the same for all who ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PairRules {
    /// Whether mail addresses are taken as their provider takes them, by the table [`crate::PROVIDERS`].
    pub mail_rules: bool,
    /// Whether a mail address is also known without its host.
    pub local_names: bool,
}

/// Both.
impl Default for PairRules {
    fn default() -> Self {
        Self { mail_rules: true, local_names: true }
    }
}

impl PairRules {
    /// In words, for messages.
    pub const fn describe(self) -> &'static str {
        match (self.mail_rules, self.local_names) {
            (true, true) => "rules for mail providers and names without their host",
            (true, false) => "rules for mail providers, and no names without their host",
            (false, true) => "no rules for mail providers, and names without their host",
            (false, false) => "no rules for mail providers and no names without their host",
        }
    }
}

/// Which key a file was made with, and its rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) key: KeyId,
    pub(crate) rules: PairRules,
}

impl Label {
    #[cfg(any(feature = "build", test))]
    pub(crate) fn text(self) -> String {
        let mail_rules = if self.rules.mail_rules { "1" } else { "none" };
        let local_names = if self.rules.local_names { "yes" } else { "no" };
        format!("pairs 1; key={}; mail-rules={mail_rules}; local-names={local_names}", self.key)
    }

    /// Reads the label of a file called `name`.
    pub(crate) fn parse(text: &str, name: &str) -> Result<Self, PairsError> {
        let unknown = |reason| PairsError::UnknownLabel { name: name.to_owned(), reason };
        let mut parts = text.split("; ");
        if parts.next() != Some("pairs 1") {
            return Err(unknown("its pairs are of a version that this breachdex does not know"));
        }
        let mut value = |key: &str| parts.next().and_then(|part| part.strip_prefix(key)?.strip_prefix('='));
        let key = value("key").and_then(KeyId::parse).ok_or(unknown("it does not say which key it has"))?;
        let mail_rules = match value("mail-rules") {
            Some("1") => true,
            Some("none") => false,
            _ => return Err(unknown("its rules for mail providers are not known here")),
        };
        let local_names = match value("local-names") {
            Some("yes") => true,
            Some("no") => false,
            _ => return Err(unknown("its rules for names without a host are not known here")),
        };
        if parts.next().is_some() {
            return Err(unknown("it has rules for user names that are not known here"));
        }
        Ok(Self { key, rules: PairRules { mail_rules, local_names } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_read_as_it_was_written() {
        for mail_rules in [true, false] {
            for local_names in [true, false] {
                let label = Label { key: KeyId([7; 16]), rules: PairRules { mail_rules, local_names } };
                let text = label.text();
                assert_eq!(Label::parse(&text, "a").ok(), Some(label), "{text}");
            }
        }
    }

    #[test]
    fn other_labels_are_refused_by_name() {
        let id = "0".repeat(32);
        let version = "its pairs are of a version that this breachdex does not know";
        for (text, reason) in [
            (String::new(), version),
            (String::from("pairs 2"), version),
            (String::from("pairs 1"), "it does not say which key it has"),
            (format!("pairs 1; key={}", "Z".repeat(32)), "it does not say which key it has"),
            (format!("pairs 1; key={id}; mail-rules=2"), "its rules for mail providers are not known here"),
            (
                format!("pairs 1; key={id}; mail-rules=1"),
                "its rules for names without a host are not known here",
            ),
            (
                format!("pairs 1; key={id}; mail-rules=1; local-names=yes; more=1"),
                "it has rules for user names that are not known here",
            ),
        ] {
            let said = Label::parse(&text, "a.bdx").map_err(|error| error.to_string());
            let expected =
                format!("a.bdx cannot be asked: {reason}; use a newer breachdex, or make it again");
            assert_eq!(said, Err(expected), "{text}");
        }
    }
}
