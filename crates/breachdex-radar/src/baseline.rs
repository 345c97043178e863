//! What is usual: the share of exposed passwords and of unknown accounts among failed attempts, for each hour of the week.
//!
//! Each hour has its own share, drawn towards the mean of all hours as far as they turn out to be alike; an hour that was
//! not seen yet has the mean, with a spread as large as hours differ. After its first two weeks an hour's share moves by at
//! most [`STEP`] in ten minutes of that hour: 0.012 a week. An attacker who teaches it slowly gains no more than that.

#![forbid(unsafe_code)]

/// Hours of a week.
pub(crate) const HOURS: usize = 168;
/// Failed attempts that an hour's share remembers.
const LONGEST_MEMORY: f64 = 40_000.0;
/// The most that a learned share moves in ten minutes of its hour.
const STEP: f64 = 0.002;
/// Ten-minute blocks after which an hour's share is learned: two weeks.
const LEARNED: u16 = 12;
/// An hour whose share is not learned may differ from the mean by so much.
const FURTHEST: f64 = 0.25;
/// How many failed attempts the option's share is worth.
const PRIOR_WEIGHT: f64 = 50.0;
/// How much the shares of hours differ before that is known: standard deviation, and the hours that this is worth while none
/// was seen. Once all hours were, there is nothing left to guess.
const PRIOR_SPREAD: f64 = 0.04;
const PRIOR_HOURS: f64 = 3.0;
/// Failed attempts from which an hour says how hours differ.
const ENOUGH: f64 = 200.0;

/// A share that was learned for an hour.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Hour {
    pub(crate) share: f32,
    /// Failed attempts that it rests on.
    pub(crate) weight: f32,
    /// Blocks that it rests on.
    pub(crate) blocks: u16,
}

/// What is usual, and how sure that is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Usual {
    pub(crate) share: f64,
    /// One standard deviation.
    pub(crate) spread: f64,
    /// What the site's test adds: one standard deviation for an hour that is known, two for one that was not seen yet. Hours
    /// that differ do so by day and night, for hours on end. Half-known is an hour with [`ENOUGH`] attempts.
    pub(crate) margin: f64,
}

/// The shares of one signal.
#[derive(Clone, Debug)]
pub(crate) struct Baseline {
    prior: f64,
    /// The shares that a signal can have: beyond them it says nothing.
    range: (f64, f64),
    pub(crate) hours: Vec<Hour>,
}

impl Baseline {
    pub(crate) fn new(prior: f64, range: (f64, f64)) -> Self {
        Self { prior, range, hours: vec![Hour::default(); HOURS] }
    }

    /// Failed attempts that all of it rests on.
    pub(crate) fn weight(&self) -> f64 {
        self.hours.iter().map(|hour| f64::from(hour.weight)).sum()
    }

    fn mean(&self) -> f64 {
        let known: f64 = self.hours.iter().map(|hour| f64::from(hour.share) * f64::from(hour.weight)).sum();
        (known + self.prior * PRIOR_WEIGHT) / (self.weight() + PRIOR_WEIGHT)
    }

    /// Learns from ten minutes of an hour: `hits` of `all` failed attempts.
    pub(crate) fn learn(&mut self, hour: usize, all: u32, hits: u32) {
        if all == 0 {
            return;
        }
        let mean = self.mean();
        let hour = &mut self.hours[hour % HOURS];
        let (all, seen) = (f64::from(all), f64::from(hits) / f64::from(all));
        let (share, weight) = (f64::from(hour.share), f64::from(hour.weight));
        let moved = all / (weight + all) * (seen - share);
        hour.share = if hour.blocks >= LEARNED {
            share + moved.clamp(-STEP, STEP)
        } else {
            (share + moved).clamp(mean - FURTHEST, mean + FURTHEST)
        }
        .clamp(0.0, 1.0) as f32;
        hour.weight = (weight + all).min(LONGEST_MEMORY) as f32;
        hour.blocks = hour.blocks.saturating_add(1);
    }

