//! One build from its first byte to the published file.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::control::Control;
use super::finish::{Provenance, finish};
use super::flusher::Flusher;
use super::groups::{GroupStore, SpanWriter};
use super::intake::{Intake, LineCount};
use super::join::copied_inputs;
use super::memory::Memory;
use super::pipeline;
use super::plan::Decision;
use super::positioned::{DiskFile, Place};
use super::publish::Publication;
use super::report::{BuildReport, Stopwatches};
use super::select;
use super::sorted::{Disorder, Sorted, SortedSink};
use super::span::{Keep, Plan};
use super::spill::{Distributor, Partitions, Spill};
use super::spread::empty_span;
use super::transform::transform;
use super::unsorted::{Distribute, Remaining, SortParts, spill_groups};
use crate::digest::Kind;
use crate::error::{Error, InputError, Result, io_error};
use crate::files::Durability;
use crate::format::header::LENGTH;
use crate::format::notes::Note;
use crate::format::{Layout, OverlayMark};
use crate::index::ContentId;
use crate::input::Source;
use crate::input::blocks::BlockPool;
use crate::input::faults::RowShape;
use crate::input::stream::{Contents, InputStream, Oddities, Opened};
use crate::kernels::{ActiveKernel, Kernel};
use crate::monitor::Phase;

/// A build whose inputs were looked at and whose target was claimed.
pub(crate) struct Job<'a> {
    pub(crate) control: &'a Control<'a>,
    pub(crate) inputs: &'a [Opened],
    pub(crate) decision: &'a Decision,
    pub(crate) memory: Memory,
    pub(crate) temp_dir: Option<PathBuf>,
    pub(crate) source: String,
    pub(crate) date: String,
    pub(crate) watches: Stopwatches,
}

/// What a pass over the inputs made.
pub(crate) struct Pass {
    pub(crate) store: GroupStore,
    pub(crate) went_unsorted: Option<String>,
    pub(crate) left_out: u64,
    /// To be kept in the index.
    pub(crate) notes: Vec<Note>,
}

impl<'a> Job<'a> {
    /// Builds and publishes.
    pub(crate) fn run(&self, publication: Publication) -> Result<BuildReport> {
        let pass = match copied_inputs(self, &publication)? {
            Some(pass) => pass,
            None => self.read_inputs(&publication)?,
        };
        self.conclude(publication, pass)
    }

    /// Makes the index of what a pass wrote, and publishes it.
    pub(crate) fn conclude(&self, mut publication: Publication, pass: Pass) -> Result<BuildReport> {
        let mut threshold = self.decision.min_count;
        let mut store = pass.store;
        if store.base == 0 {
            (store, threshold) = self.choose(&publication, &store)?;
        }
        let entries = store.log.totals.entries;
        let bits = self.decision.directory_bits(entries)?;
        if bits != store.layout.directory_bits {
            store = self.regroup(&mut publication, &store, bits)?;
        }
        self.decision.check_rate(entries)?;
        let floor = self.decision.floors.floor(threshold);
        let provenance = Provenance {
            coverage: self.decision.coverage.clone(),
            floor,
            earlier_collisions: self.decision.earlier_collisions,
            source: self.source.clone(),
            date: self.date.clone(),
            notes: pass.notes,
        };
        let (bytes, content_id) = finish(&store, &provenance)?;
        self.control.enter(Phase::Syncing, None);
        self.control.poll()?;
        let flusher = store.flusher.take();
        self.control.run_one(|| {
            self.watches.syncing.time(|| {
                flusher.map_or(Ok(()), Flusher::finish).map_err(store.place.write_failed())?;
                publication.sync()
            })
        })?;
        self.control.poll()?;
        let checked = self.control.run_one(|| publication.read_back(&store))?;
        let report = self.report(&store, &provenance, bytes, content_id);
        drop(store);
        let durability = publication.publish(checked)?;
        Ok(BuildReport {
            durability,
            went_unsorted: pass.went_unsorted,
            left_out: pass.left_out + self.decision.files_left_out,
            ..report
        })
    }

