//! Attacks: how many tries and how many minutes until the alarm.

use std::sync::{Arc, Mutex};

use breachdex_radar::{Advice, Reason, State};

use crate::world::{Attack, DAY, HOUR, Honest, MINUTE, World, is_thorough, options, summary};

/// A site that has learned for so many days.
fn learned(seed: u64, honest: Honest, days: u64) -> World {
    let mut world = World::new(seed, options());
    world.run(days * DAY, honest, &[]);
    assert_eq!(world.alarm, None, "seed {seed}: {:?}", world.radar.status());
    world
}

/// Minutes from the beginning of an attack to the alarm, for each seed.
fn minutes(seeds: u64, days: u64, honest: Honest, attack: Attack, longest: u64) -> Vec<f64> {
    (0..seeds)
        .map(|seed| {
            let mut world = learned(seed, honest, days);
            let begin = world.now;
            world.run(longest, honest, &[attack]);
            let alarm = world.alarm.unwrap_or_else(|| panic!("seed {seed}: no alarm in {longest} s"));
            (alarm - begin) as f64 / 60.0
        })
        .collect()
}

#[test]
fn one_source_raises_the_alarm_within_about_14_tries() {
    let mut tries = Vec::new();
    for seed in 0..200 {
        let mut world = World::new(seed, breachdex_radar::RadarOptions { learns: false, ..options() });
        let attack = Attack { addresses: 1, ..Attack::default() };
        while world.alarm.is_none() {
            world.attack(attack);
            world.now += 2;
        }
        tries.push(world.tries as f64);
        let status = world.radar.status();
        assert!(status.reasons.contains(&Reason::Sources { count: 1 }), "{status:?}");
    }
    let (mean, worst) = summary(&tries);
    println!("tries of one source: mean {mean:.1}, worst {worst}");
    assert!(mean < 15.5 && worst <= 40.0, "{mean} {worst}");
}

#[test]
fn unknown_accounts_raise_it_earlier() {
    let mean = |unknown| {
        let mut tries = Vec::new();
        for seed in 0..100 {
            let mut world = World::new(seed, breachdex_radar::RadarOptions { learns: false, ..options() });
            let attack = Attack { addresses: 1, unknown, ..Attack::default() };
            while world.alarm.is_none() {
                world.attack(attack);
                world.now += 2;
            }
            tries.push(world.tries as f64);
        }
        summary(&tries).0
    };
    let (unsaid, known, unknown) = (mean(None), mean(Some(0.0)), mean(Some(0.9)));
    println!("tries of one source: {unsaid:.1}, all accounts known {known:.1}, 90 % unknown {unknown:.1}");
    assert!(unknown < 9.0 && known < unsaid + 1.0, "{unsaid} {known} {unknown}");
}

#[test]
fn a_source_of_honest_failures_raises_no_alarm_but_an_attack_from_it_does() {
    let mut world = World::new(3, options());
    for at in 0..400 {
        world.tell("office", &format!("colleague{at}"), at % 3 == 0, at % 10 < 3, None);
        world.now += 5;
    }
    assert_eq!(world.state(), State::Quiet);
    let mut tries = 0;
    while world.alarm.is_none() {
        tries += 1;
        world.tell("office", &format!("victim{tries}"), true, tries % 20 != 0, None);
        world.now += 5;
    }
    println!("tries of a source that was honest: {tries}");
    assert!((15..40).contains(&tries), "{tries}");
}

#[test]
fn a_user_who_repeats_an_exposed_password_raises_no_alarm() {
    let mut world = World::new(4, options());
    for _ in 0..1000 {
        world.tell("192.0.2.1", "kim", true, true, Some(false));
        world.now += 1;
    }
    assert_eq!(world.state(), State::Quiet);
}

