//! A world: a server, a disk, an index, an overlay, and a sequence of steps that a seed decides.

mod jobs;
mod join;
mod judge;
mod overlay;
mod pull;
mod questions;
mod ranges;
mod target;

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use breachdex::files::{self, Disk};
use breachdex::{Error as IndexError, Monitor, Progress};
use breachdex_hibp::simulation::{self, Network};
use breachdex_hibp::{Error, download, update};
use tempfile::TempDir;

use crate::disk::{Crash, Plan, SimulatedDisk};
use crate::mirror::Mirror;
use crate::model::{Banned, Content, Setup, read};
use crate::reads::ReadPlan;
use crate::rng::Rng;
use crate::server::{Server, Weather};
use questions::Live;
use ranges::Exported;

type Checked<T = ()> = Result<T, String>;

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
    /// Where the target is published, and what pulls made of that.
    mirror: Mirror,
    replica: Option<Vec<u8>>,
    replica_back: Vec<Option<Vec<u8>>>,
    /// What segments were joined into.
    joined: Option<Content>,
    joined_back: Vec<Option<Content>>,
    /// What was exported as ranges.
    exported: Exported,
    /// Whether most steps are joins and exports.
    is_of_files: bool,
    /// Whether the power failed in this step.
    power_was_lost: bool,
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
    ($world:expr, $($text:tt)*) => {{
        use std::fmt::Write as _;
        let _ = writeln!($world.trace, $($text)*);
    }};
}

use say;

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let mut setup = Setup::new(&mut rng);
        let is_of_files = rng.percent(35);
        if is_of_files && rng.percent(85) {
            (setup.counts, setup.bits) = (true, None);
        }
        let folder = folder();
        let disk = Arc::new(SimulatedDisk::new(rng.fork(), folder.path(), setup.has_locks));
        let server = Server::new(rng.fork(), setup.kind, &setup.prefixes, setup.mirror);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.expect("a runtime");
        let mirror = Mirror::new(rng.fork());
        let is_given = rng.percent(50);
        if is_given {
            std::fs::create_dir(folder.path().join("ranges")).expect("a folder can be made");
        }
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
            mirror,
            replica: None,
            replica_back: Vec::new(),
            joined: None,
            joined_back: Vec::new(),
            exported: Exported::new(is_given),
            is_of_files,
            power_was_lost: false,
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
            self.power_was_lost = false;
            let step = if self.is_of_files && self.rng.percent(70) { 97 } else { 0 };
            match step + self.rng.below(120 - step) {
                _ if self.target.is_none() && self.is_of_files => self.download(false)?,
                0..25 if self.target.is_none() => self.download(false)?,
                0..5 => self.download(true)?,
                5..28 => self.update()?,
                28..42 => self.pull()?,
                42..55 => self.change(),
                55..75 => self.edit()?,
                75..90 => self.ask()?,
                90..95 => self.lose(Crash::Power)?,
                95..97 => self.lose(Crash::Kill)?,
                97..99 => self.preview()?,
                99 => self.change(),
                100..107 => self.join()?,
                _ => self.export()?,
            }
            self.settle_others()?;
            self.settle_joined(self.power_was_lost)?;
            self.settle_ranges()?;
        }
        self.end()
    }

    /// Looks at what a step may not have been about: a loss of power takes back what was not on disk, whoever works meanwhile.
    fn settle_others(&mut self) -> Checked {
        let crash = self.power_was_lost.then_some(Crash::Power);
        self.settle_other_target(crash)?;
        self.settle_other_replica(crash)?;
        self.settle_overlay(crash)
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
        self.power_was_lost |= crash == Crash::Power;
        if self.exported.is_given {
            std::fs::create_dir_all(self.ranges()).expect("a folder can be made");
        }
    }

    fn change(&mut self) {
        for _ in 0..self.rng.scale(10) {
            let prefix = self.server.change();
            say!(self, "  {prefix:05X} changes");
        }
    }

    fn lose(&mut self, crash: Crash) -> Checked {
        say!(self, "  {crash:?} between two jobs");
        self.restart(crash);
        self.settle_other_target(Some(crash))?;
        self.settle_overlay(Some(crash))
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
        self.end_pull()?;
        self.end_join()?;
        self.end_export()?;
        self.settle_overlay(None)?;
        self.ask()
    }
}
