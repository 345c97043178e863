//! The sources that are remembered: a table of fixed size, in sets of 16.
//!
//! A source has its place in the set that its hash names. If the set is full, one that is forgotten anyway makes room, or
//! the one that was seen least recently among those with the least evidence. A flood of new sources so displaces quiet
//! sources, and not those that an alarm was raised for.

#![forbid(unsafe_code)]

use crate::entry::{Entry, WORTH_KEEPING};

/// Seconds by which a time may be older than the newest one, as when hosts differ. More than that is a clock set back.
pub(crate) const CLOCK_TOLERANCE: u32 = 3600;
/// Places of a set.
const WAYS: usize = 16;

/// The table.
pub(crate) struct Table {
    /// The low half of a source's hash, never 0; 0 for a free place.
    tags: Vec<u32>,
    entries: Vec<Entry>,
    forget_after: u32,
}

impl Table {
    pub(crate) fn new(places: usize, forget_after: u32) -> Self {
        Self { tags: vec![0; places], entries: vec![Entry::default(); places], forget_after }
    }

    pub(crate) fn places(&self) -> usize {
        self.tags.len()
    }

    fn tag(hash: u64) -> u32 {
        (hash as u32).max(1)
    }

    fn set(&self, hash: u64) -> usize {
        let sets = self.tags.len() / WAYS;
        (hash >> 32) as usize % sets * WAYS
    }

    fn find(&self, hash: u64) -> Option<usize> {
        let (tag, set) = (Self::tag(hash), self.set(hash));
        self.tags[set..set + WAYS].iter().position(|other| *other == tag).map(|way| set + way)
    }

    fn is_forgotten(&self, place: usize, now: u32) -> bool {
        let seen = self.entries[place].seen;
        // One from the future was made before the clock was set back.
        seen > now.saturating_add(CLOCK_TOLERANCE) || now.saturating_sub(seen) >= self.forget_after
    }

    /// The entry of a source that is remembered.
    pub(crate) fn get(&self, hash: u64, now: u32) -> Option<&Entry> {
        self.find(hash).filter(|place| !self.is_forgotten(*place, now)).map(|place| &self.entries[place])
    }

    /// The entry of a source, a new one if it is not remembered.
    pub(crate) fn entry(&mut self, hash: u64, now: u32) -> &mut Entry {
        let place = match self.find(hash) {
            Some(place) if !self.is_forgotten(place, now) => return &mut self.entries[place],
            Some(place) => place,
            None => self.free_place(self.set(hash), now),
        };
        self.tags[place] = Self::tag(hash);
        self.entries[place] = Entry::new(now);
        &mut self.entries[place]
    }

    fn free_place(&self, set: usize, now: u32) -> usize {
        let worth = |place: &usize| {
            let entry = &self.entries[*place];
            let class = match self.tags[*place] {
                0 => 0,
                _ if self.is_forgotten(*place, now) => 1,
                _ if entry.raised != 0 => 4,
                _ if entry.sum() >= WORTH_KEEPING => 3,
                _ => 2,
            };
            (class, entry.seen)
        };
        (set..set + WAYS).min_by_key(worth).unwrap_or(set)
    }

    /// Every place that is taken and not forgotten, with its tag.
    pub(crate) fn taken(&self, now: u32) -> impl Iterator<Item = (usize, u32, &Entry)> {
        let taken = self.tags.iter().zip(&self.entries).enumerate();
        taken
            .filter(move |(place, (tag, _))| **tag != 0 && !self.is_forgotten(*place, now))
            .map(|(place, (tag, entry))| (place, *tag, entry))
    }

    /// Puts an entry into a place, which must be free. Returns whether it was.
    pub(crate) fn put(&mut self, place: usize, tag: u32, entry: Entry) -> bool {
        match self.tags.get_mut(place) {
            Some(free) if *free == 0 && tag != 0 => *free = tag,
            _ => return false,
        }
        self.entries[place] = entry;
        true
    }
}
