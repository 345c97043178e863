//! Which answers say that a log-in failed: `status=401,403`, `location=/login`, `body-contains=TEXT`.

#![forbid(unsafe_code)]

use std::fmt;
use std::str::FromStr;

use hyper::header;
use hyper::{HeaderMap, StatusCode};
use memchr::memmem;

/// A condition under which an answer says that the log-in failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailedWhen {
    /// The status is one of these.
    Status(Vec<u16>),
    /// It redirects to a place that begins with this path.
    Location(String),
    /// The beginning of its body contains this text.
    BodyContains(String),
}

/// A condition that is not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FailedWhenError {
    /// It is none of the three.
    #[error("give status=401,403 or location=/login or body-contains=TEXT")]
    Unknown,
    /// A status is no number from 200 to 499.
    #[error(
        "status= takes numbers from 200 to 499 with commas between; an error of the site says nothing about the log-in"
    )]
    Status,
    /// The path does not begin with a slash.
    #[error("location= takes a path that begins with /")]
    Location,
    /// There is no text, or too much.
    #[error("body-contains= takes a text of 1 to 256 bytes")]
    Body,
}

/// Bytes of the longest text.
const MOST_TEXT: usize = 256;

impl FromStr for FailedWhen {
    type Err = FailedWhenError;

    fn from_str(text: &str) -> Result<Self, FailedWhenError> {
        let (key, value) = text.split_once('=').ok_or(FailedWhenError::Unknown)?;
        match key {
            "status" => {
                let number =
                    |text: &str| text.trim().parse().ok().filter(|status| (200..500).contains(status));
                let all: Option<Vec<u16>> = value.split(',').map(number).collect();
                all.map(Self::Status).ok_or(FailedWhenError::Status)
            }
            "location" if value.starts_with('/') => Ok(Self::Location(value.to_owned())),
            "location" => Err(FailedWhenError::Location),
            "body-contains" if (1..=MOST_TEXT).contains(&value.len()) => {
                Ok(Self::BodyContains(value.to_owned()))
            }
            "body-contains" => Err(FailedWhenError::Body),
            _ => Err(FailedWhenError::Unknown),
        }
    }
}

impl fmt::Display for FailedWhen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(all) => {
                let all: Vec<String> = all.iter().map(ToString::to_string).collect();
                write!(formatter, "status={}", all.join(","))
            }
            Self::Location(path) => write!(formatter, "location={path}"),
            Self::BodyContains(text) => write!(formatter, "body-contains={text}"),
        }
    }
}

/// What holds where no condition was given: the statuses with which APIs and frameworks refuse a log-in.
#[must_use]
pub fn default_conditions() -> Vec<FailedWhen> {
    vec![FailedWhen::Status(vec![400, 401, 403, 422])]
}

/// How an attempt ended, as far as the head of the answer tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    Failed,
    Succeeded,
    /// The beginning of the body decides: failed where it contains one of these.
    Body(Vec<String>),
    /// The site had a fault, or limits the rate: neither.
    Neither,
}

/// Judges the head of an answer by conditions.
pub(crate) fn judge(conditions: &[FailedWhen], status: StatusCode, headers: &HeaderMap) -> Judgement {
    let is_neither =
        status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS || status.is_informational();
    let is_met = |condition: &FailedWhen| match condition {
        FailedWhen::Status(all) => all.contains(&status.as_u16()),
        FailedWhen::Location(path) => status.is_redirection() && leads_to(headers, path),
        FailedWhen::BodyContains(_) => false,
    };
    if conditions.iter().any(is_met) {
        return Judgement::Failed;
    }
    if is_neither {
        return Judgement::Neither;
    }
    let texts: Vec<String> = conditions
        .iter()
        .filter_map(|condition| match condition {
            FailedWhen::BodyContains(text) => Some(text.clone()),
            _ => None,
        })
        .collect();
    match texts.is_empty() {
        true if status.is_client_error() => Judgement::Neither,
        true => Judgement::Succeeded,
        false => Judgement::Body(texts),
    }
}

/// Whether `Location` has a path that begins with this one, at the end of a part.
fn leads_to(headers: &HeaderMap, path: &str) -> bool {
    let Some(location) = headers.get(header::LOCATION).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let own = match location.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => location,
    };
    let is_end = |rest: &str| path.ends_with('/') || rest.is_empty() || rest.starts_with(['/', '?', '#']);
    own.strip_prefix(path).is_some_and(is_end)
}

/// Looks for texts in the beginning of a body that comes in pieces.
pub(crate) struct Search {
    texts: Vec<String>,
    /// The last bytes that were seen, in which a text may have begun.
    tail: Vec<u8>,
    left: usize,
}

