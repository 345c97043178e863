//! A published index on any static web server, by range requests.
//!
//! Every answer must be what was asked for: status 206 with the range and the whole length, uncompressed, as long as it says,
//! of the state that was opened. That state is told by a strong entity tag, else by the time of the last change, which
//! `If-Range` sends along; and by the length.

#![forbid(unsafe_code)]

use std::future::poll_fn;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http_body::Body as _;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_RANGE, ETAG, HeaderMap, HeaderName, IF_RANGE, LAST_MODIFIED,
    LOCATION, RANGE, SERVER,
};
use reqwest::{Body, Response, StatusCode, Url};

use super::remote::{Fetching, Opened, RemoteFile, RemoteFolder};
use super::url::FileUrl;
use crate::error::{FetchFault, Result};
use crate::fetch::{retry_after, text_of};
use crate::network::{HttpClient, NetworkOptions};

/// An index on a web server.
pub(super) struct HttpFolder {
    client: Arc<HttpClient>,
    url: FileUrl,
}

impl HttpFolder {
    /// Nothing is connected.
    pub(super) fn new(
        url: &FileUrl,
        network: &NetworkOptions,
        timeout: Duration,
        connections: usize,
    ) -> Result<Self> {
        let client = HttpClient::new(&url.server(), network, timeout, connections)?;
        Ok(Self { client: Arc::new(client), url: url.clone() })
    }
}

impl RemoteFolder for HttpFolder {
    fn name(&self) -> String {
        self.url.to_string()
    }

    fn open<'a>(&'a self, ending: &'a str, first: u64) -> Fetching<'a, Option<Opened>> {
        Box::pin(async move {
            match open(&self.client, self.url.with_ending(ending), first).await {
                // What is to be named is the index, whichever file was asked for.
                Err(FetchFault::Moved { status, to }) => {
                    let to = to.strip_suffix(ending).unwrap_or(&to).to_owned();
                    Err(FetchFault::Moved { status, to })
                }
                opened => opened,
            }
        })
    }
}

/// A file on a web server in the state in which it was opened.
struct HttpFile {
    client: Arc<HttpClient>,
    url: Url,
    length: u64,
    version: Version,
}

/// What tells one state of a file from another.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Version {
    /// A strong entity tag.
    Tag(String),
    /// When it was changed last.
    Modified(String),
    /// The server says nothing; length and hashes must do.
    Unknown,
}

impl Version {
    fn of(headers: &HeaderMap) -> Self {
        let (tag, modified) = (text_of(headers, &ETAG), text_of(headers, &LAST_MODIFIED));
        if tag.starts_with('"') {
            Self::Tag(tag.to_owned())
        } else if modified.is_empty() {
            Self::Unknown
        } else {
            Self::Modified(modified.to_owned())
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Tag(text) | Self::Modified(text) => text,
            Self::Unknown => "",
        }
    }

    /// Whether an answer is of another state.
    fn is_contradicted_by(&self, headers: &HeaderMap) -> bool {
        let differs = |name: &HeaderName, text: &str| {
            let said = text_of(headers, name);
            !said.is_empty() && said != text
        };
        match self {
            Self::Tag(tag) => differs(&ETAG, tag),
            Self::Modified(date) => differs(&LAST_MODIFIED, date),
            Self::Unknown => false,
        }
    }
}

impl RemoteFile for HttpFile {
    fn length(&self) -> u64 {
        self.length
    }

    fn version(&self) -> &str {
        self.version.text()
    }

    fn read<'a>(&'a self, part: Range<u64>, into: &'a mut Vec<u8>) -> Fetching<'a, ()> {
        Box::pin(self.read_part(part, into))
    }
}

impl HttpFile {
    async fn read_part(&self, part: Range<u64>, into: &mut Vec<u8>) -> Result<(), FetchFault> {
        let mut request = range_request(&self.client, self.url.clone(), &part);
        if self.version != Version::Unknown {
            request = request.header(IF_RANGE, self.version.text());
        }
        let response = self.client.send(request).await?;
        let headers = response.headers();
        match response.status() {
            StatusCode::PARTIAL_CONTENT => {}
            // The whole file, because it is another one by now, or because the server gave up ranges.
            StatusCode::OK if self.version.is_contradicted_by(headers) => return Err(FetchFault::Replaced),
            StatusCode::OK => {
                return Err(FetchFault::NoRanges { server: text_of(headers, &SERVER).to_owned() });
            }
            StatusCode::PRECONDITION_FAILED | StatusCode::RANGE_NOT_SATISFIABLE => {
                return Err(FetchFault::Replaced);
            }
            status => return Err(refused(status, headers, &self.url)),
        }
        refuse_compressed(headers)?;
        let (found, length) = content_range(headers)?;
        if length != self.length || self.version.is_contradicted_by(headers) {
            return Err(FetchFault::Replaced);
        }
        // A server may send less than was asked for, and must say so.
        if found.start != part.start || found.end > part.end {
            return Err(FetchFault::OtherRange { asked: part, found });
        }
        read_body(&self.client, response, found.end - found.start, into).await
    }
}

