//! Rules of what was written. Whatever is not known is refused by name, with the nearest that is.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use breachdex::{Day, FormSet, OnError};
use breachdex_messages::Language;

use super::Settings;
use super::error::{Place, PolicyError};
use super::node::{Node, Value};
use crate::action::Action;
use crate::event::Event;
use crate::grace::Grace;
use crate::profile::Profile;
use crate::requirements::{Rules, Scope};
use crate::rules::Code;
use crate::rules::context_word::ContextWords;

/// The keys of a policy.
pub(super) const KEYS: [&str; 19] = [
    "profile",
    "mfa",
    "language",
    "min_length",
    "max_length",
    "min_count",
    "scope",
    "forms",
    "service_name",
    "context",
    "on_error",
    "test_password",
    "grace",
    "index",
    "overlays",
    "pairs",
    "pair_key",
    "rules",
    "actions",
];

/// The keys that choose what there is to be changed, and what is asked.
const CHOOSING_KEYS: [&str; 6] = ["profile", "mfa", "index", "overlays", "pairs", "pair_key"];

type Result<T> = std::result::Result<T, PolicyError>;

pub(super) fn settings(node: &Node, name: &str) -> Result<Settings> {
    let reader = Reader { name };
    let root =
        Table { reader, pairs: reader.pairs(node, "a policy")?, owner: String::from("a policy"), path: "" };
    root.refuse_unknown(&KEYS)?;
    let profile = root.one_of("profile", &Profile::ALL, Profile::name)?.unwrap_or(Profile::Nist);
    let mut rules = profile.rules(root.boolean("mfa")?.unwrap_or(false));
    root.change(&mut rules)?;
    let paths = |texts: Option<Vec<String>>| -> Vec<PathBuf> {
        texts.unwrap_or_default().into_iter().map(PathBuf::from).collect()
    };
    let overlays = paths(root.texts("overlays")?);
    let (pairs, pair_keys) = (paths(root.texts("pairs")?), paths(root.one_or_more("pair_key")?));
    root.refuse_unpaired(&pairs, &pair_keys)?;
    Ok(Settings { rules, profile, index: root.text("index")?.map(PathBuf::from), overlays, pairs, pair_keys })
}

/// Rules with what a mapping says changed.
pub(super) fn changed(mut rules: Rules, node: &Node) -> Result<Rules> {
    let reader = Reader { name: "" };
    let pairs = reader.pairs(node, "a policy")?;
    let root = Table { reader, pairs, owner: String::from("a changed policy"), path: "" };
    let known: Vec<&str> = KEYS.into_iter().filter(|key| !CHOOSING_KEYS.contains(key)).collect();
    root.refuse_unknown(&known)?;
    root.change(&mut rules)?;
    Ok(rules)
}

/// What errors need to say where.
#[derive(Clone, Copy)]
struct Reader<'a> {
    name: &'a str,
}

impl<'a> Reader<'a> {
    fn place(self, line: Option<usize>) -> Place {
        Place { name: self.name.to_owned(), line }
    }

    fn pairs(self, node: &'a Node, key: &str) -> Result<&'a [(String, Node)]> {
        match &node.value {
            Value::Table(pairs) => Ok(pairs),
            _ => Err(self.wrong_type(node, key, "a table")),
        }
    }

    fn wrong_type(self, node: &Node, key: &str, expected: &'static str) -> PolicyError {
        PolicyError::Type {
            place: self.place(node.line),
            key: key.to_owned(),
            expected,
            found: node.value.type_name(),
        }
    }
}

/// A table that is being read.
struct Table<'a> {
    reader: Reader<'a>,
    pairs: &'a [(String, Node)],
    /// What errors call it.
    owner: String,
    /// What its keys begin with, as `actions.`.
    path: &'a str,
}

