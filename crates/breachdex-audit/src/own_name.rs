//! Whether a password is the account's own name, which is the first that anybody tries.

#![forbid(unsafe_code)]

use breachdex::{Digest, Kind};
use zeroize::Zeroizing;

use crate::account::Secret;

/// Whether the password is the user's name: as it is or without its domain, in any case; without `$` for a machine.
pub(crate) fn is_own_name(user: &str, secret: &Secret<'_>) -> bool {
    match secret {
        Secret::Password(password) => std::str::from_utf8(password)
            .is_ok_and(|password| names(user).any(|name| same_in_any_case(name, password))),
        Secret::Digest(digest) => {
            let hash = |name: &str| match digest.kind() {
                Kind::Sha1 => Digest::sha1(name.as_bytes()),
                Kind::Ntlm => Digest::ntlm(name),
            };
            names(user).any(|name| spellings(name).iter().any(|spelling| hash(spelling) == *digest))
        }
        Secret::Empty | Secret::Absent => false,
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

/// How people write a name as a password: as it is, small, in capitals, and with a capital.
fn spellings(name: &str) -> [String; 4] {
    let lower = name.to_lowercase();
    let mut rest = lower.chars();
    let capital = rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default();
    [name.to_owned(), name.to_uppercase(), capital, lower]
}
