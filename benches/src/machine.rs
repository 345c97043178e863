//! On what and how a result came about: date, processor, memory, command line.

#![forbid(unsafe_code)]

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

/// Lines for the head of a results file.
pub fn describe() -> Vec<(&'static str, String)> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".into());
    let model = field("/proc/cpuinfo", "model").unwrap_or_default();
    let memory = field("/proc/meminfo", "MemTotal")
        .and_then(|text| text.trim_end_matches(" kB").parse::<f64>().ok())
        .map_or("unknown".into(), |kib| format!("{:.1} GiB", kib / 1024.0 / 1024.0));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned();
    vec![
        ("date", today()),
        ("processor", format!("{processor} (model {model}), {cores} cores")),
        ("memory", memory),
        ("system", format!("{} {kernel} {}", std::env::consts::OS, std::env::consts::ARCH)),
        ("command", command_line()),
    ]
}

/// Anonymous resident memory of a process in bytes, as Linux reports it; `None` elsewhere or when it is gone.
pub fn anonymous_memory(process: &str) -> Option<u64> {
    let text = field(&format!("/proc/{process}/status"), "RssAnon")?;
    text.trim_end_matches(" kB").trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Bytes of memory that may be used without swapping, the page cache included; `None` where Linux does not say.
pub fn available_memory() -> Option<u64> {
    let text = field("/proc/meminfo", "MemAvailable")?;
    text.trim_end_matches(" kB").trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Today in UTC as `YYYY-MM-DD`.
pub fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (year, month, day) = civil(seconds / 86_400);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The command as it was called, its program without folders.
fn command_line() -> String {
    let mut words: Vec<String> = std::env::args().collect();
    if let Some(name) = words.first().and_then(|program| program.rsplit('/').next()) {
        words[0] = name.to_owned();
    }
    words.join(" ")
}

fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim().to_owned())
}

/// Year, month and day of a number of days since 1970-01-01 (Gregorian).
fn civil(days: u64) -> (u64, u64, u64) {
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let (mut year, mut left) = (1970, days);
    while left >= 365 + u64::from(leap(year)) {
        left -= 365 + u64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    (year, month, left + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(20_778), (2026, 11, 21));
    }
}
