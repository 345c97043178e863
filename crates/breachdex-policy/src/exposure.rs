//! Whether a password is exposed in any of its forms.

#![forbid(unsafe_code)]

use std::convert::Infallible;

use breachdex::{Digest, Kind, Origin, PasswordHasher};

use crate::forms::{Form, FormSet, each_form};
use crate::oracle::Oracle;

/// How a password is exposed. Holds neither the password nor its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Exposure {
    /// How often that form was seen; `None` where it is not known.
    pub count: Option<u64>,
    /// The form of it that is exposed.
    pub form: Form,
    /// Which index knows it.
    pub origin: Origin,
    /// Whether another index, or this one about another form, could not answer.
    pub is_partial: bool,
}

/// Looks a password up in its forms; the first that is exposed is the answer. `stored` is the form that the caller
/// will keep. Bytes that are no UTF-8 have no other forms.
///
/// A form without an answer hides no other one: where any is exposed, that is the answer.
///
/// # Errors
/// The first fault, where no form is known to be exposed; as [`LiveSet::find`], and
/// [`breachdex::Error::PasswordNotUtf8`] for an NTLM index.
///
/// [`LiveSet::find`]: breachdex::LiveSet::find
pub fn examine<O: Oracle>(
    oracle: &O,
    password: &[u8],
    stored: Option<&str>,
    forms: FormSet,
    min_count: u64,
) -> Result<Option<Exposure>, O::Error> {
    let mut fault = None;
    let mut look = |form, bytes: &[u8]| -> Option<Exposure> {
        match digest(oracle.kind(), bytes)
            .map_err(O::Error::from)
            .and_then(|digest| oracle.find(&digest, min_count))
        {
            Ok(found) => found.map(|sighting| Exposure {
                count: sighting.count,
                form,
                origin: sighting.origin,
                is_partial: sighting.is_partial,
            }),
            Err(error) => {
                fault.get_or_insert(error);
                None
            }
        }
    };
    let found = match std::str::from_utf8(password) {
        Ok(text) => {
            let found =
                each_form(text, stored, forms, |form, text| Ok::<_, Infallible>(look(form, text.as_bytes())));
            found.unwrap_or_else(|never| match never {})
        }
        Err(_) => look(Form::Raw, password).or_else(|| look(Form::Stored, stored?.as_bytes())),
    };
    match (found, fault) {
        (Some(found), fault) => {
            Ok(Some(Exposure { is_partial: found.is_partial || fault.is_some(), ..found }))
        }
        (None, Some(fault)) => Err(fault),
        (None, None) => Ok(None),
    }
}

pub(crate) fn digest(kind: Kind, bytes: &[u8]) -> breachdex::Result<Digest> {
    if kind == Kind::Sha1 {
        return Ok(Digest::sha1(bytes));
    }
    let mut hasher = PasswordHasher::new(kind);
    hasher.update(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use breachdex::{Index, LiveIndex, LiveSet};

    fn starter() -> LiveSet {
        LiveSet::from(LiveIndex::new(Index::starter().unwrap()))
    }

    #[test]
    fn a_form_that_leaked_is_found_whatever_was_typed() {
        let index = starter();
        let form = |password: &str, stored, min_count| {
            examine(&index, password.as_bytes(), stored, FormSet::default(), min_count)
                .unwrap()
                .map(|found| found.form)
        };
        assert_eq!(form("password", None, 1), Some(Form::Raw));
        assert_eq!(form("ｐａｓｓｗｏｒｄ", None, 1), Some(Form::Nfkc));
        assert_eq!(form("a password that nobody has", Some("password"), 1), Some(Form::Stored));
        assert_eq!(form("a password that nobody has", None, 1), None);
        assert_eq!(form("password", None, u64::MAX), None);
    }

    #[test]
    fn bytes_that_are_no_text_are_looked_up_as_they_are() {
        assert_eq!(examine(&starter(), b"\xff\xfe", None, FormSet::default(), 1).unwrap(), None);
        let found = examine(&starter(), b"\xff", Some("password"), FormSet::default(), 1).unwrap().unwrap();
        assert_eq!(found.form, Form::Stored);
    }
}
