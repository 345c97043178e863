//! `peers`: breachdex and its peers on disk, at the size of a real corpus. Every structure is built in a process of
//! its own, asked in two more (from the page cache, from the disk), and deleted before the next one is built.

#![forbid(unsafe_code)]

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use breachdex_benches::at_size::asking::{self, Plan};
use breachdex_benches::at_size::cold::{free_space, readahead_kib};
use breachdex_benches::at_size::figures::{Asking, Building, Cold, Figures, tabulate};
use breachdex_benches::at_size::program::Program;
use breachdex_benches::at_size::{Structure, files, left_out, structures};
use breachdex_benches::corpus::{Corpus, CorpusSpec};
use breachdex_benches::machine;
use breachdex_benches::report::{Report, announce, grouped};
use breachdex_benches::watch::watch;
use clap::{Parser, ValueEnum};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Measure breachdex beside its peers on disk
#[derive(Parser)]
struct Arguments {
    /// Entries of the corpus
    #[arg(long, default_value_t = 250_000_000)]
    entries: u64,
    /// Timed questions of each sort
    #[arg(long, default_value_t = 200_000)]
    questions: usize,
    /// Absent digests asked for to count false positives
    #[arg(long, default_value_t = 10_000_000)]
    misses: usize,
    /// Questions to a cold file
    #[arg(long, default_value_t = 300)]
    cold: usize,
    /// Measure this structure only (repeatable)
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Print the names of all structures and exit
    #[arg(long)]
    list: bool,
    /// Command of another program that answers; {file}, {hash}
    #[arg(long, value_name = "COMMAND")]
    peer_program: Option<String>,
    /// Command that makes {file} from {text} or standard input
    #[arg(long, value_name = "COMMAND", requires = "peer_program")]
    peer_build: Option<String>,
    /// Folder for one structure at a time
    #[arg(long, env = "BREACHDEX_BENCH_DATA", default_value_os_t = std::env::temp_dir().join("breachdex-benches"))]
    data: PathBuf,
    /// Write the report to this file and JSON beside it
    #[arg(long)]
    out: Option<PathBuf>,
    /// What this process does with one structure
    #[arg(long, hide = true)]
    stage: Option<Stage>,
}

/// What one process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Stage {
    Build,
    Warm,
    Cold,
}

/// A structure of ours or another program.
enum Peer {
    Structure(Box<dyn Structure>),
    Program(Program),
}

/// The JSON file.
#[derive(Serialize, Deserialize)]
struct Results {
    machine: Vec<(String, String)>,
    entries: u64,
    questions: usize,
    peers: Vec<Figures>,
}

