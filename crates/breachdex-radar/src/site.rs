//! The test over the whole site: Page's CUSUM, for attacks that are a small, a middling or a large part of all failures.
//!
//! Each lane tests for one part. It adds up how much likelier each failed attempt is in a mixture of honest attempts and
//! that part of attack than in honest ones alone, never falling below 0. A lane for a small part goes up and down slowly and
//! crosses a given height more rarely; each has the height at which it raises its part of the stated false alarms: the
//! mean number of attempts between two is about `e^height / D`, where `D` is the mean gain of an attempt in such an attack.

#![forbid(unsafe_code)]

use crate::answer::State;
use crate::attempt::{AccountStatus, Exposure};
use crate::entry::{ATTACK_EXPOSED, ATTACK_UNKNOWN, EXPOSED_PART, SUSPICION};

/// The parts of all failures for which there is a lane.
pub(crate) const PARTS: [f64; 6] = [0.04, 0.08, 0.16, 0.32, 0.64, 0.95];
/// Lanes for passwords, then as many for passwords and accounts.
pub(crate) const LANES: usize = 2 * PARTS.len();
/// No lane raises an alarm below this: a handful of attempts are not the site.
const LOWEST_ALARM: f64 = 6.0;

/// A lane this near to its alarm says that an attack goes on. Closer than a suspicion: lanes take long to fall.
const GOING_ON: f32 = 1.0;

/// Seconds after which a lane that never came back to 0 begins anew. On a site with few failures the smallest lanes wander for
/// months where what is usual was learned a little too low; in an attack they reach their alarm much sooner.
const LONGEST_RUN: u32 = 7 * 24 * 3600;

/// What is usual now, as the test takes it: margins included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct AtRest {
    pub(crate) exposed: f64,
    pub(crate) unknown: f64,
}

/// The lanes.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    false_alarm: f64,
    /// What each kind of attempt adds to each lane.
    gains: [[[f32; LANES]; 3]; 3],
    alarm: [f32; LANES],
    pub(crate) sums: [f32; LANES],
    /// When each lane was last at 0.
    pub(crate) zero: [u32; LANES],
    pub(crate) at_rest: AtRest,
}

impl Site {
    pub(crate) fn new(false_alarm: f64, at_rest: AtRest) -> Self {
        let mut site = Self {
            false_alarm,
            gains: [[[0.0; LANES]; 3]; 3],
            alarm: [0.0; LANES],
            sums: [0.0; LANES],
            zero: [0; LANES],
            at_rest,
        };
        site.rest(at_rest);
        site
    }

    /// Sets what is usual.
    pub(crate) fn rest(&mut self, at_rest: AtRest) {
        self.at_rest = at_rest;
        for lane in 0..LANES {
            let part = PARTS[lane % PARTS.len()];
            let uses_accounts = lane >= PARTS.len();
            let mut mean_gain = 0.0;
            for exposure in 0..3 {
                for status in 0..3 {
                    let (honest_password, attack_password) =
                        chance(exposure, at_rest.exposed, ATTACK_EXPOSED);
                    let (honest_account, attack_account) = if uses_accounts {
                        chance(status, at_rest.unknown, ATTACK_UNKNOWN)
                    } else {
                        (1.0, 1.0)
                    };
                    let honest = honest_password * honest_account;
                    let mixed = (1.0 - part) * honest + part * attack_password * attack_account;
                    let gain = (mixed / honest).ln();
                    self.gains[exposure][status][lane] = gain as f32;
                    // Of those of which both is known, or the password alone.
                    if exposure < 2 && (if uses_accounts { status < 2 } else { status == 2 }) {
                        mean_gain += mixed * gain;
                    }
                }
            }
            let chances = if uses_accounts { 1.0 - EXPOSED_PART } else { EXPOSED_PART };
            let rate = self.false_alarm * chances / PARTS.len() as f64;
            self.alarm[lane] = (mean_gain / rate).ln().max(LOWEST_ALARM) as f32;
            self.sums[lane] = self.sums[lane].min(self.alarm[lane]);
        }
    }

    /// Adds a failed attempt. Returns the lane that is at its alarm, if one is.
    pub(crate) fn note(&mut self, exposure: Exposure, status: AccountStatus, now: u32) -> Option<usize> {
        let exposure = match exposure {
            Exposure::Exposed => 0,
            Exposure::NotExposed => 1,
            Exposure::Unknown => 2,
        };
        let status = match status {
            AccountStatus::Unknown => 0,
            AccountStatus::Known => 1,
            AccountStatus::Unsaid => 2,
        };
        let gains = &self.gains[exposure][status];
        let mut raised = None;
        for (lane, gain) in gains.iter().enumerate() {
            let is_stale = now.saturating_sub(self.zero[lane]) > LONGEST_RUN
                && self.alarm[lane] - self.sums[lane] > GOING_ON;
            let sum = if is_stale { 0.0 } else { self.sums[lane] + gain };
            if sum <= 0.0 {
                self.zero[lane] = now;
            } else if sum >= self.alarm[lane] && raised.is_none() {
                raised = Some(lane);
            }
            self.sums[lane] = sum.clamp(0.0, self.alarm[lane]);
        }
        raised
    }

