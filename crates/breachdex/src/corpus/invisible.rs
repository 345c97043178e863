//! The characters that are not shown.

#![forbid(unsafe_code)]

/// `Default_Ignorable_Code_Point` of Unicode 14 (DerivedCoreProperties.txt): first and last of each range, ascending.
const RANGES: [(u32, u32); 17] = [
    (0x00AD, 0x00AD),   // soft hyphen
    (0x034F, 0x034F),   // combining grapheme joiner
    (0x061C, 0x061C),   // Arabic letter mark
    (0x115F, 0x1160),   // Hangul fillers
    (0x17B4, 0x17B5),   // Khmer inherent vowels
    (0x180B, 0x180F),   // Mongolian variation selectors and vowel separator
    (0x200B, 0x200F),   // zero-width space, non-joiner and joiner, directional marks
    (0x202A, 0x202E),   // directional embeddings and overrides
    (0x2060, 0x206F),   // word joiner, invisible operators, directional isolates
    (0x3164, 0x3164),   // Hangul filler
    (0xFE00, 0xFE0F),   // variation selectors
    (0xFEFF, 0xFEFF),   // byte order mark
    (0xFFA0, 0xFFA0),   // half-width Hangul filler
    (0xFFF0, 0xFFF8),   // unassigned
    (0x1BCA0, 0x1BCA3), // shorthand format controls
    (0x1D173, 0x1D17A), // musical format controls
    (0xE0000, 0xE0FFF), // tags, variation selectors
];

/// Whether a character is not shown unless a program does so on purpose: zero-width and directional characters, soft
/// hyphens, variation selectors, tags (`Default_Ignorable_Code_Point` of Unicode 14). White space is not among them.
pub fn is_invisible(character: char) -> bool {
    let code = u32::from(character);
    code >= RANGES[0].0 && {
        let at = RANGES.partition_point(|(_, last)| *last < code);
        RANGES.get(at).is_some_and(|(first, _)| *first <= code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_those_of_unicode() {
        for character in
            "\u{ad}\u{200b}\u{200c}\u{200d}\u{200e}\u{2060}\u{202e}\u{2069}\u{fe0f}\u{feff}\u{e0041}\u{e0100}\u{3164}".chars()
        {
            assert!(is_invisible(character), "{:04X}", u32::from(character));
        }
        for character in
            "a \0\t\u{a0}\u{3000}\u{2028}ー゛が\u{3099}\u{301}\u{200a}\u{2010}\u{fdff}\u{fe10}\u{10ffff}"
                .chars()
        {
            assert!(!is_invisible(character), "{:04X}", u32::from(character));
        }
        let all =
            (0..=0x10FFFF).filter_map(char::from_u32).filter(|character| is_invisible(*character)).count();
        assert_eq!(all, 4174, "as many as DerivedCoreProperties.txt counts");
        assert!(RANGES.is_sorted());
    }
}
