//! `timing`: runs a command several times and appends a line to a table: wall-clock time from start to exit
//! (median and best), processor time, and the peak of its anonymous memory.

#![forbid(unsafe_code)]

use std::error::Error;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use breachdex_benches::machine::anonymous_memory;
use breachdex_benches::measure::median;
use breachdex_benches::report::Report;
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

/// How often the anonymous memory is looked at.
const SAMPLING: Duration = Duration::from_millis(5);

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
    let (status, ended, anonymous) = watch(child)?;
    if status.code() != Some(arguments.expect) {
        return Err(format!("{program} ended with {status}, expected {}", arguments.expect).into());
    }
    Ok(Run { seconds: (ended - started).as_secs_f64(), anonymous })
}

/// Waits for the child while another thread looks at its memory.
fn watch(mut child: Child) -> std::io::Result<(ExitStatus, Instant, u64)> {
    let process = child.id().to_string();
    let (peak, ended) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let sampler = scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                thread::park_timeout(SAMPLING);
                if let Some(now) = anonymous_memory(&process) {
                    peak.fetch_max(now, Ordering::Relaxed);
                }
            }
        });
        let status = child.wait();
        let at = Instant::now();
        ended.store(true, Ordering::Relaxed);
        sampler.thread().unpark();
        Ok((status?, at, peak.load(Ordering::Relaxed)))
    })
}

fn duration(seconds: f64) -> String {
    if seconds < 0.1 { format!("{:.2} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}
