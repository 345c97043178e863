//! Work in order on many threads: they take turns to fetch a piece, work on it apart, and what comes out is
//! accepted in the order in which the pieces were fetched. So the first error is always the same one.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use super::control::{Control, lock};
use crate::error::{Error, Result};

/// What is done with each piece.
pub(crate) trait Stage: Sync {
    /// Where pieces come from; used by one thread at a time.
    type Source: Send;
    type Work: Send;
    /// What a thread keeps from piece to piece.
    type Scratch;
    type Output: Send;
    /// Where outputs go, in order; used by one thread at a time.
    type Sink: Send;
    /// What is left to do once the output's place is known.
    type Rest: Send;

    fn next(&self, source: &mut Self::Source) -> Result<Option<Self::Work>>;
    fn scratch(&self) -> Self::Scratch;
    fn process(&self, scratch: &mut Self::Scratch, work: Self::Work) -> Result<Self::Output>;
    fn accept(&self, sink: &mut Self::Sink, output: Self::Output) -> Result<Option<Self::Rest>>;
    /// Runs after `accept`, without order and beside other threads.
    fn complete(&self, rest: Self::Rest) -> Result<()>;
    /// Ends a thread's work.
    fn retire(&self, scratch: Self::Scratch) -> Result<()>;
}

struct Intake<S: Stage> {
    source: S::Source,
    next: u64,
    ended: bool,
}

struct Order<S: Stage> {
    sink: S::Sink,
    next: u64,
    waiting: BTreeMap<u64, Result<S::Output>>,
    error: Option<Error>,
}

struct Pipeline<'a, S: Stage> {
    stage: &'a S,
    control: &'a Control<'a>,
    /// How many outputs may wait for an earlier one.
    slack: u64,
    intake: Mutex<Intake<S>>,
    order: Mutex<Order<S>>,
    turn: Condvar,
    stopped: AtomicBool,
}

/// Runs `stage` over everything that `source` gives, on all threads, and returns source and sink.
///
/// # Errors
/// The first one in the order of the pieces.
pub(crate) fn run<S: Stage>(
    control: &Control<'_>,
    stage: &S,
    source: S::Source,
    sink: S::Sink,
    slack: usize,
) -> Result<(S::Source, S::Sink)> {
    let pipeline = Pipeline {
        stage,
        control,
        slack: slack as u64,
        intake: Mutex::new(Intake { source, next: 0, ended: false }),
        order: Mutex::new(Order { sink, next: 0, waiting: BTreeMap::new(), error: None }),
        turn: Condvar::new(),
        stopped: AtomicBool::new(false),
    };
    control.run_on(control.threads(), || pipeline.work());
    control.check()?;
    let order = pipeline.order.into_inner().unwrap_or_else(PoisonError::into_inner);
    let intake = pipeline.intake.into_inner().unwrap_or_else(PoisonError::into_inner);
    order.error.map_or(Ok((intake.source, order.sink)), Err)
}

/// Wakes the others when this thread ends, so that none waits for an output that will not come.
struct Wake<'a, 'b, S: Stage>(&'a Pipeline<'b, S>);

impl<S: Stage> Drop for Wake<'_, '_, S> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stopped.store(true, Ordering::Relaxed);
        }
        // The lock orders this after a waiting thread's look at the flag.
        drop(lock(&self.0.order));
        self.0.turn.notify_all();
    }
}

impl<S: Stage> Pipeline<'_, S> {
    fn work(&self) {
        let _wake = Wake(self);
        let mut scratch = self.stage.scratch();
        let result = self.work_through(&mut scratch).and_then(|()| self.stage.retire(scratch));
        if let Err(error) = result {
            self.fail(&mut lock(&self.order), error);
        }
    }

    fn work_through(&self, scratch: &mut S::Scratch) -> Result<()> {
        while let Some((number, work)) = self.fetch() {
            let output = work.and_then(|work| self.stage.process(scratch, work));
            for rest in self.deliver(number, output) {
                self.stage.complete(rest)?;
            }
            self.control.check()?;
        }
        Ok(())
    }

    /// The next piece and its number, or the error that fetching it gave.
    fn fetch(&self) -> Option<(u64, Result<S::Work>)> {
        let mut intake = lock(&self.intake);
        if intake.ended || self.stopped.load(Ordering::Relaxed) {
            return None;
        }
        let work = self.stage.next(&mut intake.source).transpose();
        intake.ended = !matches!(work, Some(Ok(_)));
        let number = intake.next;
        intake.next += 1;
        work.map(|work| (number, work))
    }

    /// Accepts every output whose turn it is, waits while this one is too far ahead, and returns what is
    /// left to do.
    fn deliver(&self, number: u64, output: Result<S::Output>) -> Vec<S::Rest> {
        let mut order = lock(&self.order);
        order.waiting.insert(number, output);
        let mut rests = Vec::new();
        loop {
            let next = order.next;
            let Some(output) = order.waiting.remove(&next) else { break };
            order.next += 1;
            if order.error.is_some() {
                continue;
            }
            match output.and_then(|output| self.stage.accept(&mut order.sink, output)) {
                Ok(rest) => rests.extend(rest),
                Err(error) => self.fail(&mut order, error),
            }
        }
        self.turn.notify_all();
        while number >= order.next + self.slack && !self.stopped.load(Ordering::Relaxed) {
            order = self.turn.wait(order).unwrap_or_else(PoisonError::into_inner);
        }
        rests
    }

    fn fail(&self, order: &mut Order<S>, error: Error) {
        order.error.get_or_insert(error);
        self.stopped.store(true, Ordering::Relaxed);
        self.turn.notify_all();
    }
}
