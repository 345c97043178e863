//! Bitwarden's JSON, item by item, so that an export of any size takes the memory of one item.

#![forbid(unsafe_code)]

use std::fmt;
use std::io::BufReader;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use zeroize::Zeroizing;

use super::{Format, Request, Spec, Unit};
use crate::account::{Record, Secret, Sink, Standing};
use crate::error::{AuditError, Result};
use crate::read::input::Opened;
use crate::read::text::Text;

/// What Bitwarden calls a log-in.
const LOGIN: u64 = 1;

pub(super) static FORMAT: Spec = Spec {
    name: "bitwarden-json",
    help: "",
    describe: |words| words.format_export("Bitwarden", "JSON"),
    unit: Unit::Item,
    extensions: &["json"],
    recognises: |_, _| true,
    headers: &[],
    has_encoding: false,
    takes_column: false,
    takes_delimiter: false,
    holds_digests: false,
    read,
};

fn read(input: Opened, _: &Request<'_>, sink: &mut dyn Sink) -> Result<()> {
    let name = input.name;
    let text = Text::new(input.reader, None).map_err(Opened::failed(&name))?;
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 16, text));
    let mut state = State { sink, stopped: None, is_encrypted: false, has_items: false };
    let parsed = Export(&mut state).deserialize(&mut json).and_then(|()| json.end());
    let State { stopped, is_encrypted, has_items, .. } = state;
    if let Some(error) = stopped {
        return Err(error);
    }
    if is_encrypted {
        return Err(AuditError::Encrypted { name });
    }
    let refused = |reason: String| AuditError::NotTheFormat {
        name: name.clone(),
        format: Format::BitwardenJson,
        reason,
    };
    parsed.map_err(|error| match error.classify() {
        Category::Io => Opened::failed(&name)(error.into()),
        // The library's own words may quote what it met.
        Category::Data => {
            refused(format!("line {}, column {} is not as Bitwarden writes it", error.line(), error.column()))
        }
        Category::Syntax | Category::Eof => {
            refused(format!("it is no JSON from line {}, column {} on", error.line(), error.column()))
        }
    })?;
    if has_items { Ok(()) } else { Err(refused(String::from("it has no items"))) }
}

struct State<'a> {
    sink: &'a mut dyn Sink,
    /// Why the sink will have no more.
    stopped: Option<AuditError>,
    is_encrypted: bool,
    has_items: bool,
}

/// The whole: `{"encrypted": false, "folders": [...], "items": [...]}`.
struct Export<'s, 'a>(&'s mut State<'a>);

impl<'de> DeserializeSeed<'de> for Export<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Export<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with items")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "encrypted" => {
                    self.0.is_encrypted = map.next_value()?;
                    if self.0.is_encrypted {
                        return Err(M::Error::custom("encrypted"));
                    }
                }
                "items" => {
                    self.0.has_items = true;
                    map.next_value_seed(Items(self.0))?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

struct Items<'s, 'a>(&'s mut State<'a>);

impl<'de> DeserializeSeed<'de> for Items<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of items")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<(), S::Error> {
        let mut number = 0;
        while let Some(item) = items.next_element::<Item>()? {
            number += 1;
            if let Err(error) = item.tell(number, self.0.sink) {
                self.0.stopped = Some(error);
                return Err(S::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

type Word = Option<Zeroizing<String>>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    #[serde(rename = "type")]
    item_type: u64,
    login: Option<Login>,
    password_history: Option<Vec<OldPassword>>,
    deleted_date: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Login {
    username: Word,
    password: Word,
}

#[derive(Deserialize)]
struct OldPassword {
    password: Word,
}

impl Item {
    fn tell(&self, number: u64, sink: &mut dyn Sink) -> Result<()> {
        let Some(login) = self.login.as_ref().filter(|_| self.item_type == LOGIN) else {
            sink.other_item();
            return Ok(());
        };
        let user = login.username.as_deref().map_or("", String::as_str);
        let standing = if self.deleted_date.is_some() { Standing::Former } else { Standing::Account };
        let record = match &login.password {
            Some(password) => Record::with_password(number, user, password.as_bytes()),
            None => Record::new(number, user, Secret::Absent),
        };
        sink.record(Record { standing, ..record })?;
        let old = self.password_history.iter().flatten().filter_map(|old| old.password.as_ref());
        for password in old.filter(|password| !password.is_empty()) {
            let record = Record::with_password(number, user, password.as_bytes());
            sink.record(Record { standing: Standing::Former, ..record })?;
        }
        Ok(())
    }
}
