//! What becomes of a request: the range, or a fault.

use std::io::Write as _;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, DATE, ETAG, LAST_MODIFIED, LOCATION, RETRY_AFTER};

use super::reply::{Ends, Framing, Reply};
use super::{Inner, date, hex, modified};

impl Inner {
    /// The body of a range.
    pub(super) fn body(&mut self, prefix: u32) -> String {
        let mut lines = self.lines(prefix);
        if !self.mirror {
            return lines.join("\r\n");
        }
        let is_empty = self.current(prefix).rows.is_empty();
        if is_empty && self.rng.percent(30) {
            return String::new();
        }
        if self.rng.percent(30) {
            let digits = self.kind.hex_digits() - 5;
            for _ in 0..self.rng.below(4) {
                let mut padding = vec![0; digits.div_ceil(2)];
                self.rng.bytes(&mut padding);
                let at = self.rng.index(lines.len() + 1);
                lines.insert(at, format!("{}:0", &hex(&padding)[..digits]));
            }
        }
        let ends = self.rng.pick(&["\r\n", "\n"]);
        let end = if self.rng.percent(30) { ends } else { "" };
        lines.join(ends) + end
    }

    /// A body that is not the range, and that shows it.
    pub(super) fn damaged(&mut self, prefix: u32) -> String {
        let mut lines = self.lines(prefix);
        let at = self.rng.index(lines.len());
        let line = lines[at].clone();
        match self.rng.below(8) {
            // Cut within a digest: shorter than any row.
            0 => {
                lines.truncate(at + 1);
                lines[at].truncate(1 + self.rng.index(line.find(':').unwrap_or(2) - 1));
            }
            1 => lines.insert(at, line),
            2 => lines[at] = line.replace(':', ""),
            3 => lines[at] = line.replace(':', ":-"),
            4 => lines[at] = line.replacen(|_: char| true, "G", 1),
            5 => lines[at] = format!("{line}00000000000000000000"),
            6 => return "<html>The service is not available</html>".into(),
            _ if lines.len() > 1 => lines.reverse(),
            _ => lines.push(String::from("\0\0\0\0")),
        }
        lines.join("\r\n")
    }