/// Opens a file and reads its first bytes.
async fn open(client: &Arc<HttpClient>, url: Url, first: u64) -> Result<Option<Opened>, FetchFault> {
    let asked = 0..first.max(1);
    let response = client.send(range_request(client, url.clone(), &asked)).await?;
    let headers = response.headers();
    let version = Version::of(headers);
    let (length, starts) = match response.status() {
        StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(None),
        StatusCode::PARTIAL_CONTENT => {
            refuse_compressed(headers)?;
            let (found, length) = content_range(headers)?;
            if found != (0..asked.end.min(length)) {
                return Err(FetchFault::OtherRange { asked, found });
            }
            (length, found.end)
        }
        StatusCode::OK => {
            refuse_compressed(headers)?;
            // A small file that came as a whole is as good.
            match response.content_length() {
                Some(length) if length <= first => (length, length),
                _ => return Err(FetchFault::NoRanges { server: text_of(headers, &SERVER).to_owned() }),
            }
        }
        StatusCode::RANGE_NOT_SATISFIABLE if text_of(headers, &CONTENT_RANGE) == "bytes */0" => (0, 0),
        status => return Err(refused(status, headers, &url)),
    };
    let mut start = Vec::new();
    if starts > 0 {
        read_body(client, response, starts, &mut start).await?;
    }
    let client = Arc::clone(client);
    Ok(Some(Opened { file: Arc::new(HttpFile { client, url, length, version }), start }))
}

fn range_request(client: &HttpClient, url: Url, part: &Range<u64>) -> reqwest::RequestBuilder {
    client
        .get(url)
        .header(RANGE, format!("bytes={}-{}", part.start, part.end - 1))
        .header(ACCEPT_ENCODING, "identity")
}

fn refuse_compressed(headers: &HeaderMap) -> Result<(), FetchFault> {
    match text_of(headers, &CONTENT_ENCODING).trim() {
        "" | "identity" => Ok(()),
        _ => Err(FetchFault::Encoding("compression was not asked for, and has no byte ranges of the file")),
    }
}

/// The range that an answer says it is, and the length of the whole file.
fn content_range(headers: &HeaderMap) -> Result<(Range<u64>, u64), FetchFault> {
    let parse = |text: &str| {
        let (range, length) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let number =
            |text: &str| text.parse::<u64>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
        let (first, last, length) = (number(first)?, number(last)?, number(length)?);
        (first <= last && last < length).then(|| (first..last + 1, length))
    };
    parse(text_of(headers, &CONTENT_RANGE)).ok_or(FetchFault::UnknownRange)
}

fn refused(status: StatusCode, headers: &HeaderMap, url: &Url) -> FetchFault {
    let status_code = status.as_u16();
    if status == StatusCode::NOT_MODIFIED {
        return FetchFault::NothingModified;
    }
    if status.is_redirection() {
        let said = text_of(headers, &LOCATION);
        let to = url.join(said).ok().filter(|_| !said.is_empty());
        return FetchFault::Moved { status: status_code, to: to.map(without_secrets).unwrap_or_default() };
    }
    FetchFault::Status { status: status_code, retry_after: retry_after(headers) }
}

/// An address without what may be secret in it: user name and password, and what follows a question mark.
fn without_secrets(mut address: Url) -> String {
    address.set_query(None);
    address.set_fragment(None);
    // Addresses that can have neither are no addresses of servers.
    let is_clean = address.set_username("").is_ok() && address.set_password(None).is_ok();
    if is_clean { address.into() } else { String::new() }
}

/// Appends a body of so many bytes, no more and no less.
async fn read_body(
    client: &HttpClient,
    response: Response,
    length: u64,
    into: &mut Vec<u8>,
) -> Result<(), FetchFault> {
    if response.content_length().is_some_and(|said| said != length) {
        return Err(FetchFault::OtherLength { expected: length });
    }
    let mut left = length;
    let mut body = Body::from(response);
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(piece) = frame.map_err(|error| client.fault(error))?.into_data() else { continue };
        if piece.len() as u64 > left {
            return Err(FetchFault::OtherLength { expected: length });
        }
        left -= piece.len() as u64;
        into.extend_from_slice(&piece);
        if left == 0 {
            // Whatever the server might send behind it is of no interest, but for the connection's next answer.
            break;
        }
    }
    if left == 0 {
        let end = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
        return match end {
            Some(Ok(frame)) if frame.data_ref().is_some_and(|data| !data.is_empty()) => {
                Err(FetchFault::OtherLength { expected: length })
            }
            _ => Ok(()),
        };
    }
    Err(FetchFault::Network(format!("the answer broke off: {left} of {length} bytes are missing")))
}
