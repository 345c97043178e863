//! What writing ranges as files costs, beside what the file system itself takes.
//!
//! Writes every range of an index into a new folder, and before and after that as many files of the same lengths under the same names
//! from memory (create, write, close, on as many threads; then one sync of the file system), with nothing rendered or hashed: the
//! file system's own limit in the same minute. Prints ranges a second, the ratio, and what processors spent on a range (that of the
//! system's own writing back not counted), which other programs disturb less.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use breachdex::Index;
use breachdex_benches::machine;
use breachdex_server::{StaticOptions, read_manifest, write_ranges};
use clap::Parser;
use rustix::fs::{Mode, OFlags};

/// Ranges a second onto a file system, and its own limit.
#[derive(Parser)]
struct Flags {
    /// An exact index with counts
    index: PathBuf,
    /// A folder that is not there yet, on the file system to measure
    folder: PathBuf,
    /// Each range compressed with gzip too
    #[arg(long)]
    gzip: bool,
    /// Threads
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Times that each is done
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let flags = Flags::parse();
    for (name, value) in machine::describe() {
        println!("{name}: {value}");
    }
    let index = Index::map(&flags.index)?;
    let mut options = StaticOptions::default();
    (options.gzip, options.allow_partial, options.threads) = (flags.gzip, true, flags.threads);
    let mut best: [f64; 2] = [0.0; 2];
    for round in 1..=flags.rounds {
        let (start, spent) = (Instant::now(), processor_time()?);
        let report = write_ranges(&index, &flags.folder, &options, &())?;
        let ours = rate(report.ranges, start.elapsed());
        let our_cost = processor_time()? - spent;
        let lengths: Vec<usize> = lengths(&flags)?;
        fs::remove_dir_all(&flags.folder)?;
        let (start, spent) = (Instant::now(), processor_time()?);
        let written = write_plain(&flags.folder, &lengths, flags.threads)?;
        let limit = rate(report.ranges, start.elapsed());
        let its_cost = processor_time()? - spent;
        let each = |cost: f64| cost * 1e6 / report.ranges as f64;
        fs::remove_dir_all(&flags.folder)?;
        println!(
            "round {round}: {} ranges, {} bytes: ours {ours:.0} ranges/s, {:.1} us of a processor each; {} files of the same lengths by \
             a program that does nothing else: {limit:.0} ranges/s ({:.0} before the sync), {:.1} us each; ratio {:.2}",
            report.ranges,
            report.bytes,
            each(our_cost),
            lengths.len(),
            rate(report.ranges, written),
            each(its_cost),
            ours / limit
        );
        best = [best[0].max(ours), best[1].max(limit)];
    }
    println!("best: {:.0} and {:.0} ranges/s, ratio {:.2}", best[0], best[1], best[0] / best[1]);
    Ok(())
}

fn rate(ranges: u64, time: Duration) -> f64 {
    ranges as f64 / time.as_secs_f64()
}

/// Seconds of processors that this process has spent, in hundredths.
fn processor_time() -> Result<f64, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/self/stat")?;
    let behind_name = text.rsplit_once(')').ok_or("no name")?.1;
    let ticks = behind_name.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
    Ok(f64::from(ticks.sum::<Result<u32, _>>()?) / 100.0)
}

/// The lengths of all files that were written.
fn lengths(flags: &Flags) -> Result<Vec<usize>, Box<dyn Error>> {
    let mut lengths = Vec::new();
    for (prefix, facts) in read_manifest(&flags.folder.join("manifest"))? {
        lengths.push(usize::try_from(facts.length)?);
        if flags.gzip {
            let packed = fs::metadata(flags.folder.join(format!("{prefix:05X}.gz")))?;
            lengths.push(usize::try_from(packed.len())?);
        }
    }
    Ok(lengths)
}

/// Writes files of these lengths; the time until they were written. They are synced then.
fn write_plain(folder: &Path, lengths: &[usize], threads: usize) -> Result<Duration, Box<dyn Error>> {
    fs::create_dir(folder)?;
    let start = Instant::now();
    let opened = fs::File::open(folder)?;
    let text = vec![b'5'; lengths.iter().copied().max().unwrap_or_default()];
    let next = AtomicUsize::new(0);
    let outcomes: Vec<Result<(), rustix::io::Errno>> = thread::scope(|scope| {
        let write = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(length) = lengths.get(at) else { return Ok(()) };
                let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
                let file =
                    rustix::fs::openat(&opened, format!("{at:05X}"), flags, Mode::from_raw_mode(0o666))?;
                let mut rest = &text[..*length];
                while !rest.is_empty() {
                    let written = rustix::io::write(&file, rest)?;
                    rest = &rest[written..];
                }
            }
        };
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(write)).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or(Err(rustix::io::Errno::IO))).collect()
    });
    outcomes.into_iter().collect::<Result<(), _>>()?;
    let written = start.elapsed();
    rustix::fs::syncfs(&opened)?;
    Ok(written)
}