    /// The lane that is nearest to its alarm, if one is near.
    pub(crate) fn near(&self) -> Option<usize> {
        let distance = |lane: &usize| self.alarm[*lane] - self.sums[*lane];
        let nearest = (0..LANES).min_by(|one, other| distance(one).total_cmp(&distance(other)))?;
        (distance(&nearest) <= SUSPICION).then_some(nearest)
    }

    /// The state but for an alarm that was raised before.
    pub(crate) fn state(&self) -> State {
        if self.near().is_some() { State::Suspected } else { State::Quiet }
    }

    /// Whether an attack goes on for which this lane raised the alarm: it, or one for a similar or larger part, is as good as
    /// at its alarm. Those for smaller parts take too long to fall.
    pub(crate) fn goes_on(&self, raised: usize) -> bool {
        let least = Self::part(raised) / 2.0;
        (0..LANES).any(|lane| Self::part(lane) >= least && self.alarm[lane] - self.sums[lane] <= GOING_ON)
    }

    /// Begins all lanes anew.
    pub(crate) fn reset(&mut self, now: u32) {
        self.sums = [0.0; LANES];
        self.zero = [now; LANES];
    }

    /// The part of all failures that a lane tests for.
    pub(crate) fn part(lane: usize) -> f64 {
        PARTS[lane % PARTS.len()]
    }

    /// Whether a lane uses accounts.
    pub(crate) fn uses_accounts(lane: usize) -> bool {
        lane >= PARTS.len()
    }
}

/// The chance of a signal at rest and in an attack: seen (0), not seen (1), or not said (2).
fn chance(signal: usize, at_rest: f64, in_attack: f64) -> (f64, f64) {
    match signal {
        0 => (at_rest, in_attack),
        1 => (1.0 - at_rest, 1.0 - in_attack),
        _ => (1.0, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt as _, SeedableRng as _};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    /// False alarms for each failed attempt of honest users, as a part of the stated ones.
    fn false_alarms(exposed: f64, unknown: Option<f64>, stated: f64, attempts: u32) -> f64 {
        let at_rest = AtRest { exposed, unknown: unknown.unwrap_or(0.1) };
        let mut site = Site::new(stated, at_rest);
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut alarms = 0;
        for _ in 0..attempts {
            let exposure = if random.random_bool(exposed) { Exposure::Exposed } else { Exposure::NotExposed };
            let status = match unknown {
                None => AccountStatus::Unsaid,
                Some(share) if random.random_bool(share) => AccountStatus::Unknown,
                Some(_) => AccountStatus::Known,
            };
            if site.note(exposure, status, 1).is_some() {
                alarms += 1;
                site.reset(1);
            }
        }
        f64::from(alarms) / f64::from(attempts) / stated
    }

    #[test]
    fn a_lane_that_wanders_for_a_week_begins_anew() {
        let mut site = Site::new(1e-9, AtRest { exposed: 0.3, unknown: 0.1 });
        let exposed = |site: &mut Site, now| site.note(Exposure::Exposed, AccountStatus::Unsaid, now);
        assert_eq!(exposed(&mut site, 0), None);
        let before = site.sums[0];
        assert_eq!(exposed(&mut site, LONGEST_RUN), None);
        assert!(site.sums[0] > before && site.zero[0] == 0);
        assert_eq!(exposed(&mut site, LONGEST_RUN + 1), None);
        assert_eq!((site.sums[0], site.zero[0]), (0.0, LONGEST_RUN + 1));
    }

    #[test]
    fn an_attack_of_more_than_a_week_goes_on() {
        let mut site = Site::new(1e-9, AtRest { exposed: 0.3, unknown: 0.1 });
        let raised = (0..).find_map(|now| site.note(Exposure::Exposed, AccountStatus::Unsaid, now));
        let lane = raised.expect("an alarm");
        site.note(Exposure::Exposed, AccountStatus::Unsaid, 2 * LONGEST_RUN);
        assert!(site.goes_on(lane));
    }

    #[test]
    fn false_alarms_are_as_rare_as_stated() {
        for exposed in [0.1, 0.3, 0.5] {
            for unknown in [None, Some(0.1)] {
                let part = false_alarms(exposed, unknown, 1e-4, 2_000_000);
                assert!((0.05..0.8).contains(&part), "{exposed} {unknown:?}: {part}");
            }
        }
    }
}
