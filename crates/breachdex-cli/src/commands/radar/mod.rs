//! `radar`: attacks in logs of log-in attempts.

#![forbid(unsafe_code)]

mod flags;

use std::io::Write as _;
use std::path::Path;

use breachdex_radar::RadarOptions;
use breachdex_radar::replay::{Incident, ReplayOptions, replay};
use breachdex_radar::report;

use self::flags::{LogFlags, RadarAction, RadarReportFlags};
use crate::commands::{Exit, Subcommand};
use crate::failure::Failure;
use crate::output::Output;
use crate::target::{self, Target};

pub(crate) use flags::Flags;

impl Subcommand for Flags {
    fn run(self) -> Result<Exit, Failure> {
        match self.action {
            RadarAction::Replay(flags) => {
                let incident = read(&flags.log)?;
                if flags.json {
                    print_json(&report::json(&incident, flags.log.lang))?;
                } else {
                    print(&report::text(&incident, flags.log.lang))?;
                }
                Ok(exit(&incident))
            }
            RadarAction::Report(flags) => write(&flags),
        }
    }
}

fn write(flags: &RadarReportFlags) -> Result<Exit, Failure> {
    let page = flags.html.as_deref();
    let file = page.filter(|path| !target::is_stdout(path));
    if flags.json && page.is_some_and(target::is_stdout) {
        return Err(Failure::Usage(String::from(
            "--json and --html - both go to standard output; name a file",
        )));
    }
    // Claimed before anything is read, so that no file is replayed in vain.
    let claimed = file.map(|path| claim(path, flags)).transpose()?;
    let incident = read(&flags.log)?;
    if page.is_some() {
        let html = report::html(&incident, flags.log.lang);
        match claimed {
            Some((path, mut target)) => {
                let written = target.file().write_all(html.as_bytes());
                written.map_err(|source| target::failed("write", path, source))?;
                target.publish(flags.force)?;
            }
            None => print(&html)?,
        }
    }
    if flags.json {
        print_json(&report::json(&incident, flags.log.lang))?;
    }
    Ok(exit(&incident))
}

fn claim<'a>(path: &'a Path, flags: &RadarReportFlags) -> Result<(&'a Path, Target), Failure> {
    if breachdex::files::is_same_file(&flags.log.attempts, path) {
        let message = format!("{} is read for this report; choose another OUT", path.display());
        return Err(Failure::Usage(message));
    }
    Ok((path, Target::create(path, flags.force, true)?))
}

fn read(flags: &LogFlags) -> Result<Incident, Failure> {
    let default = RadarOptions::default();
    let radar = RadarOptions {
        usual_exposed: flags.usual_exposed.unwrap_or(default.usual_exposed),
        learns: flags.usual_exposed.is_none(),
        ..default
    };
    Ok(replay(&flags.attempts, &ReplayOptions { radar, users: flags.users, list: flags.top })?)
}

fn print(text: &str) -> Result<(), Failure> {
    let mut output = Output::open();
    output.write(text.as_bytes())?;
    output.flush()
}

fn print_json(json: &str) -> Result<(), Failure> {
    let mut output = Output::open();
    output.write_json(json)?;
    output.flush()
}

fn exit(incident: &Incident) -> Exit {
    if incident.attacks.is_empty() { Exit::Success } else { Exit::Exposed }
}
