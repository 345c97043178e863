//! Clients of the server on connections that are slow, that stall, end in the middle or carry anything. Time is virtual.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::time::{sleep, timeout};

use crate::rng::Rng;

/// No connection lives longer: every client either reads its answers within that time or is cut off.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// What a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Writes and reads in pieces, with short pauses.
    Patient,
    /// Stops reading for an hour.
    Stalls,
    /// Sends a part of a request, and nothing more.
    Falters,
    /// Sends bytes that are no request behind its requests.
    Babbles,
    /// Is gone at some moment.
    Vanishes,
}

impl Manner {
    pub(crate) fn pick(rng: &mut Rng) -> Self {
        rng.pick(&[Self::Patient, Self::Patient, Self::Stalls, Self::Falters, Self::Babbles, Self::Vanishes])
    }
}

/// An answer that arrived whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// Asks for paths on one connection. Returns the whole answers, in the order of the paths, and whether all that was received is
/// answers.
///
/// # Errors
/// What no server may do: leave a connection open for ever, or send what is no answer.
pub(crate) async fn ask(
    stream: DuplexStream,
    manner: Manner,
    paths: Vec<String>,
    mut rng: Rng,
) -> Result<Vec<Answer>, String> {
    let mut sent: Vec<u8> = Vec::new();
    for (at, path) in paths.iter().enumerate() {
        let last =
            if at + 1 == paths.len() && manner == Manner::Patient { "connection: close\r\n" } else { "" };
        sent.extend(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{last}\r\n").bytes());
    }
    match manner {
        Manner::Falters => sent.truncate(rng.index(sent.len())),
        Manner::Babbles => {
            let mut noise = vec![0; 1 + rng.index(2000)];
            rng.bytes(&mut noise);
            sent.extend(noise);
        }
        _ => {}
    }
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut pauses = rng.fork();
    let write = async move {
        let mut rest = &sent[..];
        while !rest.is_empty() {
            let length = (1 + pauses.index(200)).min(rest.len());
            if writer.write_all(&rest[..length]).await.is_err() {
                return writer;
            }
            rest = &rest[length..];
            if pauses.percent(20) {
                sleep(Duration::from_millis(pauses.below(300))).await;
            }
        }
        writer
    };
    let read = async move {
        let (mut received, mut piece) = (Vec::new(), [0; 700]);
        let until = if manner == Manner::Vanishes { rng.index(3000) } else { usize::MAX };
        let mut stalls = manner == Manner::Stalls;
        while received.len() < until {
            let length = 1 + rng.index(piece.len());
            match reader.read(&mut piece[..length]).await {
                Ok(0) | Err(_) => break,
                Ok(length) => received.extend_from_slice(&piece[..length]),
            }
            if stalls && rng.percent(10) {
                stalls = false;
                sleep(Duration::from_secs(3600)).await;
            } else if rng.percent(10) {
                sleep(Duration::from_millis(rng.below(500))).await;
            }
        }
        received
    };
    let both = async {
        match select(pin!(read), pin!(write)).await {
            // It vanished, or all was received; both directions end.
            Either::Left((received, _)) => received,
            Either::Right((_writer, read)) => read.await,
        }
    };
    let received =
        timeout(LONGEST, both).await.map_err(|_| format!("a client that {manner:?} is never let go"))?;
    answers(&received, manner)
}

/// The answers at the beginning of what was received. The last may be cut off.
fn answers(received: &[u8], manner: Manner) -> Result<Vec<Answer>, String> {
    let mut answers = Vec::new();
    let mut rest = received;
    while !rest.is_empty() {
        let Some(end) = rest.windows(4).position(|window| window == b"\r\n\r\n") else { break };
        let wrong = || format!("a client that {manner:?} got {:?}", String::from_utf8_lossy(&rest[..end]));
        let head = std::str::from_utf8(&rest[..end]).map_err(|_| wrong())?;
        let status =
            head.strip_prefix("HTTP/1.1 ").and_then(|line| line.get(..3)?.parse().ok()).ok_or_else(wrong)?;
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        // A request that is none is answered without a body.
        let length = length.or((status == 400 || status == 431).then_some(0)).ok_or_else(wrong)?;
        let Some(body) = rest.get(end + 4..end + 4 + length) else { break };
        answers.push(Answer { status, body: body.to_vec() });
        rest = &rest[end + 4 + length..];
    }
    Ok(answers)
}
