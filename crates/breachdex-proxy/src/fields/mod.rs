//! Finds the fields of a rule in the body of a request: `urlencoded`, `multipart` or `json`, as `content_type` says or
//! the body looks.
//!
//! Servers differ in what they make of odd bodies, so this reads generously: every value of a field is returned, names
//! are compared without regard to case and to how nesting is written, and what was found before a fault is returned with
//! the fault. What is returned is overwritten when it is dropped.

#![forbid(unsafe_code)]

mod charset;
mod content_type;
mod json;
mod multipart;
mod name;
#[cfg(test)]
mod tests;
mod urlencoded;
mod value;

pub use name::{FieldName, FieldNameError};
pub use value::Value;

pub(crate) use urlencoded::percent_decoded;

use content_type::{ContentType, Kind};

/// Values of one field that are looked at.
const MOST_VALUES: usize = 8;

/// Why the credentials of a request could not be read, or not all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unread {
    /// The body is larger than the limit.
    TooLarge,
    /// Too many bodies are being read at once.
    OutOfMemory,
    /// The body did not come in time.
    TimedOut,
    /// The body has a content coding, such as gzip.
    ContentEncoding,
    /// The body is neither a form nor JSON.
    ContentType,
    /// The text is not in the character set that is declared, in one that is not known, or not UTF-8 without one.
    Charset,
    /// The body is not what its content type says.
    Malformed,
    /// A field has too many values.
    TooManyValues,
}

impl Unread {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::TooLarge,
        Self::OutOfMemory,
        Self::TimedOut,
        Self::ContentEncoding,
        Self::ContentType,
        Self::Charset,
        Self::Malformed,
        Self::TooManyValues,
    ];

    /// Its name in metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::OutOfMemory => "out_of_memory",
            Self::TimedOut => "timed_out",
            Self::ContentEncoding => "content_encoding",
            Self::ContentType => "content_type",
            Self::Charset => "charset",
            Self::Malformed => "malformed",
            Self::TooManyValues => "too_many_values",
        }
    }
}

/// The credentials of a request.
#[derive(Debug, Default)]
pub struct Fields {
    /// Every value of the user's field.
    pub users: Vec<Value>,
    /// Every value of the password's field.
    pub passwords: Vec<Value>,
    /// Why there may be more that were not read.
    pub unread: Option<Unread>,
}

/// The names to look for.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) user: Option<&'a FieldName>,
    pub(crate) password: &'a FieldName,
}

impl Fields {
    /// Reads the query and the body of a request. `content_types` are the values of its `Content-Type` headers.
    #[must_use]
    pub fn read<'a>(
        user: Option<&FieldName>,
        password: &FieldName,
        query: Option<&str>,
        content_types: impl IntoIterator<Item = &'a [u8]>,
        body: &[u8],
    ) -> Self {
        let mut fields = Self::default();
        let wanted = Wanted { user, password };
        if let Some(query) = query {
            urlencoded::read(wanted, query.as_bytes(), None, &mut fields);
        }
        let before = fields.passwords.len();
        let content_type = ContentType::of(content_types);
        match &content_type.kind {
            Kind::UrlEncoded => urlencoded::read(wanted, body, content_type.charset.as_deref(), &mut fields),
            Kind::Multipart(boundary) => {
                multipart::read(wanted, boundary, body, content_type.charset, &mut fields);
            }
            Kind::Json => json::read(wanted, body, content_type.charset.as_deref(), &mut fields),
            Kind::Other if body.is_empty() => {}
            Kind::Other => fields.read_unlabelled(wanted, body),
        }
        let is_json_too = content_type.kind == Kind::UrlEncoded && looks_like_json(body);
        if is_json_too && fields.passwords.len() == before {
            // Some servers read JSON whatever the label says. What is no JSON was read as a form.
            let unread = fields.unread;
            json::read(wanted, body, None, &mut fields);
            fields.unread = unread;
        }
        fields
    }

    /// A body whose label says nothing: JSON where it looks so, else a form.
    fn read_unlabelled(&mut self, wanted: Wanted<'_>, body: &[u8]) {
        let before = self.passwords.len();
        if looks_like_json(body) {
            json::read(wanted, body, None, self);
        } else {
            urlencoded::read(wanted, body, None, self);
        }
        if self.passwords.len() == before {
            self.unread = Some(Unread::ContentType);
        }
    }

    /// Adds what another rule found.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.users.append(&mut other.users);
        self.passwords.append(&mut other.passwords);
        // A body that one of the rules could be read from is of a kind that can be read; a password in the query says nothing of it.
        if self.unread != other.unread {
            let counts = |unread: &Unread| *unread != Unread::ContentType;
            self.unread = self.unread.filter(counts).or(other.unread.filter(counts));
        }
    }

    fn fault(&mut self, unread: Unread) {
        self.unread.get_or_insert(unread);
    }

    fn add_user(&mut self, value: Value) {
        if self.users.len() < MOST_VALUES {
            self.users.push(value);
        } else {
            self.fault(Unread::TooManyValues);
        }
    }

    /// Adds a password, and what is left of it where a library for password storage ends it at a NUL, as bcrypt in PHP does.
    fn add_password(&mut self, value: Value) {
        let end = value.bytes().iter().position(|byte| *byte == 0).filter(|end| *end > 0);
        let cut = end.map(|end| Value::from(&value.bytes()[..end]));
        for value in std::iter::once(value).chain(cut) {
            if self.passwords.len() < MOST_VALUES {
                self.passwords.push(value);
            } else {
                self.fault(Unread::TooManyValues);
            }
        }
    }

    /// Adds a field of a form: where its name is wanted, its value, which is made only then. A browser sends nothing for
    /// a field that is not filled in, and an empty password is no attempt.
    fn add(
        &mut self,
        wanted: Wanted<'_>,
        name: &[u8],
        value: impl FnOnce() -> Value,
        charset: charset::Charset,
    ) {
        let decoded = charset.decode_name(name, self);
        let names = || std::iter::once(name).chain(decoded.as_ref().map(Value::bytes));
        let is_user = wanted.user.is_some_and(|user| names().any(|name| user.is(name)));
        let is_password = names().any(|name| wanted.password.is(name));
        if !is_user && !is_password {
            return;
        }
        let value = value();
        if value.is_empty() {
            return;
        }
        let decoded = charset.decode(&value, self);
        // Many servers ignore what a request says about its characters: it may be UTF-8 all the same. What cannot be decoded
        // may still be known as bytes.
        let is_read_as_it_came = decoded.is_none() || value.text().is_some();
        for value in Some(value).filter(|_| is_read_as_it_came).into_iter().chain(decoded) {
            if is_user {
                self.add_user(value.clone());
            }
            if is_password {
                self.add_password(value);
            }
        }
    }
}

fn looks_like_json(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    matches!(body.trim_ascii_start().first(), Some(b'{' | b'['))
}
