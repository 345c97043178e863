//! Holds answers against the maps.

use std::collections::BTreeSet;

use breachdex::{Exposure, Finding, Origin};
use breachdex_server::simulation::Unconnected;

use super::questions::Live;
use super::{Checked, World};
use crate::model::prefix_of;
use crate::server::Rows;

impl World {
    /// Holds answers against the maps. `may_fail` allows that there is none.
    pub(super) fn check(&self, live: &Live, digests: &[Vec<u8>], may_fail: bool) -> Checked {
        for digest in digests {
            let prefix = prefix_of(digest);
            let key = self.setup.key(digest);
            let is_covered = live.content.contains_key(&prefix);
            let rows = live.content.get(&prefix).map_or(&[][..], Vec::as_slice);
            let count = rows.iter().find(|(held, _)| *held == key).map(|(_, count)| *count);
            let is_banned = live.banned.contains(digest);
            let found = live.corpus.find(&self.setup.digest(digest), 1);
            // What one of the two holds is exposed, whatever cannot be read of the other.
            let is_held = |exposure: &Exposure| exposure.is_partial && (is_banned || count.is_some());
            match &found {
                Err(_) | Ok(Finding::Unknown(_)) if may_fail => continue,
                Ok(Finding::Exposed(exposure)) if may_fail && is_held(exposure) => continue,
                _ => {}
            }
            let found = found.map_err(|error| format!("a question failed: {error}"))?;
            let is_right = match &found {
                Finding::Exposed(exposure) => match (count, exposure.origin) {
                    (Some(count), origin) => {
                        (origin == Origin::Overlay) == is_banned
                            && exposure.count == self.setup.counts.then_some(count)
                    }
                    (None, Origin::Overlay) => is_banned && exposure.count == Some(1),
                    _ => false,
                },
                Finding::NotExposed { count: seen } => {
                    is_covered && count.is_none() && !is_banned && *seen == 0
                }
                Finding::Unknown(_) => !is_covered && !is_banned,
            };
            if !is_right {
                return Err(format!(
                    "{digest:02X?} (covered {is_covered}, count {count:?}, banned {is_banned}) is answered with {found:?}"
                ));
            }
        }
        if let Some(server) = &live.server {
            let mut prefixes: BTreeSet<u32> =
                digests.iter().take(8).map(|digest| prefix_of(digest)).collect();
            prefixes.extend(&self.setup.prefixes);
            for prefix in prefixes {
                self.check_range(live, server, prefix, may_fail)?;
            }
        }
        Ok(())
    }

    pub(super) fn check_range(
        &self,
        live: &Live,
        server: &Unconnected,
        prefix: u32,
        may_fail: bool,
    ) -> Checked {
        let mode = if self.setup.kind == breachdex::Kind::Ntlm { "?mode=ntlm" } else { "" };
        let (status, body) = self.runtime.block_on(server.get(&format!("/range/{prefix:05X}{mode}")));
        self.judge_range(live, prefix, status, &body, may_fail)
    }

    /// Holds an answer of the server against the maps.
    pub(super) fn judge_range(
        &self,
        live: &Live,
        prefix: u32,
        status: u16,
        body: &[u8],
        may_fail: bool,
    ) -> Checked {
        if may_fail && status == 503 {
            return Ok(());
        }
        let Some(rows) = live.content.get(&prefix) else {
            return match status {
                503 => Ok(()),
                status => Err(format!("range {prefix:05X} is not covered, and the server answers {status}")),
            };
        };
        let length = self.setup.kind.hex_digits() / 2;
        let mut expected: Rows = live
            .banned
            .iter()
            .filter(|digest| prefix_of(digest) == prefix)
            .map(|digest| (digest.clone(), 1))
            .collect();
        expected.extend(rows.iter().map(|(key, count)| (key[..length].to_vec(), *count)));
        let expected = self.lines(prefix, expected.into_iter());
        if status != 200 || body != expected.as_bytes() {
            let body = String::from_utf8_lossy(body);
            return Err(format!("range {prefix:05X} is answered with {status} {body:?}, not {expected:?}"));
        }
        Ok(())
    }

    /// A range as it is sent: the lines of these rows, which ascend.
    pub(super) fn lines(&self, prefix: u32, rows: impl Iterator<Item = (Vec<u8>, u64)>) -> String {
        let length = self.setup.kind.hex_digits() / 2;
        let line = |(digest, count): (Vec<u8>, u64)| {
            let hex: String = digest[..length].iter().map(|byte| format!("{byte:02X}")).collect();
            debug_assert_eq!(prefix_of(&digest), prefix);
            format!("{}:{count}", &hex[5..])
        };
        let mut lines: Vec<String> = rows.map(line).collect();
        if lines.is_empty() {
            lines.push(format!("{}:0", "0".repeat(length * 2 - 5)));
        }
        lines.join("\r\n")
    }
}
