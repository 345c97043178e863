//! NTLM dumps as tools write them, one account a line:
//!
//! - `user:rid:lm:nt:::` of pwdump, impacket's secretsdump, NetExec and DSInternals (`PWDump`). secretsdump appends
//!   ` (pwdLastSet=...)` and ` (status=Enabled)` or ` (status=Disabled)`; what else it prints (`[*]`, Kerberos keys) is
//!   passed over or counted as other items. NetExec puts `SMB ADDRESS PORT HOST` before each line, in its log files behind
//!   the time. Metasploit has `Disabled=true,...` behind the hashes.
//! - `user:hash` and `user:$NT$hash` (DSInternals `HashcatNT` and `JohnNT`), `user::lm:nt:sid::` (`Ophcrack`).
//! - `user:uid:lm:nt:[flags]:LCT-...:` of Samba (`pdbedit -L -w`), and `*disabled* user:...` of samdump2.
//! - `user:::nt`, as tools print the passwords of group managed service accounts.
//! - pypykatz's text and its `-g` lines, `file:package:domain:user:NT:LM:SHA1:...`.
//!
//! Old passwords are named `user_history0`, and machine accounts end in `$`. Views of DSInternals:
//! <https://github.com/MichaelGrafnetter/DSInternals/blob/master/Documentation/PowerShell/Readme.md>.

#![forbid(unsafe_code)]

use std::borrow::Cow;

use breachdex::{Digest, Kind};

use super::{Request, Spec};
use crate::account::{AccountKind, Record, Secret, Sink};
use crate::error::{AuditError, LineFault, Result};
use crate::read::input::Opened;
use crate::read::text::{Lines, Text};

/// What stands in place of an LM hash where there is none: the LM hash of the empty password.
const EMPTY_LM: &str = "aad3b435b51404eeaad3b435b51404ee";
/// The account has no password, in dumps of old tools; asterisks follow.
const NO_PASSWORD: &str = "NO PASSWORD";
/// No hash is kept, in Samba's `smbpasswd` files.
const SAMBA_NO_HASH: &str = "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX";
/// What samdump2 puts before the name of a disabled account.
const DISABLED: &str = "*disabled* ";
/// No hash is kept, in dumps of DSInternals; asterisks follow.
const NO_LM_HASH: &str = "NO LM-HASH";
/// The same for the NT hash.
const NO_NT_HASH: &str = "NO NT-HASH";
/// What tools print before what they have to say besides accounts.
const REMARKS: [&str; 7] = ["[*]", "[+]", "[-]", "[!]", "[i]", "Impacket v", "#"];
/// What ntdsxtract prints above hashes.
const HEADINGS: [&str; 2] = ["Password hashes:", "Password history:"];
/// What Kerberos keys and other secrets of secretsdump are called in the second field.
const OTHER_SECRETS: [&str; 9] = [
    "aes256-cts-hmac-sha1-96",
    "aes128-cts-hmac-sha1-96",
    "des-cbc-md5",
    "des-cbc-crc",
    "dec-cbc-crc",
    "rc4_hmac",
    "rc4-hmac",
    "plain_password_hex",
    "CLEARTEXT",
];
/// The protocols that NetExec names at the beginning of a line.
const PROTOCOLS: [&str; 8] = ["SMB", "LDAP", "WINRM", "MSSQL", "WMI", "RDP", "SSH", "NXC"];
/// The packages that pypykatz names.
const PACKAGES: [&str; 9] =
    ["msv", "wdigest", "kerberos", "tspkg", "ssp", "livessp", "credman", "dpapi", "cloudap"];

pub(super) static FORMAT: Spec = Spec {
    name: "ntlm",
    help: "dumps of secretsdump, NetExec, DSInternals, pypykatz, pwdump; asks an NTLM index",
    describe: |words| words.format_ntlm().to_owned(),
    recognises: |_, start| is_dump(start.text),
    read,
    ..Spec::HASHES
};

fn read(input: Opened<'_>, request: &Request<'_>, sink: &mut dyn Sink) -> Result<()> {
    if request.kind != Kind::Ntlm {
        return Err(AuditError::OtherKind { input: input.name, found: Kind::Ntlm, held: request.kind });
    }
    let failed = Opened::failed(&input.name);
    let text = Text::new(input.reader, request.options.encoding).map_err(&failed)?;
    super::assume(&text, sink);
    let mut lines = Lines::new(text);
    let mut session = Session::default();
    while let Some(line) = lines.next().map_err(&failed)? {
        let content = match line.content {
            Ok(content) => content,
            Err(fault) => {
                sink.malformed(line.number, fault)?;
                continue;
            }
        };
        if session.takes(content) {
            if let Some(digest) = session.nt(content) {
                let user = session.user.as_str();
                let record = Record::new(line.number, user, Secret::of_digest(digest));
                sink.record(Record { account_kind: account_kind_of(user), ..record })?;
            }
            continue;
        }
        let Some(logged) = without_log(content) else { continue };
        let plain = without_colors(logged);
        match parse(line.number, &plain) {
            Ok(Line::Account(record)) => sink.record(record)?,
            Ok(Line::OtherSecret) => sink.other_item(),
            Ok(Line::Remark) => {}
            Err(fault) => sink.malformed(line.number, fault)?,
        }
    }
    Ok(())
}

