//! The first bytes of a list: refused where they are not text, and a note where they are digests.

#![forbid(unsafe_code)]

use breachdex::Kind;
use breachdex::text::{self, DigestLines, NotText};

use super::{Content, Listing, Terminator};
use crate::messages;

/// Looks at what a list begins with. Returns the length of a byte order mark, which is passed over.
///
/// # Errors
/// [`NotText`], of lines. What ends at NUL is taken as it is.
pub(super) fn begin(start: &[u8], whole: bool, listing: Listing) -> Result<usize, NotText> {
    let Listing { name, terminator, content, .. } = listing;
    let found = text::inspect(start);
    if terminator == Terminator::Nul {
        // Without the terminator of its own, the heuristic for zeros says nothing.
        let is_told_by_its_mark = !matches!(found, Err(NotText::Utf16)) || matches!(start, [0xfe | 0xff, ..]);
        if let Err(found) = found
            && is_told_by_its_mark
        {
            messages::note(&format!("{name} {}; with -0 its bytes are taken as they are", head(found)));
        }
        return Ok(0);
    }
    let mark = found?;
    if content == Content::Passwords
        && let Some(lines) = text::digest_lines(&start[mark..], whole)
    {
        messages::note(&format!("{name} {}", taken_for_passwords(lines, listing)));
    }
    if listing.are_passwords && text::are_user_passwords(&start[mark..], whole) {
        messages::note(&format!("{name} {}", text::USER_PASSWORDS));
    }
    Ok(mark)
}

/// What a list is, without what to do about it.
fn head(found: NotText) -> String {
    let said = found.to_string();
    said.split(';').next().unwrap_or_default().to_owned()
}

fn taken_for_passwords(lines: DigestLines, listing: Listing) -> String {
    let DigestLines { kind, have_counts } = lines;
    let (of_kind, with_an_index) = match kind {
        Kind::Ntlm => ("--kind ntlm ", ", with an index built with --kind ntlm"),
        _ => ("", ""),
    };
    match (have_counts, listing.takes_hash) {
        (true, _) => format!(
            "begins with {kind} digests and counts, which were taken for passwords; \
             `breachdex build {of_kind}--format hibp` makes an index of such a list"
        ),
        (false, true) => {
            format!(
                "begins with {kind} digests, which were taken for passwords; use --hash for digests{with_an_index}"
            )
        }
        (false, false) => format!("begins with {kind} digests, which were taken for passwords"),
    }
}
