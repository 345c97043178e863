//! Tests that the cache stays within its limit, keeps what is asked for often, and never finds what is over.

use std::collections::HashMap;

use proptest::prelude::*;

use super::shard::OVERHEAD;
use super::*;

const IDENTITY: Encoding = Encoding::Identity;

fn kept(length: usize, filler: u8) -> Kept {
    Kept { body: Bytes::from(vec![filler; length]), tag: HeaderValue::from_static("\"tag\"") }
}

/// Asks for a body as a server does: once, and offers it where it is not there. Says whether it was.
fn ask(cache: &BodyCache, generation: &Generation, prefix: u32, length: usize) -> bool {
    let key = Key::new(generation, prefix, IDENTITY);
    if let Some(found) = cache.get(&key) {
        assert_eq!(found.body, kept(length, prefix as u8).body);
        return true;
    }
    cache.offer(generation, key, length, || kept(length, prefix as u8));
    false
}

fn cache(bytes: usize) -> (BodyCache, CacheMetrics, Generation) {
    let metrics = CacheMetrics::default();
    (BodyCache::new(bytes, metrics.clone()), metrics, Generation::new())
}

#[test]
fn a_body_is_kept_from_the_second_question_on() {
    let (cache, metrics, generation) = cache(1 << 20);
    let asked = [(); 4].map(|()| ask(&cache, &generation, 1, 1000));
    assert_eq!(asked, [false, false, true, true]);
    assert_eq!((metrics.hits.get(), metrics.misses.get()), (2, 2));
    assert_eq!((metrics.bodies.get(), metrics.bytes.get()), (1, 1000 + OVERHEAD as i64));
}

#[test]
fn without_bytes_nothing_is_kept_or_counted() {
    let (cache, metrics, generation) = cache(0);
    assert_eq!([(); 4].map(|()| ask(&cache, &generation, 1, 1)), [false; 4]);
    assert_eq!((metrics.hits.get(), metrics.misses.get(), metrics.bytes.get()), (0, 0, 0));
}

#[test]
fn bodies_fill_the_cache_to_its_last_byte_and_no_further() {
    let (length, number) = (1000, 10);
    let most = number * (length + OVERHEAD);
    for (bytes, expected) in [(most, number), (most - 1, number - 1), (most + 1, number)] {
        let (cache, metrics, generation) = cache(bytes);
        for prefix in 0..number as u32 {
            (0..2).for_each(|_| _ = ask(&cache, &generation, prefix, length));
        }
        assert_eq!(metrics.bodies.get(), expected as i64, "{bytes} bytes");
        // One that is asked for more often takes a place and does not make one.
        (0..5).for_each(|_| _ = ask(&cache, &generation, 99, length));
        assert!(ask(&cache, &generation, 99, length));
        assert_eq!(metrics.bodies.get(), expected as i64, "{bytes} bytes");
    }
    let (cache, metrics, generation) = cache(length + OVERHEAD - 1);
    (0..9).for_each(|_| _ = ask(&cache, &generation, 0, length));
    assert_eq!(metrics.bodies.get(), 0, "one byte too large to be kept at all");
}

#[test]
fn a_scan_leaves_what_is_asked_for_often_where_it_is() {
    let (cache, metrics, generation) = cache(200 * (1000 + OVERHEAD));
    let often = 0..100_u32;
    for _ in 0..8 {
        often.clone().for_each(|prefix| _ = ask(&cache, &generation, prefix, 1000));
    }
    assert_eq!(metrics.bodies.get(), 100);
    // Two scans one after the other, with few questions for anything else.
    for scanned in 0..20_000_u32 {
        ask(&cache, &generation, 1_000 + scanned % 10_000, 1000);
        if scanned % 10 == 0 {
            ask(&cache, &generation, scanned / 10 % 100, 1000);
        }
    }
    let left = often.filter(|prefix| cache.get(&Key::new(&generation, *prefix, IDENTITY)).is_some()).count();
    assert!(left >= 95, "{left} of 100 are left");
}

#[test]
fn nothing_of_a_generation_that_is_over_is_found_or_taken_in() {
    let (cache, metrics, old) = cache(1 << 20);
    let other = Generation::new();
    for generation in [&old, &other] {
        (0..3).for_each(|_| _ = ask(&cache, generation, 1, 1000));
    }
    assert_eq!(metrics.bodies.get(), 2);
    cache.forget(&old);
    assert_eq!(metrics.bodies.get(), 1);
    assert_eq!([(); 4].map(|()| ask(&cache, &old, 1, 1000)), [false; 4]);
    assert!(ask(&cache, &other, 1, 1000));
    let fresh = Generation::new();
    assert!(!ask(&cache, &fresh, 1, 1000));
    cache.forget(&other);
    assert_eq!((metrics.bodies.get(), metrics.bytes.get()), (0, 0));
}

#[derive(Clone, Debug)]
enum Step {
    Ask { generation: usize, prefix: u32, length: usize },
    Forget { generation: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ask = (0..3_usize, 0..30_u32, 0..4_000_usize).prop_map(|(generation, prefix, length)| Step::Ask {
        generation,
        prefix,
        length,
    });
    let forget = (0..3_usize).prop_map(|generation| Step::Forget { generation });
    prop::collection::vec(prop_oneof![40 => ask, 1 => forget], 0..400)
}

proptest! {
    #[test]
    fn it_holds_what_it_was_given_within_its_limit(steps in steps(), most in 0_usize..40_000) {
        let (cache, metrics, _) = cache(most);
        let mut generations = [Generation::new(), Generation::new(), Generation::new()];
        let mut given: HashMap<Key, Bytes> = HashMap::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Ask { generation, prefix, length } => {
                    let generation = &generations[generation];
                    let key = Key::new(generation, prefix, IDENTITY);
                    if let Some(found) = cache.get(&key) {
                        prop_assert_eq!(Some(&found.body), given.get(&key));
                    } else {
                        let kept = kept(length, number as u8);
                        cache.offer(generation, key, length, || {
                            given.insert(key, kept.body.clone());
                            kept
                        });
                    }
                }
                Step::Forget { generation } => {
                    cache.forget(&generations[generation]);
                    generations[generation] = Generation::new();
                }
            }
            let shards: (usize, usize) = cache.shards.iter().fold((0, 0), |(bytes, bodies), shard| {
                let (more_bytes, more_bodies) = lock(shard).size();
                (bytes + more_bytes, bodies + more_bodies)
            });
            prop_assert!(shards.0 <= most);
            prop_assert_eq!(metrics.bytes.get(), shards.0 as i64);
            prop_assert_eq!(metrics.bodies.get(), shards.1 as i64);
        }
    }
}
