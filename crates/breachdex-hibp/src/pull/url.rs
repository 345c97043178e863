//! The address of a published index.

#![forbid(unsafe_code)]

use std::fmt;
use std::str::FromStr;

use reqwest::Url;

use crate::BaseUrl;
use crate::error::Error;

/// The address of an index on a server.
///
/// ```
/// use breachdex_hibp::pull::FileUrl;
/// let url: FileUrl = "https://mirror.example/breachdex/pwned.bdx".parse()?;
/// assert_eq!(url.to_string(), "https://mirror.example/breachdex/pwned.bdx");
/// # Ok::<(), breachdex_hibp::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileUrl(Url);

impl FileUrl {
    /// The address of the file whose name is this one's, followed by `ending`.
    pub(super) fn with_ending(&self, ending: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{ending}", self.0.path()));
        url
    }

    /// The server.
    pub(super) fn server(&self) -> BaseUrl {
        BaseUrl::server_of(&self.0)
    }
}

impl FromStr for FileUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refused = |reason| Error::FileUrl { reason };
        let url =
            Url::parse(text).map_err(|_| refused("it is not of the form https://host/path/pwned.bdx"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused("only http and https are supported"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused(
                "leave out what follows the path, for the files beside the index have no such part",
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("it must not hold a user name or a password"));
        }
        if url.path().ends_with('/') {
            return Err(refused("it names a folder; name the index in it"));
        }
        Ok(Self(url))
    }
}

impl fmt::Display for FileUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_beside_the_index_have_longer_names() {
        let url: FileUrl = "https://a.example/x/pwned.bdx".parse().expect("an address");
        assert_eq!(url.with_ending(".id.minisig").as_str(), "https://a.example/x/pwned.bdx.id.minisig");
        assert_eq!(url.with_ending("").as_str(), "https://a.example/x/pwned.bdx");
    }

    #[test]
    fn what_is_no_address_of_a_file_is_refused() {
        for (text, said) in [
            ("pwned.bdx", "it is not of the form https://host/path/pwned.bdx"),
            ("ftp://a.example/pwned.bdx", "only http and https are supported"),
            ("https://u:p@a.example/pwned.bdx", "it must not hold a user name or a password"),
            ("https://a.example/", "it names a folder; name the index in it"),
            (
                "https://a.example/pwned.bdx?x=1",
                "leave out what follows the path, for the files beside the index have no such part",
            ),
        ] {
            let error = text.parse::<FileUrl>().expect_err(text);
            assert_eq!(error.to_string(), format!("not the address of an index: {said}"));
        }
    }
}
