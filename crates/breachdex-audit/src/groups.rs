//! Which accounts have the same password, told by tags of eight bytes an account.

#![forbid(unsafe_code)]

use rayon::ThreadPool;
use rayon::prelude::*;
use serde::Serialize;

use crate::identity::Tags;

/// How many of the largest groups a report shows.
pub(crate) const LARGEST: usize = 10;
/// Accounts of a group that are named.
pub(crate) const MEMBERS: usize = 100;

/// A password that several accounts have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Group {
    /// Its number, from 1: the largest groups have the lowest.
    pub id: u64,
    /// How many accounts have it.
    pub accounts: u64,
    /// Whether it is exposed.
    pub exposed: bool,
    /// The accounts by pseudonym or name, at most 100, in the order of the input; empty where the audit kept no rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
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

/// A group by its tag.
#[derive(Clone, Copy, Debug)]
struct Tagged {
    tag: u64,
    size: u32,
    id: u32,
}

/// The groups by tag.
pub(crate) struct Groups {
    /// Tags of two or more accounts, ascending.
    all: Vec<Tagged>,
}

impl Groups {
    /// Counts equal tags, which are in the order of the input. Sixteen bytes an account and a group.
    ///
    /// Groups have numbers by size; of equals, exposed ones come first, then the one that the input names first. So the
    /// same input has the same numbers in every run.
    pub(crate) fn of(tags: Vec<u64>, pool: &ThreadPool) -> Self {
        let mut sorted = tags.clone();
        pool.install(|| sorted.par_sort_unstable());
        let mut all: Vec<Tagged> = sorted
            .chunk_by(|a, b| a == b)
            .filter(|group| group.len() > 1)
            .map(|group| Tagged {
                tag: group[0],
                size: u32::try_from(group.len()).unwrap_or(u32::MAX),
                id: 0,
            })
            .collect();
        drop(sorted);
        // The place among those met first, then among all by size.
        let mut met = 0;
        for tag in tags {
            if let Ok(at) = all.binary_search_by_key(&tag, |group| group.tag)
                && all[at].id == 0
            {
                met += 1;
                all[at].id = met;
            }
        }
        let mut order: Vec<usize> = (0..all.len()).collect();
        order.sort_unstable_by_key(|at| {
            let Tagged { tag, size, id } = all[*at];
            (std::cmp::Reverse((size, Tags::is_exposed(tag))), id)
        });
        for (at, id) in order.into_iter().zip(1..) {
            all[at].id = id;
        }
        Self { all }
    }

    fn find(&self, tag: u64) -> Option<Tagged> {
        self.all.binary_search_by_key(&tag, |group| group.tag).ok().map(|at| self.all[at])
    }

    /// How many accounts have the password of this tag, 1 where nobody else has, and the group's number.
    pub(crate) fn size_and_id(&self, tag: u64) -> (u64, Option<u64>) {
        self.find(tag).map_or((1, None), |group| (group.size.into(), Some(group.id.into())))
    }

    pub(crate) fn summary(&self) -> Shared {
        let group = |group: &Tagged| Group {
            id: group.id.into(),
            accounts: group.size.into(),
            exposed: Tags::is_exposed(group.tag),
            members: Vec::new(),
        };
        let is_largest = |group: &&Tagged| group.id as usize <= LARGEST;
        let mut largest: Vec<Group> = self.all.iter().filter(is_largest).map(group).collect();
        largest.sort_unstable_by_key(|group| group.id);
        Shared {
            groups: self.all.len() as u64,
            exposed_groups: self.all.iter().filter(|group| Tags::is_exposed(group.tag)).count() as u64,
            accounts: self.all.iter().map(|group| u64::from(group.size)).sum(),
            largest,
        }
    }
}
