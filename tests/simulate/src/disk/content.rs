//! A file: what is on disk of it, and what was written since.

use crate::rng::Rng;

const SECTOR: u64 = 512;

#[derive(Clone, Debug)]
pub(super) enum Write {
    Bytes(u64, Vec<u8>),
    Length(u64),
}

#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) durable: Vec<u8>,
    pub(super) pending: Vec<Write>,
}

impl Content {
    /// Has all of it be on disk.
    pub(super) fn write_back(&mut self) {
        for write in std::mem::take(&mut self.pending) {
            match write {
                Write::Length(length) => self.durable.resize(length as usize, 0),
                Write::Bytes(offset, bytes) => put(&mut self.durable, offset as usize, &bytes),
            }
        }
    }

    /// What a file holds after a loss of power.
    pub(super) fn after_loss(self, rng: &mut Rng) -> Vec<u8> {
        let mut bytes = self.durable;
        // All, none, or some of it.
        let share = rng.pick(&[0, 50, 50, 90, 100]);
        for write in self.pending {
            match write {
                Write::Length(length) if rng.percent(share) => bytes.resize(length as usize, 0),
                Write::Length(_) => {}
                Write::Bytes(offset, written) => {
                    let tears = rng.percent(40);
                    let whole = rng.percent(share);
                    let mut at = 0;
                    while at < written.len() {
                        let end = SECTOR - (offset + at as u64) % SECTOR;
                        let end = written.len().min(at + end as usize);
                        if if tears { rng.percent(share) } else { whole } {
                            put(&mut bytes, offset as usize + at, &written[at..end]);
                        }
                        at = end;
                    }
                }
            }
        }
        bytes
    }
}

fn put(bytes: &mut Vec<u8>, offset: usize, written: &[u8]) {
    if bytes.len() < offset + written.len() {
        bytes.resize(offset + written.len(), 0);
    }
    bytes[offset..offset + written.len()].copy_from_slice(written);
}
