//! Which keys are trusted: those of the flags, else of `$BREACHDEX_TRUSTED_KEYS`.

#![forbid(unsafe_code)]

use std::env;
use std::path::{Path, PathBuf};

use breachdex::OpenOptions;
use breachdex::trust::{PublicKey, Trust};

use crate::failure::Failure;
use crate::flags::{KeyFlags, TrustFlags};

const VARIABLE: &str = "BREACHDEX_TRUSTED_KEYS";

/// What the flags and the environment ask for.
pub(crate) fn of(flags: &TrustFlags) -> Result<Trust, Failure> {
    of_keys(&flags.keys.trusted_key, flags.max_age)
}

/// The same for keys that a flag of another name has.
pub(crate) fn of_keys(named: &[PathBuf], max_age: Option<u32>) -> Result<Trust, Failure> {
    let keys =
        if named.is_empty() { from_environment()? } else { parse(named.iter().map(PathBuf::as_path))? };
    let trust = if keys.is_empty() { Trust::default() } else { Trust::keys(keys)? };
    Ok(trust.with_max_age(max_age))
}

/// Options to map an index with.
pub(crate) fn mapped(trust: &Trust) -> OpenOptions {
    OpenOptions::new().mapped().trust(trust.clone())
}

/// Options to read an index with that is an input: all of it, once.
pub(crate) fn read(flags: &KeyFlags) -> Result<OpenOptions, Failure> {
    Ok(OpenOptions::new().trust(of_keys(&flags.trusted_key, None)?))
}

fn parse<'a>(keys: impl Iterator<Item = &'a Path>) -> Result<Vec<PublicKey>, Failure> {
    keys.map(|key| Ok(PublicKey::from_text_or_file(key)?)).collect()
}

/// A variable that is set and holds no key is a mistake, and must not mean that every index is accepted.
fn from_environment() -> Result<Vec<PublicKey>, Failure> {
    let Some(value) = env::var_os(VARIABLE).filter(|value| !value.is_empty()) else { return Ok(Vec::new()) };
    let Some(value) = value.to_str() else {
        return Err(Failure::Usage(format!("{VARIABLE} is not UTF-8")));
    };
    let named = value.split(',').map(str::trim).filter(|key| !key.is_empty()).map(Path::new);
    let keys = parse(named).map_err(|failure| Failure::Usage(format!("{VARIABLE}: {failure}")))?;
    if keys.is_empty() { Err(Failure::Usage(format!("{VARIABLE} holds no key"))) } else { Ok(keys) }
}
