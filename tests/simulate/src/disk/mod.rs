//! A disk that remembers what is certain to survive a loss of power, fails when it is told to, and can lose the rest.
//!
//! Files are real, in a folder of their own. Of each file the disk knows what it held at its last sync and every write
//! since; of the folder, its names at its last sync and every change since. A loss of power keeps the former, and of the
//! latter what chance decides: writes whole, torn at sectors, or not at all, in any order; changes of names up to some
//! point or, now and then, any of them.

mod content;
mod names;
mod operations;

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::content::Content;
use self::names::{NameChange, apply};
use crate::reads::{self, ReadFaults, ReadPlan};
use crate::rng::Rng;

const EIO: i32 = 5;
const ENOSPC: i32 = 28;
/// Beyond any process's number.
const DEAD: u32 = 4_194_999;

/// What ends a run on the disk's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crash {
    /// The process is killed: what it wrote stays.
    Kill,
    /// The power fails.
    Power,
}

/// What goes wrong, and when.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// At which operation from now on, and what.
    pub(crate) crash: Option<(u64, Crash)>,
    /// One operation that fails.
    pub(crate) failing: Option<u64>,
    /// Operations that fail, in a hundred.
    pub(crate) flaky: u64,
    /// From this operation on, nothing can be written any more.
    pub(crate) full: Option<u64>,
    /// Writes that write less, in a hundred.
    pub(crate) short: u64,
}

#[derive(Debug)]
struct State {
    rng: Rng,
    folder: PathBuf,
    plan: Plan,
    operations: u64,
    crashed: Option<Crash>,
    has_locks: bool,
    /// The file of each number of the system's, which it gives to another one when a file is gone.
    numbers: HashMap<u64, u64>,
    files: Vec<Content>,
    durable: BTreeMap<String, u64>,
    pending: Vec<NameChange>,
    log: Vec<String>,
    reads: Arc<ReadFaults>,
}

/// The disk.
#[derive(Debug)]
pub(crate) struct SimulatedDisk {
    state: Mutex<State>,
    reads: Arc<ReadFaults>,
}

impl Drop for SimulatedDisk {
    fn drop(&mut self) {
        reads::forget(&self.reads);
    }
}

/// What an operation is to do instead of what it should.
enum Outcome {
    Work,
    Fail(io::Error),
    /// Do it, and fail all the same: the machine ends behind it.
    WorkAndFail,
}

impl SimulatedDisk {
    pub(crate) fn new(rng: Rng, folder: &Path, has_locks: bool) -> Self {
        let reads = ReadFaults::new();
        let state = State {
            rng,
            folder: folder.to_owned(),
            plan: Plan::default(),
            operations: 0,
            crashed: None,
            has_locks,
            numbers: HashMap::new(),
            files: Vec::new(),
            durable: BTreeMap::new(),
            pending: Vec::new(),
            log: Vec::new(),
            reads: Arc::clone(&reads),
        };
        Self { state: Mutex::new(state), reads }
    }

    /// Sets what goes wrong with reads from now on.
    pub(crate) fn plan_reads(&self, plan: ReadPlan) {
        self.reads.set(plan);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets what goes wrong from now on.
    pub(crate) fn plan(&self, plan: Plan) {
        let mut state = self.state();
        state.plan = plan;
        state.operations = 0;
        state.log.clear();
    }

    /// Operations since the plan was made.
    pub(crate) fn operations(&self) -> u64 {
        self.state().operations
    }

    pub(crate) fn crashed(&self) -> Option<Crash> {
        self.state().crashed
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.state().log.clone()
    }

    /// Has the machine come up again after `crash`. No file of it may be open.
    ///
    /// # Panics
    /// Where the real disk fails.
    pub(crate) fn restart(&self, crash: Crash) {
        let mut state = self.state();
        state.plan = Plan::default();
        state.crashed = None;
        if crash == Crash::Power {
            state.lose();
        }
        state.end_lock_files(crash);
    }
}

impl State {
    fn next(&mut self, what: &str, path: &str) -> Outcome {
        if self.crashed.is_some() {
            return Outcome::Fail(io::Error::from_raw_os_error(EIO));
        }
        self.operations += 1;
        let now = self.operations;
        self.log.push(format!("{now} {what} {path}"));
        if let Some((at, crash)) = self.plan.crash
            && now >= at
        {
            self.crashed = Some(crash);
            self.log.push(format!("{now} {crash:?}"));
            return if self.rng.percent(50) {
                Outcome::WorkAndFail
            } else {
                Outcome::Fail(io::Error::from_raw_os_error(EIO))
            };
        }
        let is_full = self.plan.full.is_some_and(|full| now >= full) && matches!(what, "write" | "create");
        let fails = self.plan.failing == Some(now) || self.rng.percent(self.plan.flaky);
        if is_full || fails {
            let code = if is_full { ENOSPC } else { self.rng.pick(&[EIO, ENOSPC]) };
            self.log.push(format!("{now} fails: {code}"));
            return Outcome::Fail(io::Error::from_raw_os_error(code));
        }
        Outcome::Work
    }

