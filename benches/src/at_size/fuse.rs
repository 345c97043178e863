//! Binary fuse filters over the first 64 bits, mapped: no counts, no ranges, false positives.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::Write;
use std::path::Path;

use memmap2::Mmap;
use xorf::{BinaryFuse8, BinaryFuse8Ref, BinaryFuse16, BinaryFuse16Ref, DmaSerializable, Filter, FilterRef};

use super::{Ask, Knows, Outcome, Structure, each_row, storage};
use crate::corpus::{Corpus, Row};

const FILE: &str = "filter.fuse";
/// Bytes of the descriptor. It stands behind the fingerprints, so that these are aligned.
const DESCRIPTOR: usize = BinaryFuse16::DESCRIPTOR_LEN;

/// Bits of a fingerprint.
#[derive(Clone, Copy)]
enum Fuse {
    Eight,
    Sixteen,
}

/// Both widths.
pub(super) fn all() -> Vec<Box<dyn Structure>> {
    vec![Box::new(Fuse::Eight), Box::new(Fuse::Sixteen)]
}

impl Structure for Fuse {
    fn name(&self) -> &'static str {
        match self {
            Self::Eight => "fuse-8",
            Self::Sixteen => "fuse-16",
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Eight => "binary fuse filter, 8 bits",
            Self::Sixteen => "binary fuse filter, 16 bits",
        }
    }

    fn settings(&self) -> String {
        "`xorf` over the first 64 bits of a digest, built from an array of all of them; mapped with MADV_RANDOM"
            .into()
    }

    fn knows(&self) -> Knows {
        Knows { counts: false, ranges: false, exact: false }
    }

    /// The keys, and what `xorf` keeps for each while it peels: 8 bytes of key, 9 of order, 1.13 × 13 of sets.
    fn memory_to_build(&self, entries: u64) -> u64 {
        entries * 36
    }

    fn build(&self, corpus: &Corpus, folder: &Path) -> Outcome<()> {
        let mut keys = Vec::with_capacity(corpus.spec().entries as usize);
        each_row(corpus, |row| {
            keys.push(row.leading());
            Ok::<(), std::convert::Infallible>(())
        })?;
        let path = folder.join(FILE);
        match self {
            Self::Eight => write(&BinaryFuse8::try_from(keys)?, &path),
            Self::Sixteen => write(&BinaryFuse16::try_from(keys)?, &path),
        }
    }

    fn open(&self, folder: &Path) -> Outcome<Box<dyn Ask>> {
        let mapping = storage::map_random(&folder.join(FILE))?;
        if mapping.len() < DESCRIPTOR {
            return Err(format!("{FILE} has {} bytes, which is no filter", mapping.len()).into());
        }
        Ok(Box::new(Open { mapping, width: *self }))
    }
}

fn write(filter: &impl DmaSerializable, path: &Path) -> Outcome<()> {
    let mut descriptor = [0; DESCRIPTOR];
    filter.dma_copy_descriptor_to(&mut descriptor);
    let mut file = File::create(path)?;
    file.write_all(filter.dma_fingerprints())?;
    file.write_all(&descriptor)?;
    Ok(file.sync_all()?)
}

struct Open {
    mapping: Mmap,
    width: Fuse,
}

impl Ask for Open {
    fn ask(&self, question: &Row) -> Outcome<u64> {
        // Making a reference reads the descriptor's 20 bytes and nothing else.
        let (fingerprints, descriptor) = self.mapping.split_at(self.mapping.len() - DESCRIPTOR);
        let key = question.leading();
        Ok(u64::from(match self.width {
            Fuse::Eight => BinaryFuse8Ref::from_dma(descriptor, fingerprints).contains(&key),
            Fuse::Sixteen => BinaryFuse16Ref::from_dma(descriptor, fingerprints).contains(&key),
        }))
    }
}
