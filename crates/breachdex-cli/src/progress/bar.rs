//! A progress bar, for a terminal.

#![forbid(unsafe_code)]

use std::sync::{Mutex, PoisonError};

use breachdex::{Phase, Progress};
use indicatif::{ProgressBar, ProgressStyle};

const KNOWN_LENGTH: &str = "{msg:<9} {wide_bar} {percent:>3}% {eta}";
/// For bytes that are only read.
const KNOWN_BYTES: &str = "{msg:<9} {wide_bar} {percent:>3}% {binary_bytes_per_sec} {eta}";
/// For entries.
const KNOWN_ENTRIES: &str = "{msg:<9} {wide_bar} {percent:>3}% {per_sec} {eta}";
/// For what is counted, not measured.
const KNOWN_NUMBER: &str = "{msg:<9} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}";
const UNKNOWN_LENGTH: &str = "{msg:<9} {spinner} {human_pos} {elapsed}";

/// The bar and the phase that it shows. It is gone when dropped.
pub(super) struct Bar {
    shown: ProgressBar,
    phase: Mutex<Option<Phase>>,
}

impl Bar {
    pub(super) fn new() -> Self {
        Self { shown: ProgressBar::new_spinner(), phase: Mutex::new(None) }
    }

    pub(super) fn show(&self, progress: Progress) {
        let mut phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        if *phase != Some(progress.phase) {
            *phase = Some(progress.phase);
            let template = match progress.total {
                Some(_) if matches!(progress.phase, Phase::Downloading | Phase::WritingRanges) => {
                    KNOWN_NUMBER
                }
                Some(_) if progress.phase == Phase::Verifying => KNOWN_BYTES,
                Some(_) if progress.phase == Phase::Writing => KNOWN_ENTRIES,
                Some(_) => KNOWN_LENGTH,
                None => UNKNOWN_LENGTH,
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                self.shown.set_style(style);
            }
            self.shown.reset();
            self.shown.set_message(progress.phase.name());
        }
        if let Some(total) = progress.total {
            self.shown.set_length(total);
        }
        self.shown.set_position(progress.done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.shown.finish_and_clear();
    }
}
