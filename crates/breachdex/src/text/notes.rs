//! What is said of a list of passwords that is probably not what was meant, in the same words wherever one is read. Each text
//! goes on behind the name of the list and a colon, but for [`USER_PASSWORDS`].

#![forbid(unsafe_code)]

/// Lines, rows or items that have something in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// How many.
    pub count: u64,
    /// The number of the first, from 1.
    pub first: u64,
}

impl Places {
    /// Counts one more.
    pub fn add(&mut self, number: u64) {
        self.first = if self.count == 0 { number } else { self.first };
        self.count += 1;
    }
}

/// What is said of a list whose first lines are users and passwords, behind its name.
pub const USER_PASSWORDS: &str = "begins with user:password lines, which were taken for passwords as a whole; to take the \
                                  passwords out: cut -d: -f2-";

/// What is said of a list with passwords [in hashcat's notation](super::is_hex_notation); `None` where they were not counted.
pub fn hex_notation(lines: Option<Places>) -> String {
    let said = match lines {
        None => String::from("some lines are written as $HEX[...] by hashcat and were"),
        Some(Places { count: 1, first }) => {
            format!("1 line is written as $HEX[...] by hashcat (line {first}) and was")
        }
        Some(Places { count, first }) => {
            format!("{count} lines are written as $HEX[...] by hashcat (the first is line {first}) and were")
        }
    };
    format!(
        "{said} not decoded; to decode a list: perl -pe 's/^\\$HEX\\[([0-9a-f]*)\\](?=\\r?$)/pack(\"H*\",$1)/ie'"
    )
}

/// The same for passwords that are a part of a line, row or item each, which no command decodes for all formats. `unit` is what
/// the numbers count.
pub fn hex_notation_within(passwords: Places, unit: &str) -> String {
    let Places { count, first } = passwords;
    let said = match count {
        1 => format!("1 password is written as $HEX[...] by hashcat ({unit} {first}) and was"),
        _ => format!(
            "{count} passwords are written as $HEX[...] by hashcat (the first is of {unit} {first}) and were"
        ),
    };
    format!(
        "{said} not decoded; if that is not what the passwords are, decode them before they are written to the file"
    )
}

/// What is said of a list with lines that are not UTF-8 and whose bytes were hashed; `None` where they were not counted.
pub fn not_utf8(lines: Option<Places>) -> String {
    let said = match lines {
        None => String::from("some lines are not UTF-8 and were"),
        Some(Places { count: 1, first }) => format!("1 line is not UTF-8 (line {first}) and was"),
        Some(Places { count, first }) => {
            format!("{count} lines are not UTF-8 (the first is line {first}) and were")
        }
    };
    format!(
        "{said} hashed byte by byte; if the list is in another encoding, convert it first (iconv -f windows-1252 -t UTF-8)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_name_how_many_and_the_first() {
        let one = Places { count: 1, first: 7 };
        let mut more = one;
        more.add(9);
        assert_eq!(more, Places { count: 2, first: 7 });
        for (said, begins) in [
            (hex_notation(None), "some lines are written as $HEX[...] by hashcat and were not decoded; "),
            (
                hex_notation(Some(one)),
                "1 line is written as $HEX[...] by hashcat (line 7) and was not decoded; ",
            ),
            (
                hex_notation(Some(more)),
                "2 lines are written as $HEX[...] by hashcat (the first is line 7) and were not decoded; ",
            ),
            (
                hex_notation_within(one, "row"),
                "1 password is written as $HEX[...] by hashcat (row 7) and was not decoded; ",
            ),
            (
                hex_notation_within(more, "entry"),
                "2 passwords are written as $HEX[...] by hashcat (the first is of entry 7) and were not decoded; ",
            ),
            (not_utf8(None), "some lines are not UTF-8 and were hashed byte by byte; "),
            (not_utf8(Some(one)), "1 line is not UTF-8 (line 7) and was hashed byte by byte; "),
            (
                not_utf8(Some(more)),
                "2 lines are not UTF-8 (the first is line 7) and were hashed byte by byte; ",
            ),
        ] {
            assert!(said.starts_with(begins), "{said}");
        }
        assert!(
            hex_notation(None).ends_with(r#"perl -pe 's/^\$HEX\[([0-9a-f]*)\](?=\r?$)/pack("H*",$1)/ie'"#)
        );
    }
}
