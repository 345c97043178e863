//! Rules from what somebody wrote: a TOML file, or a mapping of the same shape.
//!
//! `node` is what was written, with its line; `read` makes rules of it, refusing by name what it does not know;
//! `contradictions` refuses what cannot be meant; `write` says rules as a file again; `error` is how a refusal reads.

#![forbid(unsafe_code)]

mod contradictions;
mod error;
mod node;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::path::{Path, PathBuf};

use crate::profile::Profile;
use crate::requirements::Rules;

pub use error::PolicyError;
pub use node::{Node, Value};

/// Bytes of the longest file that is read.
const MOST: u64 = 1 << 20;

/// What a policy's file says: its rules, and which index it is for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is demanded.
    pub rules: Rules,
    /// The profile that the rules began as.
    pub profile: Profile,
    /// The index, if one is named; a relative path is taken from the file's folder.
    pub index: Option<PathBuf>,
    /// The overlays.
    pub overlays: Vec<PathBuf>,
    /// The lists of exposed pairs.
    pub pairs: Vec<PathBuf>,
    /// The key files of these, in any order.
    pub pair_keys: Vec<PathBuf>,
}

impl Settings {
    /// Those of a file.
    ///
    /// # Errors
    /// [`PolicyError`] when it cannot be read or makes no sense; it names the line and the key.
    pub fn open(path: &Path) -> Result<Self, PolicyError> {
        let text = breachdex::files::read_text(path, MOST)
            .map_err(|source| PolicyError::Io { path: path.to_owned(), source })?;
        let mut settings = Self::parse(&text, &path.display().to_string())?;
        let folder = path.parent().unwrap_or(Path::new(""));
        settings.index = settings.index.map(|index| folder.join(index));
        for paths in [&mut settings.overlays, &mut settings.pairs, &mut settings.pair_keys] {
            paths.iter_mut().for_each(|path| *path = folder.join(&*path));
        }
        Ok(settings)
    }

    /// Those of a file's text; `name` is how errors call it.
    ///
    /// # Errors
    /// As [`Settings::open`].
    ///
    /// ```
    /// use breachdex_policy::{Code, Event, Settings};
    /// let settings = Settings::parse("profile = 'nist'\nmfa = true", "policy.toml")?;
    /// assert_eq!(settings.rules.min_length, 8);
    /// let error = Settings::parse("profile = 'nits'", "policy.toml").expect_err("there is none");
    /// assert_eq!(
    ///     error.to_string(),
    ///     "policy.toml:1: profile must be one of nist, asvs-l1, asvs-l2, pci, permissive, not \"nits\"; \
    ///      did you mean \"nist\"?"
    /// );
    /// # Ok::<(), breachdex_policy::PolicyError>(())
    /// ```
    pub fn parse(text: &str, name: &str) -> Result<Self, PolicyError> {
        Self::read(&Node::parse(text, name)?, name)
    }

    /// Those of a mapping. Errors name no place but the key.
    ///
    /// # Errors
    /// As [`Settings::open`].
    pub fn from_node(node: &Node) -> Result<Self, PolicyError> {
        Self::read(node, "")
    }

    fn read(node: &Node, name: &str) -> Result<Self, PolicyError> {
        let settings = read::settings(node, name)?;
        contradictions::refuse(&settings.rules, name)?;
        Ok(settings)
    }
}

impl Rules {
    /// These rules with what a mapping says changed; it has the keys of a file, but for those that name a profile or an
    /// index. `on_error`, `rules` and `actions` are changed cell by cell.
    ///
    /// # Errors
    /// [`PolicyError`] for what makes no sense, by itself or together with the rest.
    pub fn changed(&self, node: &Node) -> Result<Self, PolicyError> {
        let rules = read::changed(self.clone(), node)?;
        contradictions::refuse(&rules, "")?;
        Ok(rules)
    }
}
