//! The small variations of a password.

#![forbid(unsafe_code)]

use zeroize::Zeroizing;

/// So many variations a password has at most.
pub const MOST_VARIATIONS: usize = 6;

/// Shorter variations are nobody's password.
const SHORTEST: usize = 4;

/// Digits of the longest number that is counted.
const LONGEST_NUMBER: usize = 9;

/// Hands every variation that differs from the password to `take`, each once.
///
/// 1. the case of the first letter changed
/// 2. the last character dropped, if it is a digit or a symbol
/// 3. the number at the end counted down, as who counted up would have begun with
/// 4. the number at the end counted up
/// 5. all digits and symbols at the end dropped
/// 6. leet undone
pub(crate) fn for_each_variation(password: &str, mut take: impl FnMut(&str)) {
    let mut seen: Vec<Text> = Vec::with_capacity(MOST_VARIATIONS);
    let makers: [fn(&str) -> Option<Text>; MOST_VARIATIONS] =
        [other_case, without_last, counted_down, counted_up, without_tail, without_leet];
    for make in makers {
        let Some(text) = make(password) else { continue };
        if *text == password || seen.contains(&text) || text.chars().take(SHORTEST).count() < SHORTEST {
            continue;
        }
        take(&text);
        seen.push(text);
    }
}

type Text = Zeroizing<String>;

/// Room for the longest variation: a number may grow by a digit, a letter's other case by some bytes.
fn room(password: &str) -> Text {
    Zeroizing::new(String::with_capacity(password.len() + 8))
}

fn other_case(password: &str) -> Option<Text> {
    let first = password.chars().next()?;
    let mut text = room(password);
    if first.is_lowercase() {
        text.extend(first.to_uppercase());
    } else if first.is_uppercase() {
        text.extend(first.to_lowercase());
    } else {
        return None;
    }
    text.push_str(&password[first.len_utf8()..]);
    Some(text)
}

fn without_last(password: &str) -> Option<Text> {
    let last = password.chars().next_back().filter(|last| is_tail(*last))?;
    Some(copied(&password[..password.len() - last.len_utf8()]))
}

fn without_tail(password: &str) -> Option<Text> {
    Some(copied(password.trim_end_matches(is_tail)))
}

fn counted_down(password: &str) -> Option<Text> {
    counted(password, |number| number.checked_sub(1))
}

fn counted_up(password: &str) -> Option<Text> {
    counted(password, |number| number.checked_add(1))
}

fn without_leet(password: &str) -> Option<Text> {
    if !password
        .bytes()
        .any(|byte| matches!(byte, b'0' | b'1' | b'3' | b'4' | b'5' | b'7' | b'@' | b'$' | b'!'))
    {
        return None;
    }
    let mut text = room(password);
    text.extend(password.chars().map(unleet));
    Some(text)
}

/// The number at the end made another one, as wide as before where it begins with a zero.
fn counted(password: &str, count: impl FnOnce(u64) -> Option<u64>) -> Option<Text> {
    let stem = password.trim_end_matches(|character: char| character.is_ascii_digit());
    let digits = &password[stem.len()..];
    if digits.is_empty() || digits.len() > LONGEST_NUMBER {
        return None;
    }
    let number = count(digits.parse().ok()?)?;
    let width = if digits.starts_with('0') { digits.len() } else { 1 };
    let mut text = room(password);
    text.push_str(stem);
    push_number(&mut text, number, width);
    Some(text)
}

/// In decimal, with zeros in front up to a width.
fn push_number(text: &mut String, mut number: u64, width: usize) {
    let mut digits = Zeroizing::new([b'0'; LONGEST_NUMBER + 1]);
    let mut start = digits.len();
    while number > 0 || digits.len() - start < width {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    text.extend(digits[start..].iter().map(|digit| char::from(*digit)));
}

fn copied(part: &str) -> Text {
    let mut text = room(part);
    text.push_str(part);
    text
}

fn is_tail(character: char) -> bool {
    !character.is_alphabetic()
}

/// What a digit or symbol stands for; l and i both are written 1, and l is the commoner.
const fn unleet(character: char) -> char {
    match character {
        '0' => 'o',
        '1' => 'l',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        '!' => 'i',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn variations(password: &str) -> Vec<String> {
        let mut all = Vec::new();
        for_each_variation(password, |text| all.push(text.to_owned()));
        all
    }

    #[test]
    fn the_variations_are_the_documented_ones() {
        assert_eq!(
            variations("P4ssword10"),
            ["p4ssword10", "P4ssword1", "P4ssword9", "P4ssword11", "P4ssword", "Passwordlo"]
        );
        assert_eq!(variations("hunter2!"), ["Hunter2!", "hunter2", "hunter", "hunter2i"]);
        assert_eq!(
            variations("summer09"),
            ["Summer09", "summer0", "summer08", "summer10", "summer", "summero9"]
        );
        assert_eq!(variations("パスワード1"), ["パスワード", "パスワード0", "パスワード2", "パスワードl"]);
        assert_eq!(variations("abc1"), ["Abc1", "abc0", "abc2", "abcl"]);
        assert!(variations("").is_empty());
        assert_eq!(variations("1234567890"), ["123456789", "l2eas6t89o"]);
    }

    proptest! {
        #[test]
        fn they_are_few_distinct_and_not_the_password(password in "\\PC{0,14}[0-9]{0,4}[!?]{0,2}") {
            let all = variations(&password);
            prop_assert!(all.len() <= MOST_VARIATIONS);
            for (i, text) in all.iter().enumerate() {
                prop_assert!(*text != password && !all[..i].contains(text));
            }
        }
    }
}
