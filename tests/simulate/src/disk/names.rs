//! Names: what changed of them since the folder was synced.

use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub(super) enum NameChange {
    Add(String, u64),
    Rename(String, String, u64),
    Remove(String),
    /// A folder, with all that is in it.
    Folder(String, String),
}

impl NameChange {
    pub(super) fn is_in(&self, folder: &str) -> bool {
        let (Self::Add(name, _) | Self::Rename(_, name, _) | Self::Remove(name) | Self::Folder(_, name)) =
            self;
        folder_of(name) == folder
    }

    /// The same where folders do not have the names yet that they were given.
    pub(super) fn before(&self, folders: &[(String, String)]) -> Self {
        let name = |name: &String| before(name, folders);
        match self {
            Self::Add(added, number) => Self::Add(name(added), *number),
            Self::Rename(from, to, number) => Self::Rename(name(from), name(to), *number),
            Self::Remove(removed) => Self::Remove(name(removed)),
            Self::Folder(from, to) => Self::Folder(from.clone(), to.clone()),
        }
    }
}

fn before(name: &str, folders: &[(String, String)]) -> String {
    folders.iter().rev().fold(name.to_owned(), |name, (from, to)| moved(&name, to, from).unwrap_or(name))
}

/// What a name in a folder is once that has another name.
fn moved(name: &str, from: &str, to: &str) -> Option<String> {
    let rest = name.strip_prefix(from)?.strip_prefix('/')?;
    Some(format!("{to}/{rest}"))
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
        NameChange::Folder(from, to) => {
            *names = std::mem::take(names)
                .into_iter()
                .map(|(name, number)| (moved(&name, from, to).unwrap_or(name), number))
                .collect();
        }
    }
}

/// The folder of a name.
fn folder_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}
