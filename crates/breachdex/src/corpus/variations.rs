//! The small variations of a password, which are looked up where similar passwords count.
//!
//! Somebody whose password is refused, or has leaked, tends to change it a little: attackers know, and try the
//! variations of what they have (credential tweaking). The variations here are the commonest of those found in
//! leaked pairs by Pal et al., "Might I Get Pwned: A Second Generation Compromised Credential Checking Service",
//! USENIX Security 2022 (MIGP), section 4, and Das et al., "The Tangled Web of Password Reuse", NDSS 2014.

#![forbid(unsafe_code)]

use zeroize::Zeroizing;

/// So many variations a password has at most.
pub const MOST_VARIATIONS: usize = 6;

/// Shorter variations are nobody's password.
const SHORTEST: usize = 4;

/// Digits of the longest number that is counted.
const LONGEST_NUMBER: usize = 9;

/// Hands every variation that differs from the password to `take`; one that comes about in two ways comes twice.
///
/// 1. the case of the first letter changed
/// 2. the last character dropped, if it is a digit or a symbol
/// 3. the number at the end counted down, as who counted up would have begun with
/// 4. the number at the end counted up
/// 5. all digits and symbols at the end dropped
/// 6. leet undone
pub fn for_each_variation(password: &str, mut take: impl FnMut(&str)) {
    // Room for the longest: a number may grow by a digit, a letter's other case by some bytes. It never has to grow,
    // so that no copy is left behind.
    let mut text = Zeroizing::new(String::with_capacity(password.len() + 8));
    let makers: [fn(&str, &mut String) -> Option<()>; MOST_VARIATIONS] =
        [other_case, without_last, counted_down, counted_up, without_tail, without_leet];
    for make in makers {
        text.clear();
        let is_made = make(password, &mut text).is_some();
        if is_made && *text != password && text.chars().take(SHORTEST).count() == SHORTEST {
            take(&text);
        }
    }
}

fn other_case(password: &str, text: &mut String) -> Option<()> {
    let first = password.chars().next()?;
    if first.is_lowercase() {
        text.extend(first.to_uppercase());
    } else if first.is_uppercase() {
        text.extend(first.to_lowercase());
    } else {
        return None;
    }
    text.push_str(&password[first.len_utf8()..]);
    Some(())
}

fn without_last(password: &str, text: &mut String) -> Option<()> {
    let last = password.chars().next_back().filter(|last| is_tail(*last))?;
    text.push_str(&password[..password.len() - last.len_utf8()]);
    Some(())
}

fn without_tail(password: &str, text: &mut String) -> Option<()> {
    text.push_str(password.trim_end_matches(is_tail));
    Some(())
}

fn counted_down(password: &str, text: &mut String) -> Option<()> {
    counted(password, text, |number| number.checked_sub(1))
}

fn counted_up(password: &str, text: &mut String) -> Option<()> {
    counted(password, text, |number| number.checked_add(1))
}

fn without_leet(password: &str, text: &mut String) -> Option<()> {
    text.extend(password.chars().map(unleet));
    Some(())
}

/// The number at the end made another one, as wide as before where it begins with a zero.
fn counted(password: &str, text: &mut String, count: impl FnOnce(u64) -> Option<u64>) -> Option<()> {
    let stem = password.trim_end_matches(|character: char| character.is_ascii_digit());
    let digits = &password[stem.len()..];
    if digits.is_empty() || digits.len() > LONGEST_NUMBER {
        return None;
    }
    let number = count(digits.parse().ok()?)?;
    let width = if digits.starts_with('0') { digits.len() } else { 1 };
    text.push_str(stem);
    push_number(text, number, width);
    Some(())
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
        for_each_variation(password, |text| {
            if !all.contains(&text.to_owned()) {
                all.push(text.to_owned());
            }
        });
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
        fn they_are_few_and_not_the_password(password in "\\PC{0,14}[0-9]{0,4}[!?]{0,2}") {
            let all = variations(&password);
            prop_assert!(all.len() <= MOST_VARIATIONS);
            prop_assert!(!all.contains(&password));
        }
    }
}
