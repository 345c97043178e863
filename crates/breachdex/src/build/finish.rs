//! The end of an index file: directory, facts, hashes, notes, and last the header that makes it one.

#![forbid(unsafe_code)]

use super::groups::GroupStore;
use super::positioned;
use crate::coverage::Coverage;
use crate::error::{Error, Result};
use crate::format::checksum;
use crate::format::content::{self, HASH, UnitHasher};
use crate::format::directory::DirectoryBuilder;
use crate::format::facts::Facts;
use crate::format::header::{Extent, Header};
use crate::format::limits::MOST_SECTION;
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

/// What several indexes folded, which their headers may say anything of.
pub(crate) fn sum_of_collisions(numbers: impl IntoIterator<Item = u64>) -> Result<u64> {
    numbers.into_iter().try_fold(0_u64, u64::checked_add).ok_or_else(|| {
        Error::Unbuildable(format!(
            "the indexes say that more than {} digests were folded into others",
            u64::MAX
        ))
    })
}

/// Writes everything behind the groups, then the header. Returns the file's length and its content id.
pub(crate) fn finish(store: &GroupStore, provenance: &Provenance) -> Result<(u64, ContentId)> {
    let log = &store.log;
    let layout = store.layout;
    let mut directory = DirectoryBuilder::new(layout.directory_bits);
    let mut rows = Vec::with_capacity(log.places.len());
    let unit_bits = content::unit_bits(log.length, layout.directory_bits);
    let mut units = UnitHasher::new(layout.directory_bits, unit_bits);
    for place in &log.places {
        rows.push((place.prefix, directory.push(place.prefix, place.offset, place.checksum)?));
        units.add(place.prefix, &place.hash);
    }
    let (directory, hashes) = (directory.finish(), units.finish(unit_bits));
    let facts = Facts {
        coverage: provenance.coverage.clone(),
        source: provenance.source.clone(),
        date: provenance.date.clone(),
    }
    .encode();
    if facts.len() as u64 > MOST_SECTION {
        return Err(Error::Unbuildable(format!(
            "the facts of this index would take {} bytes, an index holds {MOST_SECTION} of them; give its source a \
             shorter name",
            facts.len()
        )));
    }
    let tool = concat!("breachdex ", env!("CARGO_PKG_VERSION"));
    let others = provenance.notes.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
    let notes: Vec<(&str, &[u8])> = [(notes::TOOL, tool.as_bytes())].into_iter().chain(others).collect();
    let notes = notes::encode(&notes)?;
    let groups = Extent { offset: store.base, length: log.length, checksum: 0 };
    let directory_extent = groups.next(directory.len() as u64, checksum::section(&directory));
    let facts_extent = directory_extent.next(facts.len() as u64, checksum::section(&facts));
    let hashes_extent = facts_extent.next(hashes.len() as u64, checksum::section(&hashes));
    let counted = |number: u64| if layout.counts { number } else { 0 };
    let total = if layout.counts { log.totals.count } else { 0 };
    let mut header = Header {
        layout,
        entries: log.totals.entries,
        total_count: u64::try_from(total)
            .map_err(|_| Error::Unbuildable(format!("all counts add up to more than {}", u64::MAX)))?,
        max_count: counted(log.totals.max_count),
        floor: provenance.floor,
        collisions: sum_of_collisions([log.totals.collisions, provenance.earlier_collisions])?,
        group_count: log.places.len() as u64,
        groups,
        directory: directory_extent,
        facts: facts_extent,
        hashes: hashes_extent,
        notes: hashes_extent.next(notes.len() as u64, checksum::section(&notes)),
        unit_bits,
        content_id: [0; HASH],
    };
    header.content_id = content::id(&header, rows.into_iter(), &facts, &hashes);
    let tail = [directory, facts, hashes, notes].concat();
    positioned::write_all(&store.file, &tail, directory_extent.offset, &store.place)?;
    positioned::write_all(&store.file, &header.encode(), 0, &store.place)?;
    Ok((header.file_length(), ContentId(header.content_id)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::digest::Kind;
    use crate::testing::layout;

    #[test]
    fn collisions_that_no_header_can_say_are_refused() {
        assert_eq!(sum_of_collisions([u64::MAX - 1, 1]).unwrap(), u64::MAX);
        assert_eq!(
            sum_of_collisions([u64::MAX, 1]).unwrap_err().to_string(),
            "the indexes say that more than 18446744073709551615 digests were folded into others"
        );
    }

    #[test]
    fn facts_that_no_reader_takes_are_not_written() {
        let provenance = |length: usize| Provenance {
            coverage: Coverage::whole(),
            floor: 1,
            earlier_collisions: 0,
            source: "a".repeat(length),
            date: String::new(),
            notes: Vec::new(),
        };
        // A count, one range, two texts.
        let most = (MOST_SECTION - 4 - 8 - 8) as usize;
        let file = tempfile::NamedTempFile::new().unwrap();
        let place = positioned::Place::Target(file.path().to_owned());
        let store = GroupStore::new(
            positioned::DiskFile { disk: crate::files::current(), file: file.reopen().unwrap() },
            place,
            256,
            layout(Kind::Sha1, 160, 0),
        );
        finish(&store, &provenance(most)).unwrap();
        assert_eq!(crate::Index::map(file.path()).unwrap().metadata().source.len(), most);
        assert!(crate::Index::open(file.path()).is_ok());
        assert_eq!(
            finish(&store, &provenance(most + 1)).unwrap_err().to_string(),
            "the facts of this index would take 67108865 bytes, an index holds 67108864 of them; give its source a \
             shorter name"
        );
    }
}
