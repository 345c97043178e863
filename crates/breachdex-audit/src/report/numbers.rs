//! Numbers and names as people read them.

#![forbid(unsafe_code)]

/// A part of a whole: `12.3 %`. Never 0 for something, never 100 for less than all.
pub(super) fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return String::from("0 %");
    }
    match (part as f64 * 100.0 / whole as f64, part) {
        (_, 0) => String::from("0 %"),
        (_, part) if part == whole => String::from("100 %"),
        (share, _) => format!("{:.1} %", share.clamp(0.1, 99.9)),
    }
}

/// A name from the input without what would act on a terminal or turn the reading direction.
pub(super) fn harmless(name: &str) -> String {
    let acts = |character: char| {
        character.is_control()
            || matches!(character, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    name.chars().map(|character| if acts(character) { '\u{FFFD}' } else { character }).collect()
}

/// Columns that a text takes on a terminal: East Asian characters take two.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(|character| if character >= '\u{1100}' { 2 } else { 1 }).sum()
}
