//! Bitwarden's JSON: `{"encrypted": false, "folders": [...], "items": [...]}`.

#![forbid(unsafe_code)]

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Spec, Word};
use crate::account::{AccountKind, Record, Sink};
use crate::error::Result;
use crate::read::json::{self, Step};

/// What Bitwarden calls a log-in.
const LOGIN: u64 = 1;

pub(super) static FORMAT: Spec = Spec {
    name: "bitwarden-json",
    describe: |words| words.format_export("Bitwarden", "JSON"),
    recognises: |_, start| {
        let has_its_keys = ["\"encrypted\"", "\"items\""].iter().any(|key| start.text.contains(key));
        let is_empty = start.text.trim().is_empty();
        let is_psono = start.text.contains("website_password");
        let is_passky = start.text.contains("\"passwords\":") && !start.text.contains("\"items\"");
        (is_empty || has_its_keys)
            && !is_psono
            && !is_passky
            && !super::has_all(
                start,
                &[
                    &super::proton_json::SIGNATURE,
                    &super::one_password_1pux::SIGNATURE,
                    &super::enpass_json::SIGNATURE,
                ],
            )
    },
    read: |input, request, sink| {
        json::read::<Item>(input, request, "Bitwarden", &[Step::Key("items"), Step::Each], sink)
    },
    ..Spec::JSON_EXPORT
};

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

impl json::Item for Item {
    fn tell(&self, number: u64, sink: &mut dyn Sink) -> Result<()> {
        let Some(login) = self.login.as_ref().filter(|_| self.item_type == LOGIN) else {
            sink.other_item();
            return Ok(());
        };
        let user = login.username.as_deref().map_or("", String::as_str);
        let account_kind =
            if self.deleted_date.is_some() { AccountKind::Former } else { AccountKind::Account };
        sink.record(Record { account_kind, ..Record::of_export(number, user, &login.password) })?;
        let old = self.password_history.iter().flatten().map(|old| &old.password);
        super::tell_history(number, user, old, sink)
    }
}
