//! Where objects are: `s3://bucket/prefix`.

#![forbid(unsafe_code)]

use std::fmt;
use std::str::FromStr;

use object_store::path::Path;

use crate::ObjectError;

/// A bucket, and what the names of all objects begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectAddress {
    bucket: String,
    prefix: Path,
}

impl ObjectAddress {
    /// The bucket.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The name of an object below the prefix.
    pub(crate) fn object(&self, name: &str) -> Path {
        Path::from_iter(self.prefix.parts().chain(std::iter::once(name.into())))
    }

    /// The name of the object that the address itself names, followed by an ending.
    pub(crate) fn with_ending(&self, ending: &str) -> Path {
        Path::from(format!("{}{ending}", self.prefix))
    }

    pub(crate) fn prefix(&self) -> &Path {
        &self.prefix
    }

    /// An object's address, for messages.
    pub(crate) fn shown(&self, object: &Path) -> String {
        format!("s3://{}/{object}", self.bucket)
    }
}

impl FromStr for ObjectAddress {
    type Err = ObjectError;

    fn from_str(text: &str) -> Result<Self, ObjectError> {
        let refused = |reason| ObjectError::Address { reason };
        let rest = text.strip_prefix("s3://").ok_or(refused("it does not begin with s3://"))?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        // A user name and a password would be part of every message.
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if bucket.is_empty() || !bucket.bytes().all(is_name) {
            return Err(refused("a bucket's name has letters, digits, dots, hyphens and underscores"));
        }
        if prefix.contains(['?', '#', '%']) {
            return Err(refused("the prefix must not contain ?, # or %"));
        }
        let prefix = Path::parse(prefix).map_err(|_| {
            refused("the prefix must not have empty parts, dots alone as a part, or characters that have to be encoded")
        })?;
        Ok(Self { bucket: bucket.to_owned(), prefix })
    }
}

impl fmt::Display for ObjectAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}", self.bucket)?;
        if self.prefix.is_root() { Ok(()) } else { write!(f, "/{}", self.prefix) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_a_bucket_and_a_prefix() {
        let address: ObjectAddress = "s3://pwned-ranges/sha1/range/".parse().unwrap();
        assert_eq!(address.to_string(), "s3://pwned-ranges/sha1/range");
        assert_eq!(address.object("00000.gz").as_ref(), "sha1/range/00000.gz");
        let whole: ObjectAddress = "s3://pwned".parse().unwrap();
        assert_eq!((whole.object("00000").as_ref(), whole.to_string().as_str()), ("00000", "s3://pwned"));
        let file: ObjectAddress = "s3://pwned/week/pwned.bdx".parse().unwrap();
        assert_eq!(file.with_ending(".id").as_ref(), "week/pwned.bdx.id");
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for (text, said) in [
            ("https://pwned/x", "it does not begin with s3://"),
            ("s3://", "a bucket's name has letters"),
            ("s3://user:secret@bucket/x", "a bucket's name has letters"),
            ("s3://bucket/a//b", "the prefix must not have empty parts"),
            ("s3://bucket/a/../b", "the prefix must not have empty parts"),
            ("s3://bucket/a?x=1", "the prefix must not contain"),
        ] {
            let error = text.parse::<ObjectAddress>().unwrap_err().to_string();
            assert!(error.contains(said) && !error.contains("secret"), "{text}: {error}");
        }
    }
}
