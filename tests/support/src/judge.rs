//! Asks a possibly damaged index everything and judges the answers.

#![forbid(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use breachdex::{Answer, Digest, Entry, Error, Index, Prefix, Result};

use crate::parts::digest_from;
use crate::subject::Subject;

/// No question about an index of this size takes longer, whatever the file says.
const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// A subject with its questions prepared, to be put to many damaged copies.
pub struct Judge<'a> {
    subject: &'a Subject,
    questions: Vec<Digest>,
    answers: Vec<Answer>,
    entries: Vec<(Vec<u8>, u64)>,
}

impl<'a> Judge<'a> {
    /// Asks for every `step`th digest only (and its neighbour); ranges and iteration always see all.
    pub fn new(subject: &'a Subject, step: usize) -> Self {
        let asked: Vec<Vec<u8>> =
            subject.questions().chunks(2).step_by(step).flat_map(<[Vec<u8>]>::to_vec).collect();
        Self {
            subject,
            questions: asked.iter().map(|bytes| digest_from(subject.kind, bytes)).collect(),
            answers: asked.iter().map(|bytes| subject.answer(bytes)).collect(),
            entries: subject.entries.clone().into_iter().collect(),
        }
    }

    /// Panics with the damage's name unless every answer of `file` is right or an error.
    pub fn must_be_right_or_refused(&self, damage: &str, file: Vec<u8>) {
        let sound = file == self.subject.bytes;
        self.unharmed(damage, move || match Index::from_bytes(file, "damaged") {
            Ok(index) => self.judge(&index, sound),
            Err(error) if sound => Err(format!("the sound file is refused: {error}")),
            Err(error) => refusal(&error),
        });
    }

    /// Panics with the damage's name unless everything asked of `file` ends in time and without a panic.
    /// Answers may be wrong, for every checksum is right.
    pub fn must_be_harmless(&self, damage: &str, file: Vec<u8>) {
        let bits = file.len() * 8;
        self.unharmed(damage, move || {
            let Ok(index) = Index::from_bytes(file, "forged") else { return Ok(()) };
            let kind = index.kind();
            let questions: Vec<Digest> =
                self.questions.iter().map(|digest| digest_from(kind, &digest.to_bytes())).collect();
            for digest in &questions {
                let _ = index.lookup(digest);
            }
            let _ = index.lookup_many(&questions, &mut vec![Answer::Absent; questions.len()]);
            let everything = index.iter().take_while(Result::is_ok).take(bits + 1).count();
            if everything > bits {
                return Err("iteration gives more entries than the file has bits".to_owned());
            }
            for digit in "0123456789ABCDEF".chars() {
                let prefix = Prefix::from_hex(kind, &digit.to_string()).map_err(|error| error.to_string())?;
                if index.range(&prefix).is_ok_and(|rows| rows.take(bits + 1).count() > bits) {
                    return Err("a range gives more entries than the file has bits".to_owned());
                }
            }
            let _ = index.verify(&());
            let _ = index.notes();
            Ok(())
        });
    }

    fn unharmed(&self, damage: &str, ask: impl FnOnce() -> Result<(), String>) {
        let started = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(ask));
        let name = self.subject.name;
        match outcome {
            Err(_) => panic!("{name}, {damage}: the library panicked"),
            Ok(Err(reason)) => panic!("{name}, {damage}: {reason}"),
            Ok(Ok(())) => {}
        }
        assert!(started.elapsed() < POLL_INTERVAL, "{name}, {damage}: took {:?}", started.elapsed());
    }

    fn judge(&self, index: &Index, sound: bool) -> Result<(), String> {
        for (digest, expected) in self.questions.iter().zip(&self.answers) {
            match index.lookup(digest) {
                Ok(answer) if answer == *expected => {}
                Ok(answer) => return Err(format!("a lookup says {answer:?} instead of {expected:?}")),
                Err(error) => refused(&error, sound)?,
            }
        }
        for (asked, expected) in self.questions.chunks(64).zip(self.answers.chunks(64)) {
            let mut answers = vec![Answer::Absent; asked.len()];
            match index.lookup_many(asked, &mut answers) {
                Ok(()) if answers == expected => {}
                Ok(()) => return Err("a bulk lookup is wrong".to_owned()),
                Err(error) => refused(&error, sound)?,
            }
        }
        self.compare_rows("iteration", index.iter(), &self.entries, sound)?;
        for digit in 0..16_u8 {
            let prefix = Prefix::from_hex(self.subject.kind, &format!("{digit:X}"))
                .map_err(|error| error.to_string())?;
            let from = self.entries.partition_point(|(key, _)| key[0] >> 4 < digit);
            let to = self.entries.partition_point(|(key, _)| key[0] >> 4 <= digit);
            match index.range(&prefix) {
                Ok(rows) => self.compare_rows("a range", rows, &self.entries[from..to], sound)?,
                Err(error) => refused(&error, sound)?,
            }
        }
        match index.verify(&()) {
            Ok(()) if sound => Ok(()),
            Ok(()) => Err("verify finds nothing".to_owned()),
            Err(error) => refused(&error, sound),
        }
    }

    /// Rows must be the expected ones up to an error, or all of them.
    fn compare_rows(
        &self,
        what: &str,
        rows: impl Iterator<Item = Result<Entry>>,
        expected: &[(Vec<u8>, u64)],
        sound: bool,
    ) -> Result<(), String> {
        let mut expected = expected.iter();
        for row in rows {
            let entry = match row {
                Ok(entry) => entry,
                Err(error) => return refused(&error, sound),
            };
            let key = entry.digest(self.subject.kind).to_bytes();
            match expected.next() {
                Some((right, count)) if *right == *key && *count == entry.count() => {}
                Some(_) => return Err(format!("{what} gives a wrong entry")),
                None => return Err(format!("{what} gives too many entries")),
            }
        }
        match expected.next() {
            None => Ok(()),
            Some(_) => Err(format!("{what} ends too early and without an error")),
        }
    }
}

fn refused(error: &Error, sound: bool) -> Result<(), String> {
    if sound { Err(format!("the sound file is refused: {error}")) } else { refusal(error) }
}

/// Only an error that says that the file is not sound will do.
fn refusal(error: &Error) -> Result<(), String> {
    match error {
        Error::Damaged { .. } | Error::NotAnIndex { .. } | Error::UnsupportedVersion { .. } => Ok(()),
        other => Err(format!("the error is not about damage: {other}")),
    }
}
