//! A handle that outlives its file: opens what replaced it, checks that, and only then answers from it.
//!
//! Made for processes that run for months and fork. Nothing here takes a lock, so that a child which was forked
//! in the middle of a reload goes on; `turn` has one thread look at the file at a time.

#![forbid(unsafe_code)]

mod reload;
mod turn;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};

pub use self::reload::Reload;
use self::turn::{Busy, Turn};
use super::identity::Identity;
use super::{Index, OpenOptions, StepBack, VerifyOptions};
use crate::digest::Kind;
use crate::error::{Error, Fault, Result, io_error};
use crate::monitor::{Monitor, Phase, Progress};

/// How a file is verified that nobody waits for: answers keep the other processors.
const ASIDE: VerifyOptions = VerifyOptions { threads: 1 };

/// Larger files are checked on a thread of their own, while whoever noticed the new file is answered from the
/// old one. Reading this much takes some fifty milliseconds.
const CHECKED_AT_ONCE: u64 = 16 << 20;

/// How long one who must wait for another's look sleeps between two tries.
const POLL_INTERVAL: Duration = Duration::from_millis(1);

/// Tries between two moments in which the one who waits may be told to stop.
const TRIES: u32 = 50;

/// An index that follows its file. `Send + Sync`; a clone is another handle on the same.
///
/// A file that took the place of the open one (by rename, or behind a symbolic link) is opened, verified from end to
/// end and then answers; readers of the old one finish undisturbed. A bad one is refused and remembered in
/// [`LiveIndex::reload_error`], and the previous one stays in use. A file that was changed *in place* is an error from
/// then on, until a sound one is put under its path: nothing that is read or mapped from such a file may be believed.
#[derive(Clone)]
pub struct LiveIndex {
    shared: Arc<Shared>,
}

struct Shared {
    /// What may be opened again; `None` for an index in memory.
    path: Option<PathBuf>,
    options: OpenOptions,
    kind: Kind,
    state: ArcSwap<State>,
    refusal: ArcSwapOption<Refusal>,
    has_unreported: AtomicBool,
    /// An older index that was taken over, and that nobody was told of yet.
    step_back: ArcSwapOption<StepBack>,
    /// Looks on its own, so often.
    every: Option<Duration>,
    since: Instant,
    /// When to look next, in nanoseconds after `since`.
    next_look: AtomicU64,
    /// Who is looking.
    turn: Turn,
}

enum State {
    Open(Index),
    /// Changed in place. The open file is kept, so that the system does not give its file number to another file,
    /// and never read again.
    ModifiedInPlace(Index, Fault),
    Closed,
}

/// A replacement that was not taken.
struct Refusal {
    /// Which file is not to be tried again; `None` where there was none, or it could not be read.
    identity: Option<Identity>,
    error: Arc<Error>,
}

impl LiveIndex {
    /// Opens the index under a path, read or mapped as the options say. With `every`, questions look whether the file was replaced when the last look
    /// was so long ago (some microseconds for the one that looks); without, only [`LiveIndex::reload_if_changed`]
    /// does.
    ///
    /// # Errors
    /// As [`Index::open_with`].
    pub fn open(path: impl AsRef<Path>, options: OpenOptions, every: Option<Duration>) -> Result<Self> {
        Ok(Self::following(Index::open_with(path, options)?, every))
    }

    /// A handle on an index that is open already; one in memory never changes.
    pub fn new(index: Index) -> Self {
        Self::following(index, None)
    }

