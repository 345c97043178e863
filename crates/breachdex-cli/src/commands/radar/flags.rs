//! The flags of `radar`.

#![forbid(unsafe_code)]

use std::path::PathBuf;

use breachdex_messages::Language;
use clap::{Args, Subcommand};

use crate::flags::language::LanguageParser;
use crate::flags::values::parse_share;

/// Find credential-stuffing attacks in logs of log-in attempts
///
/// Reads attempts from a CSV file and runs the same tests that the radar runs while a site is in use. Works offline.
#[derive(Args)]
pub(crate) struct Flags {
    /// What to do.
    #[command(subcommand)]
    pub(crate) action: RadarAction,
}

#[derive(Subcommand)]
pub(crate) enum RadarAction {
    Replay(RadarReplayFlags),
    Report(RadarReportFlags),
}

/// Print the attacks that a log of log-in attempts contains
#[derive(Args)]
#[command(after_long_help = format!("{COLUMNS}\n\n{EXIT_CODES}\n\n{JSON}\n\n{REPLAY_EXAMPLES}"))]
pub(crate) struct RadarReplayFlags {
    #[command(flatten)]
    pub(crate) log: LogFlags,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// Report an attack: its period, tries, log-ins and timeline
///
/// Writes one HTML page that loads nothing and runs no script, with the table that a report to the Personal Information
/// Protection Commission of Japan needs, or JSON.
#[derive(Args)]
#[command(after_long_help = format!("{COLUMNS}\n\n{EXIT_CODES}\n\n{JSON}\n\n{REPORT_EXAMPLES}"))]
pub(crate) struct RadarReportFlags {
    #[command(flatten)]
    pub(crate) log: LogFlags,
    /// Write an HTML page; - for standard output
    ///
    /// It can be read by its owner only (mode 0600).
    #[arg(long, value_name = "OUT", required_unless_present = "json")]
    pub(crate) html: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Replace a page that exists
    #[arg(long)]
    pub(crate) force: bool,
}

/// What both read.
#[derive(Args)]
pub(crate) struct LogFlags {
    /// CSV file of log-in attempts, sorted by time
    pub(crate) attempts: PathBuf,
    /// Share of exposed passwords among failed log-ins without an attack, 0 to 0.8 [default: learned from the file]
    ///
    /// Give it if the file has little from before the attack: without it, what is usual is known after 1,000 failed attempts
    /// only.
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    pub(crate) usual_exposed: Option<f64>,
    /// Show real account names and sources instead of pseudonyms
    #[arg(long)]
    pub(crate) users: bool,
    /// List at most N accounts that were logged in to
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) top: usize,
    /// Language of the text and the page
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = LanguageParser)]
    pub(crate) lang: Language,
}

const COLUMNS: &str = "\
Columns, named by a header, in any order:
  time      2026-09-28T19:04:05+09:00 (RFC 3339), or seconds since 1970
  source    IP address, or any other text; may be empty
  account   the account, written the same way each time; may be empty
  outcome   failed or succeeded
  known     optional: whether the site has the account: yes, no or empty
  exposed   optional: whether the password is exposed: yes, no or empty
  A line that cannot be read ends the run with an error that says its number.";

const EXIT_CODES: &str = "\
Exit codes:
  0 no attack, 1 an attack was found, 2 an error or bad usage";

const JSON: &str = "\
JSON, one object:
  input, from, to      the file, and the times of its first and last attempt
  all                  {failures, successes, rated, exposed, stated, unknown_accounts}: rated
                       failures are those with a known exposure, stated ones those with a known
                       account status
  attack               whether there was one
  attacks              list of {since, raised, until, site_wide, sources, reasons}: until is null
                       if it still ran; reasons are {reason, usual_share, attack_share} or
                       {reason, count}
  suspected            as all, of suspected sources during attacks; suspected_sources: how many
  accounts_tried       by them, accounts_taken: logged in to by them
  users                whether accounts and sources are named as in the file
  listed               the first log-in of each taken account: {time, account, source,
                       exposed_password}; source only with --users
  unlisted             how many more there are
  timeline             {start, slot_seconds, failures, exposed, suspected, taken}: a number for each
                       slot";

const REPLAY_EXAMPLES: &str = "\
Examples:
  When would the alarm have been raised?
      breachdex radar replay attempts.csv
  The same for a log that begins with the attack:
      breachdex radar replay attempts.csv --usual-exposed 0.3";

const REPORT_EXAMPLES: &str = "\
Examples:
  A page in Japanese with real account names:
      breachdex radar report attempts.csv --html incident.html --lang ja --users
  For another program:
      breachdex radar report attempts.csv --json";
