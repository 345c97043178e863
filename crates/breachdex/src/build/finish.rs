//! The end of an index file: directory, facts, notes, and last the header that makes it one.

#![forbid(unsafe_code)]

use super::groups::GroupStore;
use super::positioned;
use crate::coverage::Coverage;
use crate::error::{Error, Result};
use crate::format::checksum::{self, ContentHasher};
use crate::format::directory::DirectoryBuilder;
use crate::format::facts::Facts;
use crate::format::header::{Extent, Header};
use crate::format::notes::{self, Note};
use crate::index::ContentId;

/// What the header says beyond the groups.
pub(crate) struct Provenance {
    pub(crate) coverage: Coverage,
    pub(crate) floor: u64,
    /// Collisions of the index inputs, which their entries no longer show.
    pub(crate) earlier_collisions: u64,
    pub(crate) source: String,
    pub(crate) date: String,
    /// Beside the name of the program.
    pub(crate) notes: Vec<Note>,
}

/// Writes everything behind the groups, then the header. Returns the file's length and its content id.
pub(crate) fn finish(store: &GroupStore, provenance: &Provenance) -> Result<(u64, ContentId)> {
    let log = &store.log;
    let layout = store.layout;
    let mut directory = DirectoryBuilder::new(layout.directory_bits);
    for place in &log.places {
        directory.push(place.prefix, place.offset, place.checksum)?;
    }
    let directory = directory.finish();
    let facts = Facts {
        coverage: provenance.coverage.clone(),
        source: provenance.source.clone(),
        date: provenance.date.clone(),
    }
    .encode();
    let tool = concat!("breachdex ", env!("CARGO_PKG_VERSION"));
    let others = provenance.notes.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
    let notes: Vec<(&str, &[u8])> = [(notes::TOOL, tool.as_bytes())].into_iter().chain(others).collect();
    let notes = notes::encode(&notes);
    let groups = Extent { offset: store.base, length: log.length, checksum: 0 };
    let directory_extent = groups.next(directory.len() as u64, checksum::section(&directory));
    let facts_extent = directory_extent.next(facts.len() as u64, checksum::section(&facts));
    let counted = |number: u64| if layout.counts { number } else { 0 };
    let total = if layout.counts { log.totals.count } else { 0 };
    let mut header = Header {
        layout,
        entries: log.totals.entries,
        total_count: u64::try_from(total)
            .map_err(|_| Error::Unbuildable(format!("all counts add up to more than {}", u64::MAX)))?,
        max_count: counted(log.totals.max_count),
        floor: provenance.floor,
        collisions: log.totals.collisions + provenance.earlier_collisions,
        group_count: log.places.len() as u64,
        groups,
        directory: directory_extent,
        facts: facts_extent,
        notes: facts_extent.next(notes.len() as u64, checksum::section(&notes)),
        content_id: [0; 20],
    };
    let mut content = ContentHasher::new(&header, &facts);
    for place in &log.places {
        content.group(place.prefix, place.checksum);
    }
    header.content_id = content.finish();
    let tail = [directory, facts, notes].concat();
    positioned::write_all(&store.file, &tail, directory_extent.offset, &store.place)?;
    positioned::write_all(&store.file, &header.encode(), 0, &store.place)?;
    Ok((header.file_length(), ContentId(header.content_id)))
}
