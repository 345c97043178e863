//! What is remembered about one source or network, and the sequential test of it.
//!
//! The test is Wald's sequential probability ratio test: the logarithms of how much likelier each failed attempt is in an
//! attack than at rest are added up, and the alarm is raised at about `ln(1/a)`. A source that behaves like the others then ever
//! raises it with a chance of at most `a`. The sum does not fall below [`FLOOR`], so that a source that was honest for long
//! raises the alarm a few attempts later than a new one.

#![forbid(unsafe_code)]

use crate::answer::State;
use crate::attempt::{AccountStatus, Attempt, Exposure};

/// The share of exposed passwords among the failed attempts of an attack.
pub(crate) const ATTACK_EXPOSED: f64 = 0.95;
/// The share of unknown accounts among the failed attempts of an attack that has lists from elsewhere.
pub(crate) const ATTACK_UNKNOWN: f64 = 0.70;
/// The lowest sum: an honest source's is here, and its chance of a false alarm with each attempt a thousandth.
pub(crate) const FLOOR: f32 = -7.0;
/// A sum this much below the alarm is a suspicion.
pub(crate) const SUSPICION: f32 = 3.0;
/// A sum from which a source keeps its place when memory is short.
pub(crate) const WORTH_KEEPING: f32 = 3.0;
/// The part of the false alarms that the test of passwords alone may raise; the rest is for that of passwords and accounts.
/// An attack with known accounts is then as visible as one without, and one with unknown accounts is seen earlier.
pub(crate) const EXPOSED_PART: f64 = 0.9;
/// A sum that raises the alarm passes it by up to a step, which makes false alarms rarer than `a` alone says. The alarm
/// is lower by this part of a step.
const OVERSHOOT: f32 = 0.3;
/// And by no more than this.
const MOST_OVERSHOOT: f32 = 0.35;
/// Bits of the sketch of accounts.
const SKETCH: u64 = 192;

/// How much likelier an attempt is in an attack than at rest: logarithms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weights {
    exposed: f32,
    not_exposed: f32,
    unknown: f32,
    known: f32,
}

impl Weights {
    /// For these shares at rest.
    pub(crate) fn new(exposed: f64, unknown: f64) -> Self {
        let ratio = |attack: f64, rest: f64| (attack / rest).ln() as f32;
        Self {
            exposed: ratio(ATTACK_EXPOSED, exposed),
            not_exposed: ratio(1.0 - ATTACK_EXPOSED, 1.0 - exposed),
            unknown: ratio(ATTACK_UNKNOWN, unknown),
            known: ratio(1.0 - ATTACK_UNKNOWN, 1.0 - unknown),
        }
    }

    pub(crate) fn exposure(&self, exposure: Exposure) -> f32 {
        match exposure {
            Exposure::Exposed => self.exposed,
            Exposure::NotExposed => self.not_exposed,
            Exposure::Unknown => 0.0,
        }
    }

    fn status(&self, status: AccountStatus) -> f32 {
        match status {
            AccountStatus::Unknown => self.unknown,
            AccountStatus::Known => self.known,
            AccountStatus::Unsaid => 0.0,
        }
    }
}

/// When the test of a source raises the alarm.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SourceTest {
    /// For passwords, and for passwords and accounts.
    alarm: [f32; 2],
    release_after: u32,
    accounts: u32,
    /// Whether successful attempts are told: that a source has none says nothing otherwise.
    pub(crate) successes_told: bool,
}

impl SourceTest {
    pub(crate) fn new(false_alarm: f64, release_after: u32, accounts: u32, weights: &Weights) -> Self {
        let overshoot = (OVERSHOOT * weights.exposed).min(MOST_OVERSHOOT);
        let alarm = |part: f64| -(part * false_alarm).ln() as f32 - overshoot;
        Self {
            alarm: [alarm(EXPOSED_PART), alarm(1.0 - EXPOSED_PART)],
            release_after,
            accounts,
            successes_told: false,
        }
    }
}

/// What one attempt added.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noted {
    /// It is a failed attempt with an account that the source did not try before, as far as is remembered.
    pub(crate) is_new_account: bool,
    pub(crate) state: State,
    /// This attempt raised the alarm.
    pub(crate) raises: bool,
}

/// One source or network: 64 bytes, without a name.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Entry {
    /// A bit for each account that was tried, by its hash. Cleared when half full.
    pub(crate) accounts: [u64; 3],
    /// The sums for passwords, and for passwords and accounts.
    pub(crate) sums: [f32; 2],
    /// The first and the last attempt.
    pub(crate) first: u32,
    pub(crate) seen: u32,
    /// When the evidence was last as good as nothing.
    pub(crate) rising: u32,
    /// When the alarm was raised, and when the sum was last near it; 0: not raised.
    pub(crate) raised: u32,
    pub(crate) evidence: u32,
    pub(crate) attempts: u32,
    pub(crate) successes: u32,
    /// About how many accounts were tried.
    pub(crate) distinct: u32,
}

impl Entry {
    pub(crate) fn new(now: u32) -> Self {
        Self { first: now, seen: now, rising: now, ..Self::default() }
    }