    /// What is known of an open file.
    fn file(&mut self, file: &File) -> io::Result<&mut Content> {
        let number = self.numbers.get(&file.metadata()?.ino()).copied();
        let number = number.ok_or_else(|| io::Error::other("a file that this disk did not make"))?;
        Ok(&mut self.files[number as usize])
    }

    /// Notes a new file.
    fn add(&mut self, system: u64, content: Content) -> u64 {
        let number = self.files.len() as u64;
        self.files.push(content);
        self.numbers.insert(system, number);
        reads::know(system, number, &self.reads);
        number
    }

    /// The path of a file in the folder, or in one in it.
    fn relative(&self, path: &Path) -> Option<String> {
        Some(path.strip_prefix(&self.folder).ok()?.to_string_lossy().into_owned())
    }

    fn name(&self, path: &Path) -> String {
        self.relative(path).unwrap_or_else(|| path.display().to_string())
    }

    /// The names that survive a loss of power.
    fn names_after_loss(&mut self) -> BTreeMap<String, u64> {
        let mut names = self.durable.clone();
        let pending = std::mem::take(&mut self.pending);
        let any = self.rng.percent(20);
        let until = self.rng.index(pending.len() + 1);
        let mut folders = Vec::new();
        for (at, change) in pending.iter().enumerate() {
            if if any { self.rng.percent(50) } else { at < until } {
                apply(&mut names, &change.before(&folders));
            } else if let NameChange::Folder(from, to) = change {
                folders.push((from.clone(), to.clone()));
            }
        }
        names
    }

    fn lose(&mut self) {
        let names = self.names_after_loss();
        let mut files = std::mem::take(&mut self.files);
        self.numbers.clear();
        for path in files_in(&self.folder) {
            std::fs::remove_file(path).expect("a file can be removed");
        }
        let mut placed: HashMap<u64, (PathBuf, u64)> = HashMap::new();
        self.durable.clear();
        for (name, number) in names {
            let path = self.folder.join(&name);
            std::fs::create_dir_all(path.parent().unwrap_or(&self.folder)).expect("a folder can be made");
            if let Some((first, number)) = placed.get(&number) {
                std::fs::hard_link(first, &path).expect("a file can be linked");
                self.durable.insert(name, *number);
                continue;
            }
            let content = std::mem::take(&mut files[number as usize]).after_loss(&mut self.rng);
            std::fs::write(&path, &content).expect("a file can be written");
            let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(&path, private).expect("a mode can be set");
            let system = std::fs::metadata(&path).expect("it is there").ino();
            let new = self.add(system, Content { durable: content, pending: Vec::new() });
            placed.insert(number, (path, new));
            self.durable.insert(name, new);
        }
        for entry in std::fs::read_dir(&self.folder).expect("the folder").flatten() {
            // One that nothing is left in was never made.
            let _ = std::fs::remove_dir(entry.path());
        }
    }

    /// Has the holders of lock files be dead, and those that were killed while they wrote one for long. After a loss of power
    /// the machine's start removes them, as one that has such locks must.
    fn end_lock_files(&mut self, crash: Crash) {
        for path in files_in(&self.folder) {
            let name = self.name(&path);
            if ![".lock", ".takeover", ".takeover.old"].iter().any(|end| name.ends_with(end))
                || name.ends_with("manifest.lock")
            {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let own = format!("{} ", std::process::id());
            match text.strip_prefix(&own).filter(|rest| crash == Crash::Kill && rest.ends_with('\n')) {
                Some(place) => std::fs::write(&path, format!("{DEAD} {place}")).expect("a lock file"),
                None if text.starts_with(&DEAD.to_string()) && crash == Crash::Kill => {}
                None if crash == Crash::Kill && !name.ends_with(".old") => {
                    let file = File::options().write(true).open(&path).expect("a lock file");
                    let before = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
                    file.set_modified(before).expect("a time can be set");
                }
                None => {
                    std::fs::remove_file(&path).expect("a lock file");
                    self.pending.push(NameChange::Remove(name));
                }
            }
        }
    }
}

/// All files in a folder and in those in it.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder").flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}
