//! Downloads and updates, and what they may end with.

use std::time::Duration;

use breachdex::trust::SignatureFiles;
use breachdex::{Error as IndexError, SpliceOptions};
use breachdex_hibp::{
    DownloadOptions, Error, FetchOptions, RetryPolicy, UpdateOptions, download, preview_update, update,
};

use super::{Checked, World, say};
use crate::disk::Plan;
use crate::model::Content;
use crate::server::Weather;
use crate::signing;

impl World {
    pub(super) fn fetch(&mut self) -> FetchOptions {
        FetchOptions {
            base_url: "http://127.0.0.1:1".parse().expect("an address"),
            concurrency: self.rng.pick(&[1, 2, 4, 16]),
            retry: RetryPolicy {
                retries: self.rng.pick(&[0, 2, 5, 10]),
                base_delay: Duration::from_millis(500),
                longest_delay: Duration::from_secs(30),
            },
            mirror_quirks: self.setup.mirror,
            ..FetchOptions::default()
        }
    }

    pub(super) fn download_options(&mut self, again: bool) -> DownloadOptions {
        let index = SpliceOptions {
            kind: self.setup.kind,
            bits: self.setup.bits,
            force_bits: true,
            counts: self.setup.counts,
            min_count: self.setup.min_count,
            coverage: self.setup.coverage(),
            memory: 16 << 20,
            threads: 1,
            replace: again,
            before_publish: self.setup.signed.then(|| signing::before_publish(&self.target())),
            ..SpliceOptions::default()
        };
        let fetch = self.fetch();
        let also_text = self.setup.text.then(|| self.text());
        DownloadOptions { fetch, also_text, index, restart: again, max_age: None, allow_missing: false }
    }

    pub(super) fn update_options(&mut self) -> UpdateOptions {
        UpdateOptions {
            fetch: self.fetch(),
            from_origin: self.rng.percent(50),
            memory: 16 << 20,
            threads: 1,
            allow_older: true,
            open: self.setup.open(),
            before_publish: self.setup.signed.then(|| signing::before_publish(&self.target())),
        }
    }

    /// What the command does when an index was published.
    pub(super) fn settle_signature(&self) -> Result<(), IndexError> {
        if self.setup.signed { SignatureFiles::settle(&self.target()).map(drop) } else { Ok(()) }
    }

    pub(super) fn download(&mut self, again: bool) -> Checked {
        let options = self.download_options(again);
        if again {
            // Nothing that was fetched before is taken over.
            self.download_since = None;
        }
        let since = *self.download_since.get_or_insert(self.server.now());
        let ran = self.attempt(300, |world, monitor| {
            let report = download(&world.target(), &options, monitor)?;
            if report.index.is_some() {
                world.settle_signature()?;
            }
            Ok(report)
        });
        let published = match &ran.result {
            Ok(report) => {
                say!(self, "  download: {report:?}");
                report.index.as_ref().map(|index| index.durability.is_synced())
            }
            Err(error) => {
                say!(self, "  download: {error}");
                self.refuse(error, ran.is_calm)?;
                None
            }
        };
        if published.is_some() && self.setup.text {
            self.text_since = Some(since);
        }
        self.settle(ran.crash, published, |world, content| {
            match world.setup.prefixes.iter().find(|prefix| !world.was_served(**prefix, content, since)) {
                Some(prefix) => Err(format!("range {prefix:05X} is none that the server had since {since}")),
                None => Ok(()),
            }
        })?;
        if ran.result.is_ok() {
            // Where the journal's removal was not synced, a loss of power brings it back.
            self.download_since = Some(since).filter(|_| !ran.is_calm);
            if published.is_some() && ran.crash.is_none() && ran.is_calm {
                self.nothing_else(&[".target.bdx.breachdex-"], "download")?;
            }
        }
        self.settle_overlay(ran.crash)
    }

    pub(super) fn update(&mut self) -> Checked {
        let options = self.update_options();
        let since = *self.update_since.get_or_insert(self.server.now());
        let old = self.target.clone();
        let ran = self.attempt(300, |world, monitor| {
            let report = update(&world.target(), &options, monitor)?;
            if report.index.is_some() {
                world.settle_signature()?;
            }
            Ok(report)
        });
        let (mut published, mut missing) = (None, None);
        match &ran.result {
            Ok(report) => {
                say!(self, "  update: {report:?}");
                let mut prefixes =
                    report.missing.as_ref().map_or(Vec::new(), |missing| missing.prefixes.clone());
                prefixes.sort_unstable();
                missing = Some(prefixes);
                published = report.index.as_ref().map(|index| index.index.durability.is_synced());
            }
            Err(error) => {
                say!(self, "  update: {error}");
                if old.is_some() {
                    self.refuse(error, ran.is_calm)?;
                }
            }
        }
        let is_new = |world: &Self, content: &Content| {
            for prefix in &world.setup.prefixes {
                let may_be_missing = missing.as_ref().is_none_or(|missing| missing.contains(prefix));
                let is_old = old.as_ref().is_some_and(|old| old[prefix] == content[prefix]);
                let is_served = world.was_served(*prefix, content, since);
                if !(is_served || may_be_missing && is_old) {
                    return Err(format!("range {prefix:05X} is none that the server had since {since}"));
                }
            }
            Ok(())
        };
        if let (Ok(report), Some(old)) = (&ran.result, &old)
            && report.index.is_none()
        {
            // What is as it was must be as the server has it.
            is_new(self, old).map_err(|reason| format!("the update says that nothing changed: {reason}"))?;
        }
        self.settle(ran.crash, published, is_new)?;
        if ran.result.is_ok() {
            self.update_since = Some(since).filter(|_| !ran.is_calm);
            self.update_before = since;
            if published.is_some() && ran.is_calm {
                self.nothing_else(&[".target.bdx.breachdex-update"], "update")?;
            }
        }
        self.settle_overlay(ran.crash)
    }

    /// An error that a job may end with.
    pub(super) fn refuse(&self, error: &Error, is_calm: bool) -> Checked {
        match error {
            Error::Index(IndexError::TargetExists(_)) if self.target.is_some() => Ok(()),
            // What a crash left may need to be discarded, and the message says so.
            Error::Journal { can_be_discarded: true, .. } => Ok(()),
            error if is_calm => Err(format!("nothing stood in its way, and it failed: {error}")),
            Error::Index(IndexError::Damaged { .. }) | Error::Options(_) | Error::HoldsOverlay(_) => {
                Err(format!("it failed with what no fault explains: {error}"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn preview(&mut self) -> Checked {
        let Some(content) = self.target.clone() else { return Ok(()) };
        let options = self.update_options();
        self.disk.plan(Plan::default());
        self.server.set_weather(Weather::default());
        let before = self.names();
        let preview = self.simulated(|| preview_update(&self.target(), &options, &()));
        let preview = preview.map_err(|error| format!("the preview failed: {error}"))?;
        say!(self, "  preview: {preview:?}");
        let changed =
            content.iter().filter(|(prefix, rows)| self.setup.kept(&self.server.rows(**prefix)) != **rows);
        let changed = changed.count() as u64;
        if preview.ranges_changed != changed || before != self.names() {
            return Err(format!("{changed} ranges changed, and the preview says {preview:?}"));
        }
        Ok(())
    }
}
