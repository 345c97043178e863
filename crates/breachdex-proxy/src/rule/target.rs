//! The path of a rule, and paths of requests as a server might understand them.

#![forbid(unsafe_code)]

use std::fmt;

/// A path whose parts may be wild.
#[derive(Clone, Debug)]
pub(super) struct Target {
    parts: Vec<Part>,
    /// Whether `**` at the end takes any further parts.
    is_open: bool,
    text: String,
}

#[derive(Clone, Debug)]
enum Part {
    Exactly(String),
    /// `sign_in*`; any part where it is empty.
    Beginning(String),
}

impl Target {
    /// Reads a path; `None` where it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let has_odd =
            text.bytes().any(|byte| byte <= b' ' || byte == 0x7f || matches!(byte, b'?' | b'#' | b';'));
        let path = text.strip_prefix('/').filter(|_| !has_odd)?;
        let (path, is_open) = match path.strip_suffix("**") {
            Some(before) if before.is_empty() || before.ends_with('/') => (before, true),
            Some(_) => return None,
            None => (path, false),
        };
        let parts = normalized(path);
        let mut all = Vec::with_capacity(parts.len());
        for part in parts {
            all.push(match part.strip_suffix('*') {
                Some(beginning) if !beginning.contains('*') => Part::Beginning(beginning.to_owned()),
                None if !part.contains('*') => Part::Exactly(part),
                _ => return None,
            });
        }
        Some(Self { parts: all, is_open, text: text.to_owned() })
    }

    /// Whether a [`normalized`] path is this one. What follows the name of a script is data for the script, as in
    /// `/wp-login.php/x`, and where a script has all paths, its own name may come first, as in `/index.php/login`.
    pub(super) fn is(&self, path: &[String]) -> bool {
        let mut scripts = (0..path.len()).filter(|at| is_script(&path[*at]));
        self.is_exactly(path)
            || scripts.any(|script| {
                let routed = [&path[..script], &path[script + 1..]].concat();
                self.is_exactly(&path[..=script]) || self.is_exactly(&routed)
            })
    }

    fn is_exactly(&self, path: &[String]) -> bool {
        let is_long_enough =
            if self.is_open { path.len() >= self.parts.len() } else { path.len() == self.parts.len() };
        is_long_enough
            && self.parts.iter().zip(path).all(|(part, own)| match part {
                Part::Exactly(part) => part == own || is_with_extension(own, part),
                Part::Beginning(beginning) => own.starts_with(beginning.as_str()),
            })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// Whether a part is the name of a script that servers run with the rest of the path.
fn is_script(part: &str) -> bool {
    const EXTENSIONS: [&str; 7] = ["php", "asp", "aspx", "ashx", "cfm", "cgi", "pl"];
    part.rsplit_once('.').is_some_and(|(_, extension)| EXTENSIONS.contains(&extension))
}

/// Whether a part is another one with the extension that names a format, as `sign_in.json` is in Rails.
fn is_with_extension(own: &str, part: &str) -> bool {
    let extension = own.strip_prefix(part).and_then(|rest| rest.strip_prefix('.'));
    !part.contains('.') && extension.is_some_and(|extension| !extension.contains('.'))
}

/// The parts of a path as a server might understand them: percent-decoded once, `\` as `/`, without `;parameters`, empty
/// parts, `.` and `..`, in lower case. Nothing behind a NUL counts, and no spaces and control characters at the end of a
/// part: some servers cut them off, and `$` in a pattern matches in front of a newline.
pub(super) fn normalized(path: &str) -> Vec<String> {
    let decoded = crate::fields::percent_decoded(path.as_bytes());
    let text = String::from_utf8_lossy(&decoded).to_lowercase();
    let text = text.split('\0').next().unwrap_or_default();
    let mut parts: Vec<String> = Vec::new();
    for part in text.split(['/', '\\']) {
        let part = part.split(';').next().unwrap_or_default();
        let part = part.trim_end_matches(|end: char| end.is_whitespace() || end.is_control());
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part.to_owned()),
        }
    }
    parts
}
