//! An index that may be served: exact, with counts, and whole unless a part was agreed to.

#![forbid(unsafe_code)]

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::HeaderValue;
use breachdex::{FileIndex, Kind, Metadata};

use crate::error::ServeError;

/// An open index with what answers say about it.
#[derive(Debug)]
pub(crate) struct Served {
    index: FileIndex,
    modified: Option<(SystemTime, HeaderValue)>,
    loaded: SystemTime,
}

impl Served {
    /// Opens an index and refuses one that a range server cannot answer from.
    ///
    /// # Errors
    /// [`ServeError::Index`], [`ServeError::Truncated`], [`ServeError::WithoutCounts`], [`ServeError::Partial`].
    pub(crate) fn open(path: &Path, allow_partial: bool) -> Result<Self, ServeError> {
        let index = FileIndex::open(path)?;
        check(index.metadata(), path, allow_partial)?;
        let modified = start_of_day(&index.metadata().corpus_date);
        let modified = modified.and_then(|time| Some((time, header_value(time)?)));
        Ok(Self { index, modified, loaded: SystemTime::now() })
    }

    pub(crate) fn index(&self) -> &FileIndex {
        &self.index
    }

    pub(crate) fn kind(&self) -> Kind {
        self.index.metadata().kind
    }

    /// The corpus date; `None` where the index has none, or where it tells nothing.
    pub(crate) fn modified(&self) -> Option<SystemTime> {
        self.modified.as_ref().map(|(time, _)| *time)
    }

    /// The corpus date as `Last-Modified` has it.
    pub(crate) fn last_modified(&self) -> Option<&HeaderValue> {
        self.modified.as_ref().map(|(_, value)| value)
    }

    /// The corpus date, whether or not answers may say it.
    pub(crate) fn corpus_date(&self) -> Option<SystemTime> {
        start_of_day(&self.index.metadata().corpus_date)
    }

    /// When it was opened.
    pub(crate) fn loaded(&self) -> SystemTime {
        self.loaded
    }

    /// Takes the place of `old`. A date that did not move with the content would let clients that ask by date
    /// keep old ranges, so it is not given out.
    #[must_use]
    pub(crate) fn in_place_of(mut self, old: &Self) -> Self {
        let same_date = self.index.metadata().corpus_date == old.index.metadata().corpus_date;
        if same_date && (old.modified.is_none() || self.index.content_id() != old.index.content_id()) {
            self.modified = None;
        }
        self
    }
}

fn check(metadata: &Metadata, path: &Path, allow_partial: bool) -> Result<(), ServeError> {
    let path = path.to_owned();
    if !metadata.is_exact() {
        return Err(ServeError::Truncated { path, bits: metadata.bits });
    }
    if !metadata.has_counts {
        return Err(ServeError::WithoutCounts { path });
    }
    if !metadata.coverage.is_whole() && !allow_partial {
        return Err(ServeError::Partial { path, prefixes: metadata.coverage.prefixes() });
    }
    Ok(())
}

fn header_value(time: SystemTime) -> Option<HeaderValue> {
    HeaderValue::try_from(httpdate::fmt_http_date(time)).ok()
}

/// Midnight UTC of `YYYY-MM-DD`; `None` for no date and for one before 1970.
fn start_of_day(date: &str) -> Option<SystemTime> {
    let mut parts = date.splitn(3, '-').map(|part| part.parse::<u64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    // Years that begin in March, so that the leap day comes last; counted from the year 0.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    let since_epoch = days.checked_sub(719_468)?;
    Some(UNIX_EPOCH + Duration::from_secs(since_epoch * 86_400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_http_dates() {
        for (date, expected) in [
            ("1970-01-01", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ("2000-02-29", "Tue, 29 Feb 2000 00:00:00 GMT"),
            ("2024-03-01", "Fri, 01 Mar 2024 00:00:00 GMT"),
            ("2026-07-02", "Thu, 02 Jul 2026 00:00:00 GMT"),
            ("2100-12-31", "Fri, 31 Dec 2100 00:00:00 GMT"),
        ] {
            let time = start_of_day(date).expect("a day");
            assert_eq!(httpdate::fmt_http_date(time), expected);
        }
        for none in ["", "1969-12-31", "0000-01-01", "soon"] {
            assert_eq!(start_of_day(none), None, "{none:?}");
        }
    }
}
