//! Mail providers that deliver several spellings of an address to one mailbox.
//!
//! A table and no guess: what is not in it is taken as it is written. A file of pairs says whether it was made with this
//! table ([`crate::PairRules::mail_rules`]); a changed table is a new version of that, never another meaning of the old one.
//!
//! | hosts | taken for the same |
//! | --- | --- |
//! | gmail.com, googlemail.com | dots in the local part; from `+` on; both hosts |
//! | outlook.com, outlook.jp, hotmail.com, hotmail.co.jp, live.com, live.jp, msn.com | from `+` on |
//! | icloud.com, me.com, mac.com | from `+` on |
//! | proton.me, protonmail.com, pm.me | from `+` on |
//! | fastmail.com, fastmail.fm | from `+` on |
//! | zoho.com, yandex.com, yandex.ru, gmx.com, mailbox.org, posteo.de, posteo.net | not in the table: no rule |
//! | yahoo.com, yahoo.co.jp, docomo.ne.jp, ezweb.ne.jp, au.com, softbank.ne.jp | not in the table: no rule |

#![forbid(unsafe_code)]

/// What a provider does with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Its hosts; the first one stands for all of them where [`Provider::is_one_host`].
    pub hosts: &'static [&'static str],
    /// Dots in the local part mean nothing.
    pub ignores_dots: bool,
    /// What follows the first `+` of the local part means nothing.
    pub ignores_plus: bool,
    /// An address under one host is the same mailbox under the others.
    pub is_one_host: bool,
}

const PLUS: Provider = Provider { hosts: &[], ignores_dots: false, ignores_plus: true, is_one_host: false };

/// The providers of which this is known.
pub const PROVIDERS: [Provider; 5] = [
    Provider { hosts: &["gmail.com", "googlemail.com"], ignores_dots: true, is_one_host: true, ..PLUS },
    Provider {
        hosts: &[
            "outlook.com",
            "outlook.jp",
            "hotmail.com",
            "hotmail.co.jp",
            "live.com",
            "live.jp",
            "msn.com",
        ],
        ..PLUS
    },
    Provider { hosts: &["icloud.com", "me.com", "mac.com"], ..PLUS },
    Provider { hosts: &["proton.me", "protonmail.com", "pm.me"], ..PLUS },
    Provider { hosts: &["fastmail.com", "fastmail.fm"], ..PLUS },
];

impl Provider {
    /// The provider of a host in lower case.
    pub(crate) fn of(host: &str) -> Option<&'static Self> {
        PROVIDERS.iter().find(|provider| provider.hosts.contains(&host))
    }

    /// The host that stands for this one.
    pub(crate) fn host<'a>(&'static self, host: &'a str) -> &'a str {
        match self.hosts.first() {
            Some(first) if self.is_one_host => first,
            _ => host,
        }
    }

    /// Appends the local part as the provider sees it. What would leave nothing of it is taken as it is.
    pub(crate) fn push_local(&self, local: &str, text: &mut String) {
        let stem = local.split('+').next().unwrap_or(local);
        let stem = if self.ignores_plus && !stem.is_empty() { stem } else { local };
        let is_kept = |character: &char| !self.ignores_dots || *character != '.';
        // White space behind dots is at the beginning once they are gone.
        let mut kept =
            stem.chars().filter(is_kept).skip_while(|character| character.is_whitespace()).peekable();
        match kept.peek().is_some() {
            true => text.extend(kept),
            false => text.push_str(stem),
        }
    }
}
