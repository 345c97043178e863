//! Passwords that are nothing but repeated or consecutive characters.

#![forbid(unsafe_code)]

use breachdex_messages::{Passwords, Reports, Words};

use super::Rule;
use crate::action::Action;
use crate::event::Event;
use crate::policy::Examination;
use crate::profile::Profile;
use crate::reason::Given;

/// The password is nothing but repeated or consecutive characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Repetitive;

impl Rule for Repetitive {
    const NAME: &'static str = "repetitive";

    fn is_on(profile: Profile) -> bool {
        matches!(profile, Profile::Nist | Profile::Permissive)
    }

    fn action(_: Profile, event: Event) -> Action {
        if event == Event::LogIn { Action::Accept } else { Action::Warn }
    }

    fn examine(examination: &mut Examination<'_>) -> Option<Self> {
        is_repetitive(examination.candidate.password).then_some(Self)
    }

    fn from_facts(_: Given<'_>) -> Option<Self> {
        Some(Self)
    }

    fn message(&self, _: Event, _: Action, words: Words<Passwords>) -> String {
        words.repetitive().to_owned()
    }

    fn title(words: Words<Reports>) -> &'static str {
        words.rule_repetitive()
    }
}

/// What people type in a row: digits, letters, the rows and columns of keyboards, the kana in their two orders.
const ROWS: [&str; 16] = [
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "azertyuiop",
    "qsdfghjklm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "!@#$%^&*()",
    "!\"#$%&'()",
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "йцукенгшщзхъ",
    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん",
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン",
    "いろはにほへとちりぬるを",
];

/// For every ASCII character the ones that stand beside it in a row, and itself: most passwords are told from runs by
/// their first two characters.
static BESIDE: [u128; 128] = beside();

const fn beside() -> [u128; 128] {
    let mut beside = [0; 128];
    let mut row = 0;
    while row < ROWS.len() {
        let bytes = ROWS[row].as_bytes();
        let mut i = 1;
        while i < bytes.len() {
            let (left, right) = (bytes[i - 1], bytes[i]);
            if left.is_ascii() && right.is_ascii() {
                beside[left as usize] |= 1 << right;
                beside[right as usize] |= 1 << left;
            }
            i += 1;
        }
        row += 1;
    }
    let mut byte = 0;
    while byte < 128 {
        beside[byte] |= 1 << byte;
        byte += 1;
    }
    beside
}

/// Fewer characters in a row are chance.
const LEAST: usize = 3;

/// The longest text whose repetition is one: "abcabcabc" is, "correcthorse" twice is not.
const LONGEST_UNIT: usize = 3;

/// Whether the whole password consists of runs of at least three equal or consecutive characters, or repeats up
/// to three characters throughout. Linear in its length but for the rows.
fn is_repetitive(password: &str) -> bool {
    repeats_throughout(password) || consists_of_runs(password)
}

fn repeats_throughout(password: &str) -> bool {
    let length = password.chars().count();
    (1..=LONGEST_UNIT).any(|unit| {
        length >= unit * LEAST
            && password.chars().skip(unit).zip(password.chars()).all(|(left, right)| left == right)
    })
}

fn consists_of_runs(password: &str) -> bool {
    if let [first, second, ..] = *password.as_bytes()
        && first.is_ascii()
        && second.is_ascii()
        && BESIDE[usize::from(first.to_ascii_lowercase())] >> second.to_ascii_lowercase() & 1 == 0
    {
        return false;
    }
    // Where a run may begin: at the front, and wherever another one may end. A run may end early, for what is behind
    // it may need its last characters ("abcddd").
    let length = password.chars().count();
    let mut begins = vec![false; length + 1];
    begins[0] = true;
    let mut rest = password.chars();
    for start in 0..length {
        if begins[start] {
            let run = run_of_equal(rest.clone())
                .max(ROWS.iter().map(|row| run_in(rest.clone(), row)).max().unwrap_or(0));
            (LEAST..=run).for_each(|taken| begins[start + taken] = true);
        }
        rest.next();
    }
    length > 0 && begins[length]
}

fn run_of_equal(mut text: std::str::Chars<'_>) -> usize {
    let first = text.next();
    1 + text.take_while(|character| Some(*character) == first).count()
}

/// How many of the first characters follow one another in a row, forwards or backwards, from wherever in the row
/// the first one is.
fn run_in(text: std::str::Chars<'_>, row: &str) -> usize {
    let text = text.map(lower);
    let Some(first) = text.clone().next() else { return 0 };
    let same = |(left, right): &(char, char)| left == right;
    let starts = row.char_indices().filter(|(_, character)| *character == first);
    let runs = starts.map(|(at, found)| {
        let forwards = text.clone().zip(row[at..].chars()).take_while(same).count();
        let backwards = text.clone().zip(row[..at + found.len_utf8()].chars().rev()).take_while(same).count();
        forwards.max(backwards)
    });
    runs.max().unwrap_or(0)
}

/// As the rows have it.
fn lower(character: char) -> char {
    if character.is_ascii() {
        character.to_ascii_lowercase()
    } else {
        character.to_lowercase().next().unwrap_or(character)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn runs_and_repetitions_are_told_from_words() {
        for password in [
            "aaaaaaaa",
            "12345678",
            "87654321",
            "90123",
            "0987654321",
            "abcdefgh",
            "QWERTYUIOP",
            "qwerty123",
            "aaabbbccc",
            "abcabcabc",
            "1qaz2wsx",
            "あいうえおかきくけこ",
            "あああああ",
            "アイウエオ",
            "いろはにほへと",
            "!@#$%^&*",
            "asdfghjkl",
            "ababab",
            "abcddd",
            "123444",
            "5432111",
        ] {
            assert!(is_repetitive(password), "{password}");
        }
        for password in
            ["", "a", "aa", "ab12", "password", "correct horse", "abcabd", "12345x", "hunter2", "あいことば"]
        {
            assert!(!is_repetitive(password), "{password}");
        }
    }

    proptest! {
        #[test]
        fn any_unit_of_three_repeated_is_found(unit in "\\PC{1,3}", times in 3_usize..6) {
            prop_assert!(is_repetitive(&unit.repeat(times)));
        }

        #[test]
        fn three_words_are_not(words in "[a-z]{5,8}-[a-z]{5,8}-[a-z]{5,8}") {
            prop_assume!(!words.split('-').any(consists_of_runs));
            prop_assert!(!is_repetitive(&words));
        }
    }
}
