//! Changes of the overlay.

use breachdex::OverlayFile;

use super::{Checked, World, say};
use crate::disk::Crash;
use crate::model::{Banned, read_overlay};

impl World {
    /// Digests that are in the world, nearly in it, and not in it.
    pub(super) fn digests(&mut self, count: usize) -> Vec<Vec<u8>> {
        let length = self.setup.kind.hex_digits() / 2;
        let mut digests = Vec::with_capacity(count);
        for _ in 0..count {
            let prefix = self.setup.prefixes[self.rng.index(self.setup.prefixes.len())];
            let known = self.server.ever(prefix);
            let banned: Vec<&Vec<u8>> = self.overlay.iter().flatten().collect();
            let mut digest = match self.rng.below(10) {
                0..3 if !banned.is_empty() => banned[self.rng.index(banned.len())].clone(),
                0..8 if !known.is_empty() => known[self.rng.index(known.len())].clone(),
                _ => {
                    let mut digest = vec![0; length];
                    self.rng.bytes(&mut digest);
                    digest
                }
            };
            if self.rng.percent(25) {
                let at = self.rng.pick(&[length - 1, length - 1, 8, 5, 2]);
                digest[at] ^= 1 << self.rng.below(8);
            }
            digests.push(digest);
        }
        digests
    }

    pub(super) fn edit(&mut self) -> Checked {
        let digests = {
            let count = 1 + self.rng.index(6);
            self.digests(count)
        };
        let adds = self.rng.percent(65);
        let asked: Vec<_> = digests.iter().map(|digest| self.setup.digest(digest)).collect();
        let kind = self.setup.kind;
        let ran = self.attempt(40, |world, monitor| {
            let file = OverlayFile::at(world.overlay());
            if adds { file.add(kind, &asked, monitor) } else { file.remove(kind, &asked, monitor) }
        });
        let digests: Banned = digests.into_iter().collect();
        let old = self.overlay.clone().unwrap_or_default();
        let new: Banned = if adds { &old | &digests } else { &old - &digests };
        let mut synced = false;
        match &ran.result {
            Ok(change) => {
                say!(self, "  overlay, adds {adds}: {change:?}");
                synced = change.durability.is_synced();
                let changed = (old.len().abs_diff(new.len()), new.len());
                if (change.changed as usize, change.entries as usize) != changed {
                    return Err(format!("the overlay says {change:?}, and it is {changed:?}"));
                }
            }
            Err(error) => {
                say!(self, "  overlay, adds {adds}: {error}");
                let is_missing = !adds && self.overlay.is_none();
                if ran.is_calm && !is_missing {
                    return Err(format!(
                        "nothing stood in its way, and the overlay was not changed: {error}"
                    ));
                }
            }
        }
        let actual = read_overlay(&self.overlay(), kind)?;
        let is_lost = ran.crash == Some(Crash::Power);
        let is_old = actual == self.overlay;
        let may_be_old = ran.result.is_err() || (is_lost && !synced);
        let is_back = is_lost && may_be_old && self.overlay_back.contains(&actual);
        let is_new = actual.as_ref() == Some(&new);
        if !(is_new || may_be_old && is_old || is_back) {
            return Err(format!("the overlay is neither old nor new: {actual:02X?}, not {new:02X?}"));
        }
        if is_lost || (synced && !is_old) {
            self.overlay_back.clear();
        } else if !is_old {
            self.overlay_back.push(self.overlay.clone());
        }
        self.overlay = actual;
        self.settle_other_replica(ran.crash)?;
        self.settle_other_target(ran.crash)
    }

    /// The overlay after a step that does not concern it.
    pub(super) fn settle_overlay(&mut self, crash: Option<Crash>) -> Checked {
        let actual = read_overlay(&self.overlay(), self.setup.kind)?;
        let is_lost = crash == Some(Crash::Power);
        if actual != self.overlay && !(is_lost && self.overlay_back.contains(&actual)) {
            return Err(format!("the overlay is {actual:02X?} and was {:02X?}", self.overlay));
        }
        if is_lost {
            self.overlay_back.clear();
        }
        self.overlay = actual;
        self.settle_other_replica(crash)
    }

    /// The target after a step that does not concern it.
    pub(super) fn settle_other_target(&mut self, crash: Option<Crash>) -> Checked {
        let old = self.target.clone();
        self.settle(crash, None, move |_, content| match old.as_ref() == Some(content) {
            true => Ok(()),
            false => Err("it changed with the overlay".into()),
        })
    }
}