    /// What is usual in an hour.
    pub(crate) fn usual(&self, hour: usize) -> Usual {
        let (mean, all) = (self.mean(), self.weight());
        let noise = (mean * (1.0 - mean)).max(0.01);
        let known = self.hours.iter().filter(|hour| f64::from(hour.weight) >= ENOUGH);
        let (mut differ, mut chance, mut hours) = (0.0, 0.0, 0.0);
        for known in known {
            let distance = f64::from(known.share) - mean;
            let by_chance = noise / f64::from(known.weight);
            differ += distance * distance - by_chance;
            chance += 2.0 * by_chance * by_chance;
            hours += 1.0;
        }
        // No less than what chance may hide: one standard deviation of the sum.
        let differ = differ.max(0.0) + chance.sqrt();
        let guessed = PRIOR_HOURS * (1.0 - hours / HOURS as f64);
        let differ = (differ + guessed * PRIOR_SPREAD * PRIOR_SPREAD) / (hours + guessed);
        let hour = &self.hours[hour % HOURS];
        // Two measurements, each as good as it is sure: the mean of all hours, and this hour.
        let (by_mean, by_hour) = (1.0 / differ, f64::from(hour.weight) / noise);
        let share = (mean * by_mean + f64::from(hour.share) * by_hour) / (by_mean + by_hour);
        let of_mean = by_mean / (by_mean + by_hour);
        let spread = (1.0 / (by_mean + by_hour) + of_mean * of_mean * noise / (all + PRIOR_WEIGHT)).sqrt();
        let unseen = ENOUGH / (ENOUGH + f64::from(hour.weight));
        Usual { share: self.clamp(share), spread, margin: spread * (1.0 + unseen) }
    }

    /// The share of the options, taken for certain.
    pub(crate) fn fixed(&self) -> Usual {
        Usual { share: self.clamp(self.prior), spread: 0.0, margin: 0.0 }
    }

    /// A share within what the signal can have.
    pub(crate) fn clamp(&self, share: f64) -> f64 {
        share.clamp(self.range.0, self.range.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline() -> Baseline {
        Baseline::new(0.3, (0.02, 0.8))
    }

    #[test]
    fn an_hour_learns_its_share_and_others_the_mean() {
        let mut baseline = baseline();
        let unsure = baseline.usual(5);
        assert_eq!(unsure.share, 0.3);
        for _ in 0..6 {
            baseline.learn(5, 1000, 400);
        }
        let (learned, other) = (baseline.usual(5), baseline.usual(6));
        assert!((learned.share - 0.4).abs() < 0.005 && learned.spread < 0.01, "{learned:?}");
        assert!((other.share - 0.4).abs() < 0.005, "{other:?}");
        assert!(other.spread > 3.0 * learned.spread && unsure.spread > other.spread, "{unsure:?} {other:?}");
    }

    #[test]
    fn hours_that_differ_make_unseen_ones_uncertain() {
        let (mut flat, mut wavy) = (baseline(), baseline());
        for hour in 0..48 {
            for _ in 0..6 {
                flat.learn(hour, 1000, 300);
                wavy.learn(hour, 1000, if hour % 2 == 0 { 200 } else { 400 });
            }
        }
        assert!(flat.usual(100).spread < 0.015, "{:?}", flat.usual(100));
        assert!(wavy.usual(100).spread > 0.08, "{:?}", wavy.usual(100));
        assert!((wavy.usual(0).share - 0.2).abs() < 0.01, "{:?}", wavy.usual(0));
    }

    #[test]
    fn a_learned_share_moves_slowly() {
        let mut baseline = baseline();
        for _ in 0..12 {
            baseline.learn(7, 600, 180);
        }
        let before = baseline.hours[7].share;
        for _ in 0..6 {
            baseline.learn(7, 1_000_000, 1_000_000);
        }
        let moved = baseline.hours[7].share - before;
        assert!((0.0119..0.0121).contains(&moved), "{moved}");
    }

    #[test]
    fn an_hour_that_is_not_learned_stays_near_the_others() {
        let mut baseline = baseline();
        for hour in 0..100 {
            baseline.learn(hour, 1000, 300);
        }
        baseline.learn(120, 1000, 1000);
        assert!(baseline.hours[120].share < 0.56, "{}", baseline.hours[120].share);
    }

    #[test]
    fn shares_stay_where_the_signal_says_something() {
        let mut baseline = baseline();
        for hour in 0..HOURS {
            baseline.learn(hour, 10_000, 10_000);
        }
        assert!(baseline.usual(3).share <= 0.8);
        assert_eq!(Baseline::new(0.0, (0.02, 0.8)).fixed(), Usual { share: 0.02, spread: 0.0, margin: 0.0 });
    }
}
