//! What is worth another try, and when. The one place that decides it.

#![forbid(unsafe_code)]

use std::time::Duration;

use crate::error::FetchFault;
use crate::network::jitter;

/// The longest a server may ask to be left alone before that is an error.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// How often a range may be put off because the server asked for it.
const MOST_WAITS: u32 = 100;

/// How often and after how long a failed request is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries of one range after the first one.
    pub retries: u32,
    /// The wait before the first retry; each later one is twice as long, less up to a half by chance.
    pub base_delay: Duration,
    /// The longest wait.
    pub longest_delay: Duration,
}

impl Default for RetryPolicy {
    /// 10 retries, from half a second to half a minute apart: some two minutes without a network.
    fn default() -> Self {
        Self { retries: 10, base_delay: Duration::from_millis(500), longest_delay: Duration::from_secs(30) }
    }
}

impl RetryPolicy {
    /// The wait after so many tries, somewhere in its upper half.
    fn delay(&self, attempts: u32) -> Duration {
        let doubled = self.base_delay.saturating_mul(1 << attempts.saturating_sub(1).min(20));
        doubled.min(self.longest_delay).mul_f64(0.5 + 0.5 * jitter())
    }
}

/// What to do after a fault.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    GiveUp,
    /// Try this range again after a while.
    After(Duration),
    /// Send nothing at all for a while: the server asked for it.
    AllAfter(Duration),
}

/// Decides after `attempts` tries, `waits` of them put off by the server.
pub(crate) fn judge(fault: &FetchFault, policy: &RetryPolicy, attempts: u32, waits: u32) -> Verdict {
    let again = match fault {
        FetchFault::Status { status: 429 | 503, retry_after: Some(wait) } => {
            return if *wait > LONGEST_WAIT || waits >= MOST_WAITS {
                Verdict::GiveUp
            } else {
                // A little later than asked, so that not everybody is back in the same moment.
                Verdict::AllAfter(*wait + policy.base_delay.mul_f64(jitter()))
            };
        }
        FetchFault::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
        FetchFault::Network(_)
        | FetchFault::NoEnd { .. }
        | FetchFault::NothingModified
        | FetchFault::TooLarge(_)
        | FetchFault::Encoding(_)
        | FetchFault::Body(_)
        | FetchFault::Quirk(_)
        | FetchFault::OtherRange { .. }
        | FetchFault::UnknownRange
        | FetchFault::OtherLength { .. }
        | FetchFault::Malformed(_) => true,
        FetchFault::Certificate(_)
        | FetchFault::ProxyLogin { .. }
        | FetchFault::Redirected { .. }
        | FetchFault::Moved { .. }
        | FetchFault::NoRanges { .. }
        | FetchFault::Refused(_)
        | FetchFault::Replaced => false,
    };
    if again && attempts - waits <= policy.retries {
        Verdict::After(policy.delay(attempts - waits))
    } else {
        Verdict::GiveUp
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        retries: 3,
        base_delay: Duration::from_millis(100),
        longest_delay: Duration::from_millis(250),
    };

    fn status(status: u16, retry_after: Option<u64>) -> FetchFault {
        FetchFault::Status { status, retry_after: retry_after.map(Duration::from_secs) }
    }

    #[test]
    fn waits_double_up_to_the_longest_and_then_it_is_enough() {
        for (attempts, longest) in [(1, 100), (2, 200), (3, 250)] {
            match judge(&status(500, None), &POLICY, attempts, 0) {
                Verdict::After(delay) => {
                    assert!(delay <= Duration::from_millis(longest), "{attempts}: {delay:?}");
                    assert!(delay >= Duration::from_millis(longest) / 2, "{attempts}: {delay:?}");
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(judge(&status(500, None), &POLICY, 4, 0), Verdict::GiveUp);
    }

    #[test]
    fn a_server_that_asks_to_wait_is_left_alone_and_that_is_no_failed_try() {
        for (code, attempts, waits) in [(429, 1, 0), (429, 90, 89), (503, 1, 0)] {
            match judge(&status(code, Some(7)), &POLICY, attempts, waits) {
                Verdict::AllAfter(delay) => assert!(delay >= Duration::from_secs(7)),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(judge(&status(429, Some(7)), &POLICY, 101, 100), Verdict::GiveUp);
        assert_eq!(judge(&status(429, Some(86_400)), &POLICY, 1, 0), Verdict::GiveUp);
    }

    #[test]
    fn what_will_not_get_better_is_not_tried_again() {
        for code in [400, 401, 403, 404, 406, 407, 410, 451] {
            assert_eq!(judge(&status(code, None), &POLICY, 1, 0), Verdict::GiveUp, "{code}");
        }
        assert_eq!(judge(&FetchFault::Redirected { status: 302 }, &POLICY, 1, 0), Verdict::GiveUp);
        assert_eq!(judge(&FetchFault::Certificate("x".into()), &POLICY, 1, 0), Verdict::GiveUp);
        let login = FetchFault::ProxyLogin { proxy: "proxy:1".into(), has_credentials: true };
        assert_eq!(judge(&login, &POLICY, 1, 0), Verdict::GiveUp);
        for code in [408, 429, 500, 502, 503, 504] {
            assert!(matches!(judge(&status(code, None), &POLICY, 1, 0), Verdict::After(_)), "{code}");
        }
    }
}
