//! The answer about one password, as plain numbers.

use breachdex::{Exposure, Form, Origin};

/// The spelling of a password under which it was found.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreachdexForm {
    /// As it was given.
    Raw = 0,
    /// Unicode normalization form C.
    Nfc = 1,
    /// Unicode normalization form KC: full-width letters and the like become plain.
    Nfkc = 2,
    /// Without white space at its ends.
    Trimmed = 3,
    /// Without characters that are not shown.
    Visible = 4,
    /// With case folded.
    Casefold = 5,
    /// As the caller stores it.
    Stored = 6,
}

/// Where a password was found.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreachdexOrigin {
    /// In an index of breached passwords.
    Base = 0,
    /// In an overlay, a list of your own.
    Overlay = 1,
}

/// What is known about a password.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct BreachdexExposure {
    /// Whether it is exposed. If not, the other members are 0.
    pub exposed: bool,
    /// Whether `count` is known.
    pub has_count: bool,
    /// Whether a source could not answer; `count` is then a lower bound.
    pub is_partial: bool,
    /// How often it was seen.
    pub count: u64,
    /// Where it was found.
    pub origin: BreachdexOrigin,
    /// The form that was found.
    pub form: BreachdexForm,
}

impl From<Option<&Exposure>> for BreachdexExposure {
    fn from(found: Option<&Exposure>) -> Self {
        let origin = match found.map(|found| found.origin) {
            Some(Origin::Overlay) => BreachdexOrigin::Overlay,
            Some(Origin::Base) | None => BreachdexOrigin::Base,
        };
        let form = match found.map_or(Form::Raw, |found| found.form) {
            Form::Raw => BreachdexForm::Raw,
            Form::Nfc => BreachdexForm::Nfc,
            Form::Nfkc => BreachdexForm::Nfkc,
            Form::Trimmed => BreachdexForm::Trimmed,
            Form::Visible => BreachdexForm::Visible,
            Form::Casefold => BreachdexForm::Casefold,
            Form::Stored => BreachdexForm::Stored,
        };
        let count = found.and_then(|found| found.count);
        Self {
            exposed: found.is_some(),
            has_count: count.is_some(),
            is_partial: found.is_some_and(|found| found.is_partial),
            count: count.unwrap_or(0),
            origin,
            form,
        }
    }
}
