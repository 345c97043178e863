//! The flags of `proxy`.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::time::Duration;

use breachdex_http::Listen;
use breachdex_proxy::{Event, FailedWhen, Rule, UpstreamAddress};
use clap::{Args, ValueEnum};

use crate::flags::values::{parse_positive, parse_seconds, parse_size};
use crate::flags::{PairFlags, UsualFlags};
use crate::service::{LimitFlags, LogFlags, ReplacedTrustFlags, ServiceFlags, SocketFlags};

/// Tell a site which sign-ups and log-ins use exposed passwords
///
/// A reverse proxy in front of one site. It reads the posts that --login and --sign-up name, looks their passwords up,
/// and adds Exposed-Credential-Check to the request that goes to the site, with the values that Cloudflare has. All
/// other requests, answers and WebSockets are streamed as they are. Prints the addresses that it listens on, then
/// answers until it is told to stop (Ctrl-C or SIGTERM); SIGHUP reloads indexes and the certificate.
#[derive(Args)]
#[command(after_long_help = "\
A rule is a method (or *), a path (* is any part, ** at the end the rest), password=FIELD and, if
wanted, user=FIELD and failed-when=CONDITION. FIELD is the name in the form, or the path in JSON:
email, user[email], user.email.

Examples:
  GitLab, which acts on the header:
      breachdex proxy --upstream http://127.0.0.1:8181 --index pwned.bdx \\
          --login 'POST /users/sign_in user=user[login] password=user[password]' \\
          --sign-up 'POST /users user=user[email] password=user[password]'
  A Django site, which answers a failed log-in with 200:
      breachdex proxy --upstream unix:/run/shop.sock --index pwned.bdx --failed-when status=200 \\
          --login 'POST /accounts/login user=username password=password'")]
pub(crate) struct Flags {
    #[command(flatten)]
    pub(crate) service: ServiceFlags,
    /// The site: http://HOST:PORT, https://HOST or unix:/path
    #[arg(long, value_name = "URL", required_unless_present_any = ["health", "config"])]
    pub(crate) upstream: Option<UpstreamAddress>,
    /// Authorities whose certificates of the site are accepted, PEM [default: the system's]
    #[arg(long, value_name = "FILE")]
    pub(crate) upstream_ca: Option<PathBuf>,
    /// A request that logs in, as in 'POST /login user=email password=password'; repeatable
    #[arg(long, value_name = "RULE", value_parser = parse_login)]
    pub(crate) login: Vec<Rule>,
    /// A request that signs up or sets a password, written as --login; repeatable
    #[arg(long, value_name = "RULE", value_parser = parse_sign_up)]
    pub(crate) sign_up: Vec<Rule>,
    /// Index to ask [default: $BREACHDEX_INDEX, else a small built-in one]
    #[arg(long, value_name = "FILE")]
    pub(crate) index: Option<PathBuf>,
    /// Overlay whose passwords are exposed too; repeatable
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) pairs: PairFlags,
    #[command(flatten)]
    pub(crate) trust: ReplacedTrustFlags,
    /// Times that a password must have been seen to be exposed
    #[arg(long, value_name = "N", default_value = "1", value_parser = parse_positive)]
    pub(crate) min_count: u64,
    /// What happens to a request that cannot be checked
    ///
    /// accept passes it on without the header and counts it, reject answers 503.
    #[arg(long, value_name = "MODE", default_value = "accept")]
    pub(crate) on_error: FailModeName,
    /// Largest body of a sign-up or log-in that is read
    ///
    /// A larger one is a request that cannot be checked.
    #[arg(long, value_name = "SIZE", default_value = "64KiB", value_parser = parse_size)]
    pub(crate) max_body: u64,
    /// Memory for bodies that are being read
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = parse_size)]
    pub(crate) max_bodies: u64,
    /// How long the body of a sign-up or log-in may take to come
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_seconds)]
    pub(crate) body_timeout: Duration,
    /// How long the index may take to answer
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = parse_seconds)]
    pub(crate) check_timeout: Duration,
    #[command(flatten)]
    pub(crate) radar: RadarFlags,
    /// Address to listen on; repeatable [default: 127.0.0.1:8080]
    ///
    /// ADDR:PORT, [IPV6]:PORT, HOST:PORT (all addresses of the name), PORT (on 127.0.0.1), or unix:/path, also as
    /// unix:/path,mode=0666 (default 0660). Port 0 takes a free one. Without this flag, sockets that systemd passes
    /// replace the default.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Vec<Listen>,
    #[command(flatten)]
    pub(crate) sockets: SocketFlags,
    /// How long a connection to the site may take to open
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = parse_seconds)]
    pub(crate) connect_timeout: Duration,
    /// How long the site may take to begin an answer
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = parse_seconds)]
    pub(crate) answer_timeout: Duration,
    /// How long an idle connection to the site is kept
    ///
    /// Less than the site keeps it: one that closes while a request is on its way answers nothing.
    #[arg(long, value_name = "SECONDS", default_value = "4", value_parser = parse_seconds)]
    pub(crate) upstream_idle: Duration,
    /// End a stream or WebSocket after this time without a byte
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = parse_seconds)]
    pub(crate) stream_timeout: Duration,
    #[command(flatten)]
    pub(crate) limits: LimitFlags,
    #[command(flatten)]
    pub(crate) log: LogFlags,
}

/// How the radar is fed, and what is done about what it says.
#[derive(Args)]
pub(crate) struct RadarFlags {
    /// Do not watch log-ins for attacks
    #[arg(long, conflicts_with_all = ["radar_state", "radar_header", "deny", "failed_when", "radar_usual_exposed", "radar_no_learning"])]
    pub(crate) no_radar: bool,
    /// When an answer says that the log-in failed; repeatable [default: status=400,401,403,422]
    ///
    /// status=401,403; location=/login, for a redirect back to the form; body-contains=TEXT, in the first 64 KiB.
    #[arg(long, value_name = "CONDITION")]
    pub(crate) failed_when: Vec<FailedWhen>,
    /// File that keeps what the radar has learned over a restart
    #[arg(long, value_name = "FILE")]
    pub(crate) radar_state: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) usual: UsualFlags,
    /// Add Breachdex-Radar: quiet, suspected or attack to log-ins
    ///
    /// It says how the radar sees the source of the request.
    #[arg(long)]
    pub(crate) radar_header: bool,
    /// Answer log-ins of sources that attack with this status
    ///
    /// 429 or 403. Without this flag nobody is refused. Users behind the same address are refused too.
    #[arg(long, value_name = "STATUS", value_parser = parse_deny)]
    pub(crate) deny: Option<u16>,
}

/// A fail mode's name on the command line.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum FailModeName {
    Accept,
    Reject,
}

fn parse_login(text: &str) -> Result<Rule, String> {
    Rule::parse(Event::LogIn, text).map_err(|error| error.to_string())
}

fn parse_sign_up(text: &str) -> Result<Rule, String> {
    Rule::parse(Event::SignUp, text).map_err(|error| error.to_string())
}

fn parse_deny(text: &str) -> Result<u16, String> {
    match text {
        "429" => Ok(429),
        "403" => Ok(403),
        _ => Err(String::from("give 429 or 403")),
    }
}
