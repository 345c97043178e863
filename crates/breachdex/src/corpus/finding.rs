//! The answers of a corpus: exposed, not exposed, or unknown.

#![forbid(unsafe_code)]

use super::SourceError;

/// The kind of source that holds a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A base: an index of breached passwords, or a range server.
    Base,
    /// An overlay: a list of your own banned passwords. A base may hold the password too.
    Overlay,
}

impl Origin {
    /// `base` or `overlay`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Overlay => "overlay",
        }
    }
}

/// The spelling of a password under which it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// As it was received.
    Raw,
    /// Unicode normalization form C: か with a combining ゛ becomes が.
    Nfc,
    /// Unicode normalization form KC: half-width and full-width characters, circled digits and the like become plain.
    /// The yen sign, which Japanese keyboards type where others have the backslash, also counts as a backslash.
    Nfkc,
    /// Without white space and control characters at its ends, as it came or in NFKC: some programs cut them off.
    Trimmed,
    /// Without the characters that are not shown (zero-width and directional ones, variation selectors and all others
    /// that Unicode lists as ignorable), as it came or in NFKC, and then without what `Trimmed` cuts off.
    Visible,
    /// NFKC with case folded. Looked up on request only.
    Casefold,
    /// The form that the caller stores.
    Stored,
}

impl Form {
    /// Every form, in the order in which they are looked up.
    pub const ALL: [Self; 7] =
        [Self::Raw, Self::Nfc, Self::Nfkc, Self::Trimmed, Self::Visible, Self::Casefold, Self::Stored];

    /// `raw`, `nfc`, `nfkc`, `trimmed`, `visible`, `casefold` or `stored`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Nfc => "nfc",
            Self::Nfkc => "nfkc",
            Self::Trimmed => "trimmed",
            Self::Visible => "visible",
            Self::Casefold => "casefold",
            Self::Stored => "stored",
        }
    }
}

/// How a password is exposed. Holds neither the password nor its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Exposure {
    /// How often the bases have seen it, added up; of a password that only overlays hold, the largest of their counts.
    /// `None` where a source that holds it stores no counts. A lower bound where [`Exposure::is_partial`].
    pub count: Option<u64>,
    /// The kind of source that holds it.
    pub origin: Origin,
    /// The form that was found.
    pub form: Form,
    /// Another source, or the same one about another form, could not answer.
    pub is_partial: bool,
}

/// What a corpus knows about one question.
#[derive(Debug)]
#[must_use]
pub enum Finding {
    /// A source that can be read holds it: a base at or above the threshold, or an overlay.
    Exposed(Exposure),
    /// Every source answered, at least one covers it, and none holds it at or above the threshold.
    NotExposed {
        /// How often the bases have seen it, less than the threshold; 0 where none holds it.
        count: u64,
    },
    /// No source that can be read holds it, and one could not answer or none covers it.
    Unknown(Box<SourceError>),
}

impl Finding {
    /// The exposure, where it is exposed.
    pub const fn exposure(&self) -> Option<&Exposure> {
        match self {
            Self::Exposed(exposure) => Some(exposure),
            Self::NotExposed { .. } | Self::Unknown(_) => None,
        }
    }

    /// The same, found under another form.
    pub(super) fn with_form(self, form: Form) -> Self {
        match self {
            Self::Exposed(exposure) => Self::Exposed(Exposure { form, ..exposure }),
            other => other,
        }
    }

    /// The finding about two forms of one password: an exposed one hides a fault of the other, a fault hides that the
    /// other is not exposed. `self` is the form that was asked first.
    pub fn or(self, later: Self) -> Self {
        match (self, later) {
            (Self::Exposed(first), Self::Exposed(later)) => {
                Self::Exposed(Exposure { is_partial: first.is_partial || later.is_partial, ..first })
            }
            (Self::Exposed(exposure), Self::Unknown(_)) | (Self::Unknown(_), Self::Exposed(exposure)) => {
                Self::Exposed(Exposure { is_partial: true, ..exposure })
            }
            (Self::Exposed(exposure), _) | (_, Self::Exposed(exposure)) => Self::Exposed(exposure),
            (Self::Unknown(fault), _) | (_, Self::Unknown(fault)) => Self::Unknown(fault),
            (Self::NotExposed { count }, Self::NotExposed { count: later }) => {
                Self::NotExposed { count: count.max(later) }
            }
        }
    }
}
