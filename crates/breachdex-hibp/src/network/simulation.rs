//! The seam between runs and the network: a simulated network answers all requests of the runs that begin on a thread.
//!
//! Such a run does all of its work on that thread, and its time is virtual: when everything waits, the clock moves on to
//! the next moment at which something happens. For the project's own simulation; nothing here is stable.

#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;

use reqwest::{Request, Response};

/// What becomes of a request: an answer, or why there is none.
pub type Answering = Pin<Box<dyn Future<Output = Result<Response, String>> + Send>>;

/// A network that is simulated.
pub trait Network: Send + Sync {
    /// Answers a request. It may wait with the time of tokio.
    fn answer(&self, request: Request) -> Answering;

    /// The chance by which waits differ, from 0 to 1.
    fn jitter(&self) -> f64;
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<dyn Network>>> = const { RefCell::new(None) };
}

/// The network of this thread; `None` for the real one.
pub(crate) fn current() -> Option<Arc<dyn Network>> {
    CURRENT.with_borrow(Clone::clone)
}

/// Runs `work` with another network for every run that begins on this thread.
pub fn simulate<T>(network: Arc<dyn Network>, work: impl FnOnce() -> T) -> T {
    struct Restore(Option<Arc<dyn Network>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0.take());
        }
    }
    let _restore = Restore(CURRENT.replace(Some(network)));
    work()
}
