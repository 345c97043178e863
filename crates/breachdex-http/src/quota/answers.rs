//! Counts the answers of one connection that wait to be read, and determines when the connection's time is over.
//!
//! | state of the connection | it ends |
//! | --- | --- |
//! | no request yet | `header_timeout` after it was accepted |
//! | answers wait to be read | `send_timeout` after the oldest of them was made |
//! | a request is being answered | `answer_timeout` after the last event |
//! | idle | `idle_timeout` after the last event, `header_timeout` while connections are scarce |
//!
//! Nothing that a client sends extends the time of an answer. With HTTP/2 a client can refuse to read answers and still
//! exchange any number of frames, so bytes on the wire are no sign of progress.

#![forbid(unsafe_code)]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::addresses::AddressUse;
use super::connections::Slot;
use super::frames::FrameAllowance;
use crate::limits::Limits;

/// Bytes of heads of requests that wait on one connection. Those of an honest client take a fifth of it.
const MOST_WAITING: usize = 64 << 10;

/// What a head takes at least, with what is kept about the request.
const HEAD: usize = 256;

/// How many answers may wait to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnswerLimits {
    per_connection: usize,
    /// Beyond it the connections of an address have one answer each.
    address_soft: usize,
    /// Beyond it an address gets no more ranges.
    address_most: usize,
    header_timeout: Duration,
    idle_timeout: Duration,
    answer_timeout: Duration,
    send_timeout: Duration,
}

impl AnswerLimits {
    /// `most` is how many buffers there are for everybody.
    pub(crate) fn new(limits: &Limits, most: usize) -> Self {
        Self {
            per_connection: limits.answers_per_connection.max(1),
            address_soft: (most / 8).max(1),
            address_most: (most / 4).max(1),
            header_timeout: limits.header_timeout,
            idle_timeout: limits.idle_timeout,
            answer_timeout: limits.answer_timeout,
            send_timeout: limits.send_timeout,
        }
    }
}

/// Whether there is little room left for answers of everybody.
pub trait Pressure: Send + Sync {
    /// Whether each connection is to have one answer at a time.
    fn is_high(&self) -> bool;
}

/// For answers that take no memory to speak of.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPressure;

impl Pressure for NoPressure {
    fn is_high(&self) -> bool {
        false
    }
}

/// The answers of one connection.
pub(crate) struct Answers {
    limits: AnswerLimits,
    slot: Slot,
    pressure: Arc<dyn Pressure>,
    accepted: Instant,
    state: Mutex<State>,
    freed: Notify,
    frames: Arc<FrameAllowance>,
}

#[derive(Default)]
struct State {
    /// Requests that are being answered and answers that wait to be read, with the time when they were made.
    open: Vec<(u64, Option<Instant>)>,
    next: u64,
    /// Bytes of the heads that wait.
    waiting: usize,
    /// When a request came or an answer, or a piece of one, was read; `None` before the first request.
    last_event: Option<Instant>,
}

/// There are too many requests on this connection, or too many answers of this address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused;

enum Attempt {
    Taken(Permit),
    Wait,
    Refused,
}

impl Answers {
    pub(crate) fn new(
        slot: Slot,
        limits: AnswerLimits,
        pressure: Arc<dyn Pressure>,
        accepted: Instant,
    ) -> Arc<Self> {
        Arc::new(Self {
            limits,
            slot,
            pressure,
            accepted,
            state: Mutex::default(),
            freed: Notify::new(),
            frames: Arc::new(FrameAllowance::new(accepted)),
        })
    }

    pub(crate) fn slot(&self) -> &Slot {
        &self.slot
    }

    /// The frames that the connection may send.
    pub(crate) fn frames(&self) -> &Arc<FrameAllowance> {
        &self.frames
    }

    /// Notes that a request has come.
    pub(crate) fn request_begins(&self) {
        self.frames.add_request();
        self.state().last_event = Some(Instant::now());
    }

    /// Notes that a piece of a request's body was read.
    pub(crate) fn progressed(&self) {
        self.frames.add_piece();
        self.state().last_event = Some(Instant::now());
    }

