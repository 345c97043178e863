//! The forms of a password under which it is looked up. They are for looking up only: never store one of them.

#![forbid(unsafe_code)]

use std::iter;

use icu_casemap::CaseMapper;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::{IsNormalized, is_nfc_quick};
use zeroize::Zeroizing;

use super::Form;
use super::invisible::is_invisible;

/// The forms that are looked up besides the raw one and the one that the caller stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormSet {
    nfc: bool,
    nfkc: bool,
    trimmed: bool,
    visible: bool,
    casefold: bool,
}

/// All but case folding.
impl Default for FormSet {
    fn default() -> Self {
        Self { nfc: true, nfkc: true, trimmed: true, visible: true, casefold: false }
    }
}

impl FormSet {
    /// The names of the forms that may be chosen.
    pub const NAMES: [&str; 5] = ["nfc", "nfkc", "trimmed", "visible", "casefold"];

    /// The named forms. What is no name is passed over.
    pub fn of(names: &[&str]) -> Self {
        let has = |name| names.contains(&name);
        Self {
            nfc: has("nfc"),
            nfkc: has("nfkc"),
            trimmed: has("trimmed"),
            visible: has("visible"),
            casefold: has("casefold"),
        }
    }

    /// The names of the chosen ones.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let chosen = [self.nfc, self.nfkc, self.trimmed, self.visible, self.casefold];
        Self::NAMES.into_iter().zip(chosen).filter_map(|(name, is_chosen)| is_chosen.then_some(name))
    }

    /// Whether a password surely has no other form than the raw one, which is told of plain ASCII alone. Allocates nothing.
    pub fn has_one_of(self, password: &[u8]) -> bool {
        str::from_utf8(password).is_ok_and(|text| text.is_ascii() && self.is_one_in_ascii(text))
    }

    /// Whether a password in ASCII has no other form than the raw one.
    fn is_one_in_ascii(self, password: &str) -> bool {
        !(self.casefold || self.trimmed && trimmed(password).len() < password.len())
    }
}

/// Hands every distinct form of a password to `look`, the raw one first, until `look` has an answer.
///
/// Plain ASCII has one form and allocates nothing, unless it begins or ends with white space or a control character
/// or case folding is asked for. Others have four at most, and with white space at their ends or invisible characters
/// eight; case folding and `stored` are one more each.
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
    if stored.is_none() && password.is_ascii() && wanted.is_one_in_ascii(password) {
        return Ok(None);
    }
    let mut seen = Vec::new();
    for (form, text) in others(password, stored, wanted) {
        // Nothing is left of a password of white space alone, and nothing is looked up for it.
        let is_left_over = text.is_empty() && matches!(form, Form::Trimmed | Form::Visible);
        if is_left_over || text.as_str() == password || seen.contains(&text) {
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
    let stripped = trimmed_forms(password, wanted).chain(visible_forms(password, wanted));
    let stored = stored.map(|text| (Form::Stored, collect(|| text.chars())));
    nfc.chain(nfkc).chain(stripped).chain(folded).chain(stored)
}

/// The password without white space at its ends, as it came and in NFKC, where that makes a difference.
fn trimmed_forms(password: &str, wanted: FormSet) -> impl Iterator<Item = (Form, Text)> {
    let as_it_came = iter::once_with(move || collect(|| trimmed(password).chars()));
    let plain = iter::once_with(move || {
        let plain = collect(|| password.nfkc());
        collect(|| trimmed(&plain).chars())
    });
    let plain = (wanted.nfkc && !password.is_ascii()).then_some(plain).into_iter().flatten();
    // NFKC makes spaces of other white space, and of some accents that stand alone a space and an accent.
    let has_ends = wanted.trimmed && (trimmed(password).len() < password.len() || !password.is_ascii());
    let both = has_ends.then(|| as_it_came.chain(plain)).into_iter().flatten();
    both.map(|text| (Form::Trimmed, text))
}

/// The password without invisible characters, where it has any: as it came, and in the other wanted forms at once.
fn visible_forms(password: &str, wanted: FormSet) -> impl Iterator<Item = (Form, Text)> {
    let visible = move || password.chars().filter(|character| !is_invisible(*character));
    let as_it_came = iter::once_with(move || collect(visible));
    let plain = iter::once_with(move || {
        let plain = if wanted.nfkc { collect(|| visible().nfkc()) } else { collect(visible) };
        if wanted.trimmed { collect(|| trimmed(&plain).chars()) } else { plain }
    });
    let has_any = wanted.visible && !password.is_ascii() && password.chars().any(is_invisible);
    let both = has_any.then(|| as_it_came.chain(plain)).into_iter().flatten();
    both.map(|text| (Form::Visible, text))
}

/// The text without white space and control characters at its ends.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || character.is_control())
}

