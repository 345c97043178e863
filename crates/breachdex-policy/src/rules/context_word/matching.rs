//! Whether a password is little more than a word.

#![forbid(unsafe_code)]

use super::fold::Folded;
use super::words::Word;

/// From so many characters on a word is recognised with one of them wrong, missing or too many.
const LEAST_FOR_TYPOS: usize = 6;

impl Word {
    /// Whether the password is the word, forwards or backwards or several times over, with up to four digits and
    /// four symbols at each end; a long word also with one character changed.
    pub(super) fn matches(&self, password: &Folded) -> bool {
        // Whatever says too little to be varied still may not be the whole password.
        let whole = self.whole();
        if is_either_way(password.characters(), whole) {
            return true;
        }
        self.core().is_some_and(|core| {
            matches(password, core) || core.len() < whole.len() && matches(password, whole)
        })
    }
}

fn matches(password: &Folded, word: &[char]) -> bool {
    let all = password.characters();
    let typos = usize::from(word.len() >= LEAST_FOR_TYPOS);
    let most = all.len();
    let least = all.len().saturating_sub(password.front() + password.back());
    // Most passwords are longer than any word, and no repetition of one.
    if least > word.len() + typos
        && !is_repeated(&all[password.front()..all.len() - password.back()], word, true)
    {
        return false;
    }
    for front in 0..=password.front() {
        let rest = &all[front..];
        let shortest = rest.len().saturating_sub(password.back());
        for length in shortest..=rest.len().min(most) {
            let core = &rest[..length];
            let near = core.len().abs_diff(word.len());
            if near == 0 && is_either_way(core, word)
                || near <= typos && typos > 0 && is_near_either_way(core, word)
                || core.len() > word.len() && is_repeated(core, word, false)
            {
                return true;
            }
        }
    }
    false
}

fn is_either_way(text: &[char], word: &[char]) -> bool {
    text == word || text.len() == word.len() && text.iter().eq(word.iter().rev())
}

/// Whether the text, which is longer than the word, is the word several times over, in either direction; `partly`
/// allows it to begin or end within one of them.
fn is_repeated(text: &[char], word: &[char], partly: bool) -> bool {
    let length = word.len();
    if length == 0 || !partly && !text.len().is_multiple_of(length) {
        return false;
    }
    // Hardly any text gets beyond this.
    if text.iter().zip(&text[length..]).any(|(here, there)| here != there) {
        return false;
    }
    let once = &text[..length];
    let offsets = if partly { length } else { 1 };
    (0..offsets).any(|offset| {
        let (behind, before) = word.split_at(offset);
        let turned = before.iter().chain(behind);
        once.iter().eq(turned.clone()) || once.iter().eq(turned.rev())
    })
}

fn is_near_either_way(text: &[char], word: &[char]) -> bool {
    is_near(text.iter(), word.iter()) || is_near(text.iter(), word.iter().rev())
}

/// Whether two texts differ by one character at most: changed, missing or added.
fn is_near<'a>(
    text: impl DoubleEndedIterator<Item = &'a char> + ExactSizeIterator + Clone,
    word: impl DoubleEndedIterator<Item = &'a char> + ExactSizeIterator + Clone,
) -> bool {
    let same = text.clone().zip(word.clone()).take_while(|(left, right)| left == right).count();
    let most = text.len().max(word.len());
    let least = text.len().min(word.len());
    let from_the_end =
        text.rev().zip(word.rev()).take_while(|(left, right)| left == right).count().min(least - same);
    // What begins and what ends alike covers all but one character of the longer one.
    same + from_the_end + 1 >= most
}

#[cfg(test)]
mod tests {
    use super::super::ContextWords;
    use crate::rules::context_word::WordSource;
    use proptest::prelude::*;

    fn refuses(password: &str, user_name: &str) -> bool {
        ContextWords::default().find(password, Some(user_name), None).is_some()
    }

    fn refuses_address(password: &str, address: &str) -> bool {
        ContextWords::default().find(password, None, Some(address)).is_some()
    }

    #[test]
    fn little_more_than_the_name_is_refused() {
        for password in [
            "hanako",
            "HANAKO",
            "H4n4ko2026!!",
            "2026hanako",
            "!!hanako!!",
            "okanah",
            "okanah2026",
            "hanakohanako",
            "hanako-hanako-1",
            "ｈａｎａｋｏ１２",
            "hanakoo",
            "hanak",
            "hamako1",
            "h.a.n.a.k.o",
            "1234hanako9876",
            "H4n4k0",
        ] {
            assert!(refuses(password, "hanako"), "{password}");
        }
        for (password, user_name) in [
            ("tar0", "taro"),
            ("Taro!2026", "taro"),
            ("taro.yamada", "taro.yamada"),
            ("yamada99", "taro.yamada"),
            ("花子2026", "花子"),
            ("はなこ１２３４", "はなこ"),
            ("ﾊﾅｺ1", "ハナコ"),
            ("839204", "839204"),
            ("STRASSE1", "straße"),
            ("taro2026!!", "taro1999"),
            ("bi11ybi11y", "billy"),
        ] {
            assert!(refuses(password, user_name), "{password} of {user_name}");
        }
    }