impl Search {
    /// Looks at the first `most` bytes.
    pub(crate) fn new(texts: Vec<String>, most: usize) -> Self {
        Self { texts, tail: Vec::new(), left: most }
    }

    /// Whether a text is found, once that is decided.
    pub(crate) fn feed(&mut self, piece: &[u8]) -> Option<bool> {
        let piece = &piece[..piece.len().min(self.left)];
        self.left -= piece.len();
        let longest = self.texts.iter().map(String::len).max().unwrap_or_default();
        // What crosses from the tail into the piece, then the piece alone.
        let crossing = piece.len().min(longest);
        self.tail.extend_from_slice(&piece[..crossing]);
        let is_in =
            |bytes: &[u8]| self.texts.iter().any(|text| memmem::find(bytes, text.as_bytes()).is_some());
        if is_in(&self.tail) || is_in(piece) {
            return Some(true);
        }
        if piece.len() > crossing {
            self.tail.clear();
            self.tail.extend_from_slice(&piece[piece.len() - longest..]);
        } else {
            let surplus = self.tail.len().saturating_sub(longest);
            self.tail.drain(..surplus);
        }
        (self.left == 0).then_some(false)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn conditions(all: &[&str]) -> Vec<FailedWhen> {
        all.iter().map(|text| text.parse().expect("a condition")).collect()
    }

    fn judged(all: &[&str], status: u16, location: Option<&'static str>) -> Judgement {
        let mut headers = HeaderMap::new();
        if let Some(location) = location {
            headers.insert(header::LOCATION, header::HeaderValue::from_static(location));
        }
        judge(&conditions(all), StatusCode::from_u16(status).expect("a status"), &headers)
    }

    #[test]
    fn heads_are_judged() {
        assert_eq!(
            judge(&default_conditions(), StatusCode::UNAUTHORIZED, &HeaderMap::new()),
            Judgement::Failed
        );
        assert_eq!(judged(&["status=401,403"], 403, None), Judgement::Failed);
        assert_eq!(judged(&["status=401,403"], 302, None), Judgement::Succeeded);
        for neither in [404, 408, 429, 500, 502, 503] {
            assert_eq!(judged(&["status=401,403"], neither, None), Judgement::Neither, "{neither}");
        }
        let back = ["location=/login"];
        for failed in ["/login", "/login?error=1", "https://shop.example/login#x", "/login/"] {
            assert_eq!(judged(&back, 302, Some(failed)), Judgement::Failed, "{failed}");
        }
        for fine in ["/", "/account", "/login2", "https://shop.example", "https://login/"] {
            assert_eq!(judged(&back, 302, Some(fine)), Judgement::Succeeded, "{fine}");
        }
        assert_eq!(judged(&back, 200, Some("/login")), Judgement::Succeeded);
        let texts = Judgement::Body(vec![String::from("wrong")]);
        assert_eq!(judged(&["status=401", "body-contains=wrong"], 200, None), texts);
        assert_eq!(judged(&["status=401", "body-contains=wrong"], 401, None), Judgement::Failed);
    }

    #[test]
    fn what_is_wrong_with_a_condition_is_said() {
        let said = |text: &str| text.parse::<FailedWhen>().expect_err(text).to_string();
        assert_eq!(said("401"), "give status=401,403 or location=/login or body-contains=TEXT");
        let status = "status= takes numbers from 200 to 499 with commas between; an error of the site says nothing about the log-in";
        assert_eq!(said("status=500"), status);
        assert_eq!(said("status=4xx"), status);
        assert_eq!(said("location=login"), "location= takes a path that begins with /");
        assert_eq!(said("body-contains="), "body-contains= takes a text of 1 to 256 bytes");
        for text in ["status=401,403", "location=/login", "body-contains=a=b"] {
            assert_eq!(text.parse::<FailedWhen>().expect("a condition").to_string(), text);
        }
    }

    proptest! {
        /// However a body is cut, a text in its first bytes is found, and none else.
        #[test]
        fn a_text_is_found_across_pieces(
            body in "[ab]{0,60}",
            text in "[ab]{1,6}",
            cuts in prop::collection::vec(0usize..60, 0..8),
            most in 1usize..80,
        ) {
            let bytes = body.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let mut search = Search::new(vec![text.clone()], most);
            let found = cuts.windows(2).find_map(|pair| search.feed(&bytes[pair[0]..pair[1]]));
            let seen = &body[..body.len().min(most)];
            prop_assert_eq!(found.unwrap_or(false), seen.contains(&text));
            prop_assert!(search.tail.len() <= text.len() * 2);
        }
    }
}
