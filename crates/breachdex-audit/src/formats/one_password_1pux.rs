//! 1Password's `export.data`, the JSON within a 1PUX archive
//! (<https://support.1password.com/1pux-format/>): `{"accounts": [{"attrs": ..., "vaults": [{"items": [...]}]}]}`.

#![forbid(unsafe_code)]

use serde::Deserialize;

use super::{OldValue, Spec, Word};
use crate::account::{AccountKind, Record, Sink};
use crate::error::Result;
use crate::read::json::{self, Step};

/// The categories whose items are log-ins, with or without a password.
const LOGINS: [&str; 2] = ["001", "005"];

/// Keys that only this product has together.
pub(super) const SIGNATURE: [&str; 2] = ["\"accounts\"", "\"attrs\""];

pub(super) static FORMAT: Spec = Spec {
    name: "1password-1pux",
    help: "1Password's 1PUX archive, or export.data in it",
    describe: |words| words.format_export("1Password", "1PUX"),
    extensions: &["data", "json"],
    recognises: |_, start| super::has_all(start, &[&SIGNATURE]),
    read: |input, request, sink| {
        let path = &[
            Step::Key("accounts"),
            Step::Each,
            Step::Key("vaults"),
            Step::Each,
            Step::Key("items"),
            Step::Each,
        ];
        json::read::<Item>(input, request, "1Password", path, sink)
    },
    ..Spec::JSON_EXPORT
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    category_uuid: Option<String>,
    #[serde(default)]
    trashed: bool,
    #[serde(default)]
    details: Details,
    /// How early versions wrapped an item.
    item: Option<Box<Item>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Details {
    login_fields: Vec<Field>,
    /// Of an item that is a password alone.
    password: Word,
    password_history: Vec<OldValue>,
}

#[derive(Deserialize)]
struct Field {
    #[serde(default)]
    value: Word,
    designation: Option<String>,
}

impl json::Item for Item {
    fn tell(&self, number: u64, sink: &mut dyn Sink) -> Result<()> {
        if let Some(item) = &self.item {
            return item.tell(number, sink);
        }
        let Details { login_fields, password, password_history } = &self.details;
        let field = |designation: &str| {
            let mut fields = login_fields.iter();
            fields.find(|field| field.designation.as_deref() == Some(designation)).map(|field| &field.value)
        };
        let password = field("password").unwrap_or(password);
        let is_login = self.category_uuid.as_deref().is_some_and(|category| LOGINS.contains(&category));
        if !is_login && password.is_none() {
            sink.other_item();
            return Ok(());
        }
        let user = super::first_of(field("username"));
        let account_kind = if self.trashed { AccountKind::Former } else { AccountKind::Account };
        sink.record(Record { account_kind, ..Record::of_export(number, user, password) })?;
        super::tell_history(number, user, password_history.iter().map(|old| &old.value), sink)
    }
}
