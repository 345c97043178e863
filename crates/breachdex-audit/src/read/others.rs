//! Text of products and tools that are known and not read: salted hashes, which no index answers, lists of what was cracked
//! already, and exports of which there is a better one. Asked only about files whose format is not certain.

#![forbid(unsafe_code)]

use super::sealed::Sealed;

/// What a text is told by.
enum Sign {
    /// It has all of these words.
    Words(&'static [&'static str]),
    /// Its first line that is not empty passes.
    Line(fn(&str) -> bool),
    /// One of its first lines passes: others may belong to accounts without a password.
    AnyLine(fn(&str) -> bool),
}

/// Lines that are looked at.
const SAMPLE: usize = 32;

const SALTED: &str = "leave them out: no index can answer salted hashes; check passwords when they are chosen and at log-in (policy, proxy)";
const CSV: &str = "export it as CSV, and name its column of passwords";

/// The first that fits; the more special ones come first.
const RULES: &[(Sign, &str, &str)] = &[
    (
        Sign::AnyLine(|line| line.split(':').any(is_salted)),
        "a list of salted hashes (crypt, bcrypt, Argon2, cached log-ins)",
        SALTED,
    ),
    (
        Sign::AnyLine(|line| {
            line.split(':').any(|field| field.starts_with("{SSHA") || field.starts_with("{CRYPT}"))
        }),
        "a list of salted hashes of LDAP",
        SALTED,
    ),
    (Sign::Line(is_net_ntlm), "a list of NetNTLM responses, which are salted", SALTED),
    (
        Sign::Line(|line| line.rsplit(':').next().is_some_and(is_mysql)),
        "a list of MySQL's hashes, which are SHA-1 applied twice",
        "leave them out: no index holds such hashes; check passwords when they are chosen and at log-in (policy, proxy)",
    ),
    (
        Sign::AnyLine(|line| line.rsplit(':').next().is_some_and(|field| field.starts_with("{SHA}"))),
        "a list of SHA-1 hashes in Base64 ({SHA})",
        "make user:hash lines in hexadecimal of it, and read them as hashes with an index of SHA-1 hashes",
    ),
    (
        Sign::Line(is_counted),
        "a list of hashes with numbers, which may be counts or cracked passwords",
        "if they are counts, read it as hashes (--format hashes), or make an index of it (breachdex build); if they are passwords, take them out (cut -d: -f2-) and give them to `breachdex check`",
    ),
    (
        Sign::Line(is_cracked),
        "a list of cracked passwords (a potfile, or what hashcat --show and john --show print)",
        "take the passwords out (cut -d: -f2- for a potfile) and give them to `breachdex check`, or audit the dump that was cracked",
    ),
    (
        Sign::Words(&["DistinguishedName:", "NTHash:"]),
        "the list view of DSInternals",
        "write it again with Format-Custom -View PwDump and audit that",
    ),
    (
        Sign::Words(&["logon_sessions", "NThash"]),
        "pypykatz's JSON",
        "write it again as text, without --json, or with -g, and audit that",
    ),
    (
        Sign::Words(&["* Username", "* NTLM"]),
        "the log of mimikatz",
        "make user:hash lines of it, and read them as hashes with an index of NTLM hashes",
    ),
    (
        Sign::Words(&["** SAM ACCOUNT **"]),
        "the log of mimikatz (lsadump)",
        "make user:hash lines of it, and read them as hashes with an index of NTLM hashes",
    ),
    (
        Sign::Line(|line| dcsync_row(line).is_some()),
        "the table of mimikatz (lsadump::dcsync /csv)",
        "make user:hash lines of it (awk '{print $2\":\"$3}'), and read them as hashes with an index of NTLM hashes",
    ),
    (
        Sign::Words(&["sambaNTPassword:"]),
        "LDIF with Samba's hashes",
        "make user:hash lines of uid and sambaNTPassword, and read them as hashes with an index of NTLM hashes",
    ),
    (
        Sign::Line(|line| line.starts_with("SamAccountName ") || is_underline(line)),
        "a table as PowerShell shows it",
        "write it with Export-Csv -NoTypeInformation -Encoding utf8, and name its column of hashes",
    ),
    (
        Sign::Words(&["Website name:", "Login:", "Password:"]),
        "Kaspersky Password Manager's text",
        "import it into KeePassXC or a browser, export that as CSV and audit it",
    ),
    (
        Sign::Words(&["mSecure CSV export file", "Password|"]),
        "mSecure's CSV, whose cells hold names, numbers and values",
        "import it into a password manager that reads it, such as Bitwarden, and audit an export of that",
    ),
    (
        Sign::Words(&["\"passwords\":", "\"website\":", "\"message\":"]),
        "Passky's JSON",
        "import it into Bitwarden, and audit an export of that",
    ),
    (Sign::Words(&["website_password_password"]), "Psono's JSON", CSV),
    (
        Sign::Words(&["\"AUTHENTIFIANT\""]),
        "Dashlane's JSON",
        "export it as CSV and audit the file credentials.csv",
    ),
    (
        Sign::Words(&["\"records\"", "\"login_url\""]),
        "Keeper's JSON",
        "export it as CSV, and read that as keeper-csv",
    ),
    (Sign::Words(&["<pwlist"]), "KeePass 1's XML", "export it as KeePass CSV (1.x) and audit that"),
    (
        Sign::Words(&["<!DOCTYPE KEEPASSX_DATABASE"]),
        "KeePassX's XML",
        "import its database into KeePassXC (Database > Import), export that as XML or CSV and audit it",
    ),
    (
        Sign::Words(&["<passwordsafe"]),
        "Password Safe's XML",
        "export it as plain text (File > Export To), and name its column Password",
    ),
    (Sign::Words(&["<SourceLoginID"]), "Sticky Password's XML", CSV),
    (Sign::Words(&["<Logins>", "<Login "]), "Sticky Password's XML", CSV),
    (Sign::Words(&["<database", "<card "]), "SafeInCloud's XML", CSV),
];

