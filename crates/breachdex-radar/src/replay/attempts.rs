//! Reads log-in attempts from CSV, strictly: a line that is not understood ends the replay.

#![forbid(unsafe_code)]

use std::fs::File;
use std::path::Path;

use chrono::DateTime;
use csv::{ErrorKind, ReaderBuilder, StringRecord};

use super::error::{LineError, ReplayError};
use crate::attempt::{AccountStatus, Attempt, Exposure, Outcome, Time};
use crate::table::CLOCK_TOLERANCE;

/// Bytes of the longest cell.
const LONGEST: usize = 4096;
/// The columns, those that must be there first.
const COLUMNS: [&str; 6] = ["time", "source", "account", "outcome", "known", "exposed"];
const REQUIRED: usize = 4;

/// Where each column is.
struct Places([Option<usize>; COLUMNS.len()]);

impl Places {
    fn of(header: &StringRecord) -> Result<Self, LineError> {
        let mut places = [None; COLUMNS.len()];
        for (at, cell) in header.iter().enumerate() {
            let cell = if at == 0 { cell.trim_start_matches('\u{FEFF}').trim() } else { cell };
            let known = COLUMNS.iter().position(|name| cell.eq_ignore_ascii_case(name));
            let column = known.ok_or(LineError::UnknownColumn(at + 1))?;
            if places[column].replace(at).is_some() {
                return Err(LineError::ColumnTwice(COLUMNS[column]));
            }
        }
        match COLUMNS.iter().zip(places).take(REQUIRED).find(|(_, place)| place.is_none()) {
            Some((name, _)) => Err(LineError::NoColumn(name)),
            None => Ok(Self(places)),
        }
    }

    fn cell<'a>(&self, column: usize, record: &'a StringRecord) -> Result<&'a str, LineError> {
        let cell = self.0[column].and_then(|at| record.get(at)).unwrap_or_default();
        if cell.len() > LONGEST { Err(LineError::Long(COLUMNS[column])) } else { Ok(cell) }
    }

    fn yes_or_no(&self, column: usize, record: &StringRecord) -> Result<Option<bool>, LineError> {
        match self.cell(column, record)? {
            "" => Ok(None),
            cell if cell.eq_ignore_ascii_case("yes") => Ok(Some(true)),
            cell if cell.eq_ignore_ascii_case("no") => Ok(Some(false)),
            _ => Err(LineError::YesOrNo(COLUMNS[column])),
        }
    }

    fn attempt<'a>(&self, record: &'a StringRecord) -> Result<Attempt<'a>, LineError> {
        let time = time(self.cell(0, record)?)?;
        let outcome = match self.cell(3, record)? {
            cell if cell.eq_ignore_ascii_case("failed") => Outcome::Failed,
            cell if cell.eq_ignore_ascii_case("succeeded") => Outcome::Succeeded,
            _ => return Err(LineError::Outcome),
        };
        let status = match self.yes_or_no(4, record)? {
            Some(true) => AccountStatus::Known,
            Some(false) => AccountStatus::Unknown,
            None => AccountStatus::Unsaid,
        };
        let exposure = match self.yes_or_no(5, record)? {
            Some(true) => Exposure::Exposed,
            Some(false) => Exposure::NotExposed,
            None => Exposure::Unknown,
        };
        Ok(Attempt {
            time,
            source: self.cell(1, record)?,
            account: self.cell(2, record)?,
            outcome,
            status,
            exposure,
        })
    }
}

/// Seconds since 1970, with or without a fraction, or RFC 3339.
fn time(cell: &str) -> Result<Time, LineError> {
    let (whole, fraction) = cell.split_once('.').unwrap_or((cell, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = if is_number(whole) && is_number(fraction) {
        // More digits than fit are late in any case.
        whole.parse().unwrap_or(u64::MAX)
    } else {
        let time = DateTime::parse_from_rfc3339(cell).map_err(|_| LineError::Time)?;
        u64::try_from(time.timestamp()).map_err(|_| LineError::Time)?
    };
    if seconds > u64::from(u32::MAX) { Err(LineError::LateTime) } else { Ok(Time::from_unix(seconds)) }
}

/// Tells every attempt of a file, in order. Returns how many there were.
pub(super) fn read(path: &Path, mut tell: impl FnMut(&Attempt<'_>)) -> Result<u64, ReplayError> {
    let io = |source| ReplayError::Io { path: path.to_owned(), source };
    let wrong = |line: u64, error| ReplayError::Line { path: path.to_owned(), line, error };
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .trim(csv::Trim::All)
        .from_reader(File::open(path).map_err(io)?);
    let (mut record, mut places) = (StringRecord::new(), None::<Places>);
    let (mut newest, mut attempts) = (0_u32, 0);
    loop {
        let is_more = reader.read_record(&mut record).map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            match error.into_kind() {
                ErrorKind::Io(source) => io(source),
                ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    wrong(line, LineError::Cells { expected: expected_len, found: len })
                }
                _ => wrong(line, LineError::Encoding),
            }
        })?;
        if !is_more {
            break;
        }
        let line = record.position().map_or(0, csv::Position::line);
        let Some(places) = &places else {
            places = Some(Places::of(&record).map_err(|error| wrong(line, error))?);
            continue;
        };
        let attempt = places.attempt(&record).map_err(|error| wrong(line, error))?;
        if attempt.time.0.saturating_add(CLOCK_TOLERANCE) < newest {
            return Err(wrong(line, LineError::Order));
        }
        newest = newest.max(attempt.time.0);
        attempts += 1;
        tell(&attempt);
    }
    match places {
        Some(_) => Ok(attempts),
        None => Err(wrong(1, LineError::NoColumn(COLUMNS[0]))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_or_rfc_3339() {
        for cell in [
            "1790000000",
            "1790000000.75",
            "2026-09-21T14:13:20Z",
            "2026-09-21T23:13:20+09:00",
            "2026-09-21 14:13:20.5Z",
        ] {
            assert_eq!(time(cell), Ok(Time::from_unix(1_790_000_000)), "{cell}");
        }
        for cell in [
            "",
            "-1",
            "1790000000.",
            ".5",
            "2026-09-21",
            "2026-09-21T14:13:20",
            "1969-12-31T00:00:00Z",
            "1e9",
        ] {
            assert_eq!(time(cell), Err(LineError::Time), "{cell}");
        }
        for cell in ["1790000000000", "99999999999999999999999", "2200-01-01T00:00:00Z"] {
            assert_eq!(time(cell), Err(LineError::LateTime), "{cell}");
        }
    }
}
