//! `corpus`: writes a synthetic corpus to a file, to standard output or into a folder of range files.

#![forbid(unsafe_code)]

use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use breachdex::{Kind, PREFIX_COUNT};
use breachdex_benches::checksum::Checked;
use breachdex_benches::corpus::{
    Corpus, CorpusError, CorpusSpec, Order, Redraw, write_range_files, write_sorted_text, write_text,
};
use clap::Parser;

/// Write a synthetic corpus: uniformly random digests with the counts of a real corpus, in constant memory
#[derive(Parser)]
struct Arguments {
    /// How many entries in all
    #[arg(long, required_unless_present = "density", conflicts_with = "density")]
    entries: Option<u64>,
    /// How many entries a prefix holds on average; the real corpus has 1973
    #[arg(long)]
    density: Option<u64>,
    /// Only these 5-digit prefixes, inclusive
    #[arg(long, value_name = "FIRST-LAST", value_parser = parse_prefixes, default_value = "00000-FFFFF")]
    prefixes: RangeInclusive<u32>,
    /// `sha1` or `ntlm`
    #[arg(long, value_parser = parse_kind, default_value = "sha1")]
    kind: Kind,
    /// The same seed gives the same corpus
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Scatter the lines instead of sorting them
    #[arg(long, conflicts_with = "ranges")]
    shuffled: bool,
    /// Write a folder of range files, one per prefix
    #[arg(long)]
    ranges: bool,
    /// Other entries under one prefix in so many: a later state of the same corpus
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    redraw_every: Option<u32>,
    /// The seed of those entries
    #[arg(long, default_value_t = 2, requires = "redraw_every")]
    redraw_seed: u64,
    /// Threads that make sorted text [default: one for each processor]
    #[arg(long)]
    threads: Option<usize>,
    /// Print the checksum of the text, as `checksum` prints it, on standard error
    #[arg(long, conflicts_with = "ranges")]
    checksum: bool,
    /// A file, `-` for standard output, or with `--ranges` a folder
    output: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let started = Instant::now();
    let prefixes = u64::from(arguments.prefixes.end() - arguments.prefixes.start() + 1);
    let entries = arguments.entries.or(arguments.density.map(|density| density * prefixes)).unwrap_or(0);
    let spec = CorpusSpec {
        kind: arguments.kind,
        entries,
        prefixes: arguments.prefixes.clone(),
        seed: arguments.seed,
    };
    let mut corpus = Corpus::new(spec)?;
    if let Some(every) = arguments.redraw_every {
        corpus = corpus.redrawn(Redraw { every, seed: arguments.redraw_seed });
    }
    let name = arguments.output.display().to_string();
    if arguments.ranges {
        write_range_files(&corpus, &arguments.output)?;
    } else if name == "-" {
        write(&arguments, &corpus, &mut io::stdout().lock(), "standard output")?;
    } else {
        write(&arguments, &corpus, &mut File::create(&arguments.output)?, &name)?;
    }
    let seconds = started.elapsed().as_secs_f64();
    writeln!(io::stderr(), "{entries} entries in {seconds:.2} s, {:.1} M/s", entries as f64 / seconds / 1e6)?;
    Ok(())
}

fn write(
    arguments: &Arguments,
    corpus: &Corpus,
    target: &mut dyn Write,
    name: &str,
) -> Result<(), CorpusError> {
    let threads = arguments.threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
    let text = |target: &mut dyn Write| {
        if arguments.shuffled {
            write_text(corpus, Order::Shuffled, target, name)
        } else {
            write_sorted_text(corpus, threads, target, name)
        }
    };
    if !arguments.checksum {
        return text(target);
    }
    let mut checked = Checked::new(target);
    text(&mut checked)?;
    writeln!(io::stderr(), "{}", checked.finish())
        .map_err(|error| CorpusError::Write { path: "standard error".into(), error })
}

fn parse_kind(text: &str) -> Result<Kind, String> {
    [Kind::Sha1, Kind::Ntlm].into_iter().find(|kind| kind.name() == text).ok_or("not sha1 or ntlm".into())
}

fn parse_prefixes(text: &str) -> Result<RangeInclusive<u32>, String> {
    let prefix = |digits: &str| {
        (digits.len() == 5)
            .then(|| u32::from_str_radix(digits, 16).ok())
            .flatten()
            .filter(|prefix| *prefix < PREFIX_COUNT)
    };
    match text.split_once('-').map(|(first, last)| (prefix(first), prefix(last))) {
        Some((Some(first), Some(last))) if first <= last => Ok(first..=last),
        _ => Err("write it as `00000-00FFF`".into()),
    }
}
