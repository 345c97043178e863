//! Files that are known and cannot be read: encrypted vaults, spreadsheets and what is packed twice. Each is refused by its name, with
//! the way to a file that can be read.

#![forbid(unsafe_code)]

use std::path::Path;

use breachdex::text::Packed;

/// A kind of file that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// What it is, for `FILE is ...`.
    what: &'static str,
    /// What to do, as a command.
    remedy: &'static str,
}

impl Sealed {
    pub(crate) const fn new(what: &'static str, remedy: &'static str) -> Self {
        Self { what, remedy }
    }
}

impl std::fmt::Display for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}; {}", self.what, self.remedy)
    }
}

/// What a file is told by; the first that fits.
struct Rule {
    /// In lower case.
    extensions: &'static [&'static str],
    /// The first bytes; empty where the extension says it all.
    magic: &'static [u8],
    sealed: Sealed,
}

const fn rule(
    extensions: &'static [&'static str],
    magic: &'static [u8],
    what: &'static str,
    remedy: &'static str,
) -> Rule {
    Rule { extensions, magic, sealed: Sealed { what, remedy } }
}

const ZIP: &[u8] = b"PK\x03\x04";
const PASSWORD_SAFE: &str =
    "open it, export it as plain text (File > Export To), and name its column Password";

/// A rule with both wants both; the more special ones come first.
const RULES: &[Rule] = &[
    rule(
        &["1pif"],
        b"",
        "a 1Password interchange file (1PIF)",
        "export again as 1PUX or CSV (File > Export) and audit that",
    ),
    rule(
        &["opvault", "agilekeychain"],
        b"",
        "an encrypted 1Password vault",
        "open it in 1Password, export it as 1PUX or CSV (File > Export) and audit that",
    ),
    rule(
        &[],
        b"\x03\xD9\xA2\x9A\x67\xFB\x4B\xB5",
        "an encrypted KeePass 2 database (KDBX)",
        "open it and export it as KeePass XML (2.x) (File > Export, in KeePassXC Database > Export > XML)",
    ),
    rule(
        &[],
        b"\x03\xD9\xA2\x9A\x65\xFB\x4B\xB5",
        "an encrypted KeePass 1 database (KDB)",
        "open it and export it as KeePass CSV (1.x) (File > Export)",
    ),
    rule(
        &["kdbx", "kdb"],
        b"",
        "an encrypted KeePass database",
        "open it and export it as KeePass XML (2.x) (File > Export, in KeePassXC Database > Export > XML)",
    ),
    rule(
        &["spass"],
        b"",
        "an encrypted Samsung Pass export, and Samsung Pass has no other",
        "move the passwords to Google Password Manager on the device, export them there as CSV and audit that",
    ),
    rule(
        &["dash"],
        b"",
        "an encrypted Dashlane export (DASH)",
        "export again as CSV (My account > Settings > Export data) and audit the file credentials.csv",
    ),
    rule(
        &["walletx", "enpassdb"],
        b"",
        "an encrypted Enpass vault",
        "export it as JSON (File > Export) and audit that",
    ),
    rule(
        &["pgp", "gpg", "asc"],
        b"",
        "encrypted with PGP, as Proton Pass exports can be",
        "export again as JSON or CSV without encryption and audit that",
    ),
    rule(
        &[],
        b"-----BEGIN PGP MESSAGE-----",
        "encrypted with PGP, as Proton Pass exports can be",
        "export again as JSON or CSV without encryption and audit that",
    ),
    rule(
        &["xlsx", "xlsm", "ods", "numbers"],
        ZIP,
        "a spreadsheet",
        "save it as CSV UTF-8 and audit that with the column of passwords",
    ),
    rule(
        &[],
        b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
        "an Excel workbook or another Office file",
        "save it as CSV UTF-8 and audit that with the column of passwords",
    ),
    rule(
        &[],
        b"FEA1",
        "a Feather version 1 file",
        "write it again as Feather version 2, for example with pyarrow.feather.write_feather(pyarrow.feather.read_table(FILE), NEW)",
    ),
    rule(
        &[],
        b"regf",
        "a Windows registry hive",
        "dump its hashes first, for example with secretsdump -sam SAM -system SYSTEM LOCAL",
    ),
    rule(
        &[],
        b"MDMP",
        "a memory dump of Windows",
        "read it with pypykatz lsa minidump FILE first and audit the text that it prints",
    ),
    rule(
        &[],
        b"kych",
        "a keychain of macOS",
        "export the passwords in the Passwords app or Safari as CSV and audit that",
    ),
    rule(&[], b"%PDF-", "a PDF document", "audit the export or table that it was made of"),
    rule(&[], b"SQLite format 3\x00", "an SQLite database", "export the table as CSV and audit that"),
    rule(&["psafe3", "dat"], b"PWS3", "an encrypted Password Safe vault", PASSWORD_SAFE),
    rule(
        &["dit"],
        b"",
        "a directory database (ntds.dit)",
        "dump its hashes first, for example with secretsdump -ntds or Get-ADDBAccount",
    ),
];

/// What is packed and not unpacked here: for the second time, from a pipe, or by a program that nobody asked for yet.
pub(crate) fn packed(packed: Packed) -> Sealed {
    match packed {
        Packed::Gzip => Sealed { what: "compressed with gzip", remedy: "decompress it first (gunzip)" },
        Packed::Zstd => Sealed { what: "compressed with zstd", remedy: "decompress it first (unzstd)" },
        Packed::Bzip2 => Sealed { what: "compressed with bzip2", remedy: "decompress it first (bunzip2)" },
        Packed::Xz => Sealed { what: "compressed with xz", remedy: "decompress it first (unxz)" },
        Packed::Lz4 => Sealed { what: "compressed with LZ4", remedy: "decompress it first (unlz4)" },
        Packed::Lzip => Sealed { what: "compressed with lzip", remedy: "decompress it first (lzip -d)" },
        Packed::Lzma => Sealed { what: "compressed with LZMA", remedy: "decompress it first (unlzma)" },
        Packed::Compress => {
            Sealed { what: "compressed with compress", remedy: "decompress it first (gzip -d)" }
        }
        Packed::Rar => Sealed { what: "a RAR archive", remedy: "unpack it first and audit the file in it" },
        Packed::Zip => Sealed { what: "a ZIP archive", remedy: "unzip it first and audit the file in it" },
        _ => Sealed { what: "a 7-Zip archive", remedy: "unpack it first and audit the file in it" },
    }
}

/// What a file is, if it is one that cannot be read.
pub(crate) fn of(path: &Path, start: &[u8]) -> Option<Sealed> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let extension = extension.to_ascii_lowercase();
    let fits = |rule: &&Rule| {
        (rule.extensions.is_empty() || rule.extensions.contains(&extension.as_str()))
            && start.starts_with(rule.magic)
    };
    RULES.iter().find(fits).map(|rule| rule.sealed)
}
