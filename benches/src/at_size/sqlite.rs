//! SQLite: a table without row numbers, keyed by the digest.

#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::fs::File;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Statement};

use super::{Ask, Knows, Outcome, Structure, bounds};
use crate::corpus::{Corpus, Row};

const FILE: &str = "pwned.sqlite";
/// Rows inserted before a transaction ends.
const TRANSACTION: u64 = 4_000_000;

/// Settings of bulk loads: <https://sqlite.org/pragma.html>.
const LOADING: &str = "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE; \
                       PRAGMA cache_size=-262144;";
/// Settings of reading from the page cache: as much of the file is mapped as SQLite was compiled for.
const MAPPED: &str = "PRAGMA cache_size=-65536; PRAGMA mmap_size=1099511627776;";
/// Settings of reading from the disk. SQLite does not advise its mapping, so that a page fault would read ahead.
const UNMAPPED: &str = "PRAGMA cache_size=-65536;";
const TABLE: &str = "CREATE TABLE pwned (hash BLOB PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;";

/// The database.
pub(super) struct Sqlite;

impl Structure for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn title(&self) -> &'static str {
        "SQLite, WITHOUT ROWID"
    }

    fn settings(&self) -> String {
        format!(
            "SQLite {}; `{TABLE}`; built with `{LOADING}`, rows in ascending order, one prepared statement, \
             transactions of 4,000,000 rows, synced once at the end; read with `immutable=1` and one prepared \
             statement, from the page cache with `{MAPPED}` (SQLite maps 2 GiB at most unless it is compiled with a \
             larger SQLITE_MAX_MMAP_SIZE, and reads the rest), from the disk with `{UNMAPPED}`",
            rusqlite::version()
        )
    }

    fn knows(&self) -> Knows {
        Knows { counts: true, ranges: true, exact: true }
    }

    fn build(&self, corpus: &Corpus, folder: &Path) -> Outcome<()> {
        let path = folder.join(FILE);
        let database = Connection::open(&path)?;
        database.execute_batch(&format!("{LOADING} {TABLE} BEGIN;"))?;
        let mut insert = database.prepare("INSERT INTO pwned VALUES (?1, ?2)")?;
        let mut inserted = 0;
        super::each_row(corpus, |row| {
            insert.execute((&row.digest[..], row.count))?;
            inserted += 1;
            if inserted % TRANSACTION == 0 {
                database.execute_batch("COMMIT; BEGIN;")?;
            }
            Ok::<(), rusqlite::Error>(())
        })?;
        database.execute_batch("COMMIT;")?;
        drop(insert);
        database.close().map_err(|(_, error)| error)?;
        Ok(File::open(&path)?.sync_all()?)
    }

    fn open(&self, folder: &Path) -> Outcome<Box<dyn Ask>> {
        open(folder, MAPPED)
    }

    fn open_cold(&self, folder: &Path) -> Outcome<Box<dyn Ask>> {
        open(folder, UNMAPPED)
    }
}

fn open(folder: &Path, settings: &str) -> Outcome<Box<dyn Ask>> {
    let path = folder.join(FILE);
    let path = path.to_str().ok_or("the folder's name is not Unicode")?;
    // In an address these have meanings.
    let path = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(format!("file:{path}?immutable=1"), flags)?;
    database.execute_batch(settings)?;
    // Statements borrow from their connection. A process that asks opens a handful, so that they may live as long as
    // it does.
    let database: &'static Connection = Box::leak(Box::new(database));
    Ok(Box::new(Open {
        by_hash: RefCell::new(database.prepare("SELECT count FROM pwned WHERE hash = ?1")?),
        between: RefCell::new(database.prepare("SELECT COUNT(*) FROM pwned WHERE hash BETWEEN ?1 AND ?2")?),
    }))
}

struct Open {
    by_hash: RefCell<Statement<'static>>,
    between: RefCell<Statement<'static>>,
}

impl Ask for Open {
    fn ask(&self, question: &Row) -> Outcome<u64> {
        let mut statement = self.by_hash.borrow_mut();
        let count = statement.query_row([&question.digest[..]], |row| row.get::<_, u32>(0)).optional()?;
        Ok(count.map_or(0, u64::from))
    }

    fn entries_under(&self, prefix: u32) -> Option<Outcome<u64>> {
        let (first, last) = bounds(prefix);
        let mut statement = self.between.borrow_mut();
        let rows = statement.query_row([&first[..], &last[..]], |row| row.get::<_, u32>(0));
        Some(rows.map(u64::from).map_err(Into::into))
    }
}
