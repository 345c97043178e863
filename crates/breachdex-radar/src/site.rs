//! The test over the whole site: that of Shiryaev and Roberts, for attacks that are any part of all failures.
//!
//! Each lane tests for one part. It multiplies how much likelier each failed attempt is in a mixture of honest attempts and that
//! part of attack than in honest ones alone, and adds 1 for an attack that might begin now. Its excess over the number of attempts
//! is a martingale while there is no attack, and so is the mean of the lanes: the mean number of attempts between two false
//! alarms is therefore at least the height at which the alarm is raised, whatever the lanes are. Lanes for neighbouring parts
//! help each other, and where accounts are not said, those that use them say the same as the others, so that nothing is lost.
//!
//! Beside it each lane has the sum of Page's CUSUM, which says when an attack began.

#![forbid(unsafe_code)]

use crate::answer::State;
use crate::attempt::{AccountStatus, Exposure};
use crate::entry::{ATTACK_EXPOSED, ATTACK_UNKNOWN, EXPOSED_PART, SUSPICION};

/// The parts of all failures for which there is a lane.
pub(crate) const PARTS: [f64; 10] = [0.04, 0.057, 0.08, 0.113, 0.16, 0.226, 0.32, 0.45, 0.64, 0.95];
/// Lanes for passwords, then as many for passwords and accounts.
pub(crate) const LANES: usize = 2 * PARTS.len();
/// This part of the evidence that raises the alarm says that an attack goes on. More than for a suspicion: lanes take long to
/// fall.
const GOING_ON: f64 = 1.0 / std::f64::consts::E;

/// A sum that is no larger says when an attack began as well as any.
pub(crate) const HIGHEST_SUM: f32 = 64.0;

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
    /// The evidence that raises the alarm.
    alarm: f64,
    suspicion: f64,
    /// By how much each kind of attempt multiplies the evidence of each lane, and what it adds to its sum.
    factors: [[[f64; LANES]; 3]; 3],
    gains: [[[f32; LANES]; 3]; 3],
    /// The evidence of each lane; all together at most what raises the alarm.
    pub(crate) evidence: [f64; LANES],
    /// What it counts for, all together.
    total: f64,
    pub(crate) sums: [f32; LANES],
    /// When the sum of each lane was last at 0.
    pub(crate) zero: [u32; LANES],
    pub(crate) at_rest: AtRest,
}

impl Site {
    pub(crate) fn new(false_alarm: f64, at_rest: AtRest) -> Self {
        let mut site = Self {
            alarm: 1.0 / false_alarm,
            suspicion: f64::from(-SUSPICION).exp() / false_alarm,
            factors: [[[1.0; LANES]; 3]; 3],
            gains: [[[0.0; LANES]; 3]; 3],
            evidence: [0.0; LANES],
            total: 0.0,
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
            let part = Self::part(lane);
            for exposure in 0..3 {
                for status in 0..3 {
                    let (honest_password, attack_password) =
                        chance(exposure, at_rest.exposed, ATTACK_EXPOSED);
                    let (honest_account, attack_account) = if Self::uses_accounts(lane) {
                        chance(status, at_rest.unknown, ATTACK_UNKNOWN)
                    } else {
                        (1.0, 1.0)
                    };
                    let honest = honest_password * honest_account;
                    let mixed = (1.0 - part) * honest + part * attack_password * attack_account;
                    self.factors[exposure][status][lane] = mixed / honest;
                    self.gains[exposure][status][lane] = (mixed / honest).ln() as f32;
                }
            }
        }
    }

    /// Adds a failed attempt. Returns the lane with most evidence, if an alarm is to be raised.
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
        for lane in 0..LANES {
            let most = self.alarm / weight(lane);
            let is_stale =
                now.saturating_sub(self.zero[lane]) > LONGEST_RUN && self.evidence[lane] < most * GOING_ON;
            if is_stale {
                (self.evidence[lane], self.sums[lane]) = (0.0, 0.0);
            }
            let factor = self.factors[exposure][status][lane];
            self.evidence[lane] = ((1.0 + self.evidence[lane]) * factor).min(most);
            self.sums[lane] = (self.sums[lane] + self.gains[exposure][status][lane]).clamp(0.0, HIGHEST_SUM);
            if self.sums[lane] == 0.0 {
                self.zero[lane] = now;
            }
        }
        self.add_up();
        if self.total < self.alarm {
            return None;
        }
        // No more than that, or it would take long to fall when the attack is over.
        for evidence in &mut self.evidence {
            *evidence *= self.alarm / self.total;
        }
        self.total = self.alarm;
        Some(self.leader())
    }

    /// The lane with most evidence, if an alarm is near.
    pub(crate) fn near(&self) -> Option<usize> {
        (self.total >= self.suspicion).then(|| self.leader())
    }

    /// The state but for an alarm that was raised before.
    pub(crate) fn state(&self) -> State {
        if self.near().is_some() { State::Suspected } else { State::Quiet }
    }

    /// Whether an attack goes on for which this lane raised the alarm: the lanes for similar and larger parts are as good as at
    /// the alarm. Those for smaller parts take longer to fall.
    pub(crate) fn goes_on(&self, raised: usize) -> bool {
        self.evidence_from(Self::part(raised) / 2.0) >= self.alarm * GOING_ON
    }

    /// Begins all lanes anew.
    pub(crate) fn reset(&mut self, now: u32) {
        self.evidence = [0.0; LANES];
        self.total = 0.0;
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

    /// Adds up what all lanes count for, after their evidence changed.
    pub(crate) fn add_up(&mut self) {
        let (passwords, accounts) = self.evidence.split_at(PARTS.len());
        let sum = |lanes: &[f64]| lanes.iter().sum::<f64>();
        self.total = weight(0) * sum(passwords) + weight(PARTS.len()) * sum(accounts);
    }

    /// What the lanes for parts from this one on count for.
    fn evidence_from(&self, part: f64) -> f64 {
        let lanes = (0..LANES).filter(|lane| Self::part(*lane) >= part);
        lanes.map(|lane| weight(lane) * self.evidence[lane]).sum()
    }

    fn leader(&self) -> usize {
        let evidence = |lane: &usize| weight(*lane) * self.evidence[*lane];
        (0..LANES).max_by(|one, other| evidence(one).total_cmp(&evidence(other))).unwrap_or_default()
    }
}

/// What a lane's evidence counts for; 1 for all together.
fn weight(lane: usize) -> f64 {
    let kind = if Site::uses_accounts(lane) { 1.0 - EXPOSED_PART } else { EXPOSED_PART };
    kind / PARTS.len() as f64
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
        let before = (site.sums[0], site.evidence[0]);
        assert_eq!(exposed(&mut site, LONGEST_RUN), None);
        assert!(site.sums[0] > before.0 && site.evidence[0] > before.1 && site.zero[0] == 0);
        assert_eq!(exposed(&mut site, LONGEST_RUN + 1), None);
        assert_eq!((site.sums[0], site.evidence[0], site.zero[0]), (before.0, before.1, 0));
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
                assert!((0.5..1.15).contains(&part), "{exposed} {unknown:?}: {part}");
            }
        }
    }
}