    /// What becomes of a request now.
    pub(super) fn answer(&mut self, prefix: u32, tag: &str, takes_gzip: bool) -> Reply {
        if self.rng.percent(self.weather.changes) {
            let changed = self.change();
            self.log.push(format!("{changed:05X} changes"));
        }
        let is_dead = self.weather.dead.is_some_and(|bit| prefix.wrapping_mul(0x9e37_79b9) >> bit & 7 == 0);
        let fault = is_dead || self.rng.percent(self.weather.faults);
        let mut reply = Reply::new(self.rng.pick(&[Framing::Length, Framing::Chunked, Framing::Http2]));
        reply.header(&DATE, date(modified(self.now) + 100));
        if !fault {
            self.good(prefix, tag, takes_gzip, &mut reply);
            return reply;
        }
        let which = if is_dead { self.rng.below(7) } else { self.rng.below(20) };
        self.log.push(format!("{prefix:05X} meets fault {which}"));
        match which {
            0 => reply.reset = Some("connection reset"),
            1 => reply.status = self.rng.pick(&[500, 502, 503, 504, 408]),
            2 => reply.status = self.rng.pick(&[400, 403, 410, 451]),
            3 => {
                reply.status = 301;
                reply.header(&LOCATION, "https://elsewhere.example/".into());
            }
            4 => {
                reply.status = self.rng.pick(&[429, 503]);
                let wait = self.rng.pick(&[0, 1, 7, 60, 3600]);
                let wait = if self.rng.percent(20) {
                    date(modified(self.now) + 100 + wait)
                } else {
                    wait.to_string()
                };
                reply.header(&RETRY_AFTER, wait);
            }
            5 => {
                reply.status = 429;
                let wait = self.rng.pick(&["86400", "soon", "-1", "99999999999999999999"]);
                reply.header(&RETRY_AFTER, wait.into());
            }
            // Of a range that has rows a mirror's 404 would be believed.
            6 if !self.mirror || self.current(prefix).rows.is_empty() => reply.status = 404,
            6 => reply.reset = Some("connection refused"),
            7 => reply.status = if tag.is_empty() { 304 } else { 500 },
            8 | 9 => {
                self.good(prefix, "", takes_gzip, &mut reply);
                reply.ends = if which == 8 { Ends::Cut } else { Ends::Reset };
                let whole: usize = reply.pieces.iter().map(|(_, piece)| piece.len()).sum();
                let keep = self.rng.index(whole.max(1));
                reply.cut(keep);
            }
            10 => {
                // A wrong length: the HTTP library waits for more, or sees less than was promised.
                self.good(prefix, "", takes_gzip, &mut reply);
                reply.ends = Ends::Cut;
            }
            11 => {
                self.good(prefix, "", false, &mut reply);
                reply.framing = Framing::None;
            }
            12..=14 => {
                let text = self.damaged(prefix);
                self.send(text.into_bytes(), &mut reply);
            }
            15 => {
                let mut packed = gzip(self.body(prefix).as_bytes());
                if self.rng.percent(50) {
                    packed.truncate(self.rng.index(packed.len()));
                } else {
                    // In the data or the checksum; the header has bytes that mean nothing.
                    let at = 10 + self.rng.index(packed.len() - 10);
                    packed[at] ^= 1 << self.rng.below(8);
                    let mut text = Vec::new();
                    let mut reader = flate2::read::GzDecoder::new(packed.as_slice());
                    if std::io::Read::read_to_end(&mut reader, &mut text).is_ok() {
                        packed.truncate(12);
                    }
                }
                reply.header(&CONTENT_ENCODING, "gzip".into());
                self.send(packed, &mut reply);
            }
            16 => {
                reply.header(&CONTENT_ENCODING, self.rng.pick(&["br", "zstd", "gzip, gzip"]).into());
                let text = self.body(prefix);
                self.send(format!("\u{1}{text}").into_bytes(), &mut reply);
            }
            17 => {
                // A drip that takes longer than an answer may.
                self.good(prefix, "", takes_gzip, &mut reply);
                let (last, _) = reply.pieces.last().cloned().unwrap_or_default();
                reply.pieces.push((last + Duration::from_secs(400), Bytes::new()));
            }
            18 => reply.delay = Duration::from_secs(500),
            _ => {
                reply.reset = Some("the connection broke before the answer");
                reply.delay = Duration::from_secs(29);
            }
        }
        reply
    }

    pub(super) fn good(&mut self, prefix: u32, tag: &str, takes_gzip: bool, reply: &mut Reply) {
        let current = self.tag(prefix);
        reply.header(&LAST_MODIFIED, date(self.current(prefix).modified));
        if let Some(current) = &current {
            reply.header(&ETAG, current.clone());
        }
        if current.as_deref() == Some(tag) {
            reply.status = 304;
            return;
        }
        if self.mirror && self.current(prefix).rows.is_empty() && self.rng.percent(20) {
            reply.status = 404;
            return;
        }
        let text = self.body(prefix);
        if takes_gzip && self.rng.percent(50) {
            reply.header(&CONTENT_ENCODING, "gzip".into());
            self.send(gzip(text.as_bytes()), reply);
        } else {
            self.send(text.into_bytes(), reply);
        }
    }

    /// Sends a body in pieces.
    pub(super) fn send(&mut self, body: Vec<u8>, reply: &mut Reply) {
        if reply.framing == Framing::Length {
            reply.header(&CONTENT_LENGTH, body.len().to_string());
        }
        let slow = self.rng.percent(10);
        let mut rest = Bytes::from(body);
        while !rest.is_empty() {
            let length = self.rng.scale(rest.len() as u64) as usize;
            let length = if self.rng.percent(70) { rest.len() } else { length };
            let wait = if slow { self.rng.below(5000) } else { self.rng.below(50) };
            reply.pieces.push((Duration::from_millis(wait), rest.split_to(length)));
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}
