//! Lists and tuples of Python's own strings: hashed while Python is held, looked up without it.

#![forbid(unsafe_code)]

use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::bulk::{Asker, Batch, What, at_row};
use crate::errors::from_source;
use crate::password::{digest_of, given_digest};

/// Rows between two moments in which other threads of Python may run.
const BATCH: usize = 8192;

/// A length is only what a list says of itself.
const MOST_AT_ONCE: usize = 1 << 20;

pub(crate) fn counts<'py>(
    asker: &Asker,
    values: &Bound<'py, PyAny>,
    what: What,
) -> PyResult<Bound<'py, PyList>> {
    let py = values.py();
    let mut counts: Vec<Option<u64>> = Vec::with_capacity(values.len()?.min(MOST_AT_ONCE));
    let mut batch = Batch::new(asker.kind());
    let settle = |batch: &mut Batch, counts: &mut Vec<Option<u64>>| {
        py.detach(|| batch.look_up(asker.corpus())).map_err(|fault| from_source(py, fault))?;
        for (row, count) in batch.rows.iter().zip(&batch.counts) {
            counts[*row as usize] = Some((*count).min(u64::from(u32::MAX)));
        }
        batch.digests.clear();
        batch.rows.clear();
        py.check_signals()
    };
    for (row, value) in values.try_iter()?.enumerate() {
        let value = value?;
        counts.push(None);
        if value.is_none() {
            continue;
        }
        let digest = match what {
            What::Passwords => digest_of(asker.kind(), &value),
            What::Digests => given_digest(asker.kind(), &value),
        };
        batch.digests.add_digest(digest.map_err(|error| at_row(py, row, error))?);
        batch.rows.push(row as u32);
        if batch.digests.len() == BATCH {
            settle(&mut batch, &mut counts)?;
        }
    }
    settle(&mut batch, &mut counts)?;
    PyList::new(py, counts)
}
