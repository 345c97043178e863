//! The Python module `breachdex._breachdex`. Thin: everything is decided in the crates below.
//!
//! `index` and `index_set` are the classes that answer, `questions` what both are asked; `password` is how Python's
//! strings come in, `arrow` and `lists` how many of them do, in `bulk`. `range_client`, `build`, `partitions`, `exposure`, `pairs`, `policy` (with `verdict`),
//! `radar`, `grace`, `messages` and `command` are one door each; `segments` builds and joins parts of an index, of the Arrow data
//! that `rows` reads. `trust` reads which keys are trusted. `errors` turns errors into Python's,
//! `signals` lets long work hear of Ctrl-C,
//! `per_process` keeps threads away from forked children.

#![forbid(unsafe_code)]

mod arrow;
mod build;
mod bulk;
mod command;
mod errors;
mod exposure;
mod faults;
mod gate;
mod grace;
mod index;
mod index_set;
mod judge;
mod lists;
mod messages;
mod metadata;
mod packed;
mod pairs;
mod partitions;
mod password;
mod per_process;
mod policy;
mod questions;
mod radar;
mod range_client;
mod rows;
mod segments;
mod signals;
mod trust;
mod verdict;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod _breachdex {
    #[pymodule_export]
    use crate::arrow::{ChunkedCounts, Counts};
    #[pymodule_export]
    use crate::build::{BuildReport, Progress, build, warn_of_list};
    #[pymodule_export]
    use crate::command::run_command;
    #[pymodule_export]
    use crate::exposure::{Exposure, Unavailable};
    #[pymodule_export]
    use crate::gate::{Gate, examine};
    #[pymodule_export]
    use crate::grace::Grace;
    #[pymodule_export]
    use crate::index::Index;
    #[pymodule_export]
    use crate::index_set::IndexSet;
    #[pymodule_export]
    use crate::judge::Judge;
    #[pymodule_export]
    use crate::messages::{
        exposed_count, grouped_number, language_code, languages, messages, negotiate, sentence_separator,
        spoken_language,
    };
    #[pymodule_export]
    use crate::metadata::Metadata;
    #[pymodule_export]
    use crate::packed::build_packed;
    #[pymodule_export]
    use crate::pairs::{ExposedPair, Pairs};
    #[pymodule_export]
    use crate::partitions::Partitions;
    #[pymodule_export]
    use crate::password::digest;
    #[pymodule_export]
    use crate::policy::PolicyRules;
    #[pymodule_export]
    use crate::radar::{Observation, Radar, RadarStatus};
    #[pymodule_export]
    use crate::range_client::BlockingRangeClient;
    #[pymodule_export]
    use crate::segments::{build_segment, join};
    #[pymodule_export]
    use crate::trust::public_keys;
    #[pymodule_export]
    use crate::verdict::{Reason, Verdict};

    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const TEST_PASSWORD: &str = breachdex::TEST_PASSWORD;
}
