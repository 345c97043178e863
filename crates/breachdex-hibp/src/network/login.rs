//! Logs in at a proxy once before all requests do, and does not repeat a refused log-in: many in a short time lock
//! accounts.

#![forbid(unsafe_code)]

use std::time::{Duration, Instant};

use tokio::sync::watch;

/// How long nothing is sent after a refusal.
const REFUSED_FOR: Duration = Duration::from_secs(60);

/// What is known of the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unknown,
    /// One request is under way; the others wait for its end.
    Trying,
    Accepted,
    Refused(Instant),
}

/// The log-in at a proxy that all requests of a client share.
pub(super) struct Login(watch::Sender<State>);

impl Default for Login {
    fn default() -> Self {
        Self(watch::Sender::new(State::Unknown))
    }
}

/// The permission to send one request.
pub(super) struct Ticket<'a> {
    login: &'a Login,
    is_first: bool,
}

impl Login {
    /// Waits until a request may be sent; `None` where a log-in was refused a short while ago.
    pub(super) async fn admit(&self) -> Option<Ticket<'_>> {
        let mut states = self.0.subscribe();
        loop {
            let mut is_first = false;
            let mut seen = State::Trying;
            self.0.send_if_modified(|state| {
                let is_over = matches!(state, State::Refused(at) if at.elapsed() >= REFUSED_FOR);
                is_first = *state == State::Unknown || is_over;
                if is_first {
                    *state = State::Trying;
                }
                seen = *state;
                is_first
            });
            match seen {
                _ if is_first => return Some(Ticket { login: self, is_first }),
                State::Accepted => return Some(Ticket { login: self, is_first }),
                State::Refused(_) => return None,
                // The sender lives as long as this client.
                _ => drop(states.wait_for(|state| *state != State::Trying).await),
            }
        }
    }
}

impl Ticket<'_> {
    /// Tells the other requests how this one went.
    pub(super) fn settle(mut self, is_refused: bool) {
        self.is_first = false;
        let state = if is_refused { State::Refused(Instant::now()) } else { State::Accepted };
        self.login.0.send_if_modified(|known| {
            let is_new = *known != state && (is_refused || !matches!(known, State::Refused(_)));
            if is_new {
                *known = state;
            }
            is_new
        });
    }
}

impl Drop for Ticket<'_> {
    /// A first request that was abandoned lets another one be the first.
    fn drop(&mut self) {
        if self.is_first {
            self.login.0.send_replace(State::Unknown);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;

    use super::*;

    async fn waits<T>(future: &mut (impl Future<Output = T> + Unpin)) -> bool {
        poll_fn(|context| Poll::Ready(pin!(&mut *future).poll(context).is_pending())).await
    }

    #[test]
    fn one_request_is_sent_before_all_others_and_none_after_a_refusal() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let login = Login::default();
            let first = login.admit().await.expect("the first one");
            let mut second = pin!(login.admit());
            assert!(waits(&mut second).await);
            // Abandoned: the next one is the first.
            drop(first);
            second.await.expect("the first one now").settle(true);
            assert!(login.admit().await.is_none());

            let login = Login::default();
            login.admit().await.expect("the first one").settle(false);
            let (one, other) = (login.admit().await.expect("many"), login.admit().await.expect("many"));
            // A refusal outlasts what was on its way.
            one.settle(true);
            other.settle(false);
            assert!(login.admit().await.is_none());
        });
    }
}