    fn report(
        &self,
        store: &GroupStore,
        provenance: &Provenance,
        bytes: u64,
        content_id: ContentId,
    ) -> BuildReport {
        let Layout { kind, bits, .. } = store.layout;
        let totals = &store.log.totals;
        let exact = bits == kind.bits();
        BuildReport {
            entries: totals.entries,
            bytes,
            groups: store.log.places.len() as u64,
            groups_copied: totals.groups_copied,
            bytes_copied: totals.bytes_copied,
            content_id,
            collisions: totals.collisions + provenance.earlier_collisions,
            bits,
            false_positive_rate: if exact { 0.0 } else { totals.entries as f64 / 2_f64.powi(bits as i32) },
            floor: provenance.floor,
            holds_overlay: store.layout.overlay != OverlayMark::None,
            went_unsorted: None,
            passwords_like_digests: self.passwords_like_digests(),
            passwords_in_notation: self.names_with(|oddities| &oddities.in_notation),
            passwords_with_users: self.names_with(|oddities| &oddities.user_passwords),
            passwords_not_utf8: self.names_with(|oddities| &oddities.not_utf8),
            empty_span: empty_span(store, &provenance.coverage),
            left_out: 0,
            passed_over: self.passed_over(),
            durability: Durability::default(),
            parsing: self.watches.parsing.total(),
            sorting: self.watches.sorting.total(),
            encoding: self.watches.encoding.total(),
            writing: self.watches.writing.total(),
            syncing: self.watches.syncing.total(),
        }
    }

    /// The names of the inputs that were read as passwords and look like digests, and of which kind.
    fn passwords_like_digests(&self) -> Vec<(String, Kind)> {
        let kind = |input: &Opened| Some((input.name.to_string(), *input.looks_like_digests.get()?));
        self.inputs.iter().filter_map(kind).collect()
    }

    /// The names of the inputs with passwords of one of the odd kinds.
    fn names_with(&self, kind: fn(&Oddities) -> &AtomicBool) -> Vec<String> {
        let has = |input: &&Opened| kind(&input.oddities).load(Ordering::Relaxed);
        self.inputs.iter().filter(has).map(|input| input.name.to_string()).collect()
    }

    /// What lies in folders of range files and is none.
    fn passed_over(&self) -> Vec<String> {
        let folders = self.inputs.iter().filter_map(|input| match &input.contents {
            Contents::Ranges(folder) => Some(&folder.passed_over),
            _ => None,
        });
        folders.flatten().cloned().collect()
    }

    /// Whether the inputs can be read once more.
    fn is_replayable(&self) -> bool {
        self.inputs.iter().all(|input| input.input.is_replayable())
    }

