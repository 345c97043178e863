//! LMDB: digests and 32-bit counts in its unnamed database.

#![forbid(unsafe_code)]

use std::ops::Bound;
use std::path::Path;

use heed::types::Bytes;
use heed::{CommitOrAbort, Database, Env, EnvFlags, PutFlags, RoTxn, RwTxn, WithTls};

use super::{Ask, Knows, Outcome, Structure, bounds, each_row, storage};
use crate::corpus::{Corpus, Row};

/// Entries written before a transaction ends: some 140 MB of dirty pages.
const TRANSACTION: u64 = 4_000_000;
/// Room for an entry in the address space; a fraction of it is used.
const ROOM: u64 = 64;
/// Room for whatever an empty database needs.
const LEAST_ROOM: u64 = 1 << 30;

/// Digests and counts.
type Entries = Database<'static, Bytes, Bytes>;
const NOT_OPENED: &str = "LMDB did not open its unnamed database";

/// The database.
pub(super) struct Lmdb;

impl Structure for Lmdb {
    fn name(&self) -> &'static str {
        "lmdb"
    }

    fn title(&self) -> &'static str {
        "LMDB"
    }

    fn settings(&self) -> String {
        let version = heed::lmdb_version();
        format!(
            "LMDB {}.{}.{} through `heed`; built with NOSYNC and NORDAHEAD, MDB_APPEND in ascending order, \
             transactions of 4,000,000 entries, synced once at the end; read with RDONLY, NOLOCK and NORDAHEAD \
             (which is MADV_RANDOM) in one transaction",
            version.major, version.minor, version.patch
        )
    }

    fn knows(&self) -> Knows {
        Knows { counts: true, ranges: true, exact: true }
    }

    fn build(&self, corpus: &Corpus, folder: &Path) -> Outcome<()> {
        let room = usize::try_from((corpus.spec().entries * ROOM + LEAST_ROOM).next_multiple_of(1 << 21))?;
        let environment = storage::open_lmdb(folder, room, EnvFlags::NO_SYNC | EnvFlags::NO_READ_AHEAD)?;
        let transaction = environment.write_txn()?;
        let created = environment.create_databases_and_commit(transaction, |opener, transaction| {
            let database = opener.create_database(transaction, None)?;
            Ok::<_, heed::Error>(CommitOrAbort::<_, ()>::Commit(database))
        })?;
        let database: Entries = created.commit().ok_or(NOT_OPENED)?;
        let (mut transaction, mut written) = (None, 0);
        each_row(corpus, |row| {
            let mut open = match transaction.take() {
                Some(open) => open,
                None => environment.write_txn()?,
            };
            database.put_with_flags(&mut open, PutFlags::APPEND, &row.digest, &row.count.to_be_bytes())?;
            written += 1;
            if written % TRANSACTION == 0 {
                open.commit()?;
            } else {
                transaction = Some(open);
            }
            Ok::<(), heed::Error>(())
        })?;
        transaction.map_or(Ok(()), RwTxn::commit)?;
        environment.force_sync()?;
        environment.prepare_for_closing().wait();
        Ok(())
    }

    fn open(&self, folder: &Path) -> Outcome<Box<dyn Ask>> {
        let length = std::fs::metadata(folder.join("data.mdb"))?.len();
        let room = usize::try_from(length.next_multiple_of(1 << 21))?;
        let flags = EnvFlags::READ_ONLY | EnvFlags::NO_LOCK | EnvFlags::NO_READ_AHEAD;
        let environment = storage::open_lmdb(folder, room, flags)?;
        let opened =
            environment.open_databases_and_commit(environment.read_txn()?, |opener, transaction| {
                Ok::<_, heed::Error>(match opener.open_database(transaction, None)? {
                    Some(database) => CommitOrAbort::Commit(database),
                    None => CommitOrAbort::Abort(()),
                })
            })?;
        let database: Entries = opened.commit().ok_or(NOT_OPENED)?;
        let transaction = environment.clone().static_read_txn()?;
        Ok(Box::new(Open { database, transaction, _environment: environment }))
    }
}

/// In the order in which they must be dropped.
struct Open {
    database: Entries,
    transaction: RoTxn<'static, WithTls>,
    _environment: Env,
}

impl Ask for Open {
    fn ask(&self, question: &Row) -> Outcome<u64> {
        let count = self.database.get(&self.transaction, &question.digest)?;
        let Some(bytes) = count else { return Ok(0) };
        let bytes = bytes.first_chunk().ok_or("a count has fewer than four bytes")?;
        Ok(u64::from(u32::from_be_bytes(*bytes)))
    }

    fn entries_under(&self, prefix: u32) -> Option<Outcome<u64>> {
        let (first, last) = bounds(prefix);
        Some(self.count_between(&first, &last).map_err(Into::into))
    }
}

impl Open {
    fn count_between(&self, first: &[u8], last: &[u8]) -> heed::Result<u64> {
        let mut entries =
            self.database.range(&self.transaction, &(Bound::Included(first), Bound::Included(last)))?;
        entries.try_fold(0, |sum, entry| entry.map(|_| sum + 1))
    }
}
