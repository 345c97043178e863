//! Sites without attacks: no alarm.

use breachdex_radar::{RadarOptions, State};

use crate::world::{DAY, HOUR, Honest, World, is_thorough, options};

/// So many honest attempts raise no alarm.
fn stays_quiet(seed: u64, attempts: u64, honest: Honest, options: RadarOptions) {
    let mut world = World::new(seed, options);
    while world.attempts < attempts {
        world.run_on(HOUR, honest, &[]);
        assert_eq!(world.alarm, None, "seed {seed}, {} attempts: {:?}", world.attempts, world.radar.status());
    }
}

/// Sites that differ in what is usual there.
fn sites() -> Vec<(&'static str, Honest)> {
    let plain = Honest::default();
    vec![
        ("plain", plain),
        ("careful users", Honest { exposed: 0.08, ..plain }),
        ("careless users", Honest { exposed: 0.55, ..plain }),
        ("by day and night", Honest { swing: 0.06, ..plain }),
        ("unknown accounts", Honest { unknown: Some(0.12), ..plain }),
        ("few shared sources", Honest { sources: 200, users: 500_000, ..plain }),
        ("all attempts fail", Honest { successes: 0.0, failures: 500.0, ..plain }),
        ("a small site", Honest { failures: 2.0, users: 5_000, sources: 2_000, ..plain }),
    ]
}

/// 10^7 attempts for each site and each of three seeds if it may take minutes.
#[test]
fn honest_attempts_raise_no_alarm() {
    let (seeds, attempts) = if is_thorough() { (100..103, 10_000_000) } else { (100..101, 200_000) };
    for seed in seeds {
        for (name, honest) in sites() {
            stays_quiet(seed, attempts, honest, options());
            println!("{name}, seed {seed}: {attempts} attempts without an alarm");
        }
    }
}

/// Hours that differ by less than can be measured at once are not taken for alike: failures only, so that there are more.
#[test]
fn hours_that_differ_a_little_raise_no_alarm() {
    let (seeds, attempts) = if is_thorough() { (200..203, 10_000_000) } else { (200..201, 100_000) };
    for seed in seeds {
        for swing in [0.005, 0.01, 0.02, 0.03] {
            let honest = Honest { swing, successes: 0.0, ..Honest::default() };
            stays_quiet(seed, attempts, honest, options());
            println!("swing {swing}, seed {seed}: {attempts} failed attempts without an alarm");
        }
    }
}

/// A reset for all users: ten times as many failures for hours, from people who try old passwords several times.
#[test]
fn a_password_reset_campaign_stays_quiet() {
    let honest = Honest { unknown: Some(0.05), ..Honest::default() };
    let mut world = World::new(21, options());
    world.run_on(3 * DAY, honest, &[]);
    let campaign = Honest { failures: 1000.0, successes: 0.5, unknown: Some(0.02), ..honest };
    for _ in 0..4 {
        world.run_on(HOUR, campaign, &[]);
        assert_eq!(world.state(), State::Quiet, "{:?}", world.radar.status());
    }
}

/// If most of those old passwords are exposed, as after a reset of all accounts with exposed ones, the operator says so.
#[test]
fn an_announced_campaign_with_exposed_passwords_stays_quiet() {
    let honest = Honest::default();
    let mut world = World::new(22, options());
    world.run_on(2 * DAY, honest, &[]);
    let campaign = Honest { exposed: 0.7, ..honest };
    let mut unannounced = World::new(22, options());
    unannounced.run_on(2 * DAY, honest, &[]);
    unannounced.run(4 * HOUR, campaign, &[]);
    assert!(unannounced.alarm.is_some());
    world.radar.announce_campaign(breachdex_radar::Time::from_unix(world.now + 4 * HOUR));
    world.run_on(4 * HOUR, campaign, &[]);
    assert_eq!(world.alarm, None, "{:?}", world.radar.status());
    world.run_on(4 * HOUR, honest, &[]);
    assert_eq!(world.alarm, None, "{:?}", world.radar.status());
}
