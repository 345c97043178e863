//! Which accounts have the same password, told by tags of eight bytes an account.

#![forbid(unsafe_code)]

use rayon::ThreadPool;
use rayon::prelude::*;
use serde::Serialize;

use crate::identity::Tags;

/// How many of the largest groups a report shows.
const LARGEST: usize = 10;

/// A password that several accounts have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Group {
    /// How many accounts have it.
    pub accounts: u64,
    /// Whether it is exposed.
    pub exposed: bool,
}

/// Passwords that several accounts have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Shared {
    /// Different passwords that more than one account has.
    pub groups: u64,
    /// How many of these are exposed.
    pub exposed_groups: u64,
    /// Accounts that have one of them.
    pub accounts: u64,
    /// The largest groups, the largest first; at most 10.
    pub largest: Vec<Group>,
}

/// The groups by tag.
pub(crate) struct Groups {
    /// Tags of two or more accounts, ascending, and how many.
    sizes: Vec<(u64, u32)>,
}

impl Groups {
    /// Counts equal tags. Eight bytes an account, and 16 a group.
    pub(crate) fn of(mut tags: Vec<u64>, pool: &ThreadPool) -> Self {
        pool.install(|| tags.par_sort_unstable());
        let sizes = tags
            .chunk_by(|a, b| a == b)
            .filter(|group| group.len() > 1)
            .map(|group| (group[0], u32::try_from(group.len()).unwrap_or(u32::MAX)))
            .collect();
        Self { sizes }
    }

    /// How many accounts have the password of this tag; 1 where nobody else has.
    pub(crate) fn size(&self, tag: u64) -> u64 {
        let found = self.sizes.binary_search_by_key(&tag, |(tag, _)| *tag);
        found.map_or(1, |at| u64::from(self.sizes[at].1))
    }

    pub(crate) fn summary(&self) -> Shared {
        let group =
            |&(tag, size): &(u64, u32)| Group { accounts: size.into(), exposed: Tags::is_exposed(tag) };
        let mut largest: Vec<Group> = self.sizes.iter().map(group).collect();
        let by_size = |a: &Group, b: &Group| (b.accounts, b.exposed).cmp(&(a.accounts, a.exposed));
        if largest.len() > LARGEST {
            largest.select_nth_unstable_by(LARGEST, by_size);
            largest.truncate(LARGEST);
        }
        largest.sort_unstable_by(by_size);
        Shared {
            groups: self.sizes.len() as u64,
            exposed_groups: self.sizes.iter().filter(|(tag, _)| Tags::is_exposed(*tag)).count() as u64,
            accounts: self.sizes.iter().map(|(_, size)| u64::from(*size)).sum(),
            largest,
        }
    }
}