impl<'a> Table<'a> {
    fn get(&self, key: &str) -> Option<&'a Node> {
        self.pairs.iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    fn refuse_unknown(&self, known: &[&'static str]) -> Result<()> {
        match self.pairs.iter().find(|(key, _)| !known.contains(&key.as_str())) {
            None => Ok(()),
            Some((key, node)) => Err(PolicyError::UnknownKey {
                place: self.reader.place(node.line),
                owner: self.owner.clone(),
                key: key.clone(),
                known: known.to_vec(),
            }),
        }
    }

    fn text(&self, key: &str) -> Result<Option<String>> {
        self.get(key).map(|node| self.text_of(node, key)).transpose()
    }

    fn text_of(&self, node: &Node, key: &str) -> Result<String> {
        match &node.value {
            Value::Text(text) => Ok(text.clone()),
            _ => Err(self.reader.wrong_type(node, &format!("{}{key}", self.path), "a string")),
        }
    }

    fn texts(&self, key: &str) -> Result<Option<Vec<String>>> {
        let Some(node) = self.get(key) else { return Ok(None) };
        match &node.value {
            Value::List(nodes) => {
                nodes.iter().map(|node| self.text_of(node, key)).collect::<Result<_>>().map(Some)
            }
            _ => Err(self.reader.wrong_type(node, key, "a list of strings")),
        }
    }

    fn boolean(&self, key: &str) -> Result<Option<bool>> {
        let Some(node) = self.get(key) else { return Ok(None) };
        match node.value {
            Value::Boolean(value) => Ok(Some(value)),
            _ => Err(self.reader.wrong_type(node, &format!("{}{key}", self.path), "true or false")),
        }
    }

    /// One text, or a list of them.
    fn one_or_more(&self, key: &str) -> Result<Option<Vec<String>>> {
        match self.get(key).map(|node| &node.value) {
            Some(Value::Text(text)) => Ok(Some(vec![text.clone()])),
            _ => self.texts(key),
        }
    }

    /// Refuses lists of pairs without a key, and a key without lists.
    fn refuse_unpaired(&self, pairs: &[PathBuf], keys: &[PathBuf]) -> Result<()> {
        let (key, complaint) = match (pairs.is_empty(), keys.is_empty()) {
            (false, true) => ("pairs", "pairs needs pair_key: the key file that they were made with"),
            (true, false) => ("pair_key", "pair_key is for pairs: name these too"),
            _ => return Ok(()),
        };
        Err(PolicyError::Contradiction {
            place: self.reader.place(self.get(key).and_then(|node| node.line)),
            complaint: complaint.to_owned(),
        })
    }

    /// A whole number from 1 on.
    fn number(&self, key: &str) -> Result<Option<u64>> {
        let Some(node) = self.get(key) else { return Ok(None) };
        match node.value {
            Value::Integer(number) => match u64::try_from(number) {
                Ok(number) if number > 0 => Ok(Some(number)),
                _ => Err(PolicyError::Contradiction {
                    place: self.reader.place(node.line),
                    complaint: format!("{key} must be 1 or more, not {number}"),
                }),
            },
            _ => Err(self.reader.wrong_type(node, key, "a whole number")),
        }
    }

    fn one_of<T: Copy>(&self, key: &str, all: &[T], name: impl Fn(T) -> &'static str) -> Result<Option<T>> {
        self.get(key).map(|node| self.choice(node, key, all, name)).transpose()
    }

    fn choice<T: Copy>(
        &self,
        node: &Node,
        key: &str,
        all: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Result<T> {
        let found = self.text_of(node, key)?;
        let known = all.iter().find(|value| name(**value) == found);
        known.copied().ok_or_else(|| PolicyError::UnknownValue {
            place: self.reader.place(node.line),
            key: format!("{}{key}", self.path),
            found,
            known: all.iter().map(|value| name(*value)).collect(),
        })
    }

    fn list_of(&self, key: &str, known: &[&'static str]) -> Result<Option<Vec<&'static str>>> {
        let Some(node) = self.get(key) else { return Ok(None) };
        let Value::List(nodes) = &node.value else {
            return Err(self.reader.wrong_type(node, key, "a list of strings"));
        };
        nodes.iter().map(|node| self.choice(node, key, known, |name| name)).collect::<Result<_>>().map(Some)
    }

    fn one_language(&self) -> Result<Option<Language>> {
        let Some(node) = self.get("language") else { return Ok(None) };
        let found = self.text_of(node, "language")?;
        found.parse().map(Some).map_err(|_| PolicyError::UnknownValue {
            place: self.reader.place(node.line),
            key: String::from("language"),
            found,
            known: Language::ALL.iter().map(|language| language.code()).collect(),
        })
    }

    /// Changes rules as this table says.
    fn change(&self, rules: &mut Rules) -> Result<()> {
        self.limits(rules)?;
        if let Some(scope) = self.one_of("scope", &[Scope::All, Scope::Common], Scope::name)? {
            rules.scope = scope;
        }
        if let Some(forms) = self.list_of("forms", &FormSet::NAMES)? {
            rules.forms = FormSet::of(&forms);
        }
        if let Some(language) = self.one_language()? {
            rules.language = language;
        }
        if let Some(is_known) = self.boolean("test_password")? {
            rules.test_password = is_known;
        }
        self.grace(rules)?;
        self.on_error(rules)?;
        self.switches(rules)?;
        self.actions(rules)?;
        let context = self.texts("context")?.unwrap_or_else(|| rules.words.context().to_vec());
        let name = self.text("service_name")?.or_else(|| rules.words.service_name().map(String::from));
        rules.words = ContextWords::new(name.as_deref(), &context);
        Ok(())
    }

    fn limits(&self, rules: &mut Rules) -> Result<()> {
        let length = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        if let Some(number) = self.number("min_length")? {
            rules.min_length = length(number);
        }
        if let Some(number) = self.number("max_length")? {
            rules.max_length = length(number);
        }
        if let Some(number) = self.number("min_count")? {
            rules.min_count = number;
        }
        Ok(())
    }

    /// One choice for every event, or a table by event.
    fn on_error(&self, rules: &mut Rules) -> Result<()> {
        let Some(node) = self.get("on_error") else { return Ok(()) };
        if let Value::Table(pairs) = &node.value {
            let table = self.below(pairs, "on_error.");
            table.refuse_unknown(&Event::ALL.map(Event::name))?;
            for event in Event::ALL {
                if let Some(choice) = table.one_of(event.name(), &OnError::ALL, OnError::name)? {
                    rules.on_error[event as usize] = choice;
                }
            }
        } else {
            rules.on_error = [self.choice(node, "on_error", &OnError::ALL, OnError::name)?; Event::ALL.len()];
        }
        Ok(())
    }

    /// Days and log-ins for each account, or one day for all.
    fn grace(&self, rules: &mut Rules) -> Result<()> {
        let Some(node) = self.get("grace") else { return Ok(()) };
        let table = self.below(self.reader.pairs(node, "grace")?, "grace.");
        table.refuse_unknown(&["days", "log_ins", "until"])?;
        let number = |key| Ok(table.number(key)?.map(|number| u32::try_from(number).unwrap_or(u32::MAX)));
        let (days, log_ins) = (number("days")?, number("log_ins")?);
        let refused = |complaint: &str| PolicyError::Contradiction {
            place: self.reader.place(node.line),
            complaint: complaint.to_owned(),
        };
        rules.grace = Some(match (table.text("until")?, days, log_ins) {
            (None, None, None) => return Err(refused("grace needs days, log_ins or until")),
            (None, days, log_ins) => Grace::Each { days, log_ins },
            (Some(text), None, None) => Grace::Until(Day::parse(&text).ok_or_else(|| {
                refused(&format!("grace.until must be a day as \"2027-01-31\", not \"{text}\""))
            })?),
            (Some(_), _, _) => {
                return Err(refused("grace.until is one day for all accounts: give it, or days and log_ins"));
            }
        });
        Ok(())
    }

    fn switches(&self, rules: &mut Rules) -> Result<()> {
        let Some(node) = self.get("rules") else { return Ok(()) };
        let table = self.below(self.reader.pairs(node, "rules")?, "rules.");
        let codes = table.codes()?;
        for code in codes {
            if let Some(enabled) = table.boolean(code.name())? {
                rules.enabled[code as usize] = enabled;
            }
        }
        Ok(())
    }

    fn actions(&self, rules: &mut Rules) -> Result<()> {
        let Some(node) = self.get("actions") else { return Ok(()) };
        let events = self.below(self.reader.pairs(node, "actions")?, "actions.");
        events.refuse_unknown(&Event::ALL.map(Event::name))?;
        for event in Event::ALL {
            let Some(node) = events.get(event.name()) else { continue };
            let path = format!("actions.{}.", event.name());
            let pairs = self.reader.pairs(node, path.trim_end_matches('.'))?;
            let table = Table {
                reader: self.reader,
                pairs,
                owner: path.trim_end_matches('.').to_owned(),
                path: &path,
            };
            for code in table.codes()? {
                if let Some(action) = table.one_of(code.name(), &Action::ALL, Action::name)? {
                    rules.actions.set(event, code, action);
                    // What is done about a password is done about the pair too, unless something else is said of that:
                    // who only warns has no way to do more. The codes are in the order of their names.
                    if code == Code::Exposed {
                        rules.actions.set(event, Code::ExposedPair, action);
                    }
                }
            }
        }
        Ok(())
    }

    fn below(&self, pairs: &'a [(String, Node)], path: &'a str) -> Self {
        Self { reader: self.reader, pairs, owner: path.trim_end_matches('.').to_owned(), path }
    }

    /// The codes that may be keys here: all but the one that `on_error` is for.
    fn codes(&self) -> Result<impl Iterator<Item = Code> + use<>> {
        if let Some(node) = self.get(Code::IndexUnavailable.name()) {
            return Err(PolicyError::Contradiction {
                place: self.reader.place(node.line),
                complaint: format!(
                    "{}index_unavailable is what on_error is for: set that instead",
                    self.path
                ),
            });
        }
        let codes = || Code::ALL.into_iter().filter(|code| *code != Code::IndexUnavailable);
        self.refuse_unknown(&codes().map(Code::name).collect::<Vec<_>>())?;
        Ok(codes())
    }
}
