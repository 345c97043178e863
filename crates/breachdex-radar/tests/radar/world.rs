//! A simulated site: honest users with a share of exposed passwords among their failures, and attackers.

use breachdex_radar::{
    AccountStatus, Attempt, Exposure, Observation, Outcome, Radar, RadarOptions, State, Time,
};
use rand::{RngExt as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;

/// A Monday at midnight.
pub(crate) const START: u64 = 1_790_553_600;
pub(crate) const MINUTE: u64 = 60;
pub(crate) const HOUR: u64 = 3600;
pub(crate) const DAY: u64 = 24 * HOUR;

/// Whether to take minutes: `make radar`.
pub(crate) fn is_thorough() -> bool {
    std::env::var_os("BREACHDEX_RADAR_THOROUGH").is_some()
}

/// Options whose key is fixed, so that a test is the same each time.
pub(crate) fn options() -> RadarOptions {
    RadarOptions { key: Some(*b"a key for tests!"), ..RadarOptions::default() }
}

/// How honest users behave.
#[derive(Clone, Copy)]
pub(crate) struct Honest {
    /// Failed attempts a minute.
    pub(crate) failures: f64,
    /// Successful attempts for each failed one.
    pub(crate) successes: f64,
    /// The share of exposed passwords among failures: its mean, and how far it swings over a day.
    pub(crate) exposed: f64,
    pub(crate) swing: f64,
    /// The share of unknown accounts among failures; none if it is not said.
    pub(crate) unknown: Option<f64>,
    /// Users, and sources that they come from: fewer sources than users are shared.
    pub(crate) users: u64,
    pub(crate) sources: u64,
}

impl Default for Honest {
    fn default() -> Self {
        Self {
            failures: 100.0,
            successes: 4.0,
            exposed: 0.30,
            swing: 0.0,
            unknown: None,
            users: 20_000_000,
            sources: 5_000_000,
        }
    }
}

/// How an attacker behaves.
#[derive(Clone, Copy)]
pub(crate) struct Attack {
    /// Tries a minute.
    pub(crate) tries: f64,
    /// Addresses that they come from.
    pub(crate) addresses: u32,
    pub(crate) exposed: f64,
    pub(crate) unknown: Option<f64>,
    /// The part of tries that succeed.
    pub(crate) hits: f64,
    /// Which attack it is: addresses and accounts differ.
    pub(crate) number: u8,
}

impl Default for Attack {
    fn default() -> Self {
        Self { tries: 13.0, addresses: 10_000, exposed: 0.95, unknown: None, hits: 0.0, number: 1 }
    }
}

/// A radar and the site that it watches.
pub(crate) struct World {
    pub(crate) radar: Radar,
    pub(crate) random: Xoshiro256PlusPlus,
    pub(crate) now: u64,
    /// Honest attempts so far.
    pub(crate) attempts: u64,
    /// Tries of attackers so far.
    pub(crate) tries: u64,
    /// When an alarm was first raised.
    pub(crate) alarm: Option<u64>,
    owed: [f64; 3],
}

impl World {
    pub(crate) fn new(seed: u64, options: RadarOptions) -> Self {
        Self {
            radar: Radar::new(options).expect("a radar"),
            random: Xoshiro256PlusPlus::seed_from_u64(seed),
            now: START,
            attempts: 0,
            tries: 0,
            alarm: None,
            owed: [0.0; 3],
        }
    }

    /// Lets so many seconds pass, one after the other, until then or until an alarm.
    pub(crate) fn run(&mut self, seconds: u64, honest: Honest, attacks: &[Attack]) {
        let end = self.now + seconds;
        while self.now < end && self.alarm.is_none() {
            self.second(honest, attacks);
        }
    }

    /// Lets so many seconds pass, whatever the radar says.
    pub(crate) fn run_on(&mut self, seconds: u64, honest: Honest, attacks: &[Attack]) {
        for _ in 0..seconds {
            self.second(honest, attacks);
        }
    }

    fn second(&mut self, honest: Honest, attacks: &[Attack]) {
        let rates = attacks.iter().map(|attack| attack.tries);
        let rates: Vec<f64> =
            std::iter::once(honest.failures * (1.0 + honest.successes)).chain(rates).collect();
        for (at, rate) in rates.into_iter().enumerate() {
            self.owed[at] += rate / 60.0;
            while self.owed[at] >= 1.0 {
                self.owed[at] -= 1.0;
                match at.checked_sub(1) {
                    None => self.honest(honest),
                    Some(attack) => self.attack(attacks[attack]),
                };
            }
        }
        self.now += 1;
    }

    pub(crate) fn honest(&mut self, honest: Honest) -> Observation {
        self.attempts += 1;
        let user = self.random.random_range(0..honest.users);
        // A user's source is always the same.
        let source = user.wrapping_mul(0x9E37_79B9_7F4A_7C15) % honest.sources;
        let source = format!("10.{}.{}.{}", source >> 16, source >> 8 & 255, source & 255);
        let angle = (self.now % DAY) as f64 / DAY as f64 * std::f64::consts::TAU;
        let exposed = self.random.random_bool(honest.exposed + honest.swing * angle.sin());
        let failed = self.random.random_bool(1.0 / (1.0 + honest.successes));
        let unknown = honest.unknown.map(|share| failed && self.random.random_bool(share));
        self.tell(&source, &format!("user{user}"), failed, exposed, unknown)
    }

    pub(crate) fn attack(&mut self, attack: Attack) -> Observation {
        self.tries += 1;
        let address = self.random.random_range(0..attack.addresses);
        let source = format!("{}.{}.{}.7", 100 + attack.number, address >> 8, address & 255);
        let account = self.random.random_range(0..1_000_000_000_u64);
        let exposed = self.random.random_bool(attack.exposed);
        let failed = !self.random.random_bool(attack.hits);
        let unknown = attack.unknown.map(|share| failed && self.random.random_bool(share));
        self.tell(&source, &format!("list{}-{account}", attack.number), failed, exposed, unknown)
    }

    pub(crate) fn tell(
        &mut self,
        source: &str,
        account: &str,
        failed: bool,
        exposed: bool,
        unknown: Option<bool>,
    ) -> Observation {
        let attempt = Attempt {
            time: Time::from_unix(self.now),
            source,
            account,
            outcome: if failed { Outcome::Failed } else { Outcome::Succeeded },
            status: match unknown {
                None => AccountStatus::Unsaid,
                Some(true) => AccountStatus::Unknown,
                Some(false) => AccountStatus::Known,
            },
            exposure: if exposed { Exposure::Exposed } else { Exposure::NotExposed },
        };
        let observation = self.radar.observe(&attempt);
        if observation.state == State::Attack {
            self.alarm.get_or_insert(self.now);
        }
        observation
    }

    pub(crate) fn state(&self) -> State {
        self.radar.status().state
    }
}

/// The mean and the largest of some numbers.
pub(crate) fn summary(numbers: &[f64]) -> (f64, f64) {
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    (mean, numbers.iter().copied().fold(f64::MIN, f64::max))
}
