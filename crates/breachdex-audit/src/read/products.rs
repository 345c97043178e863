//! The columns of password managers' and browsers' CSV exports, and how their headers are told from others.
//!
//! Taken from the products' exports: Bitwarden (of a person and of an organisation), 1Password 8 and 7, KeePass 1 and 2
//! (which write the same "KeePass CSV (1.x)"), KeePassXC, Chromium browsers, Firefox.

#![forbid(unsafe_code)]

use crate::format::Format;

/// One product's CSV. Names are compared without regard to case.
#[derive(Debug)]
pub(crate) struct Product {
    format: Format,
    /// Columns that only this product has together.
    signature: &'static [&'static str],
    /// Whether a header of this product has no columns besides the signature and these.
    only_with: Option<&'static [&'static str]>,
    pub(crate) user: &'static str,
    pub(crate) password: &'static str,
    /// The column that says what an item is, and what it says of a log-in.
    pub(crate) item: Option<(&'static str, &'static str)>,
    /// Quotes and backslashes within cells have a backslash before them, instead of doubled quotes.
    pub(crate) has_backslashes: bool,
}

const PLAIN: Product = Product {
    format: Format::Csv,
    signature: &[],
    only_with: None,
    user: "username",
    password: "password",
    item: None,
    has_backslashes: false,
};

static PRODUCTS: [Product; 7] = [
    Product {
        format: Format::BitwardenCsv,
        signature: &["type", "name", "login_uri", "login_username", "login_password", "login_totp"],
        user: "login_username",
        password: "login_password",
        item: Some(("type", "login")),
        ..PLAIN
    },
    Product {
        format: Format::KeepassCsv,
        signature: &["account", "login name", "password", "web site", "comments"],
        only_with: Some(&[]),
        user: "login name",
        has_backslashes: true,
        ..PLAIN
    },
    Product {
        format: Format::KeepassCsv,
        signature: &["group", "title", "username", "password", "url", "notes"],
        ..PLAIN
    },
    Product {
        format: Format::FirefoxCsv,
        signature: &["url", "username", "password", "httprealm", "formactionorigin", "guid"],
        ..PLAIN
    },
    Product {
        format: Format::ChromeCsv,
        signature: &["name", "url", "username", "password"],
        only_with: Some(&["note"]),
        ..PLAIN
    },
    Product {
        format: Format::OnePasswordCsv,
        signature: &[
            "title", "url", "username", "password", "otpauth", "favorite", "archived", "tags", "notes",
        ],
        ..PLAIN
    },
    Product {
        format: Format::OnePasswordCsv,
        signature: &["title", "website", "username", "password"],
        ..PLAIN
    },
];

impl Product {
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    fn wrote(&self, header: &[String]) -> bool {
        let has = |name: &&str| header.iter().any(|cell| cell == name);
        let knows = |cell: &String| {
            self.only_with.is_none_or(|more| self.signature.iter().chain(more).any(|name| cell == name))
        };
        self.signature.iter().all(has) && header.iter().all(knows)
    }
}

/// Who wrote a file with this header row.
pub(crate) fn of_header(line: &str) -> Option<&'static Product> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
    let record = reader.records().next()?.ok()?;
    let header: Vec<String> = record.iter().map(|cell| cell.trim().to_lowercase()).collect();
    PRODUCTS.iter().find(|product| product.wrote(&header))
}

/// The products that write a format, the newest form first.
pub(crate) fn of_format(format: Format) -> impl Iterator<Item = &'static Product> {
    PRODUCTS.iter().filter(move |product| product.format == format)
}