    /// Adds an attempt.
    pub(crate) fn note(
        &mut self,
        attempt: &Attempt<'_>,
        account: Option<u64>,
        now: u32,
        weights: &Weights,
        test: &SourceTest,
    ) -> Noted {
        self.seen = now;
        self.attempts = self.attempts.saturating_add(1);
        self.release(now, test);
        let mut noted = Noted { is_new_account: false, state: State::Quiet, raises: false };
        if attempt.has_failed() {
            noted.is_new_account = account.is_none_or(|account| self.is_new(account));
        } else {
            self.successes = self.successes.saturating_add(1);
        }
        // A user who tries one wrong password again and again tells nothing new.
        if noted.is_new_account {
            let passwords = weights.exposure(attempt.exposure);
            let both = passwords + weights.status(attempt.status);
            for (sum, (added, alarm)) in
                self.sums.iter_mut().zip([passwords, both].into_iter().zip(test.alarm))
            {
                *sum = (*sum + added).clamp(FLOOR, alarm);
            }
            if self.sum() <= 0.0 {
                self.rising = now;
            }
        }
        if self.is_near(test) {
            self.evidence = now;
        }
        if self.raised == 0 && self.sums.iter().zip(test.alarm).any(|(sum, alarm)| *sum >= alarm) {
            // A time of 0 is nobody's.
            self.raised = now.max(1);
            noted.raises = true;
        }
        noted.state = self.state(now, test);
        noted
    }

    /// Whether an account is new; it is not afterwards.
    fn is_new(&mut self, account: u64) -> bool {
        let at = account % SKETCH;
        let (word, bit) = ((at / 64) as usize, 1 << (at % 64));
        if self.accounts[word] & bit != 0 {
            return false;
        }
        if self.accounts.iter().map(|word| word.count_ones()).sum::<u32>() >= 96 {
            self.accounts = [0; 3];
        }
        self.accounts[word] |= bit;
        self.distinct = self.distinct.saturating_add(1);
        true
    }

    /// Whether all failed attempts were on this account, as far as is remembered: who then gets in is its owner, who typed
    /// another password first. With a list of pairs the next account is another one.
    pub(crate) fn has_only_tried(&self, account: u64) -> bool {
        let at = account % SKETCH;
        self.distinct == 1 && self.accounts[(at / 64) as usize] & (1 << (at % 64)) != 0
    }

    /// The evidence for an attack, as a logarithm; below 0 against it.
    pub(crate) fn sum(&self) -> f32 {
        self.sums[0].max(self.sums[1])
    }

    fn is_near(&self, test: &SourceTest) -> bool {
        self.sums.iter().zip(test.alarm).any(|(sum, alarm)| *sum >= alarm - SUSPICION)
    }

    /// Ends an alarm whose evidence is old.
    fn release(&mut self, now: u32, test: &SourceTest) {
        if self.raised != 0 && now.saturating_sub(self.evidence) >= test.release_after {
            self.raised = 0;
            self.sums = self.sums.map(|sum| sum.min(0.0));
            self.rising = now;
        }
    }

    /// The state now.
    pub(crate) fn state(&self, now: u32, test: &SourceTest) -> State {
        let is_over = now.saturating_sub(self.evidence) >= test.release_after;
        if self.raised != 0 && !is_over {
            return State::Attack;
        }
        let tries_many = test.accounts > 0
            && self.distinct >= test.accounts
            && u64::from(self.successes) * 10 < u64::from(self.attempts)
            && test.successes_told;
        let is_near = self.is_near(test) && !(self.raised != 0 && is_over);
        if is_near || tries_many { State::Suspected } else { State::Quiet }
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt as _, SeedableRng as _};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;
    use crate::attempt::Time;

    /// The chance that a source which behaves like the others raises the alarm, by importance sampling: each run of an
    /// attack is as much likelier than the same run without as its likelihood ratio says.
    fn false_alarms(at_rest: f64, unknown: Option<f64>) -> f64 {
        let weights = Weights::new(at_rest, unknown.unwrap_or(0.1));
        let test = SourceTest::new(1e-6, 1800, 0, &weights);
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        let runs = 20_000;
        let mut total = 0.0;
        for _ in 0..runs {
            let mut entry = Entry::new(1);
            let mut ratio = 0.0_f64;
            loop {
                let is_exposed = random.random_bool(ATTACK_EXPOSED);
                let exposure = if is_exposed { Exposure::Exposed } else { Exposure::NotExposed };
                let status = match unknown {
                    None => AccountStatus::Unsaid,
                    Some(_) if random.random_bool(ATTACK_UNKNOWN) => AccountStatus::Unknown,
                    Some(_) => AccountStatus::Known,
                };
                ratio += f64::from(weights.exposure(exposure) + weights.status(status));
                let attempt = Attempt::failed(Time(1), "", "").exposure(exposure).status(status);
                // Without an account each attempt counts.
                if entry.note(&attempt, None, 1, &weights, &test).raises {
                    total += (-ratio).exp();
                    break;
                }
                // A sum at the floor begins a new test, whose chance is a thousandth.
                if entry.sum() <= FLOOR {
                    break;
                }
            }
        }
        total / f64::from(runs)
    }

    #[test]
    fn false_alarms_are_as_rare_as_stated() {
        for at_rest in [0.1, 0.25, 0.3, 0.35, 0.43, 0.6] {
            let chance = false_alarms(at_rest, None);
            assert!(chance < 1.0e-6, "{at_rest}: {chance:e}");
            let chance = false_alarms(at_rest, Some(0.1));
            assert!(chance < 1.0e-6, "{at_rest} with accounts: {chance:e}");
        }
    }
}
