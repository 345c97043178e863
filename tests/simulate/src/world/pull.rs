//! Pulls of what was published, and what they may end with: the old index or a published one, byte for byte, and never another.

use std::path::PathBuf;
use std::time::Duration;

use breachdex::{Index, OpenOptions};
use breachdex_hibp::RetryPolicy;
use breachdex_hibp::pull::{PullOptions, pull_from};

use super::{Checked, World, say};
use crate::disk::{Crash, Plan};
use crate::mirror::Weather;
use crate::signing;

impl World {
    pub(super) fn replica(&self) -> PathBuf {
        self.folder.path().join("replica.bdx")
    }

    fn pull_options(&mut self) -> PullOptions {
        PullOptions {
            concurrency: self.rng.pick(&[1, 2, 8]),
            retry: RetryPolicy {
                retries: self.rng.pick(&[0, 3, 10]),
                base_delay: Duration::from_millis(500),
                longest_delay: Duration::from_secs(30),
            },
            trust: signing::trust(),
            gap: self.rng.pick(&[0, 300, 4096]),
            threads: 1,
            force: self.rng.percent(10),
            restart: self.rng.percent(10),
            allow_older: true,
            ..PullOptions::default()
        }
    }

    /// Publishes what is at the target, if it is there.
    fn publish(&mut self) -> Checked {
        if self.target.is_none() {
            return Ok(());
        }
        let bytes = std::fs::read(self.target()).map_err(|error| format!("the target is gone: {error}"))?;
        if self.mirror.current().as_ref() != Some(&bytes) {
            say!(self, "  published, {} bytes", bytes.len());
            self.mirror.publish(bytes).map_err(|error| format!("the target cannot be published: {error}"))?;
        }
        Ok(())
    }

    pub(super) fn pull(&mut self) -> Checked {
        if self.rng.percent(60) || self.mirror.current().is_none() {
            self.publish()?;
        }
        if self.mirror.current().is_none() {
            return Ok(());
        }
        let options = self.pull_options();
        let weather = match self.rng.below(10) {
            0..4 => Weather::default(),
            4..6 => Weather { faults: 10, ..Weather::default() },
            6..8 => Weather { changes: self.rng.pick(&[5, 20]), ..Weather::default() },
            _ => Weather { faults: 5, lies: self.rng.pick(&[5, 30]), changes: self.rng.pick(&[0, 10]) },
        };
        self.mirror.set_weather(weather);
        let ran =
            self.attempt(200, |world, monitor| pull_from(&world.mirror, &world.replica(), &options, monitor));
        let requests = self.mirror.requests();
        say!(
            self,
            "  pull, {weather:?}, {requests} requests: {:?}",
            ran.result.as_ref().map_err(ToString::to_string)
        );
        let is_calm = ran.is_calm && weather.faults + weather.lies + weather.changes == 0;
        let published = match &ran.result {
            Ok(report) if report.up_to_date => None,
            Ok(report) => Some(report.durability.is_synced()),
            Err(error) if is_calm => {
                return Err(format!("nothing stood in its way, and the pull failed: {error}"));
            }
            Err(_) => None,
        };
        self.settle_replica(ran.crash, published)?;
        if is_calm && ran.result.is_ok() && self.replica != self.mirror.current() {
            return Err("the pull is done, and the replica is not what is published".into());
        }
        if is_calm && ran.result.is_ok() {
            self.nothing_else(&[".replica.bdx.breachdex-"], "pull")?;
        }
        self.settle_other_target(ran.crash)?;
        self.settle_overlay(ran.crash)
    }

    /// Looks at the replica. `published` says whether a pull has replaced it, and whether that is certain to be on disk.
    fn settle_replica(&mut self, crash: Option<Crash>, published: Option<bool>) -> Checked {
        let actual = std::fs::read(self.replica()).ok();
        let is_lost = crash == Some(Crash::Power);
        let is_old = actual == self.replica;
        let is_published = actual.as_ref().is_some_and(|bytes| self.mirror.has(bytes));
        let may_be_old = published.is_none() || is_lost && published == Some(false);
        if !(is_published || may_be_old && (is_old || is_lost && self.replica_back.contains(&actual))) {
            let length = actual.map(|bytes| bytes.len());
            return Err(format!("the replica, of {length:?} bytes, is neither old nor published"));
        }
        if actual.is_some() {
            let wrong = |error: breachdex::Error| format!("the replica is not to be trusted: {error}");
            let options = OpenOptions::new().trust(signing::trust());
            Index::open_with(self.replica(), options).map_err(wrong)?.verify(&()).map_err(wrong)?;
        }
        if is_lost || published == Some(true) {
            self.replica_back.clear();
        } else if !is_old || published.is_some() {
            self.replica_back.push(self.replica.clone());
        }
        self.replica = actual;
        Ok(())
    }

    /// The replica after a step that does not concern it.
    pub(super) fn settle_other_replica(&mut self, crash: Option<Crash>) -> Checked {
        let actual = std::fs::read(self.replica()).ok();
        let is_back = crash == Some(Crash::Power) && self.replica_back.contains(&actual);
        if actual != self.replica && !is_back {
            return Err("the replica changed with something else".into());
        }
        self.settle_replica(crash, None)
    }

    /// With all faults gone, the replica is what is published.
    pub(super) fn end_pull(&mut self) -> Checked {
        self.publish()?;
        self.disk.plan(Plan::default());
        self.mirror.set_weather(Weather::default());
        let options = PullOptions { force: false, restart: false, ..self.pull_options() };
        let report = self.simulated(|| pull_from(&self.mirror, &self.replica(), &options, &()));
        let report = report.map_err(|error| format!("without faults the pull fails: {error}"))?;
        say!(self, "  {report:?}");
        self.settle_replica(None, Some(report.durability.is_synced()))?;
        if self.replica != self.mirror.current() {
            return Err("in the end the replica is not what is published".into());
        }
        // What a failing disk did not let go of is removed by the next that writes; nothing was written.
        let left = if report.up_to_date { ".replica.bdx.breachdex-pull" } else { ".replica.bdx.breachdex-" };
        self.nothing_else(&[left], "pull")
    }
}
