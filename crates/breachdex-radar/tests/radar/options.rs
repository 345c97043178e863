//! Options and their errors.

use breachdex_radar::{Advice, Radar, RadarOptions};

fn refused(options: RadarOptions) -> String {
    Radar::new(options).expect_err("refused").to_string()
}

#[test]
fn options_out_of_range_are_refused_by_name() {
    let default = RadarOptions::default;
    let cases = [
        (
            RadarOptions { source_false_alarm: 0.0, ..default() },
            "source_false_alarm must be from 1e-12 to 0.01",
        ),
        (
            RadarOptions { site_false_alarm: f64::NAN, ..default() },
            "site_false_alarm must be from 1e-15 to 1e-4",
        ),
        (RadarOptions { usual_exposed: 0.9, ..default() }, "usual_exposed must be from 0 to 0.8"),
        (RadarOptions { usual_unknown: -0.1, ..default() }, "usual_unknown must be from 0 to 0.6"),
        (RadarOptions { site_margin: 0.5, ..default() }, "site_margin must be from 0 to 0.3"),
        (RadarOptions { utc_offset: 2000, ..default() }, "utc_offset must be from -1440 to 1440 minutes"),
        (RadarOptions { sources: 1000, ..default() }, "sources must be a power of two from 256 to 524288"),
        (
            RadarOptions { forget_after: 1, ..default() },
            "forget_after must be from a minute to a year, in seconds",
        ),
        (
            RadarOptions { release_after: 1, ..default() },
            "release_after must be from a minute to a week, in seconds",
        ),
        (
            RadarOptions { forget_after: 60, release_after: 61, ..default() },
            "release_after must be no longer than forget_after",
        ),
        (
            RadarOptions { accounts_per_source: 5, ..default() },
            "accounts_per_source must be 0, or from 10 to 60000",
        ),
        (
            RadarOptions { on_suspicion: Advice::Deny, ..default() },
            "on_suspicion must be allow, delay or challenge: a suspicion is no reason to deny",
        ),
    ];
    for (options, expected) in cases {
        assert_eq!(refused(options), format!("the radar's option {expected}"));
    }
}

#[test]
fn nothing_shows_a_key_a_source_or_an_account() {
    let options = RadarOptions { key: Some(*b"SENTINEL-KEY-123"), ..RadarOptions::default() };
    let shown = format!("{options:?}");
    let radar = Radar::new(options).expect("a radar");
    let attempt = breachdex_radar::Attempt::failed(Default::default(), "SENTINEL-SOURCE", "SENTINEL-ACCOUNT");
    let shown = format!("{shown} {radar:?} {attempt:?}");
    assert!(!shown.contains("SENTINEL") && !shown.contains("83, 69, 78"), "{shown}");
}
