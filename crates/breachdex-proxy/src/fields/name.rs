//! The name of a field: `password`, `user.email`, `user[email]`.

#![forbid(unsafe_code)]

use std::fmt;
use std::str::FromStr;

/// The name of a field, perhaps within others. `user.email` and `user[email]` are the same name: in JSON the member
/// `email` of `user`, in a form a field of either spelling.
///
/// Servers read names generously, so case does not matter, and `_`, `.`, spaces and brackets separate words alike:
/// `User_Email`, `user[email][]` and `user[0][email]` are this name too: a number is a place in a list. Some end a name at a
/// NUL, or where something else than `[` follows a `]`, and some take `ſ` for `s`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldName {
    words: Vec<String>,
    text: String,
}

/// A name that cannot be one of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldNameError {
    /// There is nothing in it.
    #[error("a field's name is empty")]
    Empty,
    /// It is not ASCII.
    #[error("a field's name has other characters than those of ASCII")]
    NotAscii,
}

impl FromStr for FieldName {
    type Err = FieldNameError;

    fn from_str(text: &str) -> Result<Self, FieldNameError> {
        if !text.is_ascii() || text.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(FieldNameError::NotAscii);
        }
        let words: Vec<String> =
            words(text.as_bytes()).map(|word| String::from_utf8_lossy(word).to_ascii_lowercase()).collect();
        if words.is_empty() { Err(FieldNameError::Empty) } else { Ok(Self { words, text: text.to_owned() }) }
    }
}

impl FieldName {
    /// Whether this is the name of a field of a form, to any server.
    pub(super) fn is(&self, name: &[u8]) -> bool {
        let is_whole = |name: &[u8]| self.after(0, name) == Some(self.words.len());
        // PHP's names end at a NUL, and behind brackets that nothing nested follows.
        is_whole(name) || is_whole(before_nul(name)) || is_whole(before_junk(before_nul(name)))
    }

    /// How many words of the name are known once `name` followed the first `known` of them; `None` where it is another
    /// name.
    pub(super) fn after(&self, known: usize, name: &[u8]) -> Option<usize> {
        let mut known = known;
        for word in words(name) {
            match self.words.get(known) {
                Some(own) if is_same_word(own, word) => known += 1,
                _ if known > 0 && word.iter().all(u8::is_ascii_digit) => {}
                _ => return None,
            }
        }
        Some(known)
    }

    /// How many words it has.
    pub(super) fn len(&self) -> usize {
        self.words.len()
    }
}

fn words(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    let separates = |byte: &u8| matches!(byte, b'[' | b']' | b'.' | b'_' | b' ' | b'\t' | b'\0');
    name.split(separates).filter(|word| !word.is_empty())
}

fn before_nul(name: &[u8]) -> &[u8] {
    name.split(|byte| *byte == b'\0').next().unwrap_or_default()
}

/// The name up to the first `]` that something else than `[` follows.
fn before_junk(name: &[u8]) -> &[u8] {
    let end = name.windows(2).position(|pair| pair[0] == b']' && pair[1] != b'[');
    end.map_or(name, |end| &name[..=end])
}

/// Whether words are the same without regard to case, also that of the letters outside ASCII that fold to letters within it:
/// Go takes `paſſword` for `password`.
fn is_same_word(own: &str, word: &[u8]) -> bool {
    if word.is_ascii() {
        return own.as_bytes().eq_ignore_ascii_case(word);
    }
    let folded = |letter: char| match letter {
        'ſ' => 's',
        '\u{212a}' => 'k',
        'ı' | 'İ' => 'i',
        letter => letter.to_ascii_lowercase(),
    };
    std::str::from_utf8(word).is_ok_and(|word| word.chars().map(folded).eq(own.chars()))
}

impl fmt::Display for FieldName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}
