//! The list of common passwords as words, and whether a password is one edit away from one of them.
//!
//! The list is an FST with every word twice: behind `>` as it is and behind `<` backwards. Where one edit lies in the
//! second half of a password, the first half leads straight to a few words; where it lies in the first half, the
//! second half does so backwards. What is left is searched with a Levenshtein automaton of distance 1.

#![forbid(unsafe_code)]

use fst::Automaton;
#[cfg(feature = "starter")]
use fst::raw::{Fst, Node};
use zeroize::Zeroizing;

/// Shorter passwords are too near to everything.
#[cfg(feature = "starter")]
const SHORTEST: usize = 8;

/// As many positions as the automaton has bits for, and more than any word of the list has.
const LONGEST: usize = 62;

/// What words as they are begin with in the list, and words backwards.
#[cfg(feature = "starter")]
const DIRECTIONS: [u8; 2] = [b'>', b'<'];

/// Whether a password of eight code points and more is one edit (a character changed, missing or added) away from a
/// word of the list, whatever the case of its ASCII letters, or is one itself.
#[cfg(feature = "starter")]
pub(crate) fn is_near_a_common_word(password: &str) -> bool {
    use std::sync::OnceLock;
    static WORDS: OnceLock<Fst<&'static [u8]>> = OnceLock::new();
    let words = WORDS
        .get_or_init(|| Fst::new(breachdex_starter::COMMON_WORDS).expect("the list is part of the program"));
    let length = password.chars().take(LONGEST + 1).count();
    if !(SHORTEST..=LONGEST).contains(&length) {
        return false;
    }
    let [forwards, backwards] = DIRECTIONS;
    let half = length / 2;
    finds(words, forwards, password.chars(), half)
        || finds(words, backwards, password.chars().rev(), length - half)
}

/// Whether a word of one direction begins exactly like the pattern, for so many characters, and is at most one edit
/// away from it behind those.
#[cfg(feature = "starter")]
fn finds<'a>(
    words: &'a Fst<&'static [u8]>,
    direction: u8,
    pattern: impl Iterator<Item = char> + Clone,
    exactly: usize,
) -> bool {
    let step = |node: Node<'a>, byte: u8| node.find_input(byte).map(|i| words.node(node.transition_addr(i)));
    let bytes =
        pattern.clone().take(exactly).map(|character| u8::try_from(character.to_ascii_lowercase()).ok());
    let start = step(words.root(), direction);
    let reached = bytes.fold(start, |node, byte| step(node?, byte?));
    reached.is_some_and(|node| {
        OneEdit::new(pattern).is_some_and(|automaton| {
            let state = automaton.behind(exactly);
            any_match(words, node, &automaton, state)
        })
    })
}

/// Whether the automaton accepts any word below a node. Goes as deep as the longest word.
#[cfg(feature = "starter")]
fn any_match<'a>(words: &'a Fst<&'static [u8]>, node: Node<'a>, automaton: &OneEdit, state: Reached) -> bool {
    node.is_final() && automaton.is_match(&state)
        || node.transitions().any(|transition| {
            let state = automaton.accept(&state, transition.inp);
            automaton.can_match(&state) && any_match(words, words.node(transition.addr), automaton, state)
        })
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
    pub(super) fn new(pattern: impl Iterator<Item = char>) -> Option<Self> {
        let mut positions = Zeroizing::new([0; 128]);
        let mut length = 0;
        for character in pattern {
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

    /// The state once so many characters were exactly those of the pattern.
    pub(super) fn behind(&self, exactly: usize) -> Reached {
        // The next character of the pattern may be missing.
        Reached { exactly: 1 << exactly, edited: 0b11 << exactly }
    }
}

impl Automaton for OneEdit {
    type State = Reached;

    fn start(&self) -> Reached {
        self.behind(0)
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
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    fn accepts(pattern: &str, word: &str) -> bool {
        let automaton = OneEdit::new(pattern.chars()).unwrap_or_else(|| panic!("a short pattern"));
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
        assert!(OneEdit::new("a".repeat(LONGEST).chars()).is_some());
        assert!(OneEdit::new("a".repeat(LONGEST + 1).chars()).is_none());
    }

    /// Every word of the list, as it is.
    #[cfg(feature = "starter")]
    fn words() -> Vec<String> {
        use fst::{IntoStreamer as _, Streamer as _};
        let set = fst::Set::new(breachdex_starter::COMMON_WORDS).unwrap();
        let mut stream = set.range().ge(">").lt("?").into_stream();
        let mut words = Vec::new();
        while let Some(key) = stream.next() {
            words.push(String::from_utf8(key[1..].to_vec()).unwrap());
        }
        words
    }

    #[cfg(feature = "starter")]
    #[test]
    fn the_list_is_searched_as_if_every_word_were_compared() {
        let words = words();
        assert!(words.len() > 10_000);
        let near = |password: &str| {
            password.chars().count() >= SHORTEST
                && words.iter().any(|word| strsim::levenshtein(word, password) <= 1)
        };
        for (i, word) in words.iter().enumerate().step_by(4001) {
            for at in 0..=word.len() {
                let (front, back) = word.split_at(at);
                let added = format!("{front}q{back}");
                let missing = format!("{front}{}", back.get(1..).unwrap_or_default());
                let changed = format!("{front}é{}", back.get(1..).unwrap_or_default());
                let twice = format!("{front}z{}#", back.get(2..).unwrap_or_default());
                for password in [added, missing, changed, twice] {
                    assert_eq!(is_near_a_common_word(&password), near(&password), "word {i}: {password}");
                }
            }
        }
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
