//! Which words an account gives, and which of them say enough to be compared at all.

#![forbid(unsafe_code)]

use zeroize::Zeroizing;

use super::fold::Folded;

/// Fewer letters are no word: "ken" may use "kentucky-bluegrass-92" and "k3n!".
const LEAST_LETTERS: usize = 4;

/// Fewer kana or ideographs are no word.
const LEAST_IDEOGRAPHS: usize = 2;

/// From so many characters on a text without enough letters, such as a member's number, is a word as it is.
const LEAST_OF_ANY: usize = 6;

/// Local parts that say what a mailbox is for and not whose it is.
const ROLES: [&str; 5] = ["info", "sales", "mail", "contact", "support"];

/// A word to compare passwords with: as it is and, if that is another, without the digits and symbols around it.
#[derive(Clone)]
pub(super) struct Word {
    characters: Zeroizing<Vec<char>>,
    /// Where what is left without digits and symbols at the ends begins and ends; `None` where that is no word.
    core: Option<(usize, usize)>,
}

impl Word {
    /// `None` for a text that says too little.
    pub(super) fn new(text: &str) -> Option<Self> {
        let folded = Folded::new(text);
        let is_word = folded.letters() >= LEAST_LETTERS || folded.ideographs() >= LEAST_IDEOGRAPHS;
        let core = is_word.then(|| (folded.front(), folded.characters().len() - folded.back()));
        let characters = folded.into_characters();
        (is_word || characters.len() >= LEAST_OF_ANY).then_some(Self { characters, core })
    }

    /// All of it.
    pub(super) fn whole(&self) -> &[char] {
        &self.characters
    }

    /// What is left without digits and symbols at the ends; `None` where that is no word.
    pub(super) fn core(&self) -> Option<&[char]> {
        self.core.map(|(start, end)| &self.characters[start..end])
    }
}

/// Whether any word of an account's name matches: the whole and its parts, or those of an address.
pub(super) fn words_of_name(name: &str, mut matches: impl FnMut(&Word) -> bool) -> bool {
    if name.contains('@') { words_of_address(name, None, matches) } else { any_word(name, &mut matches) }
}

/// Whether any word of an e-mail address matches: the whole, the part before the @, and the parts of that, unless that
/// is the account's `name`, which was compared already.
pub(super) fn words_of_address(
    address: &str,
    name: Option<&str>,
    mut matches: impl FnMut(&Word) -> bool,
) -> bool {
    let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
    Word::new(address).is_some_and(|word| matches(&word))
        || name != Some(local) && any_word(local, &mut matches)
}

fn any_word(text: &str, matches: &mut impl FnMut(&Word) -> bool) -> bool {
    let is_separator = |character| matches!(character, '.' | '_' | '-' | '+' | ' ');
    let parts = text.split(is_separator).filter(|part| part.len() < text.len());
    std::iter::once(text)
        .chain(parts)
        .filter(|part| !ROLES.iter().any(|role| role.eq_ignore_ascii_case(part)))
        .filter_map(Word::new)
        .any(|word| matches(&word))
}
