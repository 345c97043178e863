//! `pull`: a published index from a web server, byte for byte.

#![forbid(unsafe_code)]

mod source;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use breachdex::trust::SignatureFiles;
use breachdex_hibp::pull::{PullOptions, PullPreview, PullReport};
use breachdex_hibp::{NetworkOptions, RetryPolicy};
use clap::Args;

use self::source::Source;
use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::flags::fetch::NetworkFlags;
use crate::flags::values::{parse_seconds, parse_size_or_zero};
use crate::flags::{ProgressFlags, TrustFlags, proxy_from};
use crate::output::Output;
use crate::progress::Reporter;
use crate::summary::plural;
use crate::{messages, target, trust};

/// Copy a published index from a web server
///
/// Fetches what changed since OUT by range requests, copies the rest from OUT, and replaces OUT by the published file, byte
/// for byte, in one step. Any static server that answers range requests can publish: nginx, Caddy, Apache, a CDN. Run the
/// same command again to resume an interrupted pull: what was fetched is kept beside OUT, in files named
/// .OUT.breachdex-pull*.
#[derive(Args)]
#[command(after_long_help = "\
Publish an index with its signature: breachdex sign pwned.bdx, then copy pwned.bdx.id,
pwned.bdx.id.minisig and the index, each under a temporary name that is renamed. docs/pull.md says
in which order, what is checked when, and what a pull costs. Needs disk space for the new index
beside the old one.

Exit codes: 0 done, also when nothing had changed; 2 an error or stopped; what was fetched is kept.

Examples:
      breachdex pull https://mirror.example/pwned.bdx -o pwned.bdx --trusted-key breachdex.pub
  How much would be fetched:
      breachdex pull https://mirror.example/pwned.bdx -o pwned.bdx \\
          --trusted-key breachdex.pub --dry-run
  Only if the corpus is not older than 30 days:
      breachdex pull https://mirror.example/pwned.bdx -o pwned.bdx \\
          --trusted-key breachdex.pub --max-age 30")]
pub(crate) struct Flags {
    /// The address of the published index
    ///
    /// http://, https://, or s3://BUCKET/KEY in a build with the feature s3.
    url: Source,
    /// The index to write
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    #[command(flatten)]
    trust: TrustFlags,
    /// Accept an index that nobody signed
    ///
    /// Only damage is noticed then, not who made the index. Without it, and without trusted keys, nothing is fetched.
    #[arg(long, conflicts_with = "trusted_key")]
    unsigned: bool,
    /// Print what would be fetched and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Replace OUT by an index with an earlier corpus date
    #[arg(long)]
    allow_older: bool,
    /// Replace OUT whatever it is: damaged, newer, of another kind
    #[arg(long)]
    force: bool,
    /// Discard the unfinished pull of OUT and start over
    #[arg(long)]
    restart: bool,
    /// Requests at a time
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=256))]
    concurrency: u32,
    /// How often to retry a failed request
    ///
    /// After half a second, then after twice as long each time, up to half a minute. If a server asks for a pause, nothing is
    /// sent until it is over.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=1000))]
    retries: u32,
    /// Timeout of a connection, and of each piece of an answer
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_seconds)]
    timeout: Duration,
    /// Timeout of a request and its whole answer
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = parse_seconds)]
    request_timeout: Duration,
    /// Fetch so many unchanged bytes rather than send another request
    #[arg(long, value_name = "SIZE", default_value = "4KiB", value_parser = parse_size_or_zero)]
    gap: u64,
    #[command(flatten)]
    network: NetworkFlags,
    /// Threads to use [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
    #[command(flatten)]
    progress: ProgressFlags,
}

impl Subcommand for Flags {
    fn run(self) -> Result<Exit, Failure> {
        let started = Instant::now();
        target::refuse_stdout(&self.output)?;
        let options = self.options()?;
        let reporter = Reporter::start(self.progress.progress)?;
        let said = if self.dry_run {
            let preview = self.url.preview(&self.output, &options, &reporter)?;
            drop(reporter);
            preview_text(&preview)
        } else {
            let report = self.url.pull(&self.output, &options, &reporter)?;
            drop(reporter);
            self.notes(&report, options.trust.needs_signature());
            summary(&report)
        };
        let mut output = Output::open();
        output.write(format!("{said}, {:.1} seconds\n", started.elapsed().as_secs_f64()).as_bytes())?;
        output.flush()?;
        Ok(Exit::Success)
    }
}

impl Flags {
    fn options(&self) -> Result<PullOptions, Failure> {
        let trust = trust::of(&self.trust)?;
        if !trust.needs_signature() && !self.unsigned {
            return Err(Failure::Usage(String::from(
                "no key is trusted, so anyone's index would be accepted: name the key that signs it with --trusted-key, \
                 or accept an unsigned index with --unsigned",
            )));
        }
        if trust.needs_signature() && self.unsigned {
            return Err(Failure::Usage(String::from(
                "--unsigned, and BREACHDEX_TRUSTED_KEYS names keys: leave out one of the two",
            )));
        }
        let network = NetworkOptions {
            proxy: proxy_from(self.network.proxy.as_ref())?,
            ca_file: self.network.ca_file.clone(),
        };
        Ok(PullOptions {
            concurrency: self.concurrency as usize,
            timeout: self.timeout,
            request_timeout: self.request_timeout,
            retry: RetryPolicy { retries: self.retries, ..RetryPolicy::default() },
            network,
            trust,
            allow_older: self.allow_older,
            force: self.force,
            restart: self.restart,
            gap: self.gap,
            threads: self.threads.map_or(0, |threads| threads as usize),
        })
    }

    fn notes(&self, report: &PullReport, is_signed: bool) {
        if report.retries > 0 {
            messages::note(&format!("{} sent again", requests(report.retries)));
        }
        if report.replaced > 0 {
            messages::note(&"the published file was replaced while it was fetched; the pull was begun anew");
        }
        messages::durability(&self.output, report.durability);
        let files = SignatureFiles::beside(&self.output);
        if let Some(durability) = report.signature_durability {
            messages::durability(&files.statement, durability);
        }
        if !is_signed && files.signature.exists() {
            messages::note(&format!(
                "{} is not the signature of the new index, which was accepted unsigned; remove it, or pull with --trusted-key",
                files.signature.display()
            ));
        }
    }
}

fn summary(report: &PullReport) -> String {
    let length = report.metadata.file_length;
    let fetched = format!("{} bytes fetched in {}", report.bytes, requests(report.requests));
    if report.up_to_date {
        return format!("nothing changed, nothing was written, {fetched}");
    }
    let resumed = match report.resumed {
        0 => String::new(),
        bytes => format!(", {bytes} bytes kept from before"),
    };
    format!(
        "{} entries, {length} bytes, {fetched} ({}){resumed}",
        report.metadata.entries,
        share(report.bytes, length)
    )
}

fn preview_text(preview: &PullPreview) -> String {
    let PullPreview { metadata, bytes, fetched, .. } = preview;
    if preview.up_to_date {
        return format!("nothing changed, nothing would be written, {fetched} bytes fetched to know it");
    }
    format!(
        "would fetch {bytes} bytes of {} ({}) in {}, {fetched} bytes fetched to know it, nothing was written",
        metadata.file_length,
        share(*bytes, metadata.file_length),
        requests(preview.requests)
    )
}

fn share(bytes: u64, of: u64) -> String {
    format!("{:.2} %", bytes as f64 * 100.0 / of.max(1) as f64)
}

fn requests(number: u64) -> String {
    plural(number, "request", "requests")
}
