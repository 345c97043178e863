//! The choice of a language by `Accept-Language`.

#![forbid(unsafe_code)]

use crate::languages::Language;

impl Language {
    /// The language of an `Accept-Language` header (RFC 9110) that its sender likes best; `None` where none is known.
    ///
    /// Among equally liked ones the first wins. `*` and weights of 0 choose nothing, and what is no language range is
    /// passed over.
    ///
    /// ```
    /// use breachdex_messages::Language;
    /// assert_eq!(Language::negotiate("fr, en;q=0.5, ja-JP;q=0.9"), Some(Language::Ja));
    /// assert_eq!(Language::negotiate("fr"), None);
    /// ```
    pub fn negotiate(accept_language: &str) -> Option<Self> {
        let mut best: Option<(u16, Self)> = None;
        for range in accept_language.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let language = parts.next().and_then(|tag| tag.parse().ok());
            let weight = parts.next().map_or(Some(1000), weight);
            if let (Some(language), Some(weight @ 1..)) = (language, weight)
                && best.is_none_or(|(most, _)| weight > most)
            {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }
}

/// Thousandths of a weight as `q=0.5`.
fn weight(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    let (whole, fraction) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    let is_digits = fraction.len() <= 3 && fraction.bytes().all(|digit| digit.is_ascii_digit());
    match (name.trim().eq_ignore_ascii_case("q"), is_digits, whole) {
        (true, true, "0") => format!("{fraction:0<3}").parse().ok(),
        (true, true, "1") if fraction.bytes().all(|digit| digit == b'0') => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_liked_language_wins() {
        for (header, expected) in [
            ("ja", Some(Language::Ja)),
            ("ja-JP,ja;q=0.9,en;q=0.5", Some(Language::Ja)),
            ("en-GB, ja", Some(Language::En)),
            ("en;q=0.4, ja;q=0.8", Some(Language::Ja)),
            ("en;Q=1.000 , ja; q = 0.999", Some(Language::En)),
            ("ja;q=0, en;q=0.1", Some(Language::En)),
            ("fr, de;q=0.5", None),
            ("ja;q=0", None),
            ("*", None),
            ("", None),
            (",;,ja;q=x,ja;q=2,ja;q=0.1234,;q=1", None),
        ] {
            assert_eq!(Language::negotiate(header), expected, "{header:?}");
        }
    }
}
