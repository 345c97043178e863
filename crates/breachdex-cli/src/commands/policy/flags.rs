//! The flags of `policy`.

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::path::PathBuf;

use breachdex_messages::Language;
use clap::{Args, Subcommand, ValueEnum};

use crate::flags::language::LanguageParser;
use crate::flags::values::parse_days;
use crate::flags::{KeyFlags, OnErrorName, PairFlags, TrustFlags};

/// Check passwords against a policy, or print the policy
///
/// A policy is a profile of a standard with your own changes, from flags or a TOML file.
#[derive(Args)]
pub(crate) struct Flags {
    /// What to do.
    #[command(subcommand)]
    pub(crate) action: PolicyAction,
}

#[derive(Subcommand)]
pub(crate) enum PolicyAction {
    Show(PolicyShowFlags),
    Check(Box<PolicyCheckFlags>),
    Attest(Box<PolicyAttestFlags>),
}

/// Print a policy as TOML, with everything spelled out
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  NIST's requirements with multi-factor authentication:
      breachdex policy show --profile nist --mfa
  Start your own policy:
      breachdex policy show --profile asvs-l2 > policy.toml
  Validate a policy file:
      breachdex policy show --policy policy.toml")]
pub(crate) struct PolicyShowFlags {
    #[command(flatten)]
    pub(crate) source: PolicySource,
}

/// Check passwords against a policy
///
/// On a terminal, prompts for one password without showing it. Otherwise reads one password per line from standard
/// input, as `check` does. Prints one line each: the line's number, the action (accept, warn, notify, force_reset or
/// reject) and the reason codes, separated by tabs.
#[derive(Args)]
#[command(after_long_help = "\
JSON, one object a line of input:
  line      number, from 1
  event     when the password was judged
  action    accept, warn, notify, force_reset or reject
  accepted  whether it may be used
  reasons   list of objects: code, action, and what the rule says besides
  messages  what a person is told, one text a reason
  A line that cannot be judged is {\"line\": ..., \"error\": ...}.

Exit codes: 0 every password is accepted, 1 one is not, 2 an error or bad usage.

Examples:
  Check one password:
      breachdex policy check --profile nist --user-name hanako --email hanako@example.jp
  Check a list, with messages in Japanese:
      breachdex policy check --policy policy.toml --index pwned.bdx --json --lang ja < passwords.txt
  Ask exposed pairs too:
      breachdex policy check --pairs pairs.bdx --pair-key pairs.key --user-name hanako@example.jp
  For Samba's check password script, which sends one password:
      breachdex policy check -0 --quiet --event change --policy /etc/breachdex/policy.toml \\
          --user-name-from SAMBA_CPS_ACCOUNT_NAME")]
pub(crate) struct PolicyCheckFlags {
    #[command(flatten)]
    pub(crate) source: PolicySource,
    /// The index to ask [default: the policy's, else $BREACHDEX_INDEX, else the starter index]
    #[arg(long, value_name = "FILE")]
    pub(crate) index: Option<PathBuf>,
    /// Your own list of banned passwords; repeatable [default: the policy's]
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) pairs: PairFlags,
    #[command(flatten)]
    pub(crate) trust: TrustFlags,
    /// The account's name
    #[arg(long, value_name = "NAME", alias = "user")]
    pub(crate) user_name: Option<String>,
    /// The account's e-mail address
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: Option<String>,
    #[command(flatten)]
    pub(crate) account: AccountVariables,
    /// When the password is judged: sign-up, change, reset or log-in
    #[arg(long, value_name = "EVENT", default_value = "sign-up", hide_possible_values = true)]
    pub(crate) event: EventName,
    /// Language of messages [default: the policy's]
    #[arg(long, value_name = "LANGUAGE", value_parser = LanguageParser)]
    pub(crate) lang: Option<Language>,
    /// If a password cannot be checked: accept, reject or raise [default: the policy's]
    #[arg(long, value_name = "RULE", hide_possible_values = true)]
    pub(crate) on_error: Option<OnErrorName>,
    /// Lines end at NUL, not at LF, bytes taken exactly
    #[arg(short = '0', long)]
    pub(crate) null: bool,
    /// Answer with one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    /// Print only the messages for the user, one a line
    #[arg(long, conflicts_with = "json")]
    pub(crate) messages: bool,
    /// Print nothing on standard output
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Exit with 0, not 1, when a password is not accepted
    #[arg(long)]
    pub(crate) exit_zero: bool,
    /// Catches passwords given as arguments, so that they can be refused without being repeated.
    #[arg(hide = true)]
    pub(crate) misplaced: Vec<OsString>,
}