    /// Waits until the request may be answered. `head` is its size in bytes, `client` the client behind a trusted
    /// proxy. Requests that are no ranges are never refused for the sake of the address.
    ///
    /// # Errors
    /// [`Refused`].
    pub(crate) async fn permit(
        self: &Arc<Self>,
        head: usize,
        client: Option<AddressUse>,
        is_range: bool,
    ) -> Result<Permit, Refused> {
        let mut client = client;
        let mut waiting = None;
        loop {
            let freed = self.freed.notified();
            match self.attempt(&mut client, is_range) {
                Attempt::Taken(permit) => {
                    // There may be room for another one.
                    self.freed.notify_one();
                    return Ok(permit);
                }
                Attempt::Refused => return Err(Refused),
                Attempt::Wait if waiting.is_none() => waiting = Some(Waiting::new(self, HEAD + head)?),
                Attempt::Wait => {}
            }
            freed.await;
        }
    }

    /// Takes `client` along into the permit.
    fn attempt(self: &Arc<Self>, client: &mut Option<AddressUse>, is_range: bool) -> Attempt {
        let address = client.as_ref().or(self.slot.address());
        let answers = address.map_or(0, AddressUse::answers);
        let is_scarce = answers >= self.limits.address_soft || self.pressure.is_high();
        let most = if is_scarce { 1 } else { self.limits.per_connection };
        let mut state = self.state();
        if state.open.len() >= most {
            return Attempt::Wait;
        }
        if is_range && answers >= self.limits.address_most {
            return Attempt::Refused;
        }
        let number = state.next;
        state.next += 1;
        state.open.push((number, None));
        if let Some(address) = address {
            address.add_answer();
        }
        Attempt::Taken(Permit { answers: Arc::clone(self), number, client: client.take() })
    }

    /// When the connection is to be ended, or looked at again.
    pub(crate) fn deadline(&self) -> Instant {
        let state = self.state();
        if let Some(oldest) = state.open.iter().filter_map(|(_, made)| *made).min() {
            return oldest + self.limits.send_timeout;
        }
        let Some(last) = state.last_event else { return self.accepted + self.limits.header_timeout };
        let is_idle = state.open.is_empty() && state.waiting == 0;
        if !is_idle {
            return last + self.limits.answer_timeout;
        }
        if self.slot.connections().is_crowded() {
            return last + self.limits.idle_timeout.min(self.limits.header_timeout);
        }
        last + self.limits.idle_timeout
    }

    /// How long a connection may go unobserved: connections can become scarce at any time.
    pub(crate) fn longest_sleep(&self) -> Duration {
        self.limits.header_timeout
    }

    /// Whether no request has come yet.
    pub(crate) fn are_new(&self) -> bool {
        self.state().last_event.is_none()
    }

    /// Whether answers wait to be read.
    pub(crate) fn are_unread(&self) -> bool {
        self.state().open.iter().any(|(_, made)| made.is_some())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a head that waits, until it is dropped.
struct Waiting<'a> {
    answers: &'a Answers,
    bytes: usize,
}

impl<'a> Waiting<'a> {
    fn new(answers: &'a Answers, bytes: usize) -> Result<Self, Refused> {
        let mut state = answers.state();
        if state.waiting + bytes > MOST_WAITING {
            return Err(Refused);
        }
        state.waiting += bytes;
        drop(state);
        Ok(Self { answers, bytes })
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.answers.state().waiting -= self.bytes;
    }
}

/// The permission to answer a request. Dropped when the answer was read or given up.
pub(crate) struct Permit {
    answers: Arc<Answers>,
    number: u64,
    /// The client behind a trusted proxy.
    client: Option<AddressUse>,
}

impl Permit {
    /// Starts the time in which the answer must be read.
    pub(crate) fn answer_is_made(&self) {
        let mut state = self.answers.state();
        if let Some((_, made)) = state.open.iter_mut().find(|(number, _)| *number == self.number) {
            *made = Some(Instant::now());
        }
    }
}

impl Permit {
    /// Stops that time: a piece of the answer was read, and the next one is not made yet.
    pub(crate) fn answer_is_read(&self) {
        let mut state = self.answers.state();
        let open = state.open.iter_mut().find(|(number, _)| *number == self.number);
        let was_made = open.and_then(|(_, made)| made.take()).is_some();
        if was_made {
            state.last_event = Some(Instant::now());
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.answers.state();
        state.open.retain(|(number, _)| *number != self.number);
        state.last_event = Some(Instant::now());
        drop(state);
        if let Some(address) = self.client.as_ref().or(self.answers.slot.address()) {
            address.remove_answer();
        }
        self.answers.freed.notify_one();
    }
}
