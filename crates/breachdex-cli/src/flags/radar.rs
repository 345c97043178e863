//! What is usual at a site, for the radars of `sidecar` and `proxy`.

#![forbid(unsafe_code)]

use breachdex_radar::RadarOptions;
use clap::Args;

use super::values::parse_share;

/// What is usual without an attack.
#[derive(Args)]
pub(crate) struct UsualFlags {
    /// Share of exposed passwords among failed log-ins before any is learned, 0 to 0.8
    #[arg(long, value_name = "SHARE", default_value = "0.3", value_parser = parse_share)]
    pub(crate) radar_usual_exposed: f64,
    /// Take --radar-usual-exposed for certain, and learn nothing
    ///
    /// For a site that has few failed log-ins: what is usual is known after 1,000 of them only.
    #[arg(long)]
    pub(crate) radar_no_learning: bool,
}

impl UsualFlags {
    /// The radar that they describe, otherwise as it is by default.
    pub(crate) fn options(&self) -> RadarOptions {
        RadarOptions {
            usual_exposed: self.radar_usual_exposed,
            learns: !self.radar_no_learning,
            ..RadarOptions::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        usual: UsualFlags,
    }

    #[test]
    fn a_radar_learns_unless_it_is_told_not_to() {
        let options = |line: &[&str]| {
            let options = Line::parse_from([&["x"], line].concat()).usual.options();
            (options.usual_exposed, options.learns)
        };
        assert_eq!(options(&[]), (0.3, true));
        assert_eq!(options(&["--radar-usual-exposed", "0.2"]), (0.2, true));
        assert_eq!(options(&["--radar-usual-exposed=0.2", "--radar-no-learning"]), (0.2, false));
        assert!(Line::try_parse_from(["x", "--radar-usual-exposed", "0.9"]).is_err());
    }
}
