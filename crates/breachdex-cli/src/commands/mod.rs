//! The subcommands: a file or a folder, and a line in the registry each. The exit codes, which are chosen here only.
//!
//! A subcommand's `Flags` are what is typed, with their help texts; as a [`Subcommand`] they say what happens then.

#![forbid(unsafe_code)]

use std::ffi::OsStr;

use crate::failure::Failure;
use crate::privacy;

/// Declares the subcommands and their files, in the order in which help lists them. The name that is typed is the file's,
/// with `-` for `_`.
macro_rules! commands {
    ($($(#[cfg($cfg:meta)])? $name:ident => $file:ident,)+) => {
        $($(#[cfg($cfg)])? pub(crate) mod $file;)+

        /// The flags of the subcommand that was typed.
        #[derive(clap::Subcommand)]
        pub(crate) enum Command {
            $($(#[cfg($cfg)])? $name(Box<$file::Flags>),)+
        }

        impl Command {
            /// Does what was typed.
            pub(crate) fn run(self) -> Result<Exit, Failure> {
                match self {
                    $($(#[cfg($cfg)])? Self::$name(flags) => run(*flags),)+
                }
            }
        }

        /// The files of all subcommands, and whether passwords are typed for them.
        const ALL: &[(&str, bool)] =
            &[$($(#[cfg($cfg)])? (stringify!($file), <$file::Flags as Subcommand>::TAKES_PASSWORDS),)+];
    };
}

commands! {
    Build => build,
    Download => download,
    Update => update,
    Pull => pull,
    Serve => serve,
    Sidecar => sidecar,
    Proxy => proxy,
    Merge => merge,
    Overlay => overlay,
    Policy => policy,
    Check => check,
    Audit => audit,
    Radar => radar,
    Range => range,
    Export => export,
    Diff => diff,
    Info => info,
    Verify => verify,
    Sign => sign,
    Keygen => keygen,
    Completions => completions,
    Man => man,
    #[cfg(test)]
    Count => count,
}

/// A subcommand: what is typed for it, and what it does.
pub(crate) trait Subcommand: clap::Args {
    /// Whether passwords are typed for it. One that is typed in the wrong place is then not repeated in an error.
    const TAKES_PASSWORDS: bool = false;

    /// Whether users' passwords or their digests will be in memory, which is then kept out of core dumps.
    fn reads_passwords(&self) -> bool {
        Self::TAKES_PASSWORDS
    }

    /// Does it.
    fn run(self) -> Result<Exit, Failure>;
}

fn run(flags: impl Subcommand) -> Result<Exit, Failure> {
    if flags.reads_passwords() {
        privacy::forbid_dumps();
    }
    flags.run()
}

/// The subcommand of this name, and whether passwords are typed for it.
pub(crate) fn named(name: &OsStr) -> Option<(String, bool)> {
    let mut names = ALL.iter().map(|(file, takes_passwords)| (file.replace('_', "-"), *takes_passwords));
    names.find(|(known, _)| name == known.as_str())
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done; for `check`: asked, and nothing is exposed.
    Success,
    /// Something was found: `check` an exposed password, `audit` an account to act on, `radar` an attack, `policy attest` a test that failed.
    Exposed,
    /// An error, bad usage, or nothing was asked.
    Error,
}

impl Exit {
    /// The process's exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Exposed => 1,
            Self::Error => 2,
        }
    }
}

#[cfg(test)]
mod tests;