/// How the other program is picked and called.
const PROGRAM: &str = "program";
/// Bytes of disk an entry that the largest structure takes, and the text that a program reads.
const LARGEST: u64 = 44;
/// Those of a text and of what a program makes of it.
const LARGEST_BUILT: u64 = 90;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::parse();
    let peers = peers(&arguments)?;
    if arguments.list {
        for peer in &peers {
            writeln!(io::stdout(), "{}", peer.name())?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(stage) = arguments.stage {
        return run_stage(&arguments, &peers, stage);
    }
    fs::create_dir_all(&arguments.data)?;
    check_disk(&arguments)?;
    let mut results = Results {
        machine: machine::describe().into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        entries: arguments.entries,
        questions: arguments.questions,
        peers: Vec::new(),
    };
    for peer in &peers {
        results.peers.push(measure(&arguments, peer));
    }
    let failed = results.peers.iter().any(|peer| peer.error.is_some());
    if arguments.only.is_empty() {
        results.peers.extend(left_out().iter().map(|name| not_compiled(name, arguments.entries)));
    }
    publish(&arguments, &results)?;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl Peer {
    fn name(&self) -> &str {
        match self {
            Self::Structure(structure) => structure.name(),
            Self::Program(_) => PROGRAM,
        }
    }

    fn title(&self) -> &str {
        match self {
            Self::Structure(structure) => structure.title(),
            Self::Program(_) => "peer's program",
        }
    }

    fn settings(&self) -> String {
        match self {
            Self::Structure(structure) => structure.settings(),
            Self::Program(program) => program.settings(),
        }
    }
}

/// Those that were picked.
fn peers(arguments: &Arguments) -> Result<Vec<Peer>, Box<dyn Error>> {
    let mut peers: Vec<Peer> = structures().into_iter().map(Peer::Structure).collect();
    if let Some(ask) = &arguments.peer_program {
        peers.push(Peer::Program(Program { ask: ask.clone(), build: arguments.peer_build.clone() }));
    }
    if let Some(name) = arguments.only.iter().find(|name| peers.iter().all(|peer| peer.name() != **name)) {
        let known: Vec<&str> = peers.iter().map(Peer::name).collect();
        let hint = match name.as_str() {
            PROGRAM => "; give --peer-program".to_owned(),
            name if left_out().contains(&name) => "; it needs `--features peers`".to_owned(),
            _ => String::new(),
        };
        return Err(format!("no structure `{name}`{hint}; there are {}", known.join(", ")).into());
    }
    peers.retain(|peer| arguments.only.is_empty() || arguments.only.iter().any(|name| name == peer.name()));
    Ok(peers)
}

fn check_disk(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let each = if arguments.peer_build.is_some() { LARGEST_BUILT } else { LARGEST };
    let (needed, free) = (arguments.entries.saturating_mul(each), free_space(&arguments.data)?);
    if free < needed {
        let data = arguments.data.display();
        return Err(format!(
            "{data} has {:.1} GB free; the largest structure may take {:.1} GB. Use --data, or fewer --entries",
            free as f64 / 1e9,
            needed as f64 / 1e9
        )
        .into());
    }
    Ok(())
}

/// Builds and asks one structure. A failure is part of its figures.
fn measure(arguments: &Arguments, peer: &Peer) -> Figures {
    let mut figures = Figures {
        name: peer.name().to_owned(),
        title: peer.title().to_owned(),
        settings: peer.settings(),
        entries: arguments.entries,
        building: None,
        asking: None,
        cold: None,
        error: None,
    };
    let folder = folder(arguments, peer.name());
    if let Err(error) = fill(arguments, peer, &folder, &mut figures) {
        announce(format_args!("{}: {error}", peer.title()));
        figures.error = Some(error.to_string());
    }
    if let Err(error) = remove(&folder) {
        figures.error.get_or_insert(format!("cannot remove {}: {error}", folder.display()));
    }
    figures
}

fn fill(
    arguments: &Arguments,
    peer: &Peer,
    folder: &Path,
    figures: &mut Figures,
) -> Result<(), Box<dyn Error>> {
    if let Peer::Structure(structure) = peer {
        check_memory(structure.memory_to_build(arguments.entries))?;
    }
    remove(folder)?;
    fs::create_dir_all(folder)?;
    announce(format_args!("building {}", peer.title()));
    let (mut building, peak) = in_child::<Building>(arguments, peer.name(), Stage::Build)?;
    building.peak_anonymous.get_or_insert(peak);
    figures.building = Some(building);
    announce(format_args!("asking {}", peer.title()));
    figures.asking = Some(in_child::<Asking>(arguments, peer.name(), Stage::Warm)?.0);
    announce(format_args!("asking {} from the disk", peer.title()));
    figures.cold = Some(in_child::<Cold>(arguments, peer.name(), Stage::Cold)?.0);
    Ok(())
}

fn check_memory(needed: u64) -> Result<(), Box<dyn Error>> {
    match machine::available_memory() {
        Some(available) if available < needed => Err(format!(
            "building it takes {:.1} GB of memory, of which {:.1} GB are available",
            needed as f64 / 1e9,
            available as f64 / 1e9
        )
        .into()),
        _ => Ok(()),
    }
}

/// Runs a stage in a process of its own; returns what it found and the peak of its anonymous memory.
fn in_child<T: DeserializeOwned>(
    arguments: &Arguments,
    name: &str,
    stage: Stage,
) -> Result<(T, u64), Box<dyn Error>> {
    let answer = folder(arguments, name).with_extension("json");
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["--only", name, "--stage"])
        .arg(stage.to_possible_value().ok_or("no such stage")?.get_name());
    command.arg("--entries").arg(arguments.entries.to_string());
    command.arg("--questions").arg(arguments.questions.to_string());
    command.arg("--misses").arg(arguments.misses.to_string());
    command.arg("--cold").arg(arguments.cold.to_string());
    command.arg("--data").arg(&arguments.data);
    for (flag, value) in
        [("--peer-program", &arguments.peer_program), ("--peer-build", &arguments.peer_build)]
    {
        if let Some(value) = value {
            command.arg(flag).arg(value);
        }
    }
    let child = command.stdin(Stdio::null()).stdout(fs::File::create(&answer)?).spawn()?;
    let end = watch(child)?;
    let text = fs::read(&answer)?;
    fs::remove_file(&answer)?;
    match serde_json::from_slice::<Result<T, String>>(&text) {
        Ok(outcome) => Ok((outcome?, end.anonymous)),
        Err(_) => Err(format!("its process ended with {}", end.status).into()),
    }
}

/// In the child: works on one structure and prints what came of it.
fn run_stage(arguments: &Arguments, peers: &[Peer], stage: Stage) -> Result<ExitCode, Box<dyn Error>> {
    let [peer] = peers else { return Err("a stage is for one structure".into()) };
    let corpus = Corpus::new(CorpusSpec::whole(arguments.entries))?;
    let folder = folder(arguments, peer.name());
    let plan = Plan { questions: arguments.questions, misses: arguments.misses, cold: arguments.cold };
    match (stage, peer) {
        (Stage::Build, Peer::Structure(structure)) => print(build(structure.as_ref(), &corpus, &folder)),
        (Stage::Build, Peer::Program(program)) => print(program.build(&corpus, &folder)),
        (Stage::Warm, Peer::Structure(structure)) => {
            print(asking::warm(structure.as_ref(), &corpus, &folder, plan))
        }
        (Stage::Warm, Peer::Program(program)) => print(program.warm(&corpus, &folder, plan)),
        (Stage::Cold, Peer::Structure(structure)) => {
            print(asking::cold(structure.as_ref(), &corpus, &folder, plan))
        }
        (Stage::Cold, Peer::Program(program)) => print(program.cold(&corpus, &folder, plan)),
    }
}

fn build(structure: &dyn Structure, corpus: &Corpus, folder: &Path) -> Result<Building, Box<dyn Error>> {
    let started = Instant::now();
    structure.build(corpus, folder)?;
    let seconds = started.elapsed().as_secs_f64();
    let mut bytes = 0;
    for path in files(folder)? {
        bytes += path.metadata()?.len();
    }
    Ok(Building { bytes, seconds, peak_anonymous: None })
}

fn print(outcome: Result<impl Serialize, Box<dyn Error>>) -> Result<ExitCode, Box<dyn Error>> {
    let outcome = outcome.map_err(|error| error.to_string());
    serde_json::to_writer(io::stdout().lock(), &outcome)?;
    Ok(if outcome.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn not_compiled(name: &str, entries: u64) -> Figures {
    Figures {
        name: name.to_owned(),
        title: name.to_owned(),
        settings: String::new(),
        entries,
        building: None,
        asking: None,
        cold: None,
        error: Some("compiled without it; run with `--features peers`".to_owned()),
    }
}

fn publish(arguments: &Arguments, results: &Results) -> Result<(), Box<dyn Error>> {
    let mut report = Report::new("breachdex and its peers on disk");
    let readahead = readahead_kib(&arguments.data).map_or("unknown".to_owned(), |kib| format!("{kib} KiB"));
    report.line(format_args!("- readahead of the disk: {readahead}"));
    report.line(format_args!(
        "- corpus: {} SHA-1 digests, uniformly random, with the real shares of counts; {} timed questions of each \
         sort, {} to a cold file, each structure in processes of its own, one after another",
        grouped(arguments.entries),
        grouped(arguments.questions as u64),
        arguments.cold
    ));
    tabulate(&results.peers, &mut report);
    report.publish(arguments.out.as_deref(), false)?;
    if let Some(path) = &arguments.out {
        fs::write(path.with_extension("json"), serde_json::to_string_pretty(results)? + "\n")?;
    }
    Ok(())
}

/// The folder of one structure, in which nothing else is.
fn folder(arguments: &Arguments, name: &str) -> PathBuf {
    arguments.data.join(format!("peers-{}-{name}", arguments.entries))
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
