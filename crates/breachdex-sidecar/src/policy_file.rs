//! The file of the policy while the sidecar runs: a change is taken over or refused, once.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use breachdex::{OnError, files};
use breachdex_messages::Language;
use breachdex_policy::{PolicyError, Rules, Settings};

/// Bytes of the longest policy that is compared.
const MOST: u64 = 1 << 20;

/// The file of a policy, to be followed.
///
/// The sources that it names (`index`, `overlays`, `pairs`, `pair_key`) are opened at the start, so a change that names others is
/// refused.
#[derive(Clone, Debug)]
pub struct PolicyFile {
    /// Where it is.
    pub path: PathBuf,
    /// What it said when the sources were opened.
    pub settings: Settings,
    /// What holds whatever it says.
    pub overrides: Overrides,
}

/// What an operator says beside a policy, which holds whatever the policy says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overrides {
    /// What a fault means at every event.
    pub on_error: Option<OnError>,
    /// The language of messages.
    pub language: Option<Language>,
    /// Whether the test password is exposed in any case.
    pub test_password: bool,
}

impl Overrides {
    /// Changes rules accordingly.
    pub fn apply(&self, rules: &mut Rules) {
        if let Some(on_error) = self.on_error {
            rules.on_error.fill(on_error);
        }
        if let Some(language) = self.language {
            rules.language = language;
        }
        rules.test_password |= self.test_password;
    }
}

/// Why a changed policy was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PolicyFault {
    #[error(transparent)]
    Policy(#[from] PolicyError),
    #[error("{} names other files than at the start; restart the sidecar to ask them", .0.display())]
    OtherSources(PathBuf),
    #[error(transparent)]
    Corpus(#[from] breachdex::Error),
}

/// A policy's file that is followed.
pub(crate) struct Followed {
    file: PolicyFile,
    /// The text that judges now; `None` until it was looked at.
    text: Option<String>,
    /// What was refused, so that it is said once.
    refused: Option<String>,
}

impl Followed {
    pub(crate) fn new(file: PolicyFile) -> Self {
        Self { file, text: None, refused: None }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.file.path
    }

    /// Has the next look say again what is wrong.
    pub(crate) fn forget_refused(&mut self) {
        self.refused = None;
    }

    /// Hands the rules of a changed file to `replace`. `None` where nothing is new.
    pub(crate) fn changed(
        &mut self,
        replace: impl FnOnce(Rules) -> breachdex::Result<()>,
    ) -> Option<Result<(), PolicyFault>> {
        let text = files::read_text(&self.file.path, MOST).unwrap_or_else(|error| format!("\0{error}"));
        if self.text.as_ref() == Some(&text) {
            self.refused = None;
            return None;
        }
        if self.refused.as_ref() == Some(&text) {
            return None;
        }
        match self.take_over(replace) {
            Ok(is_other) => {
                (self.text, self.refused) = (Some(text), None);
                is_other.then_some(Ok(()))
            }
            Err(fault) => {
                self.refused = Some(text);
                Some(Err(fault))
            }
        }
    }

    /// Whether the file says something else than before.
    fn take_over(
        &mut self,
        replace: impl FnOnce(Rules) -> breachdex::Result<()>,
    ) -> Result<bool, PolicyFault> {
        let settings = Settings::open(&self.file.path)?;
        let before = &self.file.settings;
        if !has_same_sources(&settings, before) {
            return Err(PolicyFault::OtherSources(self.file.path.clone()));
        }
        if settings.rules.to_toml() == before.rules.to_toml() {
            return Ok(false);
        }
        let mut rules = settings.rules.clone();
        self.file.overrides.apply(&mut rules);
        replace(rules)?;
        self.file.settings = settings;
        Ok(true)
    }
}

fn has_same_sources(one: &Settings, other: &Settings) -> bool {
    let files =
        |of: &Settings| (of.index.clone(), [of.overlays.clone(), of.pairs.clone(), of.pair_keys.clone()]);
    files(one) == files(other)
}
