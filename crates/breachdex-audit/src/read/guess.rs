//! What to do with a file whose format is not certain: what its beginning looks like, and the flags that read it.
//!
//! A guess is advice and never acted on: a column of that name may hold something else, and a list of 32 hexadecimal
//! digits may be one of passwords. It repeats nothing of the file but names of columns that are on lists here.

#![forbid(unsafe_code)]

#[cfg(test)]
mod tests;

use std::fmt;

use breachdex::Kind;
use breachdex::text::are_user_passwords;
use breachdex_messages::Language;

use super::csv::is_before_header;
use super::records::{Dialect, split_line};
use crate::formats::Format;

/// Cells of a header that are looked at.
const MOST_CELLS: usize = 200;

/// What password managers and tools call the column of passwords, in lower case, the most certain first.
const PASSWORDS: [&str; 15] = [
    "password",
    "login_password",
    "password_value",
    "pwd",
    "passwort",
    "mot de passe",
    "contraseña",
    "パスワード",
    "passwd",
    "plaintext",
    "secret",
    "pass",
    "login password",
    "current password",
    "kennwort",
];

/// The same for digests.
const DIGESTS: [&str; 9] =
    ["nthash", "nt hash", "nt_hash", "ntlm", "ntlmhash", "ntlm_hash", "sha1", "hash", "password_hash"];

/// The same for accounts, which is the first of these that is there.
const USERS: [&str; 19] = [
    "username",
    "username_value",
    "user name",
    "user_name",
    "samaccountname",
    "login",
    "login name",
    "login_username",
    "userprincipalname",
    "user",
    "userid",
    "account",
    "email",
    "e-mail",
    "name",
    "benutzername",
    "ユーザー名",
    "title",
    "path",
];

/// Names of other columns, which tell a header from data. So does a second name of [`USERS`].
const OTHERS: [&str; 18] = [
    "url",
    "website",
    "web site",
    "web address",
    "uri",
    "login_uri",
    "domain",
    "notes",
    "comment",
    "group",
    "grouping",
    "folder",
    "type",
    "id",
    "rid",
    "sid",
    "氏名",
    "メモ",
];

/// How names of several words in one are spelled.
const MIXED: [&str; 9] = [
    "UserName",
    "LoginName",
    "NTHash",
    "NtHash",
    "NTLMHash",
    "SamAccountName",
    "sAMAccountName",
    "UserPrincipalName",
    "userPrincipalName",
];

/// What a file looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Guess {
    /// A format that is told by its content, in a file whose name has another ending or none.
    Known(Format),
    /// A CSV whose header is of no known product, with a column of passwords or digests.
    Csv { column: String, user: Option<String>, is_digest: bool, first: First },
    /// Rows without a header, whose fifth cell is an address, as Keeper writes them.
    Keeper,
    /// Rows of so many cells, one of them an address, of which no line says what they are.
    Headless { cells: usize },
    /// Lines of users and passwords.
    UserPassword,
    /// Lines of digests, alone or behind an account.
    Hashes { kind: Kind, have_users: bool },
    /// JSON or XML of no known product.
    Tree(&'static str),
}

/// What stands in the way of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// Nothing: it is the first line.
    Header,
    /// A title.
    Title,
    /// Spaces between the delimiters and the quotes, which then quote nothing.
    Spaces,
}

/// The flags that read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice(Guess);

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Guess::Known(format) => write!(f, "it looks like {}", format.described(Language::En)),
            Guess::Csv { column, is_digest, .. } => {
                let what = if *is_digest { "hashes" } else { "passwords" };
                write!(f, "it looks like CSV whose column {column:?} holds the {what}")
            }
            Guess::Keeper => f.write_str("it has no header and looks like Keeper's CSV"),
            Guess::Headless { .. } => f.write_str("it looks like CSV without a header"),
            Guess::UserPassword => f.write_str("it looks like a list of user:password lines"),
            Guess::Hashes { kind, have_users } => {
                let lines = if *have_users { "user:hash" } else { "one a line" };
                write!(f, "it looks like {kind} hashes, {lines}")
            }
            Guess::Tree(what) => write!(f, "it is {what} of no product that is known here"),
        }
    }
}

