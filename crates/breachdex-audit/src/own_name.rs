//! Whether a password is the account's own name, which is the first that anybody tries.

#![forbid(unsafe_code)]

use breachdex::DigestList;
use zeroize::Zeroizing;

use crate::account::Secret;

/// Whether the password is the user's name: as it is or without its domain, in any case; without `$` for a machine.
/// `hashes` is of the secret's kind, and for names alone.
pub(crate) fn is_own_name(user: &str, secret: &Secret<'_>, hashes: &mut DigestList) -> bool {
    match secret {
        Secret::Password(password) => std::str::from_utf8(password)
            .is_ok_and(|password| names(user).any(|name| same_in_any_case(name, password))),
        Secret::Digest(digest) => {
            hashes.clear();
            names(user).for_each(|name| add_spellings(name, hashes));
            hashes.finish().contains(digest)
        }
        Secret::Empty | Secret::Absent => false,
    }
}

/// Adds how people write a name as a password: as it is, small, in capitals, and with a capital.
fn add_spellings(name: &str, hashes: &mut DigestList) {
    let spellings = spellings(name);
    for (at, spelling) in spellings.iter().enumerate() {
        if !spellings[..at].contains(spelling) {
            // A name is text, so it has a hash of either kind.
            let _ = hashes.add_password(spelling.as_bytes());
        }
    }
}

/// The name, and its parts without a domain: `kim` of `CORP\kim`, of `corp/kim` and of `kim@corp.example`.
fn names(user: &str) -> impl Iterator<Item = &str> {
    let user = user.trim();
    let local = user.rsplit_once(['\\', '/']).map_or(user, |(_, name)| name);
    let mailbox = local.split_once('@').map_or(local, |(name, _)| name);
    let machine = local.strip_suffix('$').unwrap_or(local);
    let all = [user, local, mailbox, machine];
    let is_new = move |at: usize| !all[at].is_empty() && !all[..at].contains(&all[at]);
    (0..all.len()).filter(move |at| is_new(*at)).map(move |at| all[at])
}

fn same_in_any_case(one: &str, other: &str) -> bool {
    one == other || *Zeroizing::new(one.to_lowercase()) == *Zeroizing::new(other.to_lowercase())
}

fn spellings(name: &str) -> [String; 4] {
    let lower = name.to_lowercase();
    let mut rest = lower.chars();
    let capital = rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default();
    [name.to_owned(), name.to_uppercase(), capital, lower]
}
