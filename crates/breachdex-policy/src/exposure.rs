//! Whether a password is exposed in any of its forms.

#![forbid(unsafe_code)]

use breachdex::{Digest, Kind, LiveSet, Origin, PasswordHasher, Result};

use crate::forms::{Form, each_form};

/// How a password is exposed. Holds neither the password nor its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Exposure {
    /// How often that form was seen; `None` where it is not known.
    pub count: Option<u64>,
    /// The form of it that is exposed.
    pub form: Form,
    /// Which index knows it.
    pub origin: Origin,
}

/// Looks a password up in all its forms; the first that is exposed is the answer. `stored` is the form that the
/// caller will keep. Bytes that are no UTF-8 have no other forms.
///
/// # Errors
/// As [`LiveSet::find`]; [`breachdex::Error::PasswordNotUtf8`] for an NTLM index.
pub fn examine(
    index: &LiveSet,
    password: &[u8],
    stored: Option<&str>,
    min_count: u64,
) -> Result<Option<Exposure>> {
    let look = |form, bytes: &[u8]| {
        let found = index.find(&digest(index.kind(), bytes)?, min_count)?;
        Ok(found.map(|sighting| Exposure { count: sighting.count, form, origin: sighting.origin }))
    };
    match std::str::from_utf8(password) {
        Ok(text) => each_form(text, stored, |form, text| look(form, text.as_bytes())),
        Err(_) => match (look(Form::Raw, password)?, stored) {
            (None, Some(stored)) => look(Form::Stored, stored.as_bytes()),
            (found, _) => Ok(found),
        },
    }
}

fn digest(kind: Kind, bytes: &[u8]) -> Result<Digest> {
    let mut hasher = PasswordHasher::new(kind);
    hasher.update(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use breachdex::{Index, LiveIndex};

    fn starter() -> LiveSet {
        LiveSet::from(LiveIndex::new(Index::starter().unwrap()))
    }

    #[test]
    fn a_form_that_leaked_is_found_whatever_was_typed() {
        let index = starter();
        let form = |password: &str, stored, min_count| {
            examine(&index, password.as_bytes(), stored, min_count).unwrap().map(|found| found.form)
        };
        assert_eq!(form("password", None, 1), Some(Form::Raw));
        assert_eq!(form("ｐａｓｓｗｏｒｄ", None, 1), Some(Form::Nfkc));
        assert_eq!(form("a password that nobody has", Some("password"), 1), Some(Form::Stored));
        assert_eq!(form("a password that nobody has", None, 1), None);
        assert_eq!(form("password", None, u64::MAX), None);
    }

    #[test]
    fn bytes_that_are_no_text_are_looked_up_as_they_are() {
        assert_eq!(examine(&starter(), b"\xff\xfe", None, 1).unwrap(), None);
        let found = examine(&starter(), b"\xff", Some("password"), 1).unwrap().unwrap();
        assert_eq!(found.form, Form::Stored);
    }
}
