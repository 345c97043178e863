//! The options of a radar, and what they may be.

#![forbid(unsafe_code)]

use std::fmt;

use crate::answer::Advice;
use crate::error::{RadarError, Result};
use crate::keys::KEY_LENGTH;

/// The smallest number of sources that can be remembered.
const FEWEST_SOURCES: usize = 1 << 8;
/// The largest: 36 MB.
const MOST_SOURCES: usize = 1 << 19;

/// How a radar works. The defaults are for a site of any size.
#[derive(Clone)]
pub struct RadarOptions {
    /// The chance that an alarm is ever raised for one source that behaves like the others, while it is remembered.
    pub source_false_alarm: f64,
    /// How often the test over the whole site raises a false alarm, for each failed attempt: 3e-9 is one in 330 million.
    pub site_false_alarm: f64,
    /// The share of exposed passwords among failed attempts without an attack, from 0 to 1, before any is learned.
    pub usual_exposed: f64,
    /// The share of unknown accounts among failed attempts without an attack, from 0 to 1, before any is learned.
    pub usual_unknown: f64,
    /// Whether to learn both for each hour of the week. If not, the two options above hold.
    pub learns: bool,
    /// How far the share of exposed passwords of honest attempts swings within an hour of the week: the test over the site
    /// ignores that much.
    pub site_margin: f64,
    /// Minutes by which local time is ahead of UTC, for the hours of the week.
    pub utc_offset: i32,
    /// How many sources and networks are remembered: a power of two. Each takes 68 bytes, allocated at the start.
    pub sources: usize,
    /// Seconds after which a source without attempts is forgotten.
    pub forget_after: u32,
    /// Seconds after the last evidence at which an attack is over.
    pub release_after: u32,
    /// A source that fails to log in to this many accounts, with fewer than one in ten attempts successful, is suspected.
    /// 0: never. Not judged before a fifth of the site's attempts succeed: then successes are told.
    pub accounts_per_source: u32,
    /// The advice about a source that the alarm was raised for.
    pub on_attack: Advice,
    /// The advice about a suspected source, at most [`Advice::Challenge`].
    pub on_suspicion: Advice,
    /// The key under which sources and accounts are hashed; a random one if there is none. The same key, options and
    /// attempts give the same answers.
    pub key: Option<[u8; KEY_LENGTH]>,
}

impl Default for RadarOptions {
    fn default() -> Self {
        Self {
            source_false_alarm: 1e-6,
            site_false_alarm: 3e-9,
            usual_exposed: 0.30,
            usual_unknown: 0.10,
            learns: true,
            site_margin: 0.0,
            utc_offset: 0,
            sources: 1 << 18,
            forget_after: 24 * 3600,
            release_after: 30 * 60,
            accounts_per_source: 100,
            on_attack: Advice::Challenge,
            on_suspicion: Advice::Delay,
            key: None,
        }
    }
}

impl RadarOptions {
    pub(crate) fn validate(&self) -> Result<()> {
        let within = |value: f64, from: f64, to: f64| value >= from && value <= to;
        let rules = [
            (within(self.source_false_alarm, 1e-12, 0.01), "source_false_alarm", "from 1e-12 to 0.01"),
            (within(self.site_false_alarm, 1e-15, 1e-4), "site_false_alarm", "from 1e-15 to 1e-4"),
            (within(self.usual_exposed, 0.0, 0.8), "usual_exposed", "from 0 to 0.8"),
            (within(self.usual_unknown, 0.0, 0.6), "usual_unknown", "from 0 to 0.6"),
            (within(self.site_margin, 0.0, 0.3), "site_margin", "from 0 to 0.3"),
            ((-1440..=1440).contains(&self.utc_offset), "utc_offset", "from -1440 to 1440 minutes"),
            (
                self.sources.is_power_of_two() && (FEWEST_SOURCES..=MOST_SOURCES).contains(&self.sources),
                "sources",
                "a power of two from 256 to 524288",
            ),
            (
                (60..=366 * 86400).contains(&self.forget_after),
                "forget_after",
                "from a minute to a year, in seconds",
            ),
            (
                (60..=7 * 86400).contains(&self.release_after),
                "release_after",
                "from a minute to a week, in seconds",
            ),
            (self.release_after <= self.forget_after, "release_after", "no longer than forget_after"),
            (
                self.accounts_per_source == 0 || (10..=60_000).contains(&self.accounts_per_source),
                "accounts_per_source",
                "0, or from 10 to 60000",
            ),
            (
                self.on_suspicion <= Advice::Challenge,
                "on_suspicion",
                "allow, delay or challenge: a suspicion is no reason to deny",
            ),
        ];
        match rules.into_iter().find(|(holds, ..)| !holds) {
            Some((_, name, range)) => Err(RadarError::Option { name, range }),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for RadarOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the key.
        formatter
            .debug_struct("RadarOptions")
            .field("sources", &self.sources)
            .field("learns", &self.learns)
            .field("on_attack", &self.on_attack)
            .field("on_suspicion", &self.on_suspicion)
            .finish_non_exhaustive()
    }
}
