//! `breachdex._breachdex.build_packed`: a segment of what `Partitions` packed, for the tasks of `breachdex.spark`.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use breachdex::{BuildOptions, CoverageRule, Entry, Kind, PackedSorter};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyIterator, PyString};

use crate::build::{BuildReport, merge_rule};
use crate::errors::OrRaise as _;
use crate::password::kind_of;
use crate::rows::Next;
use crate::segments::{Take, build_rows, date_of, span_of};

type Sorter = PackedSorter<PyBackedBytes>;

/// `build_packed(pieces: Iterable[bytes], output: Path, *, first: str, last: str, kind: Kind, bits: int | None, counts: bool, min_count: int, merge: Literal['sum', 'max', 'error'], memory: int, temp_dir: Path, source: str, corpus_date: str | None) -> tuple[BuildReport, int]`
///
/// Builds a segment on one thread, and says how many rows it was built of. What fits into `memory` is put in order there; more is
/// sorted in `temp_dir`.
#[pyfunction]
#[pyo3(signature = (
    pieces, output, *, first, last, kind, bits, counts, min_count, merge, memory, temp_dir, source, corpus_date
))]
#[allow(clippy::too_many_arguments, reason = "Python's keywords, one for each option")]
pub(crate) fn build_packed(
    py: Python<'_>,
    pieces: &Bound<'_, PyAny>,
    output: PathBuf,
    first: &str,
    last: &str,
    kind: &Bound<'_, PyString>,
    bits: Option<u32>,
    counts: bool,
    min_count: u64,
    merge: &str,
    memory: u64,
    temp_dir: PathBuf,
    source: &str,
    corpus_date: Option<&Bound<'_, PyAny>>,
) -> PyResult<(BuildReport, u64)> {
    let (kind, span) = (kind_of(kind)?, span_of(py, first, last)?);
    let options = BuildOptions {
        kind,
        bits,
        counts,
        min_count,
        merge: Some(merge_rule(py, merge)?),
        coverage: CoverageRule::Prefixes(vec![span]),
        directory_bits: Some(16),
        memory,
        threads: 1,
        temp_dir: Some(temp_dir),
        source: source.to_owned(),
        date: date_of(corpus_date)?.unwrap_or_default(),
        ..BuildOptions::default()
    };
    let rest = Rest { pieces: pieces.try_iter()?, kind, span };
    let (gathered, is_all) = rest.gather(memory)?;
    let mut rows = gathered.rows();
    let read = |take: Take<'_>| -> PyResult<Next> {
        if is_all {
            return Ok(py.detach(|| handed_on(gathered.sorted(), take)));
        }
        if let Next::Stop = py.detach(|| handed_on(gathered.unsorted(), take)) {
            return Ok(Next::Stop);
        }
        loop {
            let (sorter, is_last) = rest.gather(0)?;
            rows += sorter.rows();
            if let Next::Stop = py.detach(|| handed_on(sorter.unsorted(), take)) {
                return Ok(Next::Stop);
            }
            if is_last {
                return Ok(Next::More);
            }
        }
    };
    // Tasks that packed them left what is to be said of the lists.
    let read = |take: Take<'_>| Ok((read(take)?, breachdex::ListNotes::default()));
    let report = build_rows(py, read, is_all, &output, &options, None)?;
    Ok((report, rows))
}

/// Pieces that were not read yet.
struct Rest<'py> {
    pieces: Bound<'py, PyIterator>,
    kind: Kind,
    span: (u32, u32),
}

impl Rest<'_> {
    /// Reads pieces until they take more than so much memory, and says whether these are all.
    fn gather(&self, memory: u64) -> PyResult<(Sorter, bool)> {
        let py = self.pieces.py();
        let mut sorter = Sorter::new(self.kind, self.span);
        for piece in self.pieces.clone() {
            let piece: PyBackedBytes = piece?.extract()?;
            py.detach(|| sorter.add(piece)).or_raise(py)?;
            if sorter.memory() > memory {
                return Ok((sorter, false));
            }
        }
        Ok((sorter, true))
    }
}

fn handed_on(batches: impl Iterator<Item = Vec<Entry>>, take: Take<'_>) -> Next {
    for batch in batches {
        if let Next::Stop = take(batch) {
            return Next::Stop;
        }
    }
    Next::More
}
