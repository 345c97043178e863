//! Texts made alike: width and compatibility (NFKC), case (full case folding), separators, leet.

#![forbid(unsafe_code)]

use breachdex::fold_case;
use zeroize::Zeroizing;

/// What is taken off the ends of a password before it is compared: up to so many digits, and so many symbols.
const STRIPPED_OF_EACH: usize = 4;

/// A folded text: its characters without separators, and how many may be taken off each end.
pub(super) struct Folded {
    characters: Zeroizing<Vec<char>>,
    front: usize,
    back: usize,
    letters: usize,
    ideographs: usize,
}

impl Folded {
    pub(super) fn new(text: &str) -> Self {
        let mut folded = Self {
            characters: Zeroizing::new(Vec::with_capacity(text.len())),
            front: 0,
            back: 0,
            letters: 0,
            ideographs: 0,
        };
        if text.is_ascii() {
            folded.extend(text.chars().map(|character| character.to_ascii_lowercase()));
        } else {
            let plain = fold_case(text);
            folded.characters.reserve_exact(plain.len());
            folded.extend(plain.chars());
        }
        folded
    }

    /// Takes the characters over, then puts letters in the place of leet.
    fn extend(&mut self, characters: impl Iterator<Item = char>) {
        self.characters.extend(characters.filter(|character| !is_separator(*character)));
        self.front = strippable(self.characters.iter().copied());
        self.back = strippable(self.characters.iter().rev().copied());
        for character in self.characters.iter_mut() {
            match PLAIN.get(*character as usize) {
                Some(plain) => {
                    self.letters += usize::from(character.is_ascii_alphabetic());
                    *character = *plain;
                }
                None => {
                    let is_ideograph = is_kana_or_ideograph(*character);
                    self.ideographs += usize::from(is_ideograph);
                    self.letters += usize::from(!is_ideograph && character.is_alphabetic());
                    *character = unleet(*character);
                }
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.characters.is_empty()
    }

    pub(super) fn characters(&self) -> &[char] {
        &self.characters
    }

    pub(super) fn into_characters(self) -> Zeroizing<Vec<char>> {
        self.characters
    }

    /// How many characters may be taken off the front.
    pub(super) fn front(&self) -> usize {
        self.front
    }

    /// How many characters may be taken off the back.
    pub(super) fn back(&self) -> usize {
        self.back
    }

    /// Letters of scripts that spell.
    pub(super) fn letters(&self) -> usize {
        self.letters
    }

    /// Kana, ideographs and syllables, each of which says as much as some letters.
    pub(super) fn ideographs(&self) -> usize {
        self.ideographs
    }
}

fn is_separator(character: char) -> bool {
    matches!(character, ' ' | '.' | '_' | '-' | '+')
}

/// How many of the first characters are digits and symbols, at most [`STRIPPED_OF_EACH`] of each.
fn strippable(characters: impl Iterator<Item = char>) -> usize {
    let (mut digits, mut symbols) = (0, 0);
    for character in characters {
        let seen = match character {
            _ if character.is_numeric() => &mut digits,
            _ if character.is_alphabetic() || is_kana_or_ideograph(character) => break,
            _ => &mut symbols,
        };
        if *seen == STRIPPED_OF_EACH {
            break;
        }
        *seen += 1;
    }
    digits + symbols
}

/// Letters and the digits and symbols that stand for them, as one of them. `1` stands for i and for l, so those
/// two are one here.
pub(super) const fn unleet(character: char) -> char {
    match character {
        '0' => 'o',
        '1' | '!' | '|' | 'l' => 'i',
        '2' => 'z',
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '6' | '9' => 'g',
        '7' => 't',
        '8' => 'b',
        other => other,
    }
}

/// What ASCII stands for.
static PLAIN: [char; 128] = {
    let mut plain = ['\0'; 128];
    let mut byte = 0_u8;
    while byte < 128 {
        plain[byte as usize] = unleet(byte as char);
        byte += 1;
    }
    plain
};

fn is_kana_or_ideograph(character: char) -> bool {
    matches!(character,
        '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' // kana, 々, 〇
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' // ideographs
        | '\u{20000}'..='\u{3FFFF}' | '\u{AC00}'..='\u{D7A3}') // more of them, Hangul
}
