//! Text from files and peers as a terminal may show it.

#![forbid(unsafe_code)]

use std::borrow::Cow;

/// Escapes what would drive a terminal or disguise a text: control characters, line ends among them, and the characters
/// that change the direction of what follows.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let escaped = |c: char| if is_unprintable(c) { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(escaped).collect())
}

/// The same for each line of a text.
pub(crate) fn printable_lines(text: &str) -> Cow<'_, str> {
    if !text.contains(|c| c != '\n' && is_unprintable(c)) {
        return Cow::Borrowed(text);
    }
    let lines: Vec<_> = text.split('\n').map(printable).collect();
    Cow::Owned(lines.join("\n"))
}

/// A line of JSON, or several: what would drive a terminal or disguise a text is escaped as JSON has it, so that programs read
/// the same. Writers of JSON escape the first 32 characters only.
pub(crate) fn printable_json(text: &str) -> Cow<'_, str> {
    if !text.contains(|c| c != '\n' && is_unprintable(c)) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && is_unprintable(c) {
            // None of them is beyond four digits.
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_drives_a_terminal_is_escaped_and_all_else_is_kept() {
        assert!(matches!(printable("pwned.bdx: ñ 侵害"), Cow::Borrowed("pwned.bdx: ñ 侵害")));
        assert!(matches!(printable_lines("a\nb\n"), Cow::Borrowed("a\nb\n")));
        assert_eq!(printable_lines("a\tb\n\u{9b}2J\n"), "a\\tb\n\\u{9b}2J\n");
        assert!(matches!(printable_json("{\n\"a\":\"侵害\"\n}\n"), Cow::Borrowed(_)));
        assert_eq!(
            printable_json("{\"a\u{7f}\":\"\u{9b}2J\u{202e}é\"}\n"),
            "{\"a\\u007f\":\"\\u009b2J\\u202eé\"}\n"
        );
        assert_eq!(printable("a\x1b[2Jb\nc\rd\u{9b}e\u{202e}f"), "a\\u{1b}[2Jb\\nc\\rd\\u{9b}e\\u{202e}f");
    }
}