    #[test]
    fn false_rejections_are_bugs() {
        for (password, user_name) in [
            ("kentucky-bluegrass-92", "ken"),
            ("taro839204918273", "taro"),
            ("ken", "ken"),
            ("taro12345", "taro"),
            ("hanako-likes-walking", "hanako"),
            ("tarot", "taro"),
            ("はなこ", "ハナコ"),
            ("山2026", "山"),
            ("", "hanako"),
            ("12345678", "k1"),
            ("thunder maple ocean", "thunder"),
            ("839204-and-more", "839204"),
        ] {
            assert!(!refuses(password, user_name), "{password} of {user_name}");
        }
        assert!(!refuses_address("a-long-walk-in-kyoto", "a@x.jp"));
        assert!(!refuses_address("info2026!", "info@example.jp"));
        assert!(!refuses_address("example2026", "taro@example.jp"));
        assert!(!refuses("hanako", ""));
        assert!(!refuses("hanako", &"hanako".repeat(100)));
    }

    #[test]
    fn an_address_gives_the_whole_the_local_part_and_its_parts() {
        for password in ["taro.yamada+shop@example.jp", "taroyamadashop", "yamada2026", "Sh0p!", "Y4m4d4"] {
            assert!(refuses_address(password, "taro.yamada+shop@example.jp"), "{password}");
        }
        assert!(refuses("yamada1", "taro.yamada@example.jp"), "a name that is an address");
        for address in ["taro＠x.jp", "taro．yamada@x.jp", "yamada＿taro＠x.jp"] {
            assert!(refuses_address("taro2026", address), "{address}");
        }
        assert!(refuses("taro2026", "taro\u{3000}yamada"));
    }

    #[test]
    fn roles_are_no_words_of_an_address_but_of_a_name() {
        for address in
            ["info@x.jp", "INFO@x.jp", "ｉｎｆｏ@x.jp", "info2@x.jp", "sales.info@x.jp", "s4les@x.jp"]
        {
            assert!(
                !refuses_address("info2026", address) && !refuses_address("sales2026", address),
                "{address}"
            );
        }
        assert!(refuses("sales2026!!", "sales"));
    }

    #[test]
    fn the_first_source_is_named() {
        let words = ContextWords::new(Some("Swallow Shop"), &["燕屋".to_owned(), "zz".to_owned()]);
        assert_eq!(words.find("swallowshop1", None, None), Some(WordSource::ServiceName));
        assert_eq!(words.find("燕屋!!", None, None), Some(WordSource::Context));
        assert_eq!(words.find("swallow-shop", Some("swallowshop"), None), Some(WordSource::UserName));
        assert_eq!(words.find("hanako99", Some("taro"), Some("hanako@x.jp")), Some(WordSource::Email));
        assert_eq!(words.find("zz", None, None), None);
        assert_eq!(format!("{words:?}"), "ContextWords(2)");
    }

    /// A plain reading of the rule for words of letters: every way of stripping, one after another.
    fn model(password: &str, word: &str) -> bool {
        let unleet = |text: &str| -> String { text.chars().map(super::super::fold::unleet).collect() };
        let all: Vec<char> = password.to_lowercase().chars().collect();
        let word = unleet(word);
        let reversed: String = word.chars().rev().collect();
        let mut found = false;
        for front in 0..=all.len() {
            for end in front..=all.len() {
                let ends = [&all[..front], &all[end..]];
                let fits = ends.iter().all(|end| {
                    let digits = end.iter().filter(|character| character.is_ascii_digit()).count();
                    let letters = end.iter().filter(|character| character.is_ascii_alphabetic()).count();
                    letters == 0 && digits <= 4 && end.len() - digits <= 4
                });
                let core = unleet(&all[front..end].iter().collect::<String>());
                let repeated = |word: &str| (1..4).any(|times| core == word.repeat(times));
                let typo = |word: &str| word.len() >= 6 && strsim::levenshtein(&core, word) <= 1;
                found |= fits && (repeated(&word) || repeated(&reversed) || typo(&word) || typo(&reversed));
            }
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]
        #[test]
        fn agrees_with_the_model(word in "[a-d]{4,7}", password in "[0-2!?]{0,5}[a-dA-D4]{3,8}[0-2!?]{0,6}") {
            prop_assert_eq!(refuses(&password, &word), model(&password, &word));
        }

        #[test]
        fn what_is_made_of_the_word_is_refused(
            word in "[a-z]{4,8}", front in "[0-9]{0,4}[!?#]{0,4}", back in "[!?#]{0,4}[0-9]{0,4}", times in 1_usize..4, backwards: bool
        ) {
            let word_once: String = if backwards { word.chars().rev().collect() } else { word.clone() };
            let password = format!("{front}{}{back}", word_once.repeat(times));
            prop_assert!(refuses(&password, &word));
        }

        #[test]
        fn passphrases_are_not_refused(words in proptest::collection::vec("[a-z]{3,8}", 4..6), name in "[a-z]{4,8}") {
            let joined = words.join("-");
            prop_assume!(words.iter().any(|word| !name.contains(word.as_str()) && *word != name));
            prop_assert!(!refuses(&joined, &name));
        }
    }
}
