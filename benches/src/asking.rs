//! What single questions cost: each timed by itself, with the pages that the system had to read for them.

#![forbid(unsafe_code)]

use std::fs;
use std::io;
use std::time::{Duration, Instant};

/// What a process has read so far, as Linux counts it; zeros elsewhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct PageReads {
    /// Page faults that waited for the disk.
    pub major_faults: u64,
    /// Bytes fetched from the disk for this process, read ahead or not.
    pub read_bytes: u64,
}

impl PageReads {
    /// Of this process until now.
    pub fn now() -> Self {
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let io = fs::read_to_string("/proc/self/io").unwrap_or_default();
        // The name of the program is in parentheses and may hold anything; majflt is the tenth field behind it.
        let faults = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(9)?.parse().ok());
        let bytes = io.lines().find_map(|line| line.strip_prefix("read_bytes: ")?.parse().ok());
        Self { major_faults: faults.unwrap_or(0), read_bytes: bytes.unwrap_or(0) }
    }

    fn since(self, before: Self) -> Self {
        Self {
            major_faults: self.major_faults - before.major_faults,
            read_bytes: self.read_bytes - before.read_bytes,
        }
    }
}

/// What a number of questions cost.
#[derive(Clone, Debug, Default)]
pub struct Costs {
    nanoseconds: Vec<u64>,
    seconds: f64,
    reads: PageReads,
    /// Answers that the corpus contradicts.
    pub wrong: u64,
}

impl Costs {
    /// Asks one question after another until all are asked or the time is over. `ask` says whether the answer was
    /// right.
    ///
    /// # Errors
    /// The first one that `ask` returns.
    pub fn measure<Q, E>(
        questions: impl IntoIterator<Item = Q>,
        limit: Duration,
        mut ask: impl FnMut(Q) -> Result<bool, E>,
    ) -> Result<Self, E> {
        let mut costs = Self::default();
        let (before, started) = (PageReads::now(), Instant::now());
        let mut at = started;
        for question in questions {
            let right = ask(question)?;
            costs.wrong += u64::from(!right);
            let now = Instant::now();
            costs.nanoseconds.push((now - at).as_nanos() as u64);
            at = now;
            if now - started > limit {
                break;
            }
        }
        costs.seconds = started.elapsed().as_secs_f64();
        costs.reads = PageReads::now().since(before);
        costs.nanoseconds.sort_unstable();
        Ok(costs)
    }

    /// Nanoseconds that so large a share of the questions did not exceed; 0 without questions.
    pub fn quantile(&self, share: f64) -> u64 {
        let place = (self.nanoseconds.len() as f64 * share) as usize;
        self.nanoseconds.get(place.min(self.nanoseconds.len().saturating_sub(1))).copied().unwrap_or(0)
    }

    /// How many were asked.
    pub fn asked(&self) -> usize {
        self.nanoseconds.len()
    }

    /// One JSON object.
    pub fn json(&self) -> String {
        let mean = self.seconds * 1e9 / self.asked().max(1) as f64;
        format!(
            "{{\"asked\":{},\"seconds\":{:.6},\"mean_ns\":{mean:.1},\"p50_ns\":{},\"p99_ns\":{},\"max_ns\":{},\
             \"major_faults\":{},\"read_bytes\":{},\"wrong\":{}}}",
            self.asked(),
            self.seconds,
            self.quantile(0.5),
            self.quantile(0.99),
            self.quantile(1.0),
            self.reads.major_faults,
            self.reads.read_bytes,
            self.wrong
        )
    }
}

/// A number with a name of the words of a line, for a small command language.
///
/// # Errors
/// A sentence that says which word is missing or no number.
pub fn number<T: std::str::FromStr>(words: &[&str], place: usize, name: &str) -> io::Result<T> {
    words.get(place).and_then(|word| word.parse().ok()).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("`{}` needs {name} as word {place}", words.join(" ")),
        )
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn each_question_is_timed_and_wrong_answers_are_counted() {
        let costs = Costs::measure(0..100_u32, Duration::from_secs(60), |question| {
            if question == 7 {
                std::thread::sleep(Duration::from_millis(20));
            }
            Ok::<_, ()>(question % 10 != 0)
        })
        .unwrap();
        assert_eq!((costs.asked(), costs.wrong), (100, 10));
        assert!(costs.quantile(1.0) >= 20_000_000 && costs.quantile(0.5) < 20_000_000);
        assert!(costs.json().starts_with("{\"asked\":100,\"seconds\":"), "{}", costs.json());
    }

    #[test]
    fn time_that_is_over_ends_the_questions() {
        // Longer than the limit by itself: a machine that is busy makes it longer still.
        let costs = Costs::measure(0.., Duration::from_millis(10), |_| {
            std::thread::sleep(Duration::from_millis(15));
            Ok::<_, ()>(true)
        })
        .unwrap();
        assert_eq!(costs.asked(), 1);
        assert_eq!(Costs::measure([1], Duration::ZERO, |_| Err("damaged")).unwrap_err(), "damaged");
    }

    #[test]
    fn a_missing_word_is_named() {
        assert_eq!(number::<u32>(&["hits", "5"], 1, "FROM").unwrap(), 5);
        let error = number::<u32>(&["hits", "5"], 2, "COUNT").unwrap_err();
        assert_eq!(error.to_string(), "`hits 5` needs COUNT as word 2");
    }
}
