//! Segments, and the index that they are joined into: absent, as it was, or what the segments hold together.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use breachdex::{
    BuildOptions, CoverageRule, Error, Format, Input, JoinOptions, MergeRule, Source, build, join,
};

use super::{Checked, World, say};
use crate::disk::Crash;
use crate::model::{Content, read_any};

const MOST_SEGMENTS: u64 = 5;

impl World {
    pub(super) fn joined(&self) -> PathBuf {
        self.folder.path().join("joined.bdx")
    }

    fn segment(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("segment-{number}.bdx"))
    }

    /// Builds segments anew, all or some, and joins what is there.
    pub(super) fn join(&mut self) -> Checked {
        let count = self.rng.scale(MOST_SEGMENTS) as usize;
        if self.rng.percent(80) {
            self.build_segments(count)?;
        }
        let names: Vec<PathBuf> =
            (0..count).map(|number| self.segment(number)).filter(|path| path.exists()).collect();
        if names.is_empty() {
            return Ok(());
        }
        let parts: Vec<Option<Content>> =
            names.iter().map(|path| read_any(path)).collect::<Result<_, _>>()?;
        let expected = union(parts.into_iter().flatten());
        let options = JoinOptions {
            complete: false,
            memory: 16 << 20,
            threads: 1,
            replace: self.rng.percent(80),
            directory_bits: self.rng.pick(&[None, None, Some(12), Some(16)]),
            ..JoinOptions::default()
        };
        let ran = self.attempt(60, |world, monitor| join(&names, &world.joined(), &options, monitor));
        say!(self, "  join: {:?}", ran.result.as_ref().map_err(ToString::to_string));
        let old = self.joined.clone();
        let published = match &ran.result {
            Ok(report) => {
                let entries = expected.as_ref().map(|content| content.values().map(Vec::len).sum::<usize>());
                if entries != Some(report.entries as usize) {
                    return Err(format!(
                        "the join says {report:?}, of segments that hold {entries:?} entries"
                    ));
                }
                Some(report.durability.is_synced())
            }
            Err(Error::TargetExists(_)) if old.is_some() && !options.replace => None,
            Err(Error::UnfitSegment { .. }) => None,
            Err(error) if ran.is_calm => {
                return Err(format!("nothing stood in its way, and the join failed: {error}"));
            }
            Err(Error::Damaged { .. }) => {
                return Err("sound segments are said to be damaged".into());
            }
            Err(_) => None,
        };
        if ran.is_calm && expected.is_some() && matches!(ran.result, Err(Error::UnfitSegment { .. })) {
            return Err(format!("segments that fit were refused: {:?}", ran.result.map(drop)));
        }
        let actual = read_any(&self.joined())?;
        let is_lost = ran.crash == Some(Crash::Power);
        let is_new = actual.is_some() && actual == expected;
        let may_be_old = published.is_none() || is_lost && published == Some(false);
        let is_back = is_lost && self.joined_back.contains(&actual);
        if !(is_new || may_be_old && (actual == old || is_back)) {
            return Err("what was joined is neither old nor what the segments hold".into());
        }
        if is_lost || published == Some(true) {
            self.joined_back.clear();
        } else if actual != old || published.is_some() {
            self.joined_back.push(old);
        }
        self.joined = actual;
        if ran.is_calm && ran.result.is_ok() {
            self.nothing_else(&[".joined.bdx.breachdex-"], "join")?;
        }
        Ok(())
    }

    fn build_segments(&mut self, count: usize) -> Checked {
        let setup = self.setup.clone();
        let min_count = if setup.counts { setup.min_count } else { 1 };
        let mut parts: Vec<Vec<u32>> = vec![Vec::new(); count];
        let overlaps = self.rng.percent(10);
        for prefix in &setup.prefixes {
            parts[self.rng.index(count)].push(*prefix);
            if overlaps && self.rng.percent(20) {
                parts[self.rng.index(count)].push(*prefix);
            }
        }
        let directory_bits = self.rng.pick(&[None, Some(16), Some(16), Some(10)]);
        let mut jobs = Vec::new();
        for (number, mut part) in parts.into_iter().enumerate() {
            part.dedup();
            if part.is_empty() || self.rng.percent(10) {
                continue;
            }
            let (mut lines, mut expected) = (String::new(), Content::new());
            for prefix in &part {
                let rows = self.server.rows(*prefix);
                for (digest, count) in &rows {
                    digest.iter().for_each(|byte| _ = write!(lines, "{byte:02X}"));
                    let _ = writeln!(lines, ":{count}");
                }
                let setup = crate::model::Setup { min_count, ..setup.clone() };
                expected.insert(*prefix, setup.kept(&rows));
            }
            if lines.is_empty() {
                // Refused, as an empty file is.
                continue;
            }
            let source = self.folder.path().join(format!("source-{number}.txt"));
            std::fs::write(&source, lines).expect("a file can be written");
            let options = BuildOptions {
                kind: setup.kind,
                bits: setup.bits,
                force_bits: true,
                counts: setup.counts,
                min_count,
                merge: Some(MergeRule::Max),
                coverage: CoverageRule::Prefixes(part.iter().map(|prefix| (*prefix, *prefix)).collect()),
                directory_bits,
                memory: 16 << 20,
                threads: 1,
                replace: true,
                ..BuildOptions::default()
            };
            jobs.push((
                Input { source: Source::Path(source), format: Some(Format::Hibp) },
                number,
                options,
                expected,
            ));
        }
        let before: Vec<Option<Content>> =
            jobs.iter().map(|(_, number, ..)| read_any(&self.segment(*number))).collect::<Result<_, _>>()?;
        let ran = self.attempt(60 * count as u64, |world, monitor| {
            jobs.iter().try_for_each(|(input, number, options, _)| {
                build(std::slice::from_ref(input), &world.segment(*number), options, monitor).map(drop)
            })
        });
        say!(self, "  segments: {:?}", ran.result.as_ref().map_err(ToString::to_string));
        if let (Err(error), true) = (&ran.result, ran.is_calm) {
            return Err(format!("nothing stood in its way, and a segment was not built: {error}"));
        }
        for ((_, number, _, expected), before) in jobs.into_iter().zip(before) {
            let actual = read_any(&self.segment(number))?;
            let is_new = actual.as_ref() == Some(&expected);
            let may_differ = ran.result.is_err() || ran.crash.is_some();
            // A loss of power may bring back any that was there before, and each of those was one.
            let is_old = may_differ && (actual == before || ran.crash == Some(Crash::Power));
            if !(is_new || is_old) {
                return Err(format!("segment {number} is neither old nor new"));
            }
        }
        Ok(())
    }

    /// What was joined, after a step that does not concern it.
    pub(super) fn settle_joined(&mut self, is_lost: bool) -> Checked {
        let actual = read_any(&self.joined())?;
        if actual != self.joined && !(is_lost && self.joined_back.contains(&actual)) {
            return Err("what was joined changed with something else".into());
        }
        if is_lost {
            self.joined_back.clear();
        }
        self.joined = actual;
        Ok(())
    }

    /// With all faults gone, segments of everything are joined into what the server has.
    pub(super) fn end_join(&mut self) -> Checked {
        for number in 0..MOST_SEGMENTS as usize {
            let _ = std::fs::remove_file(self.segment(number));
        }
        let options = JoinOptions {
            complete: false,
            memory: 16 << 20,
            threads: 1,
            replace: true,
            ..JoinOptions::default()
        };
        let Some(first) = self.target.clone() else { return Ok(()) };
        let names = [self.target()];
        let joined = self.simulated(|| join(&names, &self.joined(), &options, &()));
        joined.map_err(|error| format!("without faults the target cannot be joined: {error}"))?;
        self.joined = read_any(&self.joined())?;
        if self.joined.as_ref() != Some(&first) {
            return Err("what one segment is joined into is not that segment".into());
        }
        self.nothing_else(&[".joined.bdx.breachdex-"], "join")
    }
}

/// What contents hold together; `None` where two have the same prefix.
fn union(parts: impl Iterator<Item = Content>) -> Option<Content> {
    let (mut all, mut prefixes) = (Content::new(), BTreeSet::new());
    for part in parts {
        if !part.keys().all(|prefix| prefixes.insert(*prefix)) {
            return None;
        }
        all.extend(part);
    }
    Some(all)
}
