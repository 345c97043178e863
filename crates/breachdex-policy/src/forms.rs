//! The ways of writing a password under which it is looked up. They are for looking up only: nothing here is ever
//! given back to be stored.

#![forbid(unsafe_code)]

use std::iter;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::{IsNormalized, is_nfc_quick};
use zeroize::Zeroizing;

use crate::context::fold_case;

/// A way of writing a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Form {
    /// As it was received.
    Raw,
    /// Composed: か and a combining ゛ become が.
    Nfc,
    /// Composed, and half and full width, circled digits and the like made plain. The yen sign, which Japanese
    /// keyboards write where others have the backslash, counts as a backslash too.
    Nfkc,
    /// Besides, without the difference between capital and small letters. Looked up on demand only.
    Casefold,
    /// The form that the caller will keep.
    Stored,
}

impl Form {
    /// The name in reports: `raw`, `nfc`, `nfkc`, `casefold` or `stored`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Nfc => "nfc",
            Self::Nfkc => "nfkc",
            Self::Casefold => "casefold",
            Self::Stored => "stored",
        }
    }
}

/// Which forms are looked up besides the raw one and the one that the caller will keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormSet {
    nfc: bool,
    nfkc: bool,
    casefold: bool,
}

/// NFC and NFKC.
impl Default for FormSet {
    fn default() -> Self {
        Self { nfc: true, nfkc: true, casefold: false }
    }
}

impl FormSet {
    /// The names of the forms that may be chosen.
    pub const NAMES: [&str; 3] = ["nfc", "nfkc", "casefold"];

    /// The named forms. What is no name is passed over.
    pub fn of(names: &[&str]) -> Self {
        let has = |name| names.contains(&name);
        Self { nfc: has("nfc"), nfkc: has("nfkc"), casefold: has("casefold") }
    }

    /// The names of the chosen ones.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let chosen = [self.nfc, self.nfkc, self.casefold];
        Self::NAMES.into_iter().zip(chosen).filter_map(|(name, is_chosen)| is_chosen.then_some(name))
    }
}

/// Hands every distinct form of a password to `look`, the raw one first, until `look` has an answer. Plain ASCII
/// has one form and allocates nothing, unless case folding is asked for; others have four at most by default, and
/// two more with case folding and `stored`.
///
/// # Errors
/// Those of `look`.
pub fn each_form<T, E>(
    password: &str,
    stored: Option<&str>,
    wanted: FormSet,
    mut look: impl FnMut(Form, &str) -> Result<Option<T>, E>,
) -> Result<Option<T>, E> {
    if let Some(answer) = look(Form::Raw, password)? {
        return Ok(Some(answer));
    }
    if stored.is_none() && !wanted.casefold && password.is_ascii() {
        return Ok(None);
    }
    let mut seen = Vec::new();
    for (form, text) in others(password, stored, wanted) {
        if text.as_str() == password || seen.contains(&text) {
            continue;
        }
        if let Some(answer) = look(form, &text)? {
            return Ok(Some(answer));
        }
        seen.push(text);
    }
    Ok(None)
}

type Text = Zeroizing<String>;

/// The forms besides the raw one, each made when its turn comes.
fn others<'a>(
    password: &'a str,
    stored: Option<&'a str>,
    wanted: FormSet,
) -> impl Iterator<Item = (Form, Text)> + 'a {
    let has_more = !password.is_ascii();
    let nfc = iter::once_with(move || {
        let is_nfc = is_nfc_quick(password.chars()) == IsNormalized::Yes;
        (!is_nfc).then(|| (Form::Nfc, collect(|| password.nfc())))
    });
    let nfkc = iter::once_with(move || Some((Form::Nfkc, collect(|| password.nfkc()))));
    let backslash = iter::once_with(move || {
        let text = || password.nfkc().map(|character| if character == '¥' { '\\' } else { character });
        text().any(|character| character == '\\').then(|| (Form::Nfkc, collect(text)))
    });
    let nfc = (has_more && wanted.nfc).then_some(nfc).into_iter().flatten().flatten();
    let nfkc = (has_more && wanted.nfkc).then(|| nfkc.chain(backslash)).into_iter().flatten().flatten();
    let folded = iter::once_with(move || (Form::Casefold, fold_case(password)));
    let folded = wanted.casefold.then_some(folded).into_iter().flatten();
    nfc.chain(nfkc).chain(folded).chain(stored.map(|text| (Form::Stored, collect(|| text.chars()))))
}