    fn following(index: Index, every: Option<Duration>) -> Self {
        let path = index.path.clone();
        let every = every.filter(|_| path.is_some());
        let shared = Shared {
            path,
            options: index.options.clone(),
            kind: index.kind(),
            state: ArcSwap::from_pointee(State::Open(index)),
            refusal: ArcSwapOption::empty(),
            has_unreported: AtomicBool::new(false),
            step_back: ArcSwapOption::empty(),
            every,
            since: Instant::now(),
            next_look: AtomicU64::new(every.map_or(u64::MAX, nanoseconds)),
            turn: Turn::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Which digest it holds, now and after every reload.
    pub fn kind(&self) -> Kind {
        self.shared.kind
    }

    /// The file's path as it was given; `None` for an index in memory.
    pub fn path(&self) -> Option<&Path> {
        self.shared.path.as_deref()
    }

    /// The file's path as it was given, or the name of an index in memory.
    pub fn name(&self) -> String {
        match (&self.shared.path, &**self.shared.state.load()) {
            (Some(path), _) => path.display().to_string(),
            (None, State::Open(index) | State::ModifiedInPlace(index, _)) => index.name().to_owned(),
            (None, State::Closed) => String::from("the index"),
        }
    }

    /// How often it looks on its own.
    pub fn reload_every(&self) -> Option<Duration> {
        self.shared.every
    }

    /// Puts a question to the index that answers now. Allocates nothing and takes no lock.
    ///
    /// # Errors
    /// The question's own; [`Error::Closed`]; [`Error::Damaged`] after a change in place.
    #[inline]
    pub fn ask<T, E: From<Error>>(&self, question: impl FnOnce(&Index) -> Result<T, E>) -> Result<T, E> {
        self.look_if_due();
        match &**self.shared.state.load() {
            State::Open(index) => question(index),
            State::ModifiedInPlace(index, fault) => Err(fault.named(index.name()).into()),
            State::Closed => Err(self.closed().into()),
        }
    }

    /// The index that answers now, to be kept for longer work.
    ///
    /// # Errors
    /// As [`LiveIndex::ask`].
    pub fn snapshot(&self) -> Result<Index> {
        self.ask(|index| Ok(index.clone()))
    }

    /// Gives the file up. Questions that run finish; later ones are [`Error::Closed`].
    pub fn close(&self) {
        self.shared.next_look.store(u64::MAX, Ordering::Relaxed);
        self.shared.state.store(Arc::new(State::Closed));
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        matches!(**self.shared.state.load(), State::Closed)
    }

    /// Looks at the file now, and takes over one that replaced it once it is verified; whether one was taken over.
    /// A bad one is `false` and [`LiveIndex::reload_error`]. Reads the whole of a new file.
    ///
    /// # Errors
    /// [`Error::Damaged`] when the open file was changed in place, [`Error::Closed`], [`Error::Cancelled`].
    pub fn reload_if_changed(&self, monitor: &dyn Monitor) -> Result<bool> {
        // Whoever asks for it wants what was refused tried again.
        self.reload(monitor, true)
    }

    /// [`LiveIndex::reload_if_changed`], but for a file that was refused before: for a program that looks again and again, which
    /// would read the whole of it each time.
    ///
    /// # Errors
    /// As there.
    pub fn reload_if_new(&self, monitor: &dyn Monitor) -> Result<bool> {
        self.reload(monitor, false)
    }

    fn reload(&self, monitor: &dyn Monitor, again: bool) -> Result<bool> {
        let Some(path) = &self.shared.path else { return self.ask(|_| Ok(false)) };
        let mut tries = 0_u32;
        let looking = loop {
            match self.shared.turn.begin() {
                Ok(looking) => break looking,
                // A signal handler that interrupted this thread's own look: that one will see what there is.
                Err(Busy::Here) => return Ok(false),
                Err(Busy::Elsewhere) => thread::sleep(POLL_INTERVAL),
            }
            tries += 1;
            let waiting = Progress { phase: Phase::Verifying, done: 0, total: None };
            if tries.is_multiple_of(TRIES) && monitor.progress(waiting).is_break() {
                return Err(Error::Cancelled);
            }
        };
        let Some(found) = self.shared.changed(path, again)? else { return Ok(false) };
        let verify = if again { VerifyOptions::default() } else { ASIDE };
        let taken = self.shared.take_over(path, found, verify, monitor);
        drop(looking);
        taken
    }

    /// Why the file that is under the path now was not taken over; `None` when all is well.
    pub fn reload_error(&self) -> Option<Arc<Error>> {
        self.shared.refusal.load().as_ref().map(|refusal| Arc::clone(&refusal.error))
    }

    /// What is to be said of a replacement, each once: for whoever writes a log. One relaxed load where there is nothing.
    #[inline]
    pub fn unreported(&self) -> Option<Reload> {
        if !self.shared.has_unreported.load(Ordering::Relaxed) {
            return None;
        }
        if !self.shared.has_unreported.swap(false, Ordering::Relaxed) {
            return None;
        }
        let error = self.reload_error();
        let Some(step_back) = self.shared.step_back.swap(None) else { return error.map(Reload::Refused) };
        // What was refused since is said next.
        self.shared.has_unreported.store(error.is_some(), Ordering::Relaxed);
        Some(Reload::Older { name: self.name(), step_back })
    }

    #[inline]
    fn look_if_due(&self) {
        if self.shared.every.is_some() && self.shared.is_due() {
            self.look();
        }
    }

    /// Looks without waiting for anybody. What goes wrong shows in the state.
    #[cold]
    fn look(&self) {
        let (Some(every), Some(path)) = (self.shared.every, &self.shared.path) else { return };
        let Ok(looking) = self.shared.turn.begin() else { return };
        let now = nanoseconds(self.shared.since.elapsed());
        self.shared.next_look.store(now.saturating_add(nanoseconds(every)), Ordering::Relaxed);
        let Ok(Some(found)) = self.shared.changed(path, false) else { return };
        if found.length <= CHECKED_AT_ONCE {
            let _ = self.shared.take_over(path, found, ASIDE, &());
            return;
        }
        looking.hand_over();
        let shared = Arc::clone(&self.shared);
        let check = move || {
            let _looking = shared.turn.take_over();
            if let Some(path) = &shared.path {
                let _ = shared.take_over(path, found, ASIDE, &());
            }
        };
        if thread::Builder::new().name(String::from("breachdex-reload")).spawn(check).is_err() {
            drop(self.shared.turn.take_over());
        }
    }

    fn closed(&self) -> Error {
        Error::Closed { name: self.name() }
    }
}

/// Another file than the open one.
struct Found {
    identity: Identity,
    length: u64,
}

impl Shared {
    #[inline]
    fn is_due(&self) -> bool {
        nanoseconds(self.since.elapsed()) >= self.next_look.load(Ordering::Relaxed)
    }

    /// The file that is under the path, if it is another one and, unless `again`, was not refused before.
    fn changed(&self, path: &Path, again: bool) -> Result<Option<Found>> {
        let state = self.state.load();
        let index = match &**state {
            State::Open(index) | State::ModifiedInPlace(index, _) => index,
            State::Closed => return Err(Error::Closed { name: path.display().to_string() }),
        };
        let facts = match std::fs::metadata(path) {
            Ok(facts) => facts,
            Err(source) => {
                self.refuse(None, io_error("open", path)(source));
                return Ok(None);
            }
        };
        let identity = Identity::of(&facts);
        let Some(open) = &index.identity else { return Ok(None) };
        if let State::ModifiedInPlace(index, fault) = &**state
            && identity.is_same_file(open)
        {
            return Err(fault.named(index.name()));
        }
        if identity == *open {
            self.refusal.store(None);
            return Ok(None);
        }
        if identity.is_same_file(open) {
            let fault = index.core.changed_in_place_fault();
            self.state.store(Arc::new(State::ModifiedInPlace(index.clone(), fault)));
            return Err(fault.named(index.name()));
        }
        let refused =
            self.refusal.load().as_ref().is_some_and(|old| old.identity.as_ref() == Some(&identity));
        Ok((again || !refused).then_some(Found { length: facts.len(), identity }))
    }

    /// Opens and verifies the file under the path, and answers from it from now on.
    fn take_over(
        &self,
        path: &Path,
        found: Found,
        verify: VerifyOptions,
        monitor: &dyn Monitor,
    ) -> Result<bool> {
        match self.open_checked(path, verify, monitor) {
            Ok(index) => {
                let old = self.state.rcu(|old| match **old {
                    // Closed while the new one was checked.
                    State::Closed => Arc::clone(old),
                    _ => Arc::new(State::Open(index.clone())),
                });
                self.refusal.store(None);
                self.note_step_back(&old, &index);
                Ok(!matches!(*old, State::Closed))
            }
            Err(Error::Cancelled) => Err(Error::Cancelled),
            Err(error) => {
                self.refuse(stays_refused(&error).then_some(found.identity), error);
                Ok(false)
            }
        }
    }

    fn open_checked(&self, path: &Path, verify: VerifyOptions, monitor: &dyn Monitor) -> Result<Index> {
        let index = Index::open_with(path, self.options.clone())?;
        if index.kind() != self.kind {
            let name = index.name().to_owned();
            return Err(Error::OtherKind { name, expected: self.kind, found: index.kind() });
        }
        if let State::Open(old) | State::ModifiedInPlace(old, _) = &**self.state.load()
            && index.metadata().is_pairs
            && index.metadata().source != old.metadata().source
        {
            return Err(Error::OtherPairs { name: index.name().to_owned() });
        }
        #[cfg(feature = "signatures")]
        if let State::Open(old) | State::ModifiedInPlace(old, _) = &**self.state.load() {
            self.options.trusted().check_replacement(index.name(), old.metadata(), index.metadata())?;
        }
        index.verify_with(verify, monitor)?;
        Ok(index)
    }

    fn note_step_back(&self, old: &State, new: &Index) {
        let (State::Open(old) | State::ModifiedInPlace(old, _)) = old else { return };
        if let Some(step_back) = StepBack::between(old.metadata(), new.metadata()) {
            self.step_back.store(Some(Arc::new(step_back)));
            self.has_unreported.store(true, Ordering::Relaxed);
        }
    }

    fn refuse(&self, identity: Option<Identity>, error: Error) {
        let is_known = self
            .refusal
            .load()
            .as_ref()
            .is_some_and(|old| old.identity == identity && old.error.to_string() == error.to_string());
        if !is_known {
            self.refusal.store(Some(Arc::new(Refusal { identity, error: Arc::new(error) })));
            self.has_unreported.store(true, Ordering::Relaxed);
        }
    }
}

/// Whether a file that gave an error is not to be tried again.
///
/// What the system refuses today (too many open files, a right that is granted a moment later) it may grant tomorrow, and
/// a signature may be copied after its index; what a file holds stays.
fn stays_refused(error: &Error) -> bool {
    match error {
        Error::Io { .. } => false,
        #[cfg(feature = "signatures")]
        Error::NotSigned { .. } => false,
        _ => true,
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl fmt::Debug for LiveIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveIndex").field("path", &self.path()).finish_non_exhaustive()
    }
}