/// Test a policy and its index, and write evidence of it
///
/// Says which index, policy and program are used, and tries the policy with passwords that are made for it: the test
/// password, one that every corpus holds, the same in full width, random ones, one that is too short, and a made-up user
/// name. No password of a person is needed.
#[derive(Args)]
#[command(after_long_help = "\
JSON, one object:
  schema    \"breachdex-attestation/1\"; fields may be added without a new number
  passed    whether all tests passed
  time      RFC 3339, UTC
  tool      name and version
  index     object: index (path), kind, entries, exact, false_positive_rate, date, age_days, source,
            floor, prefixes, content_id, signature (object: state, key)
  overlays  list of the same
  pairs     list of files
  policy    object: profile, file, min_length, max_length, min_count, scope, forms, rules,
            test_password, toml (all of it)
  events    list of objects: event, covered, actions, on_error
  tests     list of objects: test, event, rule, expected, got, passed
  remarks   list of texts

Exit codes: 0 all tests passed, 1 one failed, 2 an error or bad usage.

Examples:
  Print what is tested:
      breachdex policy attest --profile nist --index pwned.bdx
  Signed evidence for an auditor, with an index that is signed and at most 90 days old:
      breachdex policy attest --policy policy.toml --json --max-age 90 \\
          --trusted-key breachdex.pub --sign breachdex.key --output 2026-11-27.json
      minisign -V -p breachdex.pub -m 2026-11-27.json")]
pub(crate) struct PolicyAttestFlags {
    #[command(flatten)]
    pub(crate) source: PolicySource,
    /// The index to ask [default: the policy's, else $BREACHDEX_INDEX, else the starter index]
    #[arg(long, value_name = "FILE")]
    pub(crate) index: Option<PathBuf>,
    /// Your own list of banned passwords; repeatable [default: the policy's]
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) pairs: PairFlags,
    #[command(flatten)]
    pub(crate) keys: KeyFlags,
    /// Fail if the corpus date is older, as in 90 or 12w
    #[arg(long, value_name = "DAYS", value_parser = parse_days)]
    pub(crate) max_age: Option<u32>,
    /// Read all of the index and hold it against its content id
    #[arg(long)]
    pub(crate) verify: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Write to a new file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Sign the file with this secret key, as FILE.minisig
    #[arg(long, value_name = "SECRET-KEY", requires = "output")]
    pub(crate) sign: Option<PathBuf>,
}

/// The environment variables in which a program that asks says whose password it is.
#[derive(Args)]
pub(crate) struct AccountVariables {
    /// Environment variable with the account's name
    ///
    /// As PAM_USER of pam_exec, and SAMBA_CPS_ACCOUNT_NAME of Samba. It must be set.
    #[arg(long, value_name = "VARIABLE", conflicts_with = "user_name")]
    pub(crate) user_name_from: Option<String>,
    /// Environment variable with the e-mail address
    ///
    /// No address if it is not set.
    #[arg(long, value_name = "VARIABLE", conflicts_with = "email")]
    pub(crate) email_from: Option<String>,
    /// Environment variable with the user's full name
    ///
    /// Adds it and its parts to the words that must not be a password. No name if it is not set.
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) full_name_from: Option<String>,
}

/// Where the policy comes from.
#[derive(Args)]
pub(crate) struct PolicySource {
    /// The profile: nist, asvs-l1, asvs-l2, pci or permissive [default: nist]
    #[arg(long, value_name = "PROFILE", conflicts_with = "policy")]
    pub(crate) profile: Option<String>,
    /// The password is one factor of several, so that the profile nist asks for 8 characters, not 15
    #[arg(long, conflicts_with = "policy")]
    pub(crate) mfa: bool,
    /// Name of the service, which must not be a password
    #[arg(long, value_name = "NAME", conflicts_with = "policy")]
    pub(crate) service_name: Option<String>,
    /// A word that must not be a password; repeatable
    #[arg(long, value_name = "WORD", conflicts_with = "policy")]
    pub(crate) context: Vec<String>,
    /// Refuse passwords that are a small change away from an exposed one
    #[arg(long, conflicts_with = "policy")]
    pub(crate) similar: bool,
    /// A policy's TOML file
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
}

/// When a password is judged.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum EventName {
    #[value(alias = "sign_up")]
    SignUp,
    Change,
    Reset,
    #[value(alias = "log_in")]
    LogIn,
}

impl From<EventName> for breachdex_policy::Event {
    fn from(name: EventName) -> Self {
        match name {
            EventName::SignUp => Self::SignUp,
            EventName::Change => Self::Change,
            EventName::Reset => Self::Reset,
            EventName::LogIn => Self::LogIn,
        }
    }
}