    fn total_bytes(&self) -> Option<u64> {
        let length = |input: &Opened| match (&input.contents, &input.input.source) {
            (Contents::Rows | Contents::Passwords, Source::Path(path)) => {
                std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|facts| facts.len())
            }
            _ => None,
        };
        self.inputs.iter().map(length).sum()
    }

    /// The inputs from their beginning, in blocks of the intake's.
    fn stream(&self, intake: &Intake<'_>) -> InputStream<'_> {
        let Decision { layout, wanted, .. } = self.decision;
        let (pool, feed) = (Arc::clone(&intake.pool), intake.feed.clone());
        InputStream::new(self.inputs, layout.kind, wanted, self.memory.sizes(), pool, feed)
    }

    fn intake(&self, secret: bool) -> Intake<'_> {
        let Decision { layout, width, wanted, min_count, top, .. } = self.decision;
        Intake {
            inputs: self.inputs,
            // A row without a count cannot be compared with a threshold.
            shape: RowShape {
                kind: layout.kind,
                named_digits: 0,
                bare: !layout.counts && *min_count == 1 && top.is_none(),
            },
            width: *width,
            wanted,
            most: self.memory.sizes().most,
            feed: self.control.feed(),
            pool: Arc::new(BlockPool::new(secret)),
            kernel: ActiveKernel::choose(Kernel::Auto),
        }
    }

    /// Where temporary files go.
    fn temp_dir<'p>(&'p self, publication: &'p Publication) -> &'p std::path::Path {
        self.temp_dir.as_deref().unwrap_or(publication.folder())
    }

    /// A store that is part of the target, or one from which the target will be made.
    pub(crate) fn store(
        &self,
        publication: &Publication,
        plan: &Plan,
        into_target: bool,
    ) -> Result<GroupStore> {
        if into_target {
            let (file, place) = publication.file()?;
            let flusher = Some(Flusher::start(&file));
            return Ok(GroupStore { flusher, ..GroupStore::new(file, place, LENGTH as u64, plan.layout) });
        }
        let folder = self.temp_dir(publication);
        let file = tempfile::tempfile_in(folder).map_err(io_error("create a temporary file in", folder))?;
        let file = DiskFile { disk: Arc::clone(publication.disk()), file };
        Ok(GroupStore::new(file, Place::TemporaryIn(folder.to_owned()), 0, plan.layout))
    }

    /// Reads all inputs into groups: in one pass where they are sorted, else by way of the disk.
    fn read_inputs(&self, publication: &Publication) -> Result<Pass> {
        let most = self.memory.group();
        let has_passwords = self.inputs.iter().any(|input| matches!(input.contents, Contents::Passwords));
        let replayable = self.is_replayable();
        // What cannot be read again must be kept whole until it is known to be sorted.
        let sorted_only = self.inputs.iter().all(Opened::is_sorted_for_certain);
        let into_target =
            self.decision.is_lossless() || (self.decision.top.is_none() && (replayable || sorted_only));
        let plan = if into_target { self.decision.plan(most) } else { self.decision.lossless_plan(most) };
        let mut store = self.store(publication, &plan, into_target)?;
        self.control.enter(Phase::Reading, self.total_bytes());
        let intake = self.intake(has_passwords);
        let stream = self.stream(&intake);
        if has_passwords {
            return self.sort(publication, &intake, stream, Vec::new(), None);
        }
        let sorted = Sorted {
            plan: &plan,
            intake: &intake,
            writer: SpanWriter::new(&store, &self.watches),
            watches: &self.watches,
            ended: AtomicBool::new(false),
        };
        let sink = SortedSink::new(self.inputs.len());
        let (stream, sink) = pipeline::run(self.control, &sorted, stream, sink, self.control.threads())?;
        drop(sorted);
        store.log = sink.log;
        let Some(Disorder { place, pieces }) = sink.disorder else {
            self.refuse_nothing(sink.any)?;
            let left_out = store.log.totals.left_out;
            return Ok(Pass { store, went_unsorted: None, left_out, notes: Vec::new() });
        };
        if sorted_only {
            let reason =
                "the digests are not in ascending order; sort them, or do not say that they are sorted";
            return Err(InputError::new(place, None, reason).into());
        }
        let mut pass = if replayable {
            drop(pieces);
            self.control.enter(Phase::Reading, self.total_bytes());
            self.sort(publication, &intake, self.stream(&intake), Vec::new(), None)?
        } else {
            self.sort(publication, &intake, stream, pieces, Some((&store, sink.lines)))?
        };
        pass.went_unsorted = Some(place);
        Ok(pass)
    }

    /// Spills pieces and stream, and what was encoded before, then sorts everything into groups.
    fn sort(
        &self,
        publication: &Publication,
        intake: &Intake<'_>,
        stream: InputStream<'_>,
        pieces: Vec<crate::input::stream::Work>,
        encoded: Option<(&GroupStore, LineCount)>,
    ) -> Result<Pass> {
        let most = self.memory.group();
        let into_target = self.decision.top.is_none();
        let plan = if into_target { self.decision.plan(most) } else { self.decision.lossless_plan(most) };
        let spill = Spill::new(publication.disk(), self.temp_dir(publication), self.decision.layout.kind)?;
        let partitions = Partitions::new(0);
        let distribute = Distribute {
            intake,
            plan: &plan,
            spill: &spill,
            partitions: &partitions,
            buffer: self.memory.buffer(),
            watches: &self.watches,
            left_out: AtomicU64::new(0),
            any: AtomicBool::new(false),
        };
        let mut lines = LineCount::new(self.inputs.len());
        if let Some((store, counted)) = encoded {
            let mut distributor = Distributor::new(&spill, &partitions, self.memory.buffer(), None);
            spill_groups(store, &store.log, &mut distributor)?;
            distribute.left_out.store(store.log.totals.left_out, Ordering::Relaxed);
            distribute.any.store(true, Ordering::Relaxed);
            lines = counted;
        }
        let source = Remaining { pieces: pieces.into_iter(), stream };
        pipeline::run(self.control, &distribute, source, lines, self.control.threads())?;
        self.refuse_nothing(distribute.any.load(Ordering::Relaxed))?;
        let left_out = distribute.left_out.load(Ordering::Relaxed);
        // What the sorted run wrote into the target's file is written over.
        let mut store = self.store(publication, &plan, into_target)?;
        store.file.set_len(0).map_err(store.place.write_failed())?;
        let log = {
            let sort = SortParts::new(&distribute, self.control, &store, self.memory.part());
            self.control.enter(Phase::Sorting, Some(partitions.entries()));
            sort.run(partitions.take())?
        };
        store.log = log;
        Ok(Pass { store, went_unsorted: None, left_out, notes: Vec::new() })
    }

    /// Makes the final groups of ones that have lost nothing. Returns the threshold they were chosen by.
    fn choose(&self, publication: &Publication, from: &GroupStore) -> Result<(GroupStore, u64)> {
        let min_count = self.decision.min_count;
        let mut plan = self.decision.plan(self.memory.group());
        plan.wanted = None;
        let mut threshold = min_count;
        if let Some(top) = self.decision.top {
            let selection = select::commonest(self.control, from, min_count, top)?;
            plan.keep = selection.keep;
            threshold = selection.dropped.map_or(min_count, |dropped| dropped.saturating_add(1));
        }
        let mut to = self.store(publication, &plan, true)?;
        self.control.enter(Phase::Writing, Some(from.log.totals.entries));
        transform(self.control, from, &mut to, &plan, &self.watches)?;
        Ok((to, threshold))
    }

    /// Writes an index once more, with the directory bits that its number of entries asks for.
    fn regroup(&self, publication: &mut Publication, from: &GroupStore, bits: u32) -> Result<GroupStore> {
        let layout = Layout { directory_bits: bits, ..from.layout };
        let plan = Plan {
            layout,
            width: layout.bits,
            keep: Keep::AtLeast(1),
            wanted: None,
            ..self.decision.plan(self.memory.group())
        };
        publication.renew()?;
        let (file, place) = publication.file()?;
        let mut to = GroupStore::new(file, place, LENGTH as u64, layout);
        self.control.enter(Phase::Writing, Some(from.log.totals.entries));
        transform(self.control, from, &mut to, &plan, &self.watches)?;
        to.log.totals.collisions = from.log.totals.collisions;
        Ok(to)
    }

    /// Refuses inputs without any row.
    fn refuse_nothing(&self, any: bool) -> Result<()> {
        // A part of a corpus may be empty, if a program says so.
        let may_be_empty = self.decision.segment_bits.is_some()
            && self.inputs.iter().all(|input| matches!(input.contents, Contents::Entries(_)));
        if any || may_be_empty {
            return Ok(());
        }
        let (input, reason) = match self.inputs {
            [only] => (only.name.to_string(), "there is nothing in it: not one digest"),
            _ => ("the inputs".to_owned(), "there is nothing in them: not one digest"),
        };
        Err(InputError::new(input, None, reason).into())
    }
}

/// Refuses to build of nothing at all.
pub(crate) fn refuse_no_inputs(inputs: usize) -> Result<()> {
    if inputs == 0 { Err(Error::Unbuildable("name at least one input".into())) } else { Ok(()) }
}
