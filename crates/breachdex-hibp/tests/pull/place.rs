//! A published index in memory, which notes what is read.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use breachdex_hibp::pull::{Fetching, Opened, RemoteFile, RemoteFolder};

/// What is read of which file.
type Log = Arc<Mutex<Vec<(String, Range<u64>)>>>;

#[derive(Default)]
pub(crate) struct Place {
    pub(crate) files: HashMap<String, Arc<Vec<u8>>>,
    log: Log,
}

impl Place {
    pub(crate) fn of(index: &[u8]) -> Self {
        let mut place = Self::default();
        place.put("", index.to_vec());
        place
    }

    /// The same files, of which nothing was read.
    pub(crate) fn afresh(&self) -> Self {
        Self { files: self.files.clone(), ..Self::default() }
    }

    pub(crate) fn put(&mut self, ending: &str, bytes: Vec<u8>) {
        self.files.insert(ending.to_owned(), Arc::new(bytes));
    }

    /// The parts of the files with these endings that were read.
    pub(crate) fn parts(&self, ending: &str) -> Vec<Range<u64>> {
        let log = self.log.lock().unwrap();
        log.iter().filter(|(name, _)| name == ending).map(|(_, part)| part.clone()).collect()
    }

    /// Bytes that were read of everything.
    pub(crate) fn moved(&self) -> u64 {
        self.log.lock().unwrap().iter().map(|(_, part)| part.end - part.start).sum()
    }
}

struct Held {
    name: String,
    bytes: Arc<Vec<u8>>,
    log: Log,
}

impl RemoteFile for Held {
    fn length(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn version(&self) -> &'static str {
        "1"
    }

    fn read<'a>(&'a self, part: Range<u64>, into: &'a mut Vec<u8>) -> Fetching<'a, ()> {
        Box::pin(async move {
            self.log.lock().unwrap().push((self.name.clone(), part.clone()));
            into.extend_from_slice(&self.bytes[part.start as usize..part.end as usize]);
            Ok(())
        })
    }
}

impl RemoteFolder for Place {
    fn name(&self) -> String {
        "memory:a.bdx".to_owned()
    }

    fn open<'a>(&'a self, ending: &'a str, first: u64) -> Fetching<'a, Option<Opened>> {
        Box::pin(async move {
            let Some(bytes) = self.files.get(ending).cloned() else { return Ok(None) };
            let start = bytes[..bytes.len().min(first as usize)].to_vec();
            self.log.lock().unwrap().push((ending.to_owned(), 0..start.len() as u64));
            let file = Held { name: ending.to_owned(), bytes, log: Arc::clone(&self.log) };
            Ok(Some(Opened { file: Arc::new(file), start }))
        })
    }
}
