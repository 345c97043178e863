//! Entity tags: reading `If-None-Match` and comparing weakly, as conditional GET wants it.

#![forbid(unsafe_code)]

/// Whether a value of `If-None-Match` names `tag` (as it stands in `ETag`, quotes included): one of a list, or
/// `*`. `W/` is passed over on both sides, for a proxy that recodes an answer weakens its tag.
///
/// What is not a list of entity tags names nothing from the first fault on, which costs a full answer and
/// never a wrong 304.
pub fn is_named(if_none_match: &[u8], tag: &[u8]) -> bool {
    let mut rest = if_none_match.trim_ascii();
    if rest == b"*" {
        return true;
    }
    let wanted = opaque(tag);
    while let Some((candidate, behind)) = split_tag(rest) {
        if candidate == wanted {
            return true;
        }
        rest = behind;
    }
    false
}

/// A tag without its `W/`.
fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

/// The first tag of a list, with its quotes and without `W/`, and the list behind it. A tag may hold commas.
fn split_tag(list: &[u8]) -> Option<(&[u8], &[u8])> {
    let is_between = |byte: &u8| matches!(byte, b',' | b' ' | b'\t');
    let start = list.iter().position(|byte| !is_between(byte))?;
    let tag = opaque(&list[start..]);
    let content = tag.strip_prefix(b"\"")?;
    let end = content.iter().position(|byte| *byte == b'"')? + 2;
    Some((&tag[..end], &tag[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_alone_in_lists_weak_and_by_star() {
        for named in [
            &b"\"a\""[..],
            b"*",
            b" * ",
            b"W/\"a\"",
            b"\"b\", \"a\"",
            b"\"b\",W/\"a\"",
            b"\"b\" , , \"a\",",
            b"\"x,y\",\"a\"",
            b"\"\",\"a\"",
        ] {
            assert!(is_named(named, b"\"a\""), "{}", String::from_utf8_lossy(named));
            assert!(is_named(named, b"W/\"a\""), "{}", String::from_utf8_lossy(named));
        }
    }

    #[test]
    fn other_tags_and_what_is_no_list_name_nothing() {
        for other in [
            &b""[..],
            b"a",
            b"\"b\"",
            b"\"a",
            b"\"A\"",
            b"\"a-gzip\"",
            b"\"x,\"a\",y\"",
            b"w/\"a\"",
            b"b, \"a\"",
            b"\"*\"",
            b"**",
        ] {
            assert!(!is_named(other, b"\"a\""), "{}", String::from_utf8_lossy(other));
        }
    }
}
