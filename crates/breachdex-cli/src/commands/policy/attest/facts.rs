//! What an attestation says of the index, the policy and the events.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::path::Path;

use breachdex::Index;
use breachdex::trust::SignatureFiles;
use breachdex_policy::{Action, Code, Day, Event, Profile, Rules, Settings};
use serde::Serialize;

use crate::indexes;

/// An index, as its header and its signature have it.
#[derive(Serialize)]
pub(super) struct IndexFacts {
    /// The path, or `starter`.
    pub(super) index: String,
    kind: &'static str,
    entries: u64,
    exact: bool,
    false_positive_rate: f64,
    pub(super) date: Option<String>,
    pub(super) age_days: Option<i64>,
    pub(super) source: Option<String>,
    floor: u64,
    /// Of 1,048,576.
    prefixes: u32,
    content_id: String,
    signature: SignatureFacts,
    #[serde(skip)]
    is_starter: bool,
    #[serde(skip)]
    is_whole: bool,
    /// What reading all of it found; `None` where that was not asked for.
    #[serde(skip)]
    pub(super) read: Option<Result<(), String>>,
}

#[derive(Serialize)]
struct SignatureFacts {
    /// `valid`, `not checked` (no key is trusted) or `none`.
    state: &'static str,
    key: Option<String>,
}

impl IndexFacts {
    pub(super) fn of(index: &Index, read: Option<&Result<(), String>>, today: Day) -> Self {
        let metadata = index.metadata();
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let claimed = || SignatureFiles::beside(index.path()?).claimed_key();
        let (state, key) = match (index.signed(), claimed()) {
            (Some(signed), _) => ("valid", Some(signed.key)),
            (None, Some(key)) => ("not checked", Some(key)),
            (None, None) => ("none", None),
        };
        let day = Day::parse(&metadata.corpus_date);
        Self {
            index: indexes::name(index),
            kind: metadata.kind.name(),
            entries: metadata.entries,
            exact: metadata.is_exact(),
            false_positive_rate: metadata.false_positive_rate(),
            date: given(&metadata.corpus_date),
            age_days: day.map(|day| i64::from(today.number()) - i64::from(day.number())),
            source: given(&metadata.source),
            floor: metadata.floor,
            prefixes: metadata.coverage.prefixes(),
            content_id: index.content_id().to_string(),
            signature: SignatureFacts { state, key: key.map(|key| key.to_string()) },
            is_starter: index.is_starter(),
            is_whole: metadata.coverage.is_whole(),
            read: read.cloned(),
        }
    }

    pub(super) fn is_signature_checked(&self) -> bool {
        self.signature.state == "valid"
    }

    pub(super) fn signature_text(&self) -> String {
        match &self.signature.key {
            Some(key) => format!("{}, key {key}", self.signature.state),
            None => self.signature.state.to_owned(),
        }
    }

    /// The rows of the text.
    pub(super) fn rows(&self) -> Vec<(&'static str, String)> {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| String::from("not given"));
        let age = self.age_days.map(|days| format!(", {days} days ago")).unwrap_or_default();
        vec![
            ("index", self.index.clone()),
            ("entries", format!("{} ({})", self.entries, self.kind)),
            ("corpus date", format!("{}{age}", or_none(&self.date))),
            ("source", or_none(&self.source)),
            ("floor", self.floor.to_string()),
            (
                "coverage",
                if self.is_whole {
                    String::from("whole")
                } else {
                    format!("{} of 1048576 prefixes", self.prefixes)
                },
            ),
            ("content id", self.content_id.clone()),
            ("signature", self.signature_text()),
        ]
    }
}

/// What a policy demands.
#[derive(Serialize)]
pub(super) struct PolicyFacts {
    /// The profile that it began as.
    pub(super) profile: &'static str,
    pub(super) file: Option<String>,
    pub(super) min_length: usize,
    max_length: usize,
    min_count: u64,
    scope: &'static str,
    forms: Vec<&'static str>,
    rules: BTreeMap<&'static str, bool>,
    test_password: bool,
    /// All of it, as `policy show` prints it.
    toml: String,
}

