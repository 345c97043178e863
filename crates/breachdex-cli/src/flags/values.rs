//! Sizes, dates and ranges of prefixes as they are typed.

#![forbid(unsafe_code)]

use std::time::Duration;

use breachdex::{Day, Residency};
use breachdex_audit::Encoding;
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// Bytes: a plain number, or one with a unit. `K`, `M`, `G`, `T` and the `KiB` family are powers of 1024,
/// `kB`, `MB`, `GB`, `TB` powers of 1000; case does not matter.
///
/// Not by the crate bytesize, which counts in floating point and takes `4G` for 4 x 10^9: the same flag would then mean less
/// memory than it did.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        _ => return Err(String::from("give a size such as 512MiB, 1GiB or a number of bytes")),
    };
    match number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)) {
        Some(bytes) if bytes > 0 => Ok(bytes),
        _ => Err(String::from("give a size such as 512MiB, 1GiB or a number of bytes")),
    }
}

/// A size as [`parse_size`] has it, or 0.
pub(crate) fn parse_size_or_zero(text: &str) -> Result<u64, String> {
    if text == "0" { Ok(0) } else { parse_size(text) }
}

/// One of the names of a residency.
pub(crate) fn parse_residency() -> impl TypedValueParser<Value = Residency> {
    PossibleValuesParser::new(Residency::ALL.map(Residency::name)).try_map(|name| name.parse())
}

/// A whole number of 1 or more.
pub(crate) fn parse_positive(text: &str) -> Result<u64, String> {
    match text.parse::<u64>() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(String::from("give a whole number of 1 or more")),
    }
}

/// Days: a whole number of them, or of weeks with a `w`.
pub(crate) fn parse_days(text: &str) -> Result<u32, String> {
    let (number, days) = match text.strip_suffix('w') {
        Some(weeks) => (weeks, 7),
        None => (text.strip_suffix('d').unwrap_or(text), 1),
    };
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.parse::<u32>().ok().filter(|_| digits).and_then(|number| number.checked_mul(days));
    number.ok_or_else(|| String::from("give a number of days, as in 90, or of weeks, as in 12w"))
}

/// Seconds, with or without a fraction; more than none and less than a day.
pub(crate) fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.001..=86_400.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| String::from("give seconds, as in 30 or 2.5"))
}

/// A share of exposed passwords that is taken for usual.
pub(crate) fn parse_share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share: &f64| (0.0..=0.8).contains(share));
    share.ok_or_else(|| String::from("give a number from 0 to 0.8, such as 0.3"))
}

/// `FIRST-LAST`, 5 hex digits each, inclusive, in order.
pub(crate) fn parse_prefixes(text: &str) -> Result<(u32, u32), String> {
    let prefix = |digits: &str| match digits.len() {
        5 if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => u32::from_str_radix(digits, 16).ok(),
        _ => None,
    };
    match text.split_once('-').map(|(first, last)| (prefix(first), prefix(last))) {
        Some((Some(first), Some(last))) if first <= last => Ok((first, last)),
        Some((Some(_), Some(_))) => Err(String::from("the first prefix comes after the last")),
        _ => Err(String::from("give two prefixes of 5 hex digits, as in 00000-0007F")),
    }
}

/// A day of the calendar as `YYYY-MM-DD`; returned as it is.
pub(crate) fn parse_date(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let day = Day::parse(text).ok_or("give a day of the calendar as YYYY-MM-DD")?;
    if day.is_in_future() { Err(String::from("the day is in the future")) } else { Ok(text.to_owned()) }
}

pub(crate) fn parse_delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [character] if character.is_ascii() && !matches!(character, b'"' | b'\r' | b'\n') => Ok(*character),
        _ => Err(String::from("give one character such as ; or the word tab")),
    }
}

pub(crate) fn parse_encoding(label: &str) -> Result<Encoding, String> {
    Encoding::named(label).ok_or_else(|| {
        String::from("give an encoding such as utf-8, utf-16, cp932, euc-jp, windows-1252, windows-1251, gbk, big5 or euc-kr")
    })
}

/// Refuses a place in an object store that this build cannot reach; takes everything else.
///
/// # Errors
/// A message that names the feature, or the stores that there are.
pub(crate) fn refuse_object_store(text: &str) -> Result<(), String> {
    match text.split_once("://") {
        Some(("s3", _)) if cfg!(feature = "s3") => Ok(()),
        Some(("s3", _)) => Err(String::from(
            "s3:// needs the feature s3, which this build of breachdex does not have; \
             cargo install breachdex-cli --features s3 has it",
        )),
        Some(("gs" | "gcs" | "az" | "azure", _)) => Err(String::from(
            "only s3:// is supported; Google Cloud Storage speaks it at https://storage.googleapis.com (AWS_ENDPOINT_URL)",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!((parse_size_or_zero("0"), parse_size_or_zero("1k")), (Ok(0), Ok(1024)));
        assert!(parse_size("0").is_err() && parse_size_or_zero("0x").is_err());
        assert_eq!(parse_size("512MiB"), Ok(512 << 20));
        assert_eq!(parse_size("1GiB"), Ok(1 << 30));
        assert_eq!(parse_size("1G"), Ok(1 << 30));
        assert_eq!(parse_size("2 gb"), Ok(2_000_000_000));
        assert_eq!(parse_size("4096"), Ok(4096));
        for bad in ["", "MiB", "0", "-1", "1.5G", "1Gi", "1 parsec", "99999999999999999999", "99999999T"] {
            assert!(parse_size(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn days() {
        assert_eq!(parse_days("90"), Ok(90));
        assert_eq!(parse_days("90d"), Ok(90));
        assert_eq!(parse_days("12w"), Ok(84));
        assert_eq!(parse_days("0"), Ok(0));
        for bad in ["", "w", "-1", "+1", "1.5", "1 w", "1m", "4294967295w"] {
            assert!(parse_days(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn prefixes() {
        assert_eq!(parse_prefixes("00000-0007F"), Ok((0, 0x7f)));
        assert_eq!(parse_prefixes("fffff-FFFFF"), Ok((0xfffff, 0xfffff)));
        for bad in
            ["", "00000", "0-1", "00000-", "00001-00000", "+0000-00001", "000000-000001", "0000G-0000H"]
        {
            assert!(parse_prefixes(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn dates() {
        for good in ["2026-07-02", "2024-02-29", "2000-02-29"] {
            assert_eq!(parse_date(good).as_deref(), Ok(good));
        }
        for bad in [
            "2026-7-2",
            "2026-13-01",
            "2026-02-29",
            "1900-02-29",
            "2026-04-31",
            "2026-00-10",
            "20260702",
            "2026-07-02 ",
            "2026/07/02",
            "２0260702",
            "9998-01-01",
        ] {
            assert!(parse_date(bad).is_err(), "{bad:?}");
        }
    }
}