/// pypykatz's text, whose accounts have several lines each.
#[derive(Default)]
struct Session {
    has_begun: bool,
    user: String,
}

impl Session {
    /// Whether the line belongs to such a text.
    fn takes(&mut self, line: &str) -> bool {
        let text = line.trim();
        self.has_begun |= text.starts_with("FILE: ====") || text == "== LogonSession ==";
        if let Some(user) = text.strip_prefix("Username:").filter(|_| self.has_begun) {
            self.user = user.trim().to_owned();
        }
        self.has_begun
    }

    /// The NT hash on a line.
    fn nt(&self, line: &str) -> Option<Digest> {
        let digits = line.trim().strip_prefix("NT:")?.trim();
        Digest::from_hex(Kind::Ntlm, digits.as_bytes()).ok()
    }
}

/// Whether a text begins as nothing but a dump does: behind remarks, with a line of one of the forms that have both hashes.
fn is_dump(text: &str) -> bool {
    let is_said = |line: &str| !line.is_empty() && !is_remark(line);
    let lines = text.lines().filter_map(without_log).map(without_colors);
    let mut said =
        lines.filter_map(|line| Some(without_host(line.trim()).to_owned()).filter(|line| is_said(line)));
    said.next().is_some_and(|line| {
        let line = line.as_str();
        let fields: Vec<&str> = line.split(':').collect();
        let is_long = match fields.as_slice() {
            [user, rid, lm, nt, _, _, ..] => {
                !user.is_empty() && (is_rid(rid) || rid.is_empty()) && is_lm(lm) && is_nt(nt)
            }
            _ => false,
        };
        let is_managed = matches!(fields.as_slice(), [user, "", "", nt] if !user.is_empty() && is_hash(nt));
        let is_john = fields.get(1).is_some_and(|field| field.strip_prefix("$NT$").is_some_and(is_hash));
        is_long
            || is_managed
            || is_john
            || line.starts_with("FILE: ====")
            || line == "== LogonSession =="
            || is_katz(&fields)
    })
}

enum Line<'a> {
    Account(Record<'a>),
    /// A Kerberos key, a cached log-in, a plain password: nothing that an index of NTLM digests knows.
    OtherSecret,
    /// Nothing of an account.
    Remark,
}

fn parse(number: u64, line: &str) -> Result<Line<'_>, LineFault> {
    let line = without_host(line.trim());
    if line.is_empty() || is_remark(line) {
        return Ok(Line::Remark);
    }
    if line.contains(":$DCC2$") {
        return Ok(Line::OtherSecret);
    }
    let (user, rest) = line.split_once(':').filter(|(user, _)| !user.is_empty()).ok_or(LineFault::NotNtlm)?;
    let Some((second, behind)) = rest.split_once(':') else {
        let nt = rest.strip_prefix("$NT$").unwrap_or(rest);
        return account(number, user, nt, "", "");
    };
    if let Some(nt) = second.strip_prefix("$NT$") {
        return account(number, user, nt, "", behind);
    }
    if OTHER_SECRETS.contains(&second) || second.starts_with("0x") {
        return Ok(Line::OtherSecret);
    }
    let fields: Vec<&str> = line.split(':').collect();
    if is_katz(&fields) {
        return match katz_account(&fields) {
            Some((user, nt)) => account(number, user, nt, "", ""),
            None => Ok(Line::OtherSecret),
        };
    }
    if is_hash(second) && behind.bytes().all(|byte| byte == b':') {
        // ntdsxtract writes LM hashes on lines of their own; those of NT begin with `$NT$`.
        return Ok(Line::OtherSecret);
    }
    let mut fields = behind.splitn(3, ':');
    match (fields.next(), fields.next(), fields.next()) {
        (Some(lm), Some(nt), Some(remarks)) if is_rid(second) || second.is_empty() => {
            account(number, user, nt, lm, remarks)
        }
        (Some(""), Some(nt), None) if second.is_empty() => account(number, user, nt, "", ""),
        _ => Err(LineFault::NotNtlm),
    }
}

