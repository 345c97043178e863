//! An index of entries that are in memory already, such as an overlay's: encoded in one go on the calling thread.

#![forbid(unsafe_code)]

use super::finish::{Provenance, finish};
use super::groups::{GroupLog, GroupStore, SpanWriter};
use super::options::MergeRule;
use super::publish::Publication;
use super::report::Stopwatches;
use super::span::{EntrySink as _, Keep, Misfit, Plan, SpanBuilder};
use crate::coverage::Coverage;
use crate::entry::Entry;
use crate::error::{Error, Result};
use crate::files::Durability;
use crate::format::header::LENGTH;
use crate::format::{Layout, directory_bits};

/// Writes an index of entries that ascend and differ, which covers everything, and publishes it. The layout's
/// directory bits are chosen here; `source` is what its facts say it comes from. Says whether it is known to be on disk.
///
/// # Errors
/// [`Error::Io`]; [`Error::Unbuildable`] where the counts add up to more than fits; [`Error::NotPublished`].
pub(crate) fn write_entries(
    publication: Publication,
    layout: Layout,
    entries: &[Entry],
    source: &str,
) -> Result<Durability> {
    let store = write(&publication, layout, entries, source)?;
    publication.sync()?;
    let checked = publication.read_back(&store)?;
    drop(store);
    publication.publish(checked)
}

/// Writes all of the index into the temporary file.
pub(super) fn write(
    publication: &Publication,
    layout: Layout,
    entries: &[Entry],
    source: &str,
) -> Result<GroupStore> {
    let layout = Layout { directory_bits: directory_bits(entries.len() as u64), ..layout };
    let plan = Plan {
        layout,
        width: layout.bits,
        merge: MergeRule::Error,
        keep: Keep::AtLeast(1),
        wanted: None,
        most: entries.len().max(1),
    };
    let mut builder = SpanBuilder::new(&plan);
    builder.begin(Vec::new());
    for entry in entries {
        builder.add(*entry).map_err(|misfit| match misfit {
            Misfit::Other(error) => error,
            Misfit::OutOfOrder | Misfit::Line(_) => {
                Error::Unbuildable("the entries are not in ascending order".into())
            }
        })?;
    }
    let (span, _) = builder.finish()?;
    let (file, place) = publication.file()?;
    let mut store = GroupStore::new(file, place, LENGTH as u64, layout);
    let mut log = GroupLog::default();
    SpanWriter::new(&store, &Stopwatches::default()).write(log.append(span)?)?;
    store.log = log;
    let provenance = Provenance {
        coverage: Coverage::whole(),
        floor: 1,
        earlier_collisions: 0,
        source: source.to_owned(),
        date: String::new(),
        notes: Vec::new(),
    };
    finish(&store, &provenance)?;
    Ok(store)
}
