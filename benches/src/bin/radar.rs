//! `radar`: what an attempt costs, with few sources and with more than are remembered, and the memory that it takes.

#![forbid(unsafe_code)]

use std::error::Error;
use std::path::PathBuf;

use breachdex_benches::measure::median_pass;
use breachdex_benches::report::Report;
use breachdex_radar::{Attempt, Exposure, Radar, RadarOptions, Time};
use clap::Parser;
use rand::{RngExt as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Measure the radar's time for each attempt
#[derive(Parser)]
struct Arguments {
    /// Attempts of each pass
    #[arg(long, default_value_t = 1_000_000)]
    attempts: usize,
    /// Append to this file as well
    #[arg(long)]
    out: Option<PathBuf>,
}

/// What is told, made before the clock runs.
struct Told {
    seconds: u64,
    source: String,
    account: String,
    failed: bool,
    exposure: Exposure,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let mut report = Report::new("the radar, an attempt");
    for (name, sources, failing, v6) in [
        ("1,000 IPv4 sources, a fifth of the attempts fail", 1_000_u32, 0.2, false),
        ("100,000 IPv4 sources, a fifth fail", 100_000, 0.2, false),
        ("100,000 IPv6 sources, a fifth fail", 100_000, 0.2, true),
        ("10,000,000 IPv4 sources, all fail (a flood)", 10_000_000, 1.0, false),
    ] {
        let told = made(arguments.attempts, sources, failing, v6);
        let mut radar = Radar::new(RadarOptions::default())?;
        let mut later = 0;
        let (nanoseconds, suspects) = median_pass(told.len(), || {
            later += told.len() as u64 / 100;
            told.iter().filter(|told| radar.observe(&attempt(told, later)).is_suspect_log_in).count()
        });
        report.line(format_args!(
            "- {name}: {nanoseconds:.0} ns an attempt; {} bytes of memory, {suspects} suspect log-ins",
            radar.memory()
        ));
    }
    report.publish(arguments.out.as_deref(), true)?;
    Ok(())
}

fn made(attempts: usize, sources: u32, failing: f64, v6: bool) -> Vec<Told> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut one = |at: usize| {
        let source = random.random_range(0..sources);
        let [a, b, c, d] = source.to_be_bytes();
        Told {
            // 100 attempts a second.
            seconds: 1_790_553_600 + at as u64 / 100,
            source: match v6 {
                true => format!("2001:db8:{a:x}{b:02x}:{c:x}{d:02x}::{b:x}"),
                false => format!("{}.{b}.{c}.{d}", a + 10),
            },
            account: format!("user{}@example.jp", random.random_range(0..sources)),
            failed: random.random_bool(failing),
            exposure: if random.random_bool(0.3) { Exposure::Exposed } else { Exposure::NotExposed },
        }
    };
    (0..attempts).map(&mut one).collect()
}

fn attempt(told: &Told, later: u64) -> Attempt<'_> {
    let time = Time::from_unix(told.seconds + later);
    let attempt = match told.failed {
        true => Attempt::failed(time, &told.source, &told.account),
        false => Attempt::succeeded(time, &told.source, &told.account),
    };
    attempt.exposure(told.exposure)
}
