//! Digests and forms of passwords, from a file that the Python tests read too.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use breachdex::{Digest, Kind};
use breachdex::{FormSet, each_form};

#[derive(serde::Deserialize)]
struct Vector {
    password: String,
    sha1: String,
    ntlm: String,
    forms: Vec<String>,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../vectors/passwords.json")).unwrap()
}

#[test]
fn digests_agree() {
    for vector in vectors() {
        let Vector { password, sha1, ntlm, .. } = &vector;
        let given = |kind, digits: &str| Digest::from_hex(kind, digits.as_bytes()).unwrap();
        assert!(Digest::sha1(password.as_bytes()) == given(Kind::Sha1, sha1), "{password:?}");
        assert!(Digest::ntlm(password) == given(Kind::Ntlm, ntlm), "{password:?}");
    }
}

#[test]
fn forms_agree() {
    for vector in vectors() {
        let mut forms = Vec::new();
        let nothing: Result<Option<()>, ()> =
            each_form(&vector.password, None, FormSet::default(), |_, text| {
                forms.push(text.to_owned());
                Ok(None)
            });
        assert_eq!(nothing, Ok(None));
        assert_eq!(forms, vector.forms, "{:?}", vector.password);
    }
}