/// The case folding of a text in NFKC, in NFKC. Allocates, and leaves nothing of it behind.
pub fn fold_case(text: &str) -> Zeroizing<String> {
    let plain = collect(|| text.nfkc());
    let folded = Zeroizing::new(CaseMapper::new().fold_string(&plain).into_owned());
    collect(|| folded.nfkc())
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
    fn what_is_said_to_have_one_form_has_one() {
        let (all, folding) = (FormSet::default(), FormSet::of(&["casefold"]));
        for password in ["", "plain", "pass word", "~", " ends", "ends\t", "が", "ｐ", "ß", "\u{200b}"] {
            let is_plain = password.is_ascii() && trimmed(password) == password;
            assert_eq!(all.has_one_of(password.as_bytes()), is_plain, "{password:?}");
            assert!(!folding.has_one_of(password.as_bytes()));
        }
        assert!(!all.has_one_of(b"\xff") && FormSet::of(&[]).has_one_of(b" "));
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
        assert_eq!(FormSet::default(), FormSet::of(&["nfc", "nfkc", "trimmed", "visible"]));
    }

    #[test]
    fn case_is_folded_as_unicode_says() {
        for (text, folded) in
            [("ß", "ss"), ("İ", "i\u{307}"), ("ς", "σ"), ("ＡＢＣ", "abc"), ("ﾊﾅｺ", "ハナコ"), ("ÄÖ", "äö")]
        {
            assert_eq!(*fold_case(text), folded, "{text}");
        }
    }

    #[test]
    fn what_programs_cut_off_is_not_looked_up_alone() {
        for typed in [
            "password ",
            " password",
            "\tpassword\r",
            "password\0",
            "\u{a0}password\u{3000}",
            "password\u{2028}",
            "\u{85}password",
        ] {
            assert_eq!(found(typed, "password"), Some(Form::Trimmed), "{typed:?}");
        }
        assert_eq!(found("ｐａｓｓｗｏｒｄ\u{3000}", "password"), Some(Form::Trimmed));
        assert_eq!(found("pass word", "password"), None);
        assert_eq!(forms(" \u{3000} ", None).iter().filter(|(_, text)| text.is_empty()).count(), 0);
        assert_eq!(forms("   ", None).len(), 1);
        let all = forms("password ", None);
        assert_eq!(all.len(), 2, "ASCII costs one lookup more only where there is something to cut off");
    }

    #[test]
    fn what_is_not_shown_does_not_hide_a_password() {
        for typed in [
            "pass\u{200b}word",
            "\u{feff}password",
            "pass\u{ad}word",
            "\u{202e}password\u{202c}",
            "password\u{fe0f}",
            "pass\u{e0041}\u{e007f}word",
            "\u{feff} password\u{200b}\t",
            "ｐａｓｓ\u{2060}ｗｏｒｄ\u{3000}",
        ] {
            assert_eq!(found(typed, "password"), Some(Form::Visible), "{typed:?}");
        }
        assert_eq!(forms("\u{200b}", None).len(), 1, "nothing is left");
        let only = |names: &[&str]| {
            let mut all = Vec::new();
            let _ = each_form("ｐｗ\u{200b} ", None, FormSet::of(names), |form, text| {
                all.push((form.name(), text.to_owned()));
                Ok::<Option<()>, ()>(None)
            });
            all.split_off(1)
        };
        assert_eq!(only(&["visible"]), [("visible", "ｐｗ ".to_owned())]);
        assert_eq!(only(&["trimmed"]), [("trimmed", "ｐｗ\u{200b}".to_owned())]);
        assert!(only(&[]).is_empty());
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
            prop_assert!(all.len() <= 9);
            let alone = forms(&password, None).len();
            prop_assert!(!FormSet::default().has_one_of(password.as_bytes()) || alone == 1);
            for (i, (_, text)) in all.iter().enumerate() {
                prop_assert!(all[..i].iter().all(|(_, other)| other != text));
            }
            prop_assert!(all.iter().any(|(_, text)| *text == stored));
            let nfkc: String = password.nfkc().collect();
            prop_assert!(all.iter().any(|(_, text)| *text == nfkc));
        }
    }
}