/// What a text is, if it is known and not read.
pub(crate) fn of(start: &str) -> Option<Sealed> {
    let lines = start.trim_start_matches('\u{feff}').lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<&str> = lines.take(SAMPLE).collect();
    let first = *lines.first()?;
    let fits = |sign: &Sign| match sign {
        Sign::Words(words) => words.iter().all(|word| start.contains(word)),
        Sign::Line(passes) => passes(first),
        Sign::AnyLine(passes) => lines.iter().any(|line| passes(line)),
    };
    RULES.iter().find(|(sign, ..)| fits(sign)).map(|(_, what, remedy)| Sealed::new(what, remedy))
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `$6$salt$hash`, `$2b$10$...`, `$argon2id$...`, `$DCC2$...`; not `$NT$`, which has no salt.
fn is_salted(field: &str) -> bool {
    let Some(rest) = field.strip_prefix('$') else { return false };
    let mut parts = rest.split('$');
    let name = parts.next().unwrap_or_default();
    let is_name =
        !name.is_empty() && name.len() <= 12 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    // A password may be `$ecret$1`: a hash has a salt before it, or is long.
    let is_long = rest.len() > 20 || rest.matches('$').count() > 1;
    is_name && name != "NT" && name != "HEX" && is_long && parts.next().is_some()
}

/// `user::domain:challenge:...`.
fn is_net_ntlm(line: &str) -> bool {
    let fields: Vec<&str> = line.split(':').collect();
    matches!(fields.as_slice(), [_, "", _, challenge, answer, ..] if is_hex(challenge, 16) && answer.len() >= 32)
}

fn is_mysql(field: &str) -> bool {
    field.strip_prefix('*').is_some_and(|hash| is_hex(hash, 40))
}

/// The line below the names of columns. A YAML document begins with `---` alone.
fn is_underline(line: &str) -> bool {
    line.len() > 3 && line.starts_with("---") && line.bytes().all(|byte| matches!(byte, b'-' | b' '))
}

/// `hash:123`.
fn is_counted(line: &str) -> bool {
    line.split_once(':').is_some_and(|(hash, number)| {
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        is_number && (is_hex(hash, 32) || is_hex(hash, 40))
    })
}

/// `hash:password` and `$NT$hash:password`, `user:hash:password`, and what `john --show` prints.
fn is_cracked(line: &str) -> bool {
    let fields: Vec<&str> = line.split(':').collect();
    let is_hash = |field: &&str| {
        let field = field.strip_prefix("$NT$").unwrap_or(field);
        is_hex(field, 32) || is_hex(field, 40)
    };
    match fields.as_slice() {
        [first, second, ..] if is_hash(first) => !second.is_empty() && !is_hash(second),
        [_, second, third] if is_hash(second) => !third.is_empty(),
        [_, second, rid, lm, nt, ..] => {
            !is_hash(second) && rid.bytes().all(|byte| byte.is_ascii_digit()) && is_hash(lm) && is_hash(nt)
        }
        _ => false,
    }
}

/// `rid<tab>user<tab>hash<tab>flags`.
fn dcsync_row(line: &str) -> Option<()> {
    let mut cells = line.split('\t');
    let is_rid = |cell: &str| !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit());
    cells.next().filter(|cell| is_rid(cell))?;
    cells.next().filter(|cell| !cell.is_empty())?;
    cells.next().filter(|cell| is_hex(cell, 32)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_other_tools_write_is_told_by_name() {
        let nt = "8846f7eaee8fb117ad06bdd830b7586c";
        let sha1 = "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8";
        for (text, what) in [
            (format!("{nt}:password\n"), "a list of cracked passwords"),
            (format!("\n$NT${nt}:password\n"), "a list of cracked passwords"),
            (format!("{sha1}:$HEX[70613a]\n"), "a list of cracked passwords"),
            (format!("A\\kim:{nt}:password\n"), "a list of cracked passwords"),
            (format!("kim:password:1001:{nt}:{nt}:::\n"), "a list of cracked passwords"),
            (String::from("root:$6$abc$xyz:19000:0:99999:7:::\n"), "a list of salted hashes (crypt"),
            (String::from("$2b$10$abcdefghijk\n"), "a list of salted hashes (crypt"),
            (
                String::from("root:!:19000::::::\nkim:$6$abc$xyz:19000::::::\n"),
                "a list of salted hashes (crypt",
            ),
            (String::from("kim:{SSHA}abc=\n"), "a list of salted hashes of LDAP"),
            (String::from("kim:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n"), "a list of SHA-1 hashes in Base64"),
            (format!("{nt}:5\n{nt}:9\n"), "a list of hashes with numbers"),
            (format!("kim::CORP:1122334455667788:{nt}:0101\n"), "a list of NetNTLM responses"),
            (format!("kim:*{sha1}\n"), "a list of MySQL's hashes"),
            (format!("1103\tkim\t{nt}\t512\n"), "the table of mimikatz"),
            (String::from("DistinguishedName: CN=kim\n  NTHash: x\n"), "the list view of DSInternals"),
            (
                String::from("\nSamAccountName NTHash\n-------------- ------\n"),
                "a table as PowerShell shows it",
            ),
            (String::from("---- ------\nkim  x\n"), "a table as PowerShell shows it"),
            (String::from("<!DOCTYPE KEEPASSX_DATABASE>\n<database>\n</database>\n"), "KeePassX's XML"),
        ] {
            let said = of(&text).map(|sealed| sealed.to_string()).unwrap_or_default();
            assert!(said.starts_with(what), "{text:?}: {said}");
        }
        for other in [
            "",
            "hunter2\n",
            &format!("{nt}\n"),
            &format!("kim:{nt}\n"),
            &format!("kim:1104:{nt}:{nt}:::\n"),
            "a,b\n",
            "---\nhandler: passpie\n",
            "--- my list\nhunter2\n",
        ] {
            assert_eq!(of(other), None, "{other:?}");
        }
    }
}
