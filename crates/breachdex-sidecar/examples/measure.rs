//! A sidecar with one worker to be measured from outside; see `benches/sidecar.sh`.
//!
//! `measure INDEX ADDRESS` prints the address that it listens on and answers until it is killed.

use std::path::PathBuf;

use breachdex::{Checks, Corpus, LiveIndex, OpenOptions};
use breachdex_policy::Settings;
use breachdex_sidecar::{Listen, Shutdown, Sidecar, SidecarOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let index = PathBuf::from(arguments.next().ok_or("name an index")?);
    let address: Listen = arguments.next().ok_or("name an address")?.parse()?;
    // As the command opens it: read, and checked for every answer.
    let index = LiveIndex::open(index, OpenOptions::new().checks(Checks::Always), None)?;
    let rules = Settings::parse("profile = 'nist'\nmfa = true", "policy.toml")?.rules;
    let mut options = SidecarOptions::new(Corpus::from(index), rules);
    options.transport.workers = 1;
    options.transport.listen = vec![address];
    let sidecar = Sidecar::bind(&options, Vec::new())?;
    // The caller waits for this line.
    #[allow(clippy::print_stdout)]
    for url in sidecar.urls() {
        println!("{url}");
    }
    sidecar.start(&Shutdown::new())?.wait()?;
    Ok(())
}
