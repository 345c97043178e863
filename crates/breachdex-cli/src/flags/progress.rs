//! How long jobs show their progress.

#![forbid(unsafe_code)]

use clap::{Args, ValueEnum};

/// How progress is shown.
#[derive(Args)]
pub(crate) struct ProgressFlags {
    /// Show progress: auto, plain, json or none
    ///
    /// On standard error. auto: a bar on a terminal, elsewhere as plain. plain: a line every 30 seconds. json: an object a
    /// line at the start of each phase and every second, with the fields progress (the phase), done, total (null where
    /// unknown) and seconds.
    #[arg(long, value_name = "MODE", default_value = "auto", hide_possible_values = true)]
    pub(crate) progress: ProgressName,
}

/// The name of a way to show progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressName {
    Auto,
    Plain,
    Json,
    None,
}