/// A string that never had to grow, so that no copy of a part of it is left behind.
fn collect<I: Iterator<Item = char>>(characters: impl Fn() -> I) -> Text {
    let length = characters().map(char::len_utf8).sum();
    let mut text = Zeroizing::new(String::with_capacity(length));
    text.extend(characters());
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn forms(password: &str, stored: Option<&str>) -> Vec<(Form, String)> {
        let mut all = Vec::new();
        let _ = each_form(password, stored, FormSet::default(), |form, text| {
            all.push((form, text.to_owned()));
            Ok::<Option<()>, ()>(None)
        });
        all
    }

    /// Whether `text` is looked up, and under which name.
    fn found(password: &str, text: &str) -> Option<Form> {
        forms(password, None).into_iter().find(|(_, form)| form == text).map(|(form, _)| form)
    }

    #[test]
    fn plain_ascii_has_one_form() {
        assert_eq!(forms("pass\\word ~1", None), [(Form::Raw, "pass\\word ~1".to_owned())]);
        assert_eq!(forms("", None).len(), 1);
    }

    #[test]
    fn japanese_input_is_looked_up_as_it_was_meant() {
        for (typed, meant) in [
            ("ｐａｓｓｗｏｒｄ", "password"),
            ("ﾊﾟｽﾜｰﾄﾞ", "パスワード"),
            ("a\u{3000}b", "a b"),
            ("￥100", "¥100"),
            ("￥100", "\\100"),
            ("¥100", "\\100"),
            ("～", "~"),
            ("①２", "12"),
            ("㍻", "平成"),
        ] {
            assert_eq!(found(typed, meant), Some(Form::Nfkc), "{typed}");
        }
        assert_eq!(found("か\u{3099}", "が"), Some(Form::Nfc));
        for same in ["〜", "ー", "−", "ぱすわーど", "ß", "İ", "ς"] {
            assert_eq!(forms(same, None).len(), 1, "{same}");
        }
        assert_eq!(found("ぱすわーど", "パスワード"), None);
    }

    #[test]
    fn case_is_folded_on_demand() {
        let folded = |password: &str| {
            let mut all = Vec::new();
            let wanted = FormSet::of(&["casefold", "nfc"]);
            let _ = each_form(password, None, wanted, |form, text| {
                all.push((form, text.to_owned()));
                Ok::<Option<()>, ()>(None)
            });
            all
        };
        assert_eq!(folded("PassWord").last(), Some(&(Form::Casefold, "password".to_owned())));
        assert_eq!(folded("password").len(), 1);
        assert_eq!(folded("ＳＴＲＡẞＥ").last(), Some(&(Form::Casefold, "strasse".to_owned())));
        assert_eq!(FormSet::of(&["casefold", "nfc"]).names().collect::<Vec<_>>(), ["nfc", "casefold"]);
    }

    #[test]
    fn the_stored_form_is_looked_up_once() {
        assert_eq!(forms("が", Some("か\u{3099}")).last().map(|(form, _)| *form), Some(Form::Stored));
        assert_eq!(forms("abc", Some("abc")).len(), 1);
        assert_eq!(forms("ｱ", Some("ア")).len(), 2);
    }

    proptest! {
        #[test]
        fn forms_are_distinct_few_and_begin_with_the_raw_one(password in "\\PC{0,12}", stored in "\\PC{0,4}") {
            let all = forms(&password, Some(&stored));
            prop_assert_eq!(&all[0], &(Form::Raw, password.clone()));
            prop_assert!(all.len() <= 5);
            for (i, (_, text)) in all.iter().enumerate() {
                prop_assert!(all[..i].iter().all(|(_, other)| other != text));
            }
            prop_assert!(all.iter().any(|(_, text)| *text == stored));
            let nfkc: String = password.nfkc().collect();
            prop_assert!(all.iter().any(|(_, text)| *text == nfkc));
        }
    }
}