impl Advice {
    /// What to give `breachdex audit` if that is so.
    pub fn flags(&self) -> String {
        match &self.0 {
            Guess::Known(format) => format!("give --format {}", format.name()),
            Guess::Csv { column, user, is_digest, first } => {
                let title = match first {
                    First::Header => "",
                    First::Title => "remove its first line, and ",
                    First::Spaces => "remove the spaces before its quotes, and ",
                };
                let user = user.as_ref().map(|user| format!(" --user-column {}", word(user)));
                let hash = if *is_digest { " --hash" } else { "" };
                let user = user.unwrap_or_default();
                format!("{title}give --format csv --column {}{user}{hash}", word(column))
            }
            Guess::Keeper => String::from("give --format keeper-csv"),
            Guess::Headless { cells } => format!(
                "put a line in front that names its {cells} columns, as in name,url,username,password, and give --format csv \
                 --column password --user-column username"
            ),
            Guess::UserPassword => String::from("give --format user-password"),
            // Which knows machine accounts and former passwords by their names, and accounts without a hash.
            Guess::Hashes { kind: Kind::Ntlm, have_users: true } => {
                String::from("give --format ntlm and an index of NTLM hashes")
            }
            Guess::Hashes { kind, .. } => format!("give --format hashes and an index of {kind} hashes"),
            Guess::Tree(_) => "export it as CSV and give --format csv --column NAME".into(),
        }
    }
}

/// A column's name as a word of a command line.
fn word(name: &str) -> String {
    if name.contains([' ', '(']) { format!("'{name}'") } else { name.to_owned() }
}

/// A format that the content of a file says, and its name does not.
pub(crate) const fn known(format: Format) -> Advice {
    Advice(Guess::Known(format))
}

/// What the beginning of a file looks like, if that is anything.
pub(crate) fn of(start: &str) -> Option<Advice> {
    let start = start.trim_start_matches('\u{feff}');
    let first = start.trim_start().bytes().next()?;
    match first {
        b'{' | b'[' if start.contains("\":") => return Some(Advice(Guess::Tree("JSON"))),
        b'<' if is_web_page(start) => return Some(Advice(Guess::Tree("HTML"))),
        b'<' if start.contains("</") || start.contains("?>") => return Some(Advice(Guess::Tree("XML"))),
        _ => {}
    }
    csv(start)
        .or_else(|| hashes(start))
        .or_else(|| user_passwords(start))
        .or_else(|| keeper(start))
        .or_else(|| headless(start))
        .map(Advice)
}

/// A document type that is not HTML is one of XML.
fn is_web_page(start: &str) -> bool {
    let start: String = start.split_whitespace().take(2).collect::<Vec<_>>().join(" ").to_ascii_lowercase();
    let kind = start.strip_prefix("<!doctype ").map(|rest| rest.split('>').next().unwrap_or_default());
    kind == Some("html") || start.starts_with("<html")
}

/// The header is the first line behind those that are passed over, or the second one where the first has no cells: some tools
/// write a title. Behind a header there is data, whose cells may be passwords that look like names of columns.
fn csv(start: &str) -> Option<Guess> {
    const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];
    let mut lines = start.lines().filter(|line| !line.trim().is_empty() && !is_before_header(line));
    let first = lines.next()?;
    let has_title = !first.contains(DELIMITERS);
    let line = if has_title { lines.next()? } else { first };
    DELIMITERS.into_iter().find_map(|delimiter| {
        let has_spaces = line.contains(&format!("{delimiter} \""));
        let first = match (has_title, has_spaces) {
            (true, _) => First::Title,
            (false, true) => First::Spaces,
            (false, false) => First::Header,
        };
        header(line, delimiter, first)
    })
}

