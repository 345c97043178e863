//! An attacker who teaches the radar a higher share before the attack.

use crate::world::{Attack, DAY, HOUR, Honest, World, options};

/// As much as stays below the alarm, for three weeks: what is usual moves little, and the attack is still seen.
#[test]
fn slow_poison_gains_little() {
    let honest = Honest { failures: 20.0, successes: 1.0, ..Honest::default() };
    let mut world = World::new(31, options());
    world.run_on(15 * DAY, honest, &[]);
    let before = world.radar.usual_shares().0;
    // 2 % of the failures, all of them exposed.
    let poison = Attack { tries: 0.4, exposed: 1.0, ..Attack::default() };
    world.run_on(14 * DAY, honest, &[poison]);
    let after = world.radar.usual_shares().0;
    println!("usual share {before:.3}, after two weeks of poison {after:.3}");
    assert!(after - before < 0.03, "{before} {after}");
    world.alarm = None;
    world.run(6 * HOUR, honest, &[Attack { tries: 13.0, number: 2, ..Attack::default() }]);
    assert!(world.alarm.is_some());
}

/// What an attack contains is not learned, however long it runs.
#[test]
fn an_attack_is_not_learned() {
    let honest = Honest { failures: 20.0, successes: 1.0, ..Honest::default() };
    let mut world = World::new(32, options());
    world.run_on(3 * DAY, honest, &[]);
    let before = world.radar.usual_shares().0;
    world.run_on(2 * DAY, honest, &[Attack { tries: 60.0, ..Attack::default() }]);
    let after = world.radar.usual_shares().0;
    assert!(after <= before + 0.01, "{before} {after}");
}
