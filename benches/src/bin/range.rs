//! What a range costs: read from the page cache, checked, decoded and rendered, at any density.
//!
//! Asks an index file for every range that it covers, in an order that is not the file's, and prints microseconds a
//! range: by positioned reads and whole, and what the parts of that cost when they are done alone; then what a row costs
//! in an export on one thread. Beside the median of passes over all ranges stands the least of a few ranges in one go,
//! which is what a range costs where nothing else wants the processor. The other kernels are measured by running it once
//! more with `BREACHDEX_KERNEL=portable`, `bmi2` or `avx2`.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use breachdex::{Index, Prefix, RangeScratch, ReadMode, rows};
use breachdex_benches::machine;
use breachdex_benches::measure::median_pass;
use clap::Parser;

/// Microseconds for a range of an index.
#[derive(Parser)]
struct Flags {
    /// An exact index with counts
    index: PathBuf,
    /// Ranges to ask for
    #[arg(long, default_value_t = 2000)]
    ranges: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let flags = Flags::parse();
    for (name, value) in machine::describe() {
        println!("{name}: {value}");
    }
    let file = Index::open(&flags.index)?;
    let mapped = Index::map(&flags.index)?;
    let covered: Vec<u32> =
        file.metadata().coverage.ranges().iter().flat_map(|(first, last)| *first..=*last).collect();
    let prefixes: Vec<u32> =
        (0..flags.ranges).map(|i| covered[i.wrapping_mul(7_919) % covered.len()]).collect();
    let (mut scratch, mut body) = (RangeScratch::default(), Vec::new());
    let mut write = |waiting| -> Result<usize, breachdex::Error> {
        prefixes.iter().try_fold(0, |sum, prefix| {
            body.clear();
            file.write_range(*prefix, waiting, &mut scratch, &mut body)?;
            Ok(sum + body.len())
        })
    };
    let bytes = write(ReadMode::Blocking)?;
    println!("kernel: {}", mapped.kernel());
    println!("rows a range: {:.0}", file.metadata().entries as f64 / covered.len() as f64);
    println!("bytes a body: {:.0}", bytes as f64 / prefixes.len() as f64);
    let report = |what: &str, nanoseconds: f64| println!("{what}: {:.1} us", nanoseconds / 1000.0);
    let (time, done) = median_pass(prefixes.len(), || write(ReadMode::Cached));
    done?;
    report("Index::write_range: read, checked, rendered", time);
    for (what, index) in [("read, checked, rendered", &file), ("mapped, checked before, rendered", &mapped)] {
        report(&format!("Index::write_range: {what}, at best"), least(index, &prefixes)?);
    }
    println!("Index::export, one thread, at best: {:.1} M rows/s", export_rate(&mapped)?);
    let (time, done) = median_pass(prefixes.len(), || decode(&mapped, &prefixes));
    done?;
    report("Index::range, decoded only", time);
    let (time, done) = median_pass(prefixes.len(), || render(&mapped, &prefixes));
    done?;
    report("Index::range and rows::write_row", time);
    Ok(())
}

/// Ranges that are asked in one go: less than a slice of the processor's time.
const FEW: usize = 8;

/// Nanoseconds for a range of the quickest few.
fn least(index: &Index, prefixes: &[u32]) -> Result<f64, breachdex::Error> {
    let (mut scratch, mut body) = (RangeScratch::default(), Vec::new());
    let mut least = f64::INFINITY;
    for _ in 0..20 {
        for few in prefixes.chunks_exact(FEW) {
            let start = Instant::now();
            for prefix in few {
                body.clear();
                index.write_range(*prefix, ReadMode::Blocking, &mut scratch, &mut body)?;
            }
            least = least.min(start.elapsed().as_nanos() as f64 / FEW as f64);
        }
    }
    Ok(least)
}

/// Millions of rows a second of the quickest piece of an export.
fn export_rate(index: &Index) -> Result<f64, breachdex::Error> {
    let mut most: f64 = 0.0;
    for _ in 0..3 {
        let mut last = Instant::now();
        let mut time = |piece: &[u8]| {
            let taken = last.elapsed().as_secs_f64();
            let rows = piece.iter().filter(|byte| **byte == b'\n').count() as f64;
            most = most.max(rows / taken / 1e6);
            last = Instant::now();
            Ok::<(), breachdex::Error>(())
        };
        index.export(1, &mut time, &())?;
    }
    Ok(most)
}

fn decode(index: &Index, prefixes: &[u32]) -> Result<u64, breachdex::Error> {
    prefixes.iter().try_fold(0, |sum, prefix| {
        index.range(&Prefix::of_range(*prefix))?.try_fold(sum, |sum, entry| Ok(sum + entry?.count()))
    })
}

fn render(index: &Index, prefixes: &[u32]) -> Result<usize, breachdex::Error> {
    let mut body = Vec::new();
    prefixes.iter().try_fold(0, |sum, prefix| {
        body.clear();
        for entry in index.range(&Prefix::of_range(*prefix))? {
            rows::write_row(&mut body, &entry?, index.kind(), 5, true);
            body.extend_from_slice(b"\r\n");
        }
        Ok(sum + body.len())
    })
}
