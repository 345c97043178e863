//! A world: a server, a disk, an index, an overlay, and a sequence of steps that a seed decides.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use breachdex::files::{self, Disk};
use breachdex::trust::{SignatureFiles, Trust};
use breachdex::{
    Corpus, Error as IndexError, Exposure, Finding, LiveIndex, Monitor, OpenOptions, Origin, OverlayFile,
    Progress, SpliceOptions,
};
use breachdex_hibp::simulation::{self, Network};
use breachdex_hibp::{
    DownloadOptions, Error, FetchOptions, RetryPolicy, UpdateOptions, download, preview_update, update,
};
use breachdex_server::ServeOptions;
use breachdex_server::simulation::Unconnected;
use tempfile::TempDir;

use crate::client::{self, Manner};
use crate::disk::{Crash, Plan, SimulatedDisk};
use crate::model::{self, Banned, Content, Setup, prefix_of, read, read_overlay};
use crate::reads::ReadPlan;
use crate::rng::Rng;
use crate::server::{Server, Weather};
use crate::signing;

type Checked<T = ()> = Result<T, String>;

/// What answers questions, and what it answered from when it was last looked at.
struct Live {
    corpus: Corpus,
    base: LiveIndex,
    overlay: Option<LiveIndex>,
    server: Option<Unconnected>,
    content: Content,
    banned: Banned,
}

/// Ends a job after so many looks.
struct Patience(AtomicU64);

impl Patience {
    const ENDLESS: u64 = 1 << 40;

    fn new(looks: u64) -> Self {
        Self(AtomicU64::new(looks))
    }
}