impl PolicyFacts {
    pub(super) fn of(settings: &Settings, file: Option<&Path>) -> Self {
        let rules = &settings.rules;
        Self {
            profile: settings.profile.name(),
            file: file.map(|path| path.display().to_string()),
            min_length: rules.min_length,
            max_length: rules.max_length,
            min_count: rules.min_count,
            scope: rules.scope.name(),
            forms: rules.forms.names().collect(),
            rules: codes().map(|code| (code.name(), rules.enabled[code as usize])).collect(),
            test_password: rules.test_password,
            toml: rules.to_toml(),
        }
    }
}

/// What is done at an event.
#[derive(Serialize)]
pub(super) struct EventFacts {
    pub(super) event: &'static str,
    /// Whether an exposed password is found at all.
    pub(super) covered: bool,
    pub(super) actions: BTreeMap<&'static str, &'static str>,
    pub(super) on_error: &'static str,
}

impl EventFacts {
    pub(super) fn of(rules: &Rules) -> Vec<Self> {
        let of = |event: Event| Self {
            event: event.name(),
            covered: rules.action(event, Code::Exposed) != Action::Accept,
            actions: codes().map(|code| (code.name(), rules.action(event, code).name())).collect(),
            on_error: rules.on_error(event).name(),
        };
        Event::ALL.into_iter().map(of).collect()
    }
}

fn codes() -> impl Iterator<Item = Code> {
    Code::ALL.into_iter().filter(|code| *code != Code::IndexUnavailable)
}

/// What whoever reads the evidence has to know besides. `is_age_tested` says whether the index may have a certain age only.
pub(super) fn remarks(
    settings: &Settings,
    index: &IndexFacts,
    overlays: &[IndexFacts],
    is_age_tested: bool,
) -> Vec<String> {
    let rules = &settings.rules;
    let mut remarks = Vec::new();
    let mut remark = |holds: bool, text: String| remarks.extend(holds.then_some(text));
    remark(index.is_starter, String::from("the starter index holds common passwords only; use a full index"));
    remark(
        !index.is_signature_checked() && !index.is_starter,
        format!(
            "the index's signature is {}: name a trusted key to have it checked",
            match index.signature.state {
                "none" => "missing",
                state => state,
            }
        ),
    );
    remark(index.read.is_none(), String::from("the index's content was not read as a whole; --verify does"));
    remark(index.date.is_none(), String::from("the index has no corpus date"));
    remark(
        index.date.is_some() && !is_age_tested,
        String::from("no age was asked of the index; --max-age does"),
    );
    remark(!index.is_whole, format!("the index covers {} of 1048576 prefixes", index.prefixes));
    remark(
        index.floor > rules.min_count,
        format!("passwords seen fewer than {} times may be missing from the index", index.floor),
    );
    remark(
        !index.exact,
        format!(
            "of a million passwords that are not exposed the index refuses about {:.3}",
            index.false_positive_rate * 1e6
        ),
    );
    remark(
        !overlays.is_empty(),
        String::from("overlays are your own files, and their signatures are not asked for"),
    );
    remark(
        rules.test_password,
        String::from("the policy takes the test password for exposed; switch that off in production"),
    );
    for event in Event::ALL {
        let (name, action) = (event.name(), rules.action(event, Code::Exposed));
        match action {
            Action::Accept => remark(true, format!("exposed passwords are accepted at {name}")),
            Action::Warn | Action::Notify => remark(
                true,
                format!("exposed passwords are accepted at {name}, with the action {}", action.name()),
            ),
            Action::ForceReset | Action::Reject => {}
        }
    }
    remark(
        settings.profile == Profile::Pci,
        String::from(
            "PCI DSS 8.3.6 also demands letters and digits, which no rule checks because NIST SP 800-63B-4 forbids it; \
             passwords of single-factor accounts need that from elsewhere, or a customized approach",
        ),
    );
    remarks
}