#[test]
fn a_network_of_sources_raises_the_alarm() {
    for networks in [["192.0.2", ""], ["2001:db8:5:", "::1"]] {
        let mut world = World::new(5, options());
        let mut tries = 0;
        while world.alarm.is_none() && tries < 60 {
            tries += 1;
            let separator = if networks[1].is_empty() { "." } else { "" };
            let source = format!("{}{separator}{}{}", networks[0], tries % 250, networks[1]);
            world.tell(&source, &format!("victim{tries}"), true, true, None);
            world.now += 30;
        }
        assert!(tries <= 30, "{tries}");
        // A neighbour that was never seen is challenged, and not denied even if sources are.
        let neighbour =
            format!("{}{}{}", networks[0], if networks[1].is_empty() { ".251" } else { "ffff" }, networks[1]);
        assert_eq!(world.radar.advise(&neighbour), Advice::Challenge);
    }
}

#[test]
fn low_and_slow_from_ten_thousand_addresses_is_seen() {
    let minutes = minutes(2, 2, Honest::default(), Attack::default(), 3 * HOUR);
    println!("13 tries/min among 100, after two days: {minutes:.1?} minutes");
    assert!(summary(&minutes).1 < 60.0, "{minutes:?}");
}

#[test]
fn low_and_slow_with_unknown_accounts_is_seen_earlier() {
    let honest = Honest { unknown: Some(0.08), ..Honest::default() };
    let attack = Attack { unknown: Some(0.7), ..Attack::default() };
    let minutes = minutes(2, 2, honest, attack, 3 * HOUR);
    println!("the same with accounts: {minutes:.1?} minutes");
    assert!(summary(&minutes).1 < 15.0, "{minutes:?}");
}

/// The figures of the documentation, after two weeks; of them one if it may not take minutes.
#[test]
fn thirteen_tries_a_minute_after_two_weeks() {
    let all: &[_] = &[(100.0, 12, 11.0), (300.0, 8, 27.0)];
    let cases = if is_thorough() { all } else { &[(100.0, 1, 25.0)] };
    for &(failures, seeds, at_most) in cases {
        let honest = Honest { failures, successes: 1.0, ..Honest::default() };
        let minutes = minutes(seeds, 14, honest, Attack::default(), 4 * HOUR);
        let (mean, worst) = summary(&minutes);
        println!(
            "13 tries/min among {failures}, after two weeks: mean {mean:.1} minutes, worst {worst:.1}: {minutes:.1?}"
        );
        assert!(mean < at_most, "{failures}: {mean}");
    }
}

/// Whatever is usual, it is no more than what the tests take for the most: before anything is learned they test against that.
#[test]
fn an_attack_that_is_there_from_the_beginning_is_seen_and_not_learned() {
    let honest = Honest { failures: 6.0, ..Honest::default() };
    let attack = Attack { tries: 120.0, ..Attack::default() };
    let mut world = World::new(12, options());
    world.run(HOUR, honest, &[attack]);
    let alarm = world.alarm.expect("an alarm in the first hour");
    assert!(alarm - crate::world::START < 6 * MINUTE, "{} s", alarm - crate::world::START);
    world.run_on(2 * HOUR, honest, &[attack]);
    world.run_on(DAY, honest, &[]);
    let (usual, _) = world.radar.usual_shares();
    assert!((0.25..0.40).contains(&usual), "{usual}");
}

/// A site with five failed attempts a day has seen a hundred when the attack begins.
#[test]
fn a_small_site_that_has_hardly_learned_sees_an_attack() {
    let honest = Honest { failures: 5.0 / 1440.0, users: 300, sources: 300, ..Honest::default() };
    let mut world = learned(13, honest, 20);
    let begin = world.now;
    world.run(DAY, honest, &[Attack { tries: 1.0, ..Attack::default() }]);
    let minutes = (world.alarm.expect("an alarm within a day") - begin) / MINUTE;
    println!("1 try/min among 5 failures a day, after 20 days: {minutes} minutes");
    assert!(minutes < 480, "{minutes}");
}

#[test]
fn two_attacks_at_once_are_both_reported() {
    let honest = Honest::default();
    let mut world = learned(7, honest, 2);
    let slow = Attack::default();
    let loud = Attack { tries: 60.0, addresses: 3, number: 2, ..Attack::default() };
    world.run_on(90 * MINUTE, honest, &[slow, loud]);
    let status = world.radar.status();
    assert!(
        status.reasons.iter().any(|reason| matches!(reason, Reason::Sources { count: 3.. })),
        "{status:?}"
    );
    assert!(status.reasons.iter().any(|reason| matches!(reason, Reason::SiteExposed { .. })), "{status:?}");
}

