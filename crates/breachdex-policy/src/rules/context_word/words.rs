//! Which words an account gives, and which of them say enough to be compared at all.

#![forbid(unsafe_code)]

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::fold::{Folded, unleet};

/// Fewer letters are no word: "ken" may use "kentucky-bluegrass-92" and "k3n!".
const LEAST_LETTERS: usize = 4;

/// Fewer kana or ideographs are no word.
const LEAST_IDEOGRAPHS: usize = 2;

/// From so many characters on a text without enough letters, such as a member's number, is a word as it is.
const LEAST_OF_ANY: usize = 6;

/// Parts of addresses that say what a mailbox is for and not whose it is.
const ROLES: [&str; 5] = ["info", "sales", "mail", "contact", "support"];

/// More parts of a name are passed over, and longer words, so that nobody can make the comparison take long.
const MOST_PARTS: usize = 16;

/// The longest word, in folded characters.
const LONGEST_WORD: usize = 256;

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
        let says_enough = is_word || characters.len() >= LEAST_OF_ANY;
        (says_enough && characters.len() <= LONGEST_WORD).then_some(Self { characters, core })
    }

    /// Whether it says what a mailbox is for.
    fn is_role(&self) -> bool {
        let is =
            |role: &&str| self.core().is_some_and(|core| core.iter().copied().eq(role.chars().map(unleet)));
        ROLES.iter().any(is)
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
    let name = &*plain(name);
    if name.contains('@') { words_of_address(name, None, matches) } else { any_word(name, &mut matches) }
}

/// Whether any word of an e-mail address matches: the whole, the part before the @, and the parts of that, unless that
/// is the account's `name`, which was compared already. Roles are no words.
pub(super) fn words_of_address(
    address: &str,
    name: Option<&str>,
    mut matches: impl FnMut(&Word) -> bool,
) -> bool {
    let address = &*plain(address);
    let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
    Word::new(address).is_some_and(|word| matches(&word))
        || name != Some(local) && any_word(local, &mut |word: &Word| !word.is_role() && matches(word))
}

/// The text in NFKC, so that a full-width separator is one.
fn plain(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.nfkc().collect()) }
}

fn any_word(text: &str, matches: &mut impl FnMut(&Word) -> bool) -> bool {
    let is_separator = |character| matches!(character, '.' | '_' | '-' | '+' | ' ');
    let parts = text.split(is_separator).filter(|part| part.len() < text.len());
    std::iter::once(text).chain(parts.take(MOST_PARTS)).filter_map(Word::new).any(|word| matches(&word))
}
