//! `timing`: runs a command several times and appends a line to a table: wall-clock time from start to exit
//! (median and best), processor time, and the peak of its anonymous memory.

#![forbid(unsafe_code)]

use std::error::Error;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use breachdex_benches::measure::median;
use breachdex_benches::report::Report;
use breachdex_benches::watch::watch;
use clap::Parser;

/// Time a whole command and its peak of anonymous memory
#[derive(Parser)]
struct Arguments {
    /// How the line is called; without it the head of a report is written instead of a line
    #[arg(long)]
    label: Option<String>,
    /// What the head says it belongs to
    #[arg(long, conflicts_with = "label")]
    script: Option<String>,
    /// How often the command runs
    #[arg(long, default_value_t = 1)]
    runs: usize,
    /// Lines or entries it works through, for a rate
    #[arg(long)]
    items: Option<u64>,
    /// A file for its standard input
    #[arg(long)]
    stdin: Option<PathBuf>,
    /// The exit code it must end with
    #[arg(long, default_value_t = 0)]
    expect: i32,
    /// A file to remove before each run
    #[arg(long)]
    remove: Option<PathBuf>,
    /// Append to this file as well
    #[arg(long)]
    out: Option<PathBuf>,
    /// The command
    #[arg(last = true)]
    command: Vec<String>,
}

/// One run.
struct Run {
    seconds: f64,
    anonymous: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let Some(label) = &arguments.label else {
        let mut report = Report::new("breachdex as a whole process");
        if let Some(script) = &arguments.script {
            report.line(format_args!("- script: {script}"));
        }
        report.line("\n| command | median | best | M lines/s | RssAnon peak, MiB | runs |");
        report.line("|---|---:|---:|---:|---:|---:|");
        return Ok(report.publish(arguments.out.as_deref(), true)?);
    };
    let runs = (0..arguments.runs.max(1))
        .map(|number| run(&arguments, number == 0))
        .collect::<Result<Vec<_>, _>>()?;
    let mut seconds: Vec<f64> = runs.iter().map(|run| run.seconds).collect();
    let middle = median(&mut seconds);
    let rate = arguments.items.map_or("".into(), |items| format!("{:.1}", items as f64 / middle / 1e6));
    let anonymous = match runs.iter().map(|run| run.anonymous).max().unwrap_or(0) {
        0 => "too short".into(),
        peak => format!("{:.1}", peak as f64 / f64::from(1 << 20)),
    };
    let mut report = Report::continued();
    report.line(format_args!(
        "| {label} | {} | {} | {rate} | {anonymous} | {} |",
        duration(middle),
        duration(seconds[0]),
        runs.len()
    ));
    Ok(report.publish(arguments.out.as_deref(), true)?)
}

/// What the command says on standard error is shown once, in the first run.
fn run(arguments: &Arguments, audible: bool) -> Result<Run, Box<dyn Error>> {
    if let Some(path) = arguments.remove.as_ref().filter(|path| path.exists()) {
        fs::remove_file(path)?;
    }
    let (program, rest) = arguments.command.split_first().ok_or("no command after `--`")?;
    let input = match &arguments.stdin {
        Some(path) => Stdio::from(File::open(path)?),
        None => Stdio::null(),
    };
    let mut command = Command::new(program);
    command.args(rest).stdin(input).stdout(Stdio::null());
    command.stderr(if audible { Stdio::inherit() } else { Stdio::null() });
    let started = Instant::now();
    let child = command.spawn()?;
    let end = watch(child)?;
    if end.status.code() != Some(arguments.expect) {
        return Err(format!("{program} ended with {}, expected {}", end.status, arguments.expect).into());
    }
    Ok(Run { seconds: (end.at - started).as_secs_f64(), anonymous: end.anonymous })
}

fn duration(seconds: f64) -> String {
    if seconds < 0.1 { format!("{:.2} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}
