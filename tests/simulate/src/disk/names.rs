//! Names: what changed of them since the folder was synced.

use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub(super) enum NameChange {
    Add(String, u64),
    Rename(String, String, u64),
    Remove(String),
}

impl NameChange {
    pub(super) fn is_in(&self, folder: &str) -> bool {
        let (Self::Add(name, _) | Self::Rename(_, name, _) | Self::Remove(name)) = self;
        folder_of(name) == folder
    }
}

pub(super) fn apply(names: &mut BTreeMap<String, u64>, change: &NameChange) {
    match change {
        NameChange::Add(name, number) => {
            names.insert(name.clone(), *number);
        }
        NameChange::Rename(from, to, number) => {
            names.remove(from);
            names.insert(to.clone(), *number);
        }
        NameChange::Remove(name) => {
            names.remove(name);
        }
    }
}

/// The folder of a name.
fn folder_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}