/// A line is a header if it has, besides the column, the name of another one: a row of data may have the password
/// "password". Names are spelled as products do, for what is spelled otherwise may be a password, too.
fn header(line: &str, delimiter: char, first: First) -> Option<Guess> {
    let cells: Vec<&str> =
        line.split(delimiter).take(MOST_CELLS).map(|cell| cell.trim().trim_matches('"')).collect();
    if cells.len() < 2 {
        return None;
    }
    let named = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| {
                // 1Password 6 has the name of the field behind that of the column: `password(password)`.
                let is_it = |cell: &&&str| {
                    let plain = cell.split('(').next().unwrap_or_default();
                    (cell.to_lowercase() == *name || cell.ends_with(')') && plain.to_lowercase() == *name)
                        && is_name(plain)
                };
                cells.iter().find(is_it)
            })
            .map(|cell| (*cell).to_owned())
    };
    let digest = named(&DIGESTS);
    let (column, is_digest) = match named(&PASSWORDS) {
        Some(column) => (column, false),
        None => (digest?, true),
    };
    let user = named(&USERS);
    let is_header = user.is_some() || named(&OTHERS).is_some();
    is_header.then_some(Guess::Csv { column, user, is_digest, first })
}

/// Whether each word is small, in capitals, or begins with some: `password`, `PASSWORD`, `Login Name`, `NTHash`,
/// `SamAccountName`; not `pAsSwOrD` or `PaSsWoRd`.
fn is_name(cell: &str) -> bool {
    cell.split([' ', '_', '-']).all(|word| {
        let capitals = word.chars().filter(|letter| letter.is_uppercase()).count();
        let is_spelled = word.chars().all(|letter| !letter.is_uppercase())
            || word.chars().all(|letter| !letter.is_lowercase())
            || word.starts_with(char::is_uppercase) && capitals == 1;
        is_spelled || MIXED.contains(&word)
    })
}

/// Folder, title, user, password, address, notes.
fn keeper(start: &str) -> Option<Guess> {
    let first = start.lines().find(|line| !line.trim().is_empty())?;
    let cells = split_line(first.as_bytes(), Dialect { delimiter: b',', has_backslashes: false })?;
    let is_address =
        cells.iter().nth(4).is_some_and(|cell| cell.starts_with(b"http://") || cell.starts_with(b"https://"));
    (is_address && cells.len() > 5).then_some(Guess::Keeper)
}

/// Rows of as many cells each, as old exports of Dashlane are. The last line may be cut off.
fn headless(start: &str) -> Option<Guess> {
    let lines: Vec<&str> = start.lines().filter(|line| !line.trim().is_empty()).take(4).collect();
    let whole = if lines.len() > 1 { lines.len() - 1 } else { 1 };
    let mut found = lines.iter().take(whole).map(|line| {
        let cells = split_line(line.as_bytes(), Dialect { delimiter: b',', has_backslashes: false })?;
        let is_address = |cell: &[u8]| cell.starts_with(b"http://") || cell.starts_with(b"https://");
        (cells.len() > 2 && cells.iter().any(is_address)).then_some(cells.len())
    });
    let cells = found.next()??;
    found.all(|other| other == Some(cells)).then_some(Guess::Headless { cells })
}

/// Lines `kim@corp.example:password`. The last line may be cut off.
fn user_passwords(start: &str) -> Option<Guess> {
    let is_one_line = !start.trim_end().contains('\n');
    are_user_passwords(start.as_bytes(), is_one_line).then_some(Guess::UserPassword)
}

/// Lines of digests of one kind. The last line may be cut off; accounts without a password have none behind their name.
fn hashes(start: &str) -> Option<Guess> {
    let mut lines: Vec<&str> = start.lines().map(str::trim).filter(|line| !line.is_empty()).take(8).collect();
    if lines.len() > 1 {
        lines.pop();
    }
    let mut found = lines.iter().filter(|line| !is_without_digest(line)).map(|line| {
        let (user, digits) =
            line.rsplit_once(':').map_or((None, *line), |(user, digits)| (Some(user), digits));
        let kind = [Kind::Sha1, Kind::Ntlm].into_iter().find(|kind| kind.hex_digits() == digits.len())?;
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some((kind, user.is_some()))
    });
    let (kind, have_users) = found.next()??;
    found.all(|other| other == Some((kind, have_users))).then_some(Guess::Hashes { kind, have_users })
}

/// `kim:`.
fn is_without_digest(line: &str) -> bool {
    line.strip_suffix(':').is_some_and(|user| !user.is_empty() && !user.contains(':'))
}
