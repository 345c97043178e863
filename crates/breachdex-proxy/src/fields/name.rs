//! The name of a field: `password`, `user.email`, `user[email]`.

#![forbid(unsafe_code)]

use std::fmt;
use std::str::FromStr;

/// The name of a field, perhaps within others. `user.email` and `user[email]` are the same name: in JSON the member
/// `email` of `user`, in a form a field of either spelling.
///
/// Servers read names generously, so case does not matter, and `_`, `.`, spaces and brackets separate words alike:
/// `User_Email`, `user[email][]` and `user[0][email]` are this name too: a number is a place in a list.
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
    /// Whether this is the name of a field of a form.
    pub(super) fn is(&self, name: &[u8]) -> bool {
        self.after(0, name) == Some(self.words.len())
    }

    /// How many words of the name are known once `name` followed the first `known` of them; `None` where it is another
    /// name.
    pub(super) fn after(&self, known: usize, name: &[u8]) -> Option<usize> {
        let mut known = known;
        for word in words(name) {
            match self.words.get(known) {
                Some(own) if own.as_bytes().eq_ignore_ascii_case(word) => known += 1,
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

impl fmt::Display for FieldName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}