impl Monitor for Patience {
    fn progress(&self, _: Progress) -> ControlFlow<()> {
        if self.0.fetch_sub(1, Ordering::Relaxed) <= 1 {
            self.0.store(1, Ordering::Relaxed);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

pub(crate) struct World {
    rng: Rng,
    setup: Setup,
    folder: TempDir,
    disk: Arc<SimulatedDisk>,
    server: Server,
    runtime: tokio::runtime::Runtime,
    /// What is at the target, and what a loss of power may bring back.
    target: Option<Content>,
    target_back: Vec<Option<Content>>,
    overlay: Option<Banned>,
    overlay_back: Vec<Option<Banned>>,
    /// When the unfinished run began, in changes of the server.
    download_since: Option<u64>,
    update_since: Option<u64>,
    /// When the run that was finished last had begun: it may come back with the index that it updated.
    update_before: u64,
    live: Option<Live>,
    /// Since when the server had what is in the files of text, in its changes; `None` before all of them are there.
    text_since: Option<u64>,
    pub(crate) trace: String,
}

/// What a step met.
struct Ran<T> {
    result: T,
    crash: Option<Crash>,
    /// Whether nothing stood in its way.
    is_calm: bool,
}

fn folder() -> TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a folder for the world")
}

macro_rules! say {
    ($world:expr, $($text:tt)*) => {{ let _ = writeln!($world.trace, $($text)*); }};
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let setup = Setup::new(&mut rng);
        let folder = folder();
        let disk = Arc::new(SimulatedDisk::new(rng.fork(), folder.path(), setup.has_locks));
        let server = Server::new(rng.fork(), setup.kind, &setup.prefixes, setup.mirror);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.expect("a runtime");
        let mut trace = String::new();
        let _ = writeln!(trace, "{setup:X?}");
        Self {
            rng,
            setup,
            folder,
            disk,
            server,
            runtime,
            target: None,
            target_back: Vec::new(),
            overlay: None,
            overlay_back: Vec::new(),
            download_since: None,
            update_since: None,
            update_before: 0,
            live: None,
            text_since: None,
            trace,
        }
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("target.bdx")
    }

    fn overlay(&self) -> PathBuf {
        self.folder.path().join("overlay.bdx")
    }

    fn text(&self) -> PathBuf {
        self.folder.path().join("text")
    }

    /// All steps and what must hold in the end.
    pub(crate) fn run(&mut self) -> Checked {
        let steps = 5 + self.rng.below(16);
        for step in 0..steps {
            say!(self, "step {step}");
            match self.rng.below(100) {
                0..25 if self.target.is_none() => self.download(false)?,
                0..5 => self.download(true)?,
                5..40 => self.update()?,
                40..55 => self.change(),
                55..75 => self.edit()?,
                75..90 => self.ask()?,
                90..95 => self.lose(Crash::Power)?,
                95..97 => self.lose(Crash::Kill)?,
                _ => self.preview()?,
            }
        }
        self.end()
    }

    fn simulated<T>(&self, work: impl FnOnce() -> T) -> T {
        let disk = Arc::clone(&self.disk) as Arc<dyn Disk>;
        let network = Arc::new(self.server.clone()) as Arc<dyn Network>;
        files::simulate(disk, || simulation::simulate(network, work))
    }

    /// Runs a job under what chance has in store for it.
    fn attempt<T>(&mut self, most: u64, work: impl FnOnce(&Self, &Patience) -> T) -> Ran<T> {
        let (mut plan, mut looks) = (Plan { short: self.setup.short, ..Plan::default() }, Patience::ENDLESS);
        match self.rng.below(20) {
            0..8 => {}
            8..13 => {
                let crash = self.rng.pick(&[Crash::Kill, Crash::Power, Crash::Power]);
                plan.crash = Some((self.rng.scale(most), crash));
            }
            13..16 => plan.failing = Some(self.rng.scale(most)),
            16 => plan.flaky = self.rng.pick(&[1, 3, 10]),
            17 => plan.full = Some(self.rng.scale(most)),
            _ => looks = self.rng.scale(30),
        }
        let reads = self.read_plan(15);
        let mut is_calm = reads.unreadable == 0;
        if plan.failing.is_some() || plan.flaky > 0 || plan.full.is_some() || looks != Patience::ENDLESS {
            is_calm = false;
        }
        let weather = match self.rng.below(10) {
            0..3 => Weather::default(),
            3..7 => Weather { faults: 10, changes: self.rng.pick(&[0, 5, 30]), dead: None },
            7..9 => Weather { faults: 40, changes: self.rng.pick(&[0, 10]), dead: None },
            _ => Weather { faults: 5, changes: 5, dead: Some(self.rng.below(16) as u32) },
        };
        is_calm &= weather.faults == 0;
        self.disk.plan(plan.clone());
        self.disk.plan_reads(reads);
        self.server.set_weather(weather);
        let result = self.simulated(|| work(self, &Patience::new(looks)));
        self.disk.plan_reads(ReadPlan::default());
        let crash = self.disk.crashed();
        let (operations, requests) = (self.disk.operations(), self.server.requests());
        say!(self, "  {plan:?}, {reads:?}, {weather:?}; {operations} operations, {requests} requests");
        for line in self.disk.log().iter().chain(&self.server.log()) {
            say!(self, "    {line}");
        }
        if let Some(crash) = crash {
            self.restart(crash);
        }
        Ran { result, crash, is_calm: is_calm && crash.is_none() }
    }

    /// What may go wrong with reads; the chance that some fail is `percent`.
    fn read_plan(&mut self, percent: u64) -> ReadPlan {
        ReadPlan {
            seed: self.rng.next(),
            unreadable: if self.rng.percent(percent) { self.rng.pick(&[20, 100, 500]) } else { 0 },
            short: self.rng.pick(&[0, 0, 50]),
        }
    }

    fn restart(&mut self, crash: Crash) {
        self.live = None;
        self.disk.restart(crash);
    }

    fn fetch(&mut self) -> FetchOptions {
        FetchOptions {
            base_url: "http://127.0.0.1:1".parse().expect("an address"),
            concurrency: self.rng.pick(&[1, 2, 4, 16]),
            retry: RetryPolicy {
                retries: self.rng.pick(&[0, 2, 5, 10]),
                base_delay: Duration::from_millis(500),
                longest_delay: Duration::from_secs(30),
            },
            mirror_quirks: self.setup.mirror,
            ..FetchOptions::default()
        }
    }

    fn download_options(&mut self, again: bool) -> DownloadOptions {
        let index = SpliceOptions {
            kind: self.setup.kind,
            bits: self.setup.bits,
            force_bits: true,
            counts: self.setup.counts,
            min_count: self.setup.min_count,
            coverage: self.setup.coverage(),
            memory: 16 << 20,
            threads: 1,
            replace: again,
            before_publish: self.setup.signed.then(|| signing::before_publish(&self.target())),
            ..SpliceOptions::default()
        };
        let fetch = self.fetch();
        let also_text = self.setup.text.then(|| self.text());
        DownloadOptions { fetch, also_text, index, restart: again, max_age: None, allow_missing: false }
    }

    fn update_options(&mut self) -> UpdateOptions {
        UpdateOptions {
            fetch: self.fetch(),
            from_origin: self.rng.percent(50),
            memory: 16 << 20,
            threads: 1,
            open: self.setup.open(),
            before_publish: self.setup.signed.then(|| signing::before_publish(&self.target())),
        }
    }

    /// What the command does when an index was published.
    fn settle_signature(&self) -> Result<(), IndexError> {
        if self.setup.signed { SignatureFiles::settle(&self.target()).map(drop) } else { Ok(()) }
    }

    /// Every range that has a file of text has all of it there, and once a download says so, all ranges have one.
    fn check_text(&self) -> Checked {
        if !self.setup.text || !self.text().exists() {
            return Ok(());
        }
        for prefix in &self.setup.prefixes {
            let since = self.text_since.unwrap_or(0);
            let text = match std::fs::read(self.text().join(format!("{prefix:05X}.txt"))) {
                Ok(text) => text,
                Err(_) if self.text_since.is_none() => continue,
                Err(error) => return Err(format!("the text of {prefix:05X} is gone: {error}")),
            };
            let wrong = |reason| {
                format!("the text of {prefix:05X} is none that the server had since {since}: {reason}")
            };
            let rows = model::read_text(&text, *prefix, self.setup.kind).map_err(wrong)?;
            if !self.server.rows_since(*prefix, since).contains(&rows) {
                return Err(wrong(String::from_utf8_lossy(&text).into_owned()));
            }
        }
        Ok(())
    }

    /// Whether a range of an index is one that the server had since a time.
    fn was_served(&self, prefix: u32, content: &Content, since: u64) -> bool {
        let states = self.server.rows_since(prefix, since);
        states.iter().any(|rows| self.setup.kept(rows) == content[&prefix])
    }

    /// Looks at the target after a job that may have replaced it. `is_new` says whether it is what the job may have
    /// made; `published` whether the job says that it did, and whether that is certain to be on disk.
    fn settle(
        &mut self,
        crash: Option<Crash>,
        published: Option<bool>,
        is_new: impl Fn(&Self, &Content) -> Checked,
    ) -> Checked {
        self.check_text()?;
        let actual = read(&self.target(), &self.setup)?;
        let is_lost = crash == Some(Crash::Power);
        let is_old = actual == self.target;
        let is_back = is_lost && self.target_back.contains(&actual);
        let new = actual.as_ref().map_or_else(|| Err("it is gone".into()), |content| is_new(self, content));
        let may_be_old = published.is_none() || (is_lost && published == Some(false));
        match new {
            Ok(()) => {}
            Err(_) if may_be_old && (is_old || is_back) => {}
            Err(reason) => return Err(format!("the target is neither old nor new: {reason}")),
        }
        if is_lost {
            if is_back && !is_old {
                self.update_since = Some(self.update_before);
            }
            self.target_back.clear();
        } else if published == Some(true) {
            self.target_back.clear();
        } else if !is_old || published.is_some() {
            self.target_back.push(self.target.clone());
        }
        self.target = actual;
        Ok(())
    }

    /// The overlay after a step that does not concern it.
    fn settle_overlay(&mut self, crash: Option<Crash>) -> Checked {
        let actual = read_overlay(&self.overlay(), self.setup.kind)?;
        let is_lost = crash == Some(Crash::Power);
        if actual != self.overlay && !(is_lost && self.overlay_back.contains(&actual)) {
            return Err(format!("the overlay is {actual:02X?} and was {:02X?}", self.overlay));
        }
        if is_lost {
            self.overlay_back.clear();
        }
        self.overlay = actual;
        Ok(())
    }

    fn download(&mut self, again: bool) -> Checked {
        let options = self.download_options(again);
        if again {
            // Nothing that was fetched before is taken over.
            self.download_since = None;
        }
        let since = *self.download_since.get_or_insert(self.server.now());
        let ran = self.attempt(300, |world, monitor| {
            let report = download(&world.target(), &options, monitor)?;
            if report.index.is_some() {
                world.settle_signature()?;
            }
            Ok(report)
        });
        let published = match &ran.result {
            Ok(report) => {
                say!(self, "  download: {report:?}");
                report.index.as_ref().map(|index| index.durability.is_synced())
            }
            Err(error) => {
                say!(self, "  download: {error}");
                self.refuse(error, ran.is_calm)?;
                None
            }
        };
        if published.is_some() && self.setup.text {
            self.text_since = Some(since);
        }
        self.settle(ran.crash, published, |world, content| {
            match world.setup.prefixes.iter().find(|prefix| !world.was_served(**prefix, content, since)) {
                Some(prefix) => Err(format!("range {prefix:05X} is none that the server had since {since}")),
                None => Ok(()),
            }
        })?;
        if ran.result.is_ok() {
            // Where the journal's removal was not synced, a loss of power brings it back.
            self.download_since = Some(since).filter(|_| !ran.is_calm);
            if published.is_some() && ran.crash.is_none() && ran.is_calm {
                self.nothing_else(&[".target.bdx.breachdex-"], "download")?;
            }
        }
        self.settle_overlay(ran.crash)
    }

    fn update(&mut self) -> Checked {
        let options = self.update_options();
        let since = *self.update_since.get_or_insert(self.server.now());
        let old = self.target.clone();
        let ran = self.attempt(300, |world, monitor| {
            let report = update(&world.target(), &options, monitor)?;
            if report.index.is_some() {
                world.settle_signature()?;
            }
            Ok(report)
        });
        let (mut published, mut missing) = (None, None);
        match &ran.result {
            Ok(report) => {
                say!(self, "  update: {report:?}");
                let mut prefixes =
                    report.missing.as_ref().map_or(Vec::new(), |missing| missing.prefixes.clone());
                prefixes.sort_unstable();
                missing = Some(prefixes);
                published = report.index.as_ref().map(|index| index.index.durability.is_synced());
            }
            Err(error) => {
                say!(self, "  update: {error}");
                if old.is_some() {
                    self.refuse(error, ran.is_calm)?;
                }
            }
        }
        let is_new = |world: &Self, content: &Content| {
            for prefix in &world.setup.prefixes {
                let may_be_missing = missing.as_ref().is_none_or(|missing| missing.contains(prefix));
                let is_old = old.as_ref().is_some_and(|old| old[prefix] == content[prefix]);
                let is_served = world.was_served(*prefix, content, since);
                if !(is_served || may_be_missing && is_old) {
                    return Err(format!("range {prefix:05X} is none that the server had since {since}"));
                }
            }
            Ok(())
        };
        if let (Ok(report), Some(old)) = (&ran.result, &old)
            && report.index.is_none()
        {
            // What is as it was must be as the server has it.
            is_new(self, old).map_err(|reason| format!("the update says that nothing changed: {reason}"))?;
        }
        self.settle(ran.crash, published, is_new)?;
        if ran.result.is_ok() {
            self.update_since = Some(since).filter(|_| !ran.is_calm);
            self.update_before = since;
            if published.is_some() && ran.is_calm {
                self.nothing_else(&[".target.bdx.breachdex-update"], "update")?;
            }
        }
        self.settle_overlay(ran.crash)
    }

    /// An error that a job may end with.
    fn refuse(&self, error: &Error, is_calm: bool) -> Checked {
        match error {
            Error::Index(IndexError::TargetExists(_)) if self.target.is_some() => Ok(()),
            // What a crash left may need to be discarded, and the message says so.
            Error::Journal { can_be_discarded: true, .. } => Ok(()),
            error if is_calm => Err(format!("nothing stood in its way, and it failed: {error}")),
            Error::Index(IndexError::Damaged { .. }) | Error::Options(_) | Error::HoldsOverlay(_) => {
                Err(format!("it failed with what no fault explains: {error}"))
            }
            _ => Ok(()),
        }
    }

    /// Nothing that begins so may be in the folder.
    fn nothing_else(&self, starts: &[&str], job: &str) -> Checked {
        let names = self.names();
        let left = names.iter().find(|name| starts.iter().any(|start| name.starts_with(start)));
        let other = if job == "download" { "breachdex-update" } else { "breachdex-download" };
        match left.filter(|left| !left.contains(other)) {
            Some(left) => Err(format!("the {job} left {left}")),
            None => Ok(()),
        }
    }

    fn names(&self) -> BTreeSet<String> {
        let entries = std::fs::read_dir(self.folder.path()).expect("the folder");
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    fn change(&mut self) {
        for _ in 0..self.rng.scale(10) {
            let prefix = self.server.change();
            say!(self, "  {prefix:05X} changes");
        }
    }

    /// Digests that are in the world, nearly in it, and not in it.
    fn digests(&mut self, count: usize) -> Vec<Vec<u8>> {
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

    fn edit(&mut self) -> Checked {
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
        self.settle_other_target(ran.crash)
    }

    /// The target after a step that does not concern it.
    fn settle_other_target(&mut self, crash: Option<Crash>) -> Checked {
        let old = self.target.clone();
        self.settle(crash, None, move |_, content| match old.as_ref() == Some(content) {
            true => Ok(()),
            false => Err("it changed with the overlay".into()),
        })
    }

    fn lose(&mut self, crash: Crash) -> Checked {
        say!(self, "  {crash:?} between two jobs");
        self.restart(crash);
        self.settle_other_target(Some(crash))?;
        self.settle_overlay(Some(crash))
    }

    fn preview(&mut self) -> Checked {
        let Some(content) = self.target.clone() else { return Ok(()) };
        let options = self.update_options();
        self.disk.plan(Plan::default());
        self.server.set_weather(Weather::default());
        let before = self.names();
        let preview = self.simulated(|| preview_update(&self.target(), &options, &()));
        let preview = preview.map_err(|error| format!("the preview failed: {error}"))?;
        say!(self, "  preview: {preview:?}");
        let changed =
            content.iter().filter(|(prefix, rows)| self.setup.kept(&self.server.rows(**prefix)) != **rows);
        let changed = changed.count() as u64;
        if preview.ranges_changed != changed || before != self.names() {
            return Err(format!("{changed} ranges changed, and the preview says {preview:?}"));
        }
        Ok(())
    }

    /// Opens what answers, if it is not.
    fn open(&mut self) -> Checked<bool> {
        if self.live.is_some() {
            return Ok(true);
        }
        let Some(content) = self.target.clone() else { return Ok(false) };
        let wrong = |error: IndexError| format!("it cannot be opened: {error}");
        let options = self.setup.open();
        let options = if self.rng.percent(50) { options } else { options.mapped() };
        let base = LiveIndex::open(self.target(), options, None).map_err(wrong)?;
        let overlay = self
            .overlay
            .as_ref()
            .map(|_| LiveIndex::open(self.overlay(), OpenOptions::new(), None).map_err(wrong));
        let overlay = overlay.transpose()?;
        let corpus = Corpus::builder().base(base.clone()).overlays(overlay.clone()).build().map_err(wrong)?;
        let serves = self.setup.counts && self.setup.bits.is_none();
        let options = ServeOptions {
            indexes: vec![self.target()],
            overlays: overlay.iter().map(|_| self.overlay()).collect(),
            serve_overlays: true,
            allow_partial: true,
            trust: if self.setup.signed { signing::trust() } else { Trust::default() },
            ..ServeOptions::default()
        };
        let server = serves.then(|| Unconnected::open(&options)).transpose();
        let server = server.map_err(|error| format!("it cannot be served: {error}"))?;
        let banned = self.overlay.clone().filter(|_| overlay.is_some()).unwrap_or_default();
        self.live = Some(Live { corpus, base, overlay, server, content, banned });
        Ok(true)
    }

    /// Asks what is open, has it take over what was replaced, and asks again.
    fn ask(&mut self) -> Checked {
        if !self.open()? {
            return Ok(());
        }
        let digests = self.digests(40);
        let Some(mut live) = self.live.take() else { return Ok(()) };
        // Now with reads that fail: what cannot be read is unknown, and nothing else changes.
        let reads = self.read_plan(100);
        if self.rng.percent(40) {
            say!(self, "  asks with {reads:?}");
            self.disk.plan_reads(reads);
            let checked = self.check(&live, &digests, true);
            self.disk.plan_reads(ReadPlan::default());
            checked?;
        }
        self.check(&live, &digests, false)?;
        for index in [Some(&live.base), live.overlay.as_ref()].into_iter().flatten() {
            index.reload_if_changed(&()).map_err(|error| format!("it cannot be reloaded: {error}"))?;
            if let Some(error) = index.reload_error() {
                return Err(format!("the replacement was refused: {error}"));
            }
        }
        if let Some(server) = &mut live.server {
            server.look();
        }
        live.content = self.target.clone().unwrap_or_default();
        if live.overlay.is_some() {
            live.banned = self.overlay.clone().unwrap_or_default();
        }
        self.check(&live, &digests, false)?;
        self.serve(&live)?;
        say!(self, "  asked {} digests", digests.len());
        self.live = Some(live);
        Ok(())
    }

    /// Holds answers against the maps. `may_fail` allows that there is none.
    fn check(&self, live: &Live, digests: &[Vec<u8>], may_fail: bool) -> Checked {
        for digest in digests {
            let prefix = prefix_of(digest);
            let key = self.setup.key(digest);
            let is_covered = live.content.contains_key(&prefix);
            let rows = live.content.get(&prefix).map_or(&[][..], Vec::as_slice);
            let count = rows.iter().find(|(held, _)| *held == key).map(|(_, count)| *count);
            let is_banned = live.banned.contains(digest);
            let found = live.corpus.find(&self.setup.digest(digest), 1);
            // What one of the two holds is exposed, whatever cannot be read of the other.
            let is_held = |exposure: &Exposure| exposure.is_partial && (is_banned || count.is_some());
            match &found {
                Err(_) | Ok(Finding::Unknown(_)) if may_fail => continue,
                Ok(Finding::Exposed(exposure)) if may_fail && is_held(exposure) => continue,
                _ => {}
            }
            let found = found.map_err(|error| format!("a question failed: {error}"))?;
            let is_right = match &found {
                Finding::Exposed(exposure) => match (count, exposure.origin) {
                    (Some(count), origin) => {
                        (origin == Origin::Overlay) == is_banned
                            && exposure.count == self.setup.counts.then_some(count)
                    }
                    (None, Origin::Overlay) => is_banned && exposure.count == Some(1),
                    _ => false,
                },
                Finding::NotExposed { count: seen } => {
                    is_covered && count.is_none() && !is_banned && *seen == 0
                }
                Finding::Unknown(_) => !is_covered && !is_banned,
            };
            if !is_right {
                return Err(format!(
                    "{digest:02X?} (covered {is_covered}, count {count:?}, banned {is_banned}) is answered with {found:?}"
                ));
            }
        }
        if let Some(server) = &live.server {
            let mut prefixes: BTreeSet<u32> =
                digests.iter().take(8).map(|digest| prefix_of(digest)).collect();
            prefixes.extend(&self.setup.prefixes);
            for prefix in prefixes {
                self.check_range(live, server, prefix, may_fail)?;
            }
        }
        Ok(())
    }

    fn check_range(&self, live: &Live, server: &Unconnected, prefix: u32, may_fail: bool) -> Checked {
        let mode = if self.setup.kind == breachdex::Kind::Ntlm { "?mode=ntlm" } else { "" };
        let (status, body) = self.runtime.block_on(server.get(&format!("/range/{prefix:05X}{mode}")));
        self.judge_range(live, prefix, status, &body, may_fail)
    }

    /// Holds an answer of the server against the maps.
    fn judge_range(&self, live: &Live, prefix: u32, status: u16, body: &[u8], may_fail: bool) -> Checked {
        if may_fail && status == 503 {
            return Ok(());
        }
        let Some(rows) = live.content.get(&prefix) else {
            return match status {
                503 => Ok(()),
                status => Err(format!("range {prefix:05X} is not covered, and the server answers {status}")),
            };
        };
        let length = self.setup.kind.hex_digits() / 2;
        let mut expected: crate::server::Rows = live
            .banned
            .iter()
            .filter(|digest| prefix_of(digest) == prefix)
            .map(|digest| (digest.clone(), 1))
            .collect();
        expected.extend(rows.iter().map(|(key, count)| (key[..length].to_vec(), *count)));
        let line = |(digest, count): (&Vec<u8>, &u64)| {
            let hex: String = digest.iter().map(|byte| format!("{byte:02X}")).collect();
            format!("{}:{count}", &hex[5..])
        };
        let mut lines: Vec<String> = expected.iter().map(line).collect();
        if lines.is_empty() {
            lines.push(format!("{}:0", "0".repeat(length * 2 - 5)));
        }
        let expected = lines.join("\r\n");
        if status != 200 || body != expected.as_bytes() {
            let body = String::from_utf8_lossy(body);
            return Err(format!("range {prefix:05X} is answered with {status} {body:?}, not {expected:?}"));
        }
        Ok(())
    }

    /// Several clients at once, on connections. Whoever is patient gets all answers, and nobody gets a wrong one.
    fn serve(&mut self, live: &Live) -> Checked {
        let Some(server) = &live.server else { return Ok(()) };
        let mode = if self.setup.kind == breachdex::Kind::Ntlm { "?mode=ntlm" } else { "" };
        let mut clients = Vec::new();
        for _ in 0..self.rng.scale(6) {
            let prefixes: Vec<u32> = (0..self.rng.scale(8))
                .map(|_| self.setup.prefixes[self.rng.index(self.setup.prefixes.len())])
                .collect();
            let manner = Manner::pick(&mut self.rng);
            // A byte at a time takes longer than an answer may wait to be read.
            let least = if manner == Manner::Patient { 1024 } else { 1 };
            let buffer = self.rng.pick(&[1, 64, 1024, 16 << 10]).max(least);
            clients.push((manner, prefixes, buffer, self.rng.fork()));
        }
        let answered = self.runtime.block_on(async {
            let asks: Vec<_> = clients
                .iter()
                .filter_map(|(manner, prefixes, buffer, rng)| {
                    let paths = prefixes.iter().map(|prefix| format!("/range/{prefix:05X}{mode}")).collect();
                    Some(tokio::spawn(client::ask(server.connect(*buffer)?, *manner, paths, rng.clone())))
                })
                .collect();
            let mut answered = Vec::new();
            for ask in asks {
                answered.push(ask.await);
            }
            answered
        });
        for ((manner, prefixes, ..), answers) in clients.iter().zip(answered) {
            let answers = answers.map_err(|error| format!("a client panicked: {error}"))??;
            say!(self, "  {manner:?} asks {} ranges and gets {} answers", prefixes.len(), answers.len());
            if *manner == Manner::Patient && answers.len() != prefixes.len() {
                return Err(format!("a patient client got {} of {} answers", answers.len(), prefixes.len()));
            }
            for (answer, prefix) in answers.iter().zip(prefixes) {
                self.judge_range(live, *prefix, answer.status, &answer.body, false)?;
            }
        }
        Ok(())
    }

    /// With all faults gone, everything ends as it should.
    fn end(&mut self) -> Checked {
        say!(self, "end");
        self.disk.plan(Plan::default());
        self.server.set_weather(Weather::default());
        for again in [false, true] {
            let options = self.download_options(again);
            match self.simulated(|| download(&self.target(), &options, &())) {
                Ok(_) => break,
                Err(Error::Index(IndexError::TargetExists(_))) if self.target.is_some() => break,
                Err(Error::Journal { can_be_discarded: true, .. }) if !again => {}
                Err(error) => return Err(format!("without faults the download fails: {error}")),
            }
        }
        // The first goes on from what an earlier one has fetched, which may be old by now.
        for _ in 0..2 {
            let options = self.update_options();
            let report = self.simulated(|| update(&self.target(), &options, &()));
            let report = report.map_err(|error| format!("without faults the update fails: {error}"))?;
            say!(self, "  {report:?}");
            if let Some(missing) = report.missing {
                return Err(format!("without faults ranges are missing: {:05X?}", missing.prefixes));
            }
        }
        let content = read(&self.target(), &self.setup)?;
        let rows = |prefix: &u32| (*prefix, self.setup.kept(&self.server.rows(*prefix)));
        let expected: Content = self.setup.prefixes.iter().map(rows).collect();
        if content.as_ref() != Some(&expected) {
            let actual = content.unwrap_or_default();
            let differs = expected.iter().find(|(prefix, rows)| actual.get(prefix) != Some(rows));
            let differs = differs.map(|(prefix, rows)| (prefix, actual.get(prefix), rows));
            return Err(format!("in the end a range is not the server's: {differs:X?}"));
        }
        self.target = content;
        self.nothing_else(&[".target.bdx.breachdex-update"], "update")?;
        self.settle_overlay(None)?;
        self.ask()
    }
}
