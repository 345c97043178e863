//! Proton Pass's JSON: `{"version": "...", "userId": "...", "encrypted": false, "vaults": {"ID": {"items": [...]}}}`.

#![forbid(unsafe_code)]

use serde::Deserialize;

use super::{Spec, Word};
use crate::account::{AccountKind, Record, Sink};
use crate::error::Result;
use crate::read::json::{self, Step};

/// What an item's state is in the trash.
const TRASHED: u64 = 2;

/// Keys that only this product has together.
pub(super) const SIGNATURE: [&str; 2] = ["\"userId\"", "\"vaults\""];

pub(super) static FORMAT: Spec = Spec {
    name: "proton-json",
    help: "Proton Pass's ZIP file, or data.json in it",
    describe: |words| words.format_export("Proton Pass", "JSON"),
    recognises: |_, start| super::has_all(start, &[&SIGNATURE]),
    read: |input, request, sink| {
        let path = &[Step::Key("vaults"), Step::AllKeys, Step::Key("items"), Step::Each];
        json::read::<Item>(input, request, "Proton Pass", path, sink)
    },
    ..Spec::JSON_EXPORT
};

#[derive(Deserialize)]
struct Item {
    data: Data,
    state: Option<u64>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "type")]
    item_type: String,
    #[serde(default)]
    content: Content,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Content {
    item_username: Word,
    /// Before there were two fields for names.
    username: Word,
    item_email: Word,
    password: Word,
}

impl json::Item for Item {
    fn tell(&self, number: u64, sink: &mut dyn Sink) -> Result<()> {
        if self.data.item_type != "login" {
            sink.other_item();
            return Ok(());
        }
        let Content { item_username, username, item_email, password } = &self.data.content;
        let user = super::first_of([item_username, username, item_email]);
        let account_kind =
            if self.state == Some(TRASHED) { AccountKind::Former } else { AccountKind::Account };
        sink.record(Record { account_kind, ..Record::of_export(number, user, password) })
    }
}
