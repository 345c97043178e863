//! Enpass's JSON: `{"folders": [...], "items": [{"category": "login", "fields": [{"type": "password", "value": ...}]}]}`.

#![forbid(unsafe_code)]

use serde::Deserialize;

use super::{OldValue, Spec, Word};
use crate::account::{AccountKind, Record, Sink};
use crate::error::Result;
use crate::read::json::{self, Step};

/// Keys that only this product has together.
pub(super) const SIGNATURE: [&str; 2] = ["\"items\"", "\"auto_submit\""];

pub(super) static FORMAT: Spec = Spec {
    name: "enpass-json",
    describe: |words| words.format_export("Enpass", "JSON"),
    recognises: |_, start| super::has_all(start, &[&SIGNATURE]),
    read: |input, request, sink| {
        json::read::<Item>(input, request, "Enpass", &[Step::Key("items"), Step::Each], sink)
    },
    ..Spec::JSON_EXPORT
};

#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    category: String,
    #[serde(default)]
    trashed: u64,
    #[serde(default)]
    fields: Vec<Field>,
}

#[derive(Deserialize)]
struct Field {
    #[serde(rename = "type")]
    field_type: String,
    #[serde(default)]
    value: Word,
    #[serde(default)]
    deleted: u64,
    #[serde(default)]
    history: Vec<OldValue>,
}

impl json::Item for Item {
    fn tell(&self, number: u64, sink: &mut dyn Sink) -> Result<()> {
        let fields = |field_type: &'static str| {
            self.fields.iter().filter(move |field| field.deleted == 0 && field.field_type == field_type)
        };
        let is_filled = |field: &&Field| field.value.as_ref().is_some_and(|value| !value.is_empty());
        let password = fields("password").find(is_filled);
        if password.is_none() && self.category != "login" {
            sink.other_item();
            return Ok(());
        }
        let user = super::first_of(fields("username").chain(fields("email")).map(|field| &field.value));
        let account_kind = if self.trashed == 0 { AccountKind::Account } else { AccountKind::Former };
        let none = None;
        let value = password.map_or(&none, |field| &field.value);
        sink.record(Record { account_kind, ..Record::of_export(number, user, value) })?;
        let old = fields("password").flat_map(|field| &field.history).map(|old| &old.value);
        super::tell_history(number, user, old, sink)
    }
}
