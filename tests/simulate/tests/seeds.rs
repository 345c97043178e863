//! Seeds that once failed, and some dozens that never did.

#![cfg(unix)]

use breachdex_simulate::run;

fn assert_right(seeds: impl IntoIterator<Item = u64>) {
    for seed in seeds {
        let outcome = run(seed);
        if let Some(failure) = outcome.failure {
            panic!("{}\nseed {seed}: {failure}", outcome.trace);
        }
    }
}

/// Seeds and what each found. The worlds that they make change with the simulation, so each has a test beside the code, too.
const FOUND: [(u64, &str); 15] = [
    (
        3,
        "a lock file that could not be written on a full disk stayed, empty, and kept everybody out for ever",
    ),
    (7, "without counts and with a least count, a download kept no entry at all"),
    (31, "the same, and later the journal of a finished update that came back"),
    (51, "the same with fingerprints"),
    (53, "the same in a download that was resumed"),
    (
        58,
        "after a loss of power the journal of a finished update came back, and the next one asked for nothing",
    ),
    (124, "a journal that a loss of power had left as zeros was taken for somebody else's file"),
    (140, "`restart` went on with an unfinished download of the same settings"),
    (
        455,
        "rows of a range that an earlier run could not fetch were lost, and its new tag hid that from then on",
    ),
    (821, "a mirror's 404 was not taken for an empty range where all others had answered 304"),
    (
        30_128_693_204_484_461,
        "a lock file that could neither be written nor removed kept its own process out for half a minute",
    ),
    (
        30_128_718_521_303_379,
        "a journal of whose first bytes a loss of power had left some was taken for somebody else's file",
    ),
    (1113, "a loss of power left an empty range in a folder that was served"),
    (1222, "the same, compressed"),
    (
        30_129_545_940_041_816,
        "of the simulation: an update that was allowed to go back was refused as a replacement where keys are trusted",
    ),
];

#[test]
fn seeds_that_failed_once() {
    assert_right(FOUND.map(|(seed, _)| seed));
}

#[test]
fn some_that_never_did() {
    assert_right(100_000..100_030);
}