fn account<'a>(number: u64, user: &'a str, nt: &str, lm: &str, remarks: &str) -> Result<Line<'a>, LineFault> {
    if !is_lm(lm) {
        return Err(LineFault::NotAHash("LM"));
    }
    let (user, was_marked) = match user.strip_prefix(DISABLED) {
        Some(user) => (user, true),
        None => (user, false),
    };
    // Whoever copies `user: hash` from a screen has a space there.
    let (user, nt) = (user.trim(), nt.trim());
    let (flags, _) = remarks.strip_prefix('[').and_then(|flags| flags.split_once(']')).unwrap_or_default();
    let is_disabled = flags.contains('D')
        || remarks.contains("(status=Disabled)")
        || remarks.split([',', ':']).any(|remark| remark == "Disabled=true");
    let secret = match nt {
        // Samba has the password in `N` accounts empty, whatever the hash is.
        _ if flags.contains('N') => Secret::Empty,
        nt if nt == SAMBA_NO_HASH => Secret::Absent,
        nt if nt.starts_with(NO_PASSWORD) => Secret::Empty,
        nt if nt.is_empty() || nt.starts_with(NO_NT_HASH) => Secret::Absent,
        nt => Secret::of_digest(
            Digest::from_hex(Kind::Ntlm, nt.as_bytes()).map_err(|_| LineFault::NotAHash("NT"))?,
        ),
    };
    Ok(Line::Account(Record {
        account_kind: account_kind_of(user),
        is_disabled: was_marked || is_disabled,
        has_lm: is_hash(lm) && !lm.eq_ignore_ascii_case(EMPTY_LM),
        ..Record::new(number, user, secret)
    }))
}

/// A line of a log file of NetExec without the time and what else is before it: `2026-11-20 12:00:00 | smb.py:1 - INFO - `.
/// `None` for what such a file has besides what was printed, as the command line that was run. Any other line as it is.
fn without_log(line: &str) -> Option<&str> {
    let is_command = || line.starts_with('[') && line.get(20..23) == Some("]> ");
    let is_time = line.get(..19).is_some_and(|time| {
        time.bytes().zip(b"0000-00-00 00:00:00").all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            form => byte == *form,
        })
    });
    match line.split_once(" - INFO - ").filter(|_| is_time) {
        Some((_, printed)) => Some(printed),
        None => (!is_time && !is_command()).then_some(line),
    }
}

/// A line of NetExec without the escape sequences with which it colors what it prints on a terminal. In any other line they
/// are part of a name.
fn without_colors(line: &str) -> Cow<'_, str> {
    if !line.contains('\x1b') {
        return Cow::Borrowed(line);
    }
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, sequence)) = rest.split_once('\x1b') {
        plain.push_str(before);
        let end =
            sequence.strip_prefix('[').and_then(|codes| codes.find(|end: char| end.is_ascii_alphabetic()));
        rest = end.map_or(sequence, |end| &sequence[end + 2..]);
    }
    plain.push_str(rest);
    if without_host(plain.trim()) == plain.trim() { Cow::Borrowed(line) } else { Cow::Owned(plain) }
}

/// The line without what NetExec puts before it: `SMB  10.0.0.1  445  DC01  `.
fn without_host(line: &str) -> &str {
    let word =
        |text: &'_ str| -> Option<usize> { text.find(|character: char| character.is_ascii_whitespace()) };
    let mut rest = line;
    for at in 0..4 {
        let Some(end) = word(rest) else { return line };
        let fits = match at {
            0 => PROTOCOLS.contains(&&rest[..end]),
            2 => rest[..end].bytes().all(|byte| byte.is_ascii_digit()),
            _ => true,
        };
        if !fits {
            return line;
        }
        rest = rest[end..].trim_start();
    }
    rest
}

fn is_remark(line: &str) -> bool {
    REMARKS.iter().any(|remark| line.starts_with(remark))
        || HEADINGS.contains(&line)
        || line.starts_with("filename:packagename:")
}

/// Whether these are the fields of a line of pypykatz's `-g`.
fn is_katz(fields: &[&str]) -> bool {
    fields.len() >= 9 && fields[..2].iter().any(|field| PACKAGES.contains(field))
}

/// The user and the NT hash of such a line.
fn katz_account<'a>(fields: &[&'a str]) -> Option<(&'a str, &'a str)> {
    let at = fields[..2].iter().position(|field| PACKAGES.contains(field))?;
    let (user, nt) = (fields[at + 2], fields[at + 3]);
    (is_hash(nt) && !user.is_empty()).then_some((user, nt))
}

fn account_kind_of(user: &str) -> AccountKind {
    // `kim_history0` of secretsdump, `kim_nthistory0` of ntdsxtract.
    let is_history = user
        .rsplit_once("history")
        .filter(|(name, _)| name.ends_with('_') || name.ends_with("_nt"))
        .is_some_and(|(_, digits)| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    match () {
        () if is_history => AccountKind::Former,
        () if user.ends_with('$') => AccountKind::Machine,
        () => AccountKind::Account,
    }
}

fn is_rid(field: &str) -> bool {
    !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_hash(field: &str) -> bool {
    field.len() == Kind::Ntlm.hex_digits() && field.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_lm(field: &str) -> bool {
    field.is_empty()
        || field.starts_with(NO_PASSWORD)
        || field.starts_with(NO_LM_HASH)
        || field == SAMBA_NO_HASH
        || is_hash(field)
}

fn is_nt(field: &str) -> bool {
    field.starts_with(NO_PASSWORD)
        || field.starts_with(NO_NT_HASH)
        || field == SAMBA_NO_HASH
        || is_hash(field)
}
