//! Every residency gives the file's bytes; what does not fit is refused with its figures.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use std::io::Write as _;

use super::*;
use crate::storage::{Access as _, Buffer};

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

#[test]
fn every_residency_holds_the_same_bytes() {
    let bytes: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let file = file(&bytes);
    for (residency, is_mapped) in Residency::ALL.into_iter().flat_map(|all| [(all, false), (all, true)]) {
        let opened = file.reopen().unwrap();
        match Storage::open(opened, bytes.len() as u64, file.path(), residency, is_mapped) {
            Ok(storage) => {
                let (reading, mut buffer) = (storage.reading(ReadMode::Blocking), Buffer::default());
                reading.load(0, bytes.len(), 0, &mut buffer).unwrap();
                assert!(reading.loaded(0, &buffer)[..bytes.len()] == bytes, "{residency}");
                let is_copy = residency == Residency::HugePages;
                assert_eq!(storage.bytes().is_some(), is_mapped || is_copy, "{residency}");
            }
            // Not every user may lock this much.
            Err(error) => assert!(
                residency == Residency::Locked && matches!(error, Error::DoesNotFit { .. }),
                "{residency}: {error}"
            ),
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_before_it_is_read() {
    let file = file(b"short");
    for residency in [Residency::Populate, Residency::Locked, Residency::HugePages] {
        let opened = file.reopen().unwrap();
        let refused = Storage::open(opened, 1 << 60, "big.bdx".as_ref(), residency, true);
        let error = refused.err().unwrap();
        let Error::DoesNotFit { needed, available, .. } = &error else { panic!("{error}") };
        assert!(*needed == 1 << 60 && *available < 1 << 50);
        let message = error.to_string();
        assert_eq!(
            message,
            format!(
                "big.bdx does not fit: it needs 1152921504606846976 bytes and there are {available} of free memory; \
                 make room, or open it on demand"
            )
        );
    }
    assert!(Storage::open(file.reopen().unwrap(), 5, file.path(), Residency::OnDemand, true).is_ok());
}

#[test]
fn a_copy_of_a_file_that_was_cut_is_an_error() {
    let file = file(b"short");
    let refused = Storage::open(file.reopen().unwrap(), 6, "cut.bdx".as_ref(), Residency::HugePages, false);
    assert_eq!(refused.err().unwrap().to_string(), "cannot copy into memory cut.bdx: the file was cut short");
}

#[test]
fn names_are_read_back() {
    for residency in Residency::ALL {
        assert_eq!(residency.name().parse(), Ok(residency));
    }
    assert_eq!(
        "everything".parse::<Residency>().unwrap_err().to_string(),
        "the residency is none of on-demand, populate, locked, huge-pages"
    );
}

#[test]
fn the_systems_figures_are_read() {
    let text = "MemTotal:       24684092 kB\nMemFree:  1 kB\nMemAvailable:   23000000 kB\n";
    assert_eq!(available_of(text), Some(23_000_000 << 10));
    assert_eq!(available_of("MemTotal: 1 kB\n"), None);
}
