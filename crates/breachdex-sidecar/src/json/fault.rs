//! What is wrong with a body. Holds no word of it: names are those that the API has.

#![forbid(unsafe_code)]

/// What is wrong with a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// There is none.
    #[error("the body is empty; send a JSON object")]
    Empty,
    /// Bytes that are not UTF-8.
    #[error("the body is not UTF-8; send JSON as UTF-8")]
    NotUtf8,
    /// It begins with U+FEFF.
    #[error("the body begins with a byte order mark; send JSON without one")]
    ByteOrderMark,
    /// It is something else than an object.
    #[error("the body is not a JSON object")]
    NotAnObject,
    /// It is not JSON.
    #[error("the body is not valid JSON")]
    Syntax,
    /// Something follows the object.
    #[error("something follows the JSON object")]
    Trailing,
    /// A string holds a control character as it is.
    #[error("a string has a control character that is not escaped")]
    ControlCharacter,
    /// A string holds `\u0000`.
    #[error("{0} has a NUL character, which no password, name or address has")]
    Nul(&'static str),
    /// A string holds half of a surrogate pair.
    #[error("{0} has a lone surrogate, which is no character")]
    LoneSurrogate(&'static str),
    /// A field is there that the route does not have.
    #[error("there is a field that this route does not have; it has {0}")]
    UnknownField(&'static str),
    /// A field is there twice.
    #[error("{0} is there twice")]
    DuplicateField(&'static str),
    /// A field is not there, or null.
    #[error("{0} is missing")]
    MissingField(&'static str),
    /// A field is a number or a truth value.
    #[error("{0} is not a string")]
    NotAString(&'static str),
    /// A field is an object or a list.
    #[error("{0} is an object or a list; this API has strings only")]
    Nested(&'static str),
    /// A field is none of the names that it may be.
    #[error("{field} is not one of {allowed}")]
    NotOneOf {
        /// The field.
        field: &'static str,
        /// The names that it takes.
        allowed: &'static str,
    },
    /// A field is longer than it may be.
    #[error("{0} is longer than 1024 bytes")]
    TooLong(&'static str),
    /// Two fields are there that exclude each other.
    #[error("{0} and {1} are both there; send one of them")]
    Both(&'static str, &'static str),
}

impl Fault {
    /// Its name, as problems have it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Empty => "empty-body",
            Self::NotUtf8 => "not-utf-8",
            Self::ByteOrderMark => "byte-order-mark",
            Self::NotAnObject => "not-an-object",
            Self::Syntax => "invalid-json",
            Self::Trailing => "trailing-data",
            Self::ControlCharacter => "control-character",
            Self::Nul(_) => "nul-character",
            Self::LoneSurrogate(_) => "lone-surrogate",
            Self::UnknownField(_) => "unknown-field",
            Self::DuplicateField(_) => "duplicate-field",
            Self::MissingField(_) => "missing-field",
            Self::NotAString(_) => "not-a-string",
            Self::Nested(_) => "nested-value",
            Self::NotOneOf { .. } => "not-one-of",
            Self::TooLong(_) => "too-long",
            Self::Both(..) => "conflicting-fields",
        }
    }
}
