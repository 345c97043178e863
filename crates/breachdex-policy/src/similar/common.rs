//! The list of common passwords as words, and whether a password is one edit away from one of them.
//!
//! The list is an FST; it is walked with a Levenshtein automaton of distance 1, so that of forty thousand words a
//! few hundred bytes are looked at.

#![forbid(unsafe_code)]

use fst::Automaton;
#[cfg(feature = "starter")]
use fst::{IntoStreamer as _, Streamer as _};
use zeroize::Zeroizing;

/// Shorter passwords are too near to everything.
#[cfg(feature = "starter")]
const SHORTEST: usize = 8;

/// As many positions as the automaton has bits for, and more than any word of the list has.
const LONGEST: usize = 62;

/// Whether a password of eight code points and more is one edit (a character changed, missing or added) away from a
/// word of the list, whatever the case of its ASCII letters, or is one itself.
#[cfg(feature = "starter")]
pub(crate) fn is_near_a_common_word(password: &str) -> bool {
    use std::sync::OnceLock;
    static WORDS: OnceLock<fst::Set<&'static [u8]>> = OnceLock::new();
    let words = WORDS.get_or_init(|| {
        fst::Set::new(breachdex_starter::COMMON_WORDS).expect("the list is part of the program")
    });
    match OneEdit::new(password) {
        Some(automaton) if automaton.length >= SHORTEST => {
            words.search(&automaton).into_stream().next().is_some()
        }
        _ => false,
    }
}

/// Accepts the ASCII words that are at most one edit away from a pattern. Each bit of a state is a position in the
/// pattern that may have been reached (Wu and Manber, "Fast text searching allowing errors", 1992), so nothing is
/// built before the search but a table of where each character is.
pub(super) struct OneEdit {
    /// For every ASCII character the positions of the pattern that hold it.
    positions: Zeroizing<[u64; 128]>,
    length: usize,
}

/// The positions reached without and with one edit.
#[derive(Clone, Copy)]
pub(super) struct Reached {
    exactly: u64,
    edited: u64,
}

impl OneEdit {
    /// `None` for a pattern that is longer than any word. A character beyond ASCII is like no character of a word.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let mut positions = Zeroizing::new([0; 128]);
        let mut length = 0;
        for character in pattern.chars() {
            if length == LONGEST {
                return None;
            }
            if character.is_ascii() {
                positions[character.to_ascii_lowercase() as usize] |= 1 << length;
            }
            length += 1;
        }
        Some(Self { positions, length })
    }
}

impl Automaton for OneEdit {
    type State = Reached;

    fn start(&self) -> Reached {
        // One character of the pattern may be missing at the front.
        Reached { exactly: 1, edited: 0b11 }
    }

    fn is_match(&self, state: &Reached) -> bool {
        (state.exactly | state.edited) >> self.length & 1 == 1
    }

    fn can_match(&self, state: &Reached) -> bool {
        state.exactly | state.edited != 0
    }

    fn accept(&self, state: &Reached, byte: u8) -> Reached {
        let within = (2 << self.length) - 1;
        let holds = self.positions.get(usize::from(byte.to_ascii_lowercase())).copied().unwrap_or(0);
        let exactly = (state.exactly & holds) << 1;
        let added = state.exactly;
        let changed = state.exactly << 1;
        let missing = exactly << 1;
        let edited = (state.edited & holds) << 1 | added | changed | missing;
        Reached { exactly: exactly & within, edited: edited & within }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn accepts(pattern: &str, word: &str) -> bool {
        let automaton = OneEdit::new(pattern).unwrap_or_else(|| panic!("a short pattern"));
        let end = word.bytes().fold(automaton.start(), |state, byte| automaton.accept(&state, byte));
        automaton.is_match(&end)
    }

    proptest! {
        #[test]
        fn agrees_with_the_distance(pattern in "[a-cé]{0,9}", word in "[a-c]{0,9}") {
            prop_assert_eq!(accepts(&pattern, &word), strsim::levenshtein(&pattern, &word) <= 1);
        }
    }

    #[test]
    fn long_patterns_are_like_no_word() {
        assert!(OneEdit::new(&"a".repeat(LONGEST)).is_some());
        assert!(OneEdit::new(&"a".repeat(LONGEST + 1)).is_none());
    }

    #[cfg(feature = "starter")]
    #[test]
    fn a_common_word_with_an_edit_is_near_it() {
        for password in ["passwort", "pasword1", "Passw0rd1", "iloveyouu", "football", "f00tball"] {
            assert!(is_near_a_common_word(password), "{password}");
        }
        for password in ["hunter", "correct horse battery staple", "zgqxwvkj", "パスワードです"] {
            assert!(!is_near_a_common_word(password), "{password}");
        }
    }
}
