//! Clocks, floods, odd texts, and the bound of memory.

use breachdex_radar::{Advice, Attempt, Exposure, Radar, RadarOptions, State, Time};
use proptest::prelude::*;

use crate::world::{Attack, DAY, HOUR, Honest, START, World, options};

#[test]
fn memory_is_bounded_at_the_largest_size() {
    let radar = Radar::new(RadarOptions { sources: 1 << 19, ..options() }).expect("a radar");
    assert!(radar.memory() <= 64 << 20, "{}", radar.memory());
    let radar = Radar::new(options()).expect("a radar");
    println!("{} bytes by default", radar.memory());
    assert!(radar.memory() <= 18 << 20, "{}", radar.memory());
}

/// A flood of new sources neither takes memory nor displaces a source that the alarm was raised for.
#[test]
fn a_flood_of_sources_hides_nobody() {
    let mut world = World::new(41, RadarOptions { sources: 1 << 10, on_attack: Advice::Deny, ..options() });
    for at in 0..40 {
        world.tell("203.0.113.9", &format!("victim{at}"), true, true, None);
    }
    let before = world.radar.memory();
    for at in 0..200_000_u32 {
        let source = format!("10.{}.{}.{}", at >> 16, at >> 8 & 255, at & 255);
        world.tell(&source, &format!("user{at}"), true, at % 10 < 3, None);
    }
    assert_eq!(world.radar.memory(), before);
    assert_eq!(world.radar.advise("203.0.113.9"), Advice::Deny);
}

#[test]
fn a_clock_that_goes_back_a_little_counts_as_the_newest_time() {
    let mut world = World::new(42, options());
    let late = world.now;
    for at in 0..40 {
        world.now = if at % 2 == 0 { late } else { late - HOUR };
        world.tell("192.0.2.9", &format!("victim{at}"), true, true, None);
    }
    let status = world.radar.status();
    assert_eq!((status.state, status.raised), (State::Attack, Some(Time::from_unix(late))));
}

/// A clock that was years ahead and is set right: the radar works on, and alarms end.
#[test]
fn a_clock_that_is_set_back_is_followed() {
    let mut world = World::new(43, options());
    world.now += 30 * 365 * DAY;
    for at in 0..40 {
        world.tell("192.0.2.9", &format!("victim{at}"), true, true, None);
    }
    assert_eq!(world.state(), State::Attack);
    world.now = START;
    world.tell("198.51.100.1", "kim", false, false, None);
    world.now += HOUR;
    world.tell("198.51.100.1", "kim", false, false, None);
    assert_eq!(world.state(), State::Quiet);
    assert!(world.radar.source("192.0.2.9").is_none());
    let mut tries = 0;
    world.alarm = None;
    while world.alarm.is_none() {
        tries += 1;
        world.tell("192.0.2.9", &format!("again{tries}"), true, true, None);
    }
    assert!(tries < 25, "{tries}");
}

#[test]
fn an_alarm_ends_without_attempts_and_a_source_is_forgotten() {
    let mut world = World::new(44, options());
    while world.alarm.is_none() {
        world.attack(Attack { addresses: 1, ..Attack::default() });
    }
    world.radar.advance(Time::from_unix(world.now + 31 * 60));
    assert_eq!(world.state(), State::Quiet);
    assert!(world.radar.source("101.0.0.7").is_some());
    world.radar.advance(Time::from_unix(world.now + 25 * HOUR));
    assert!(world.radar.source("101.0.0.7").is_none());
}

#[test]
fn the_same_attempts_give_the_same_answers() {
    let run = || {
        let mut world = World::new(45, options());
        world.run_on(6 * HOUR, Honest::default(), &[]);
        world.run_on(HOUR, Honest::default(), &[Attack { tries: 100.0, ..Attack::default() }]);
        (world.radar.status(), world.radar.episodes(), world.radar.save())
    };
    assert_eq!(run(), run());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Any texts and times: no panic, memory as before, and the state can be saved and restored.
    #[test]
    fn anything_can_be_told(attempts in proptest::collection::vec(
        (any::<u64>(), ".{0,40}", ".{0,40}", 0_u8..3, any::<bool>()), 1..200,
    )) {
        let small = RadarOptions { sources: 256, ..options() };
        let mut radar = Radar::new(small.clone()).expect("a radar");
        let before = radar.memory();
        for (time, source, account, exposure, failed) in &attempts {
            let time = Time::from_unix(time >> (time % 64));
            let attempt = if *failed {
                Attempt::failed(time, source, account)
            } else {
                Attempt::succeeded(time, source, account)
            };
            let exposure = [Exposure::Exposed, Exposure::NotExposed, Exposure::Unknown][usize::from(*exposure)];
            let advice = radar.observe(&attempt.exposure(exposure)).advice;
            prop_assert!(advice < Advice::Deny);
            let _ = radar.status();
        }
        prop_assert_eq!(radar.memory(), before);
        let saved = radar.save();
        let restored = Radar::restore(small, &saved).expect("a radar");
        prop_assert_eq!(restored.save(), saved);
        prop_assert_eq!(restored.status(), radar.status());
    }
}

#[test]
fn long_texts_are_as_good_as_short_ones() {
    let mut radar = Radar::new(options()).expect("a radar");
    let long = "x".repeat(1 << 20);
    for at in 0..40 {
        let attempt = Attempt::failed(Time::from_unix(START), &long, "a").exposure(Exposure::Exposed);
        let account = format!("{at}{long}");
        radar.observe(&Attempt { account: &account, ..attempt });
    }
    assert_eq!(radar.source(&long).map(|source| source.state), Some(State::Attack));
    assert_eq!(radar.source(&long[1..]), None);
}
