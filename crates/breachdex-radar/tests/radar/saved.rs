//! Saved states: restored as they were, private, and refused when damaged.

use breachdex_radar::{Radar, RadarError, RadarOptions};

use crate::world::{Attack, HOUR, Honest, World, options};

fn small() -> RadarOptions {
    RadarOptions { sources: 1 << 12, ..options() }
}

fn world() -> World {
    let mut world = World::new(51, small());
    world.run_on(3 * HOUR, Honest::default(), &[]);
    world.run_on(HOUR / 2, Honest::default(), &[Attack { tries: 200.0, addresses: 20, ..Attack::default() }]);
    world
}

#[test]
fn a_restored_radar_goes_on_as_if_nothing_had_happened() {
    let mut world = world();
    // The key comes from the state.
    let other_key = RadarOptions { key: None, ..small() };
    let restored = Radar::restore(other_key, &world.radar.save()).expect("a radar");
    assert_eq!(restored.status(), world.radar.status());
    assert_eq!(restored.episodes(), world.radar.episodes());
    let mut again = World::new(0, small());
    (again.radar, again.random, again.now) = (restored, world.random.clone(), world.now);
    for _ in 0..2000 {
        let attack = Attack { tries: 0.0, ..Attack::default() };
        assert_eq!(again.honest(Honest::default()), world.honest(Honest::default()));
        assert_eq!(again.attack(attack), world.attack(attack));
        again.now += 1;
        world.now += 1;
    }
    assert_eq!(again.radar.save(), world.radar.save());
}

#[test]
fn every_damage_is_an_error() {
    let saved = world().radar.save();
    for at in (0..saved.len()).step_by(101).chain([0, 8, saved.len() - 1]) {
        let mut damaged = saved.to_vec();
        damaged[at] ^= 1;
        let error = Radar::restore(small(), &damaged).expect_err("damage");
        assert!(matches!(error, RadarError::Damaged(_)), "byte {at}: {error}");
    }
    for length in [0, 1, 31, 32, 40, saved.len() / 2, saved.len() - 1] {
        assert!(
            matches!(Radar::restore(small(), &saved[..length]), Err(RadarError::Damaged(_))),
            "{length} bytes"
        );
    }
}

/// With a checksum that matches: numbers that no radar has are refused, and nothing panics later.
#[test]
fn forged_numbers_are_refused_or_harmless() {
    let mut world = World::new(52, RadarOptions { sources: 256, ..options() });
    for _ in 0..300 {
        world.attack(Attack { addresses: 30, ..Attack::default() });
    }
    let saved = world.radar.save();
    let body = saved.len() - 32;
    let (mut refused, mut accepted) = (0, 0);
    for at in (12..body).step_by(4) {
        for forged in [0, u32::MAX, 0x7FC0_0000, 0x7F80_0000] {
            let mut bytes = saved[..body].to_vec();
            bytes[at..(at + 4).min(body)].copy_from_slice(&u32::to_le_bytes(forged)[..(body - at).min(4)]);
            let checksum = blake3::hash(&bytes);
            bytes.extend_from_slice(checksum.as_bytes());
            match Radar::restore(RadarOptions { sources: 256, ..options() }, &bytes) {
                Err(_) => refused += 1,
                Ok(radar) => {
                    accepted += 1;
                    world.radar = radar;
                    for _ in 0..3 {
                        world.attack(Attack { addresses: 30, ..Attack::default() });
                        world.now += HOUR;
                    }
                    let _ = (world.radar.status(), world.radar.episodes(), world.radar.save());
                }
            }
        }
    }
    assert!(refused > 100 && accepted > 100, "{refused} {accepted}");
}

#[test]
fn errors_say_what_to_do() {
    let saved = world().radar.save();
    let error = |options, bytes: &[u8]| Radar::restore(options, bytes).expect_err("refused").to_string();
    assert_eq!(
        error(small(), b"no"),
        "the saved radar state is damaged (it is too short); delete it to start with an empty radar"
    );
    assert_eq!(
        error(RadarOptions { sources: 256, ..options() }, &saved),
        "the saved radar state has room for 4096 sources, the option sources asks for 256; use the same number, or delete it to start with an empty radar"
    );
    let mut other = saved[..saved.len() - 32].to_vec();
    other[8] = 2;
    let checksum = blake3::hash(&other);
    other.extend_from_slice(checksum.as_bytes());
    assert_eq!(
        error(small(), &other),
        "the saved radar state has version 2, this program reads 1; delete it to start with an empty radar"
    );
    let missing =
        Radar::open(small(), std::path::Path::new("no-such-state")).expect_err("refused").to_string();
    assert!(missing.starts_with("cannot read no-such-state: "), "{missing}");
}

#[test]
fn a_file_is_private_bounded_and_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("radar.state");
    let world = world();
    world.radar.save_to(&path).expect("saved");
    world.radar.save_to(&path).expect("saved again");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(path.metadata().expect("a file").permissions().mode() & 0o777, 0o600);
    }
    let restored = Radar::open(small(), &path).expect("opened");
    assert_eq!(restored.save(), world.radar.save());
    let long = vec![0; 1 << 20];
    std::fs::write(&path, &long).expect("written");
    let error = Radar::open(small(), &path).expect_err("refused").to_string();
    assert!(error.contains("longer than a radar"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[cfg(unix)]
#[test]
fn what_others_can_read_and_what_is_no_file_is_refused_at_once() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("radar.state");
    let refused = || {
        let said = Radar::open(small(), &path).expect_err("refused").to_string();
        said.strip_prefix(&format!("cannot read {}: ", path.display())).expect("the path").to_owned()
    };
    world().radar.save_to(&path).expect("saved");
    let allow =
        |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("changed");
    allow(0o644);
    assert_eq!(refused(), "other users can access it (mode 0644); run chmod 0600");
    allow(0o600);
    Radar::open(small(), &path).expect("opened");
    std::fs::remove_file(&path).expect("removed");
    std::fs::create_dir(&path).expect("a folder");
    assert_eq!(refused(), "it is a folder");
    std::fs::remove_dir(&path).expect("removed");
    // Nobody writes to it.
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.expect("mkfifo").success());
    assert_eq!(refused(), "it is a pipe");
}

/// No text that was told is in what is saved.
#[test]
fn saved_states_contain_no_names() {
    let mut world = World::new(53, small());
    for _ in 0..50 {
        world.tell("SENTINEL-SOURCE", "SENTINEL-ACCOUNT", true, true, Some(false));
    }
    let saved = world.radar.save();
    assert!(!saved.windows(8).any(|window| window == b"SENTINEL"));
}
