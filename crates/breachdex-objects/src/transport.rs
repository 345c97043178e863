//! The HTTP client below a store: that of the other commands, with their certificates and proxy, and no redirections.
//!
//! Of what a store says when it refuses, only the code is handed on: its text may repeat what was signed.

#![forbid(unsafe_code)]

use std::time::Duration;

use async_trait::async_trait;
use breachdex_hibp::{NetworkOptions, client_builder};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody,
    HttpService,
};
use reqwest::Client;

use crate::refusal::innermost;

/// Longest code that a store has for a refusal.
const LONGEST_CODE: usize = 64;

/// Makes clients.
#[derive(Debug)]
pub(crate) struct Transport {
    /// Of a connection, and of each piece of an answer.
    pub(crate) timeout: Duration,
    pub(crate) connections: usize,
    pub(crate) network: NetworkOptions,
}

impl HttpConnector for Transport {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| object_store::Error::Generic {
            store: "S3",
            source,
        };
        let client = client_builder(&self.network, self.timeout, self.connections)
            .map_err(|error| failed(error.into()))?
            .build()
            .map_err(|error| failed(error.without_url().into()))?;
        Ok(HttpClient::new(Reduced(client)))
    }
}

/// A client whose refusals are reduced to their codes.
#[derive(Debug)]
struct Reduced(Client);

#[async_trait]
impl HttpService for Reduced {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let response = HttpService::call(&self.0, request).await.map_err(reduced)?;
        let status = response.status();
        if !status.is_client_error() && !status.is_server_error() {
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        // A refusal whose text breaks off is one all the same.
        let text = body.bytes().await.unwrap_or_default();
        let code = code_of(&String::from_utf8_lossy(&text)).to_owned();
        Ok(HttpResponse::from_parts(parts, HttpResponseBody::from(code)))
    }
}

/// The innermost reason alone, which says most and has no address.
fn reduced(error: HttpError) -> HttpError {
    let kind = error.kind();
    let what = match kind {
        HttpErrorKind::Timeout => "no answer in time",
        HttpErrorKind::Connect => "cannot connect",
        _ => "the request failed",
    };
    let reason = if kind == HttpErrorKind::Timeout {
        String::from(what)
    } else {
        format!("{what}: {}", innermost(&error))
    };
    HttpError::new(kind, std::io::Error::other(reason))
}

/// What stands between `<Code>` and `</Code>`, if it looks like a code.
fn code_of(text: &str) -> &str {
    let code =
        text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map(|(code, _)| code);
    let is_code =
        |code: &&str| code.len() <= LONGEST_CODE && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    code.filter(is_code).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;
    use std::thread;

    use object_store::client::HttpRequestBody;

    use super::*;

    #[test]
    fn only_the_code_of_a_refusal_is_handed_on() {
        let text = "<?xml version=\"1.0\"?><Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>AKIA</AWSAccessKeyId></Error>";
        assert_eq!(code_of(text), "SignatureDoesNotMatch");
        for other in [
            "",
            "<html>502</html>",
            "<Code>",
            "<Code>a b</Code>",
            &format!("<Code>{}</Code>", "a".repeat(65)),
        ] {
            assert_eq!(code_of(other), "", "{other}");
        }
    }
    #[test]
    fn a_store_is_reached_through_the_proxy_that_is_named() {
        let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = proxy.local_addr().unwrap();
        let asked = thread::spawn(move || {
            let (mut stream, _) = proxy.accept().unwrap();
            let mut line = String::new();
            BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).unwrap();
            stream.write_all(b"HTTP/1.1 204 x\r\nContent-Length: 0\r\n\r\n").unwrap();
            line
        });
        let network = NetworkOptions { proxy: Some(address.to_string().parse().unwrap()), ca_file: None };
        let transport = Transport { timeout: Duration::from_secs(5), connections: 1, network };
        let client = transport.connect(&ClientOptions::new()).unwrap();
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        *request.uri_mut() = "http://store.example/bucket/object".parse().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer = runtime.block_on(client.execute(request)).unwrap();
        assert_eq!(answer.status().as_u16(), 204);
        assert_eq!(asked.join().unwrap(), "GET http://store.example/bucket/object HTTP/1.1\r\n");
    }
}
