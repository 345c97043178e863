//! `shares`: builds an index through the library and appends a line to a table: where the builder's time went.

#![forbid(unsafe_code)]

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use breachdex::{BuildOptions, Input, build};
use breachdex_benches::measure::expect;
use breachdex_benches::report::Report;
use breachdex_benches::subject::{SHARE_COLUMNS, share_row};
use clap::Parser;

/// Build an index and say where the time went
#[derive(Parser)]
struct Arguments {
    /// How the line is called; without it the head of the table is written instead of a line
    #[arg(long, requires = "input", requires = "target")]
    label: Option<String>,
    /// How many entries the index must have in the end
    #[arg(long)]
    entries: Option<u64>,
    /// Fingerprint bits
    #[arg(long, default_value_t = 160)]
    bits: u32,
    /// Memory in MiB
    #[arg(long, default_value_t = 1024)]
    memory: u64,
    /// Threads; 0 is one for each processor
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Append to this file as well
    #[arg(long)]
    out: Option<PathBuf>,
    /// `HEX:COUNT` lines
    input: Option<PathBuf>,
    /// The index to write; replaced when it is there
    target: Option<PathBuf>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let mut report = Report::continued();
    match (&arguments.label, &arguments.input, &arguments.target) {
        (Some(label), Some(input), Some(target)) => {
            let options = BuildOptions {
                bits: Some(arguments.bits),
                memory: arguments.memory << 20,
                threads: arguments.threads,
                replace: true,
                ..BuildOptions::default()
            };
            let started = Instant::now();
            let built = build(&[Input::path(input)], target, &options, &())?;
            expect("building", built.entries, arguments.entries.unwrap_or(built.entries))?;
            report.line(format_args!("| {} |", share_row(label, &built, started.elapsed()).join(" | ")));
        }
        _ => {
            report.section(
                "Where the builder's time goes",
                "Shares of all thread time, as the builder reports them, syncing in wall-clock seconds.",
            );
            report.table(SHARE_COLUMNS, &[]);
        }
    }
    Ok(report.publish(arguments.out.as_deref(), true)?)
}