#[test]
fn an_attack_ends_and_is_remembered() {
    let honest = Honest::default();
    let mut world = learned(8, honest, 2);
    let begin = world.now;
    world.run_on(90 * MINUTE, honest, &[Attack { tries: 60.0, ..Attack::default() }]);
    let end = world.now;
    assert_eq!(world.state(), State::Attack);
    world.run_on(3 * HOUR, honest, &[]);
    assert_eq!(world.state(), State::Quiet);
    let [episode] = world.radar.episodes()[..] else { panic!("{:?}", world.radar.episodes()) };
    assert!(episode.since.unix().abs_diff(begin) < 10 * MINUTE, "{episode:?} began {begin}");
    let until = episode.until.expect("an end").unix();
    assert!(until.abs_diff(end) < HOUR, "{episode:?} ended {end}");
    assert!(episode.is_site_wide && episode.failures > 500, "{episode:?}");
}

#[test]
fn taken_accounts_are_told_while_it_happens() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let honest = Honest::default();
    let mut world = learned(9, honest, 1);
    let sink = Arc::clone(&told);
    world.radar.on_suspect_log_in(move |log_in| {
        sink.lock().expect("unpoisoned").push(log_in.attempt.account.to_owned());
    });
    let attack = Attack { tries: 60.0, addresses: 40, hits: 0.02, ..Attack::default() };
    world.run_on(2 * HOUR, honest, &[attack]);
    let told = told.lock().expect("unpoisoned");
    let of_attack = told.iter().filter(|account| account.starts_with("list")).count();
    println!("{of_attack} of about 144 taken accounts told, {} honest ones", told.len() - of_attack);
    assert!(of_attack > 110, "{of_attack}");
    assert!(told.len() - of_attack < told.len() / 4, "{} of {}", told.len() - of_attack, told.len());
}

/// An honest user who tries an old password first fails with an exposed one, and then logs in to the same account.
#[test]
fn a_user_who_gets_in_at_the_second_try_is_not_told() {
    let honest = Honest::default();
    let mut world = learned(14, honest, 1);
    world.run(2 * HOUR, honest, &[Attack { tries: 60.0, ..Attack::default() }]);
    assert!(world.alarm.is_some());
    let mut told = |account: &str, other: &str| {
        let source = format!("192.0.2.{}", account.len() + other.len());
        world.tell(&source, account, true, true, None);
        world.tell(&source, other, false, true, None).is_suspect_log_in
    };
    assert!(!told("kim", "kim"));
    assert!(told("kim", "robin"));
}

#[test]
fn deny_is_advised_only_where_it_was_chosen() {
    for (on_attack, expected) in [(Advice::Challenge, Advice::Challenge), (Advice::Deny, Advice::Deny)] {
        let mut world = World::new(10, breachdex_radar::RadarOptions { on_attack, ..options() });
        let mut last = Advice::Allow;
        for at in 0..40 {
            last = world.tell("192.0.2.9", &format!("victim{at}"), true, true, None).advice;
            world.now += 1;
        }
        assert_eq!((last, world.radar.advise("192.0.2.9")), (expected, expected));
        // Others log in as usual.
        assert_eq!(world.radar.advise("198.51.100.1"), Advice::Allow);
        assert_eq!(world.tell("198.51.100.1", "kim", false, false, None).advice, Advice::Allow);
    }
}

#[test]
fn a_source_with_many_accounts_and_no_success_is_suspected() {
    let honest = Honest::default();
    let mut world = learned(11, honest, 1);
    for at in 0..150 {
        world.tell("192.0.2.9", &format!("sprayed{at}"), true, false, None);
        world.now += 10;
    }
    assert_eq!(world.radar.source("192.0.2.9").expect("seen").state, State::Suspected);
    assert_eq!(world.radar.advise("192.0.2.9"), Advice::Delay);
    assert_eq!(world.alarm, None);
}
