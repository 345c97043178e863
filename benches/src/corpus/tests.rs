//! The generator keeps its promises: exact totals, order, determinism, the real shares of counts.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use super::*;

fn spec(entries: u64, prefixes: RangeInclusive<u32>) -> CorpusSpec {
    CorpusSpec { entries, prefixes, ..CorpusSpec::whole(0) }
}

fn text(spec: CorpusSpec, order: Order) -> String {
    let mut bytes = Vec::new();
    write_text(&Corpus::new(spec).unwrap(), order, &mut bytes, "memory").unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_total_is_exact_whatever_it_is() {
    for entries in [0, 1, 2, 1_000, 123_457] {
        assert_eq!(text(CorpusSpec::whole(entries), Order::Sorted).lines().count() as u64, entries);
    }
    let dense = spec(16 * 1_973, 0x12340..=0x1234F);
    let corpus = Corpus::new(dense.clone()).unwrap();
    assert_eq!(corpus.prefixes().map(|prefix| u64::from(corpus.entries_under(prefix))).sum::<u64>(), 31_568);
    assert!(text(dense, Order::Sorted).lines().all(|line| line.starts_with("1234")));
}

#[test]
fn lines_are_sorted_distinct_and_well_formed() {
    for (kind, digits) in [(Kind::Sha1, 40), (Kind::Ntlm, 32)] {
        let lines = text(CorpusSpec { kind, ..CorpusSpec::whole(50_000) }, Order::Sorted);
        let mut before = "";
        for line in lines.lines() {
            let (digest, count) = line.split_once(':').unwrap();
            assert!(digest.len() == digits && digest > before, "{line} after {before}");
            assert!(digest.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'A'..=b'F')), "{line}");
            assert!(count.parse::<u32>().unwrap() >= 1 && !count.starts_with('0'), "{line}");
            before = digest;
        }
    }
}

#[test]
fn a_seed_gives_one_corpus_and_another_seed_another() {
    let one = text(CorpusSpec::whole(1_000), Order::Sorted);
    assert_eq!(one, text(CorpusSpec::whole(1_000), Order::Sorted));
    assert_ne!(one, text(CorpusSpec { seed: 2, ..CorpusSpec::whole(1_000) }, Order::Sorted));
}

#[test]
fn shuffled_lines_are_the_sorted_ones_in_another_order() {
    let spec = spec(40_000, 0..=0xFFFF);
    let shuffled = text(spec.clone(), Order::Shuffled);
    let mut lines: Vec<&str> = shuffled.lines().collect();
    let ascents = lines.windows(2).filter(|pair| pair[0] < pair[1]).count();
    assert!((19_000..21_000).contains(&ascents), "{ascents} of 39,999 neighbours ascend");
    lines.sort_unstable();
    assert_eq!(lines.join("\n"), text(spec, Order::Sorted).trim_end());
}

#[test]
fn entries_spread_over_prefixes_as_random_digests_do() {
    let corpus = Corpus::new(CorpusSpec::whole(1 << 24)).unwrap();
    let mean = 16.0;
    let variance =
        corpus.prefixes().map(|prefix| (f64::from(corpus.entries_under(prefix)) - mean).powi(2)).sum::<f64>()
            / f64::from(PREFIX_COUNT);
    assert!((variance - mean).abs() < 0.2, "a Poisson count's variance is its mean, not {variance}");
}

#[test]
fn counts_have_the_measured_shares_and_entropy() {
    assert!((CountModel::entropy_bits() - 3.06).abs() < 0.02, "{}", CountModel::entropy_bits());
    let below: f64 = (1..1 << 16).map(CountModel::share).sum();
    assert!((below + CountModel::share_from(1 << 16) - 1.0).abs() < 1e-9);
    let model = CountModel::measured();
    let mut random = generator(7, 7);
    let draws = 400_000;
    let mut seen = BTreeMap::new();
    for _ in 0..draws {
        *seen.entry(model.sample(&mut random)).or_insert(0_u32) += 1;
    }
    for count in (1..=12).chain([20, 32, 40, 64, 100]) {
        let (expected, tolerance) =
            (CountModel::share(count), 4.0 * (CountModel::share(count) / f64::from(draws)).sqrt());
        let found = f64::from(seen.get(&count).copied().unwrap_or(0)) / f64::from(draws);
        assert!((found - expected).abs() < tolerance, "count {count}: {found}, expected {expected}");
    }
}

#[test]
fn the_tail_of_counts_reaches_that_of_the_commonest_password() {
    let real = 2_068_408_781.0;
    // From 2^13 on, twice the count is half as likely.
    for octave in 13..24 {
        let halves = CountModel::share_from(1 << octave) / CountModel::share_from(1 << (octave + 1));
        assert!((halves - 2.0).abs() < 0.01, "2^{octave}: {halves}");
    }
    let largest = CountModel::share_from(1 << 25) * real;
    assert!((1.0..10.0).contains(&largest), "{largest} rows of the real corpus from 2^25 on");
    assert_eq!(CountModel::share_from(counts::MAX_COUNT + 1), 0.0);
    assert!(CountModel::share(counts::MAX_COUNT) > 0.0);

    let model = CountModel::measured();
    let mut random = generator(8, 8);
    let draws = 20_000_000_u32;
    let mut seen = [0_u32; 32];
    for _ in 0..draws {
        let count = model.sample(&mut random);
        assert!(count <= counts::MAX_COUNT);
        seen[count.ilog2() as usize] += 1;
    }
    for (octave, found) in seen.iter().enumerate().take(16).skip(13) {
        let expected =
            f64::from(draws) * (CountModel::share_from(1 << octave) - CountModel::share_from(2 << octave));
        let found = f64::from(*found);
        assert!((found - expected).abs() < 5.0 * expected.sqrt(), "2^{octave}: {found}, expected {expected}");
    }
    let (found, expected) =
        (f64::from(seen[16..].iter().sum::<u32>()), f64::from(draws) * CountModel::share_from(1 << 16));
    assert!((found - expected).abs() < 5.0 * expected.sqrt(), "from 2^16: {found}, expected {expected}");
}

#[test]
fn redrawn_prefixes_differ_and_the_others_do_not() {
    let spec = spec(64 * 200, 0..=199);
    let plain = Corpus::new(spec.clone()).unwrap();
    let redrawn = Corpus::new(spec).unwrap().redrawn(Redraw { every: 100, seed: 9 });
    let (mut before, mut after) = (plain.reader(), redrawn.reader());
    let changed: Vec<u32> =
        plain.prefixes().filter(|prefix| before.read(*prefix) != after.read(*prefix)).collect();
    assert_eq!(changed, [50, 150]);
    assert!(plain.prefixes().all(|prefix| plain.entries_under(prefix) == redrawn.entries_under(prefix)));
}

#[test]
fn text_is_the_same_with_any_number_of_threads() {
    let corpus = Corpus::new(spec(30_000, 0x00F00..=0x0132A)).unwrap();
    let written = |threads| {
        let mut bytes = Vec::new();
        write_sorted_text(&corpus, threads, &mut bytes, "memory").unwrap();
        bytes
    };
    let one = written(1);
    assert_eq!(one.iter().filter(|byte| **byte == b'\n').count(), 30_000);
    assert!((2..6).all(|threads| written(threads) == one));
}

#[test]
fn a_write_that_fails_ends_all_threads() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let corpus = Corpus::new(CorpusSpec::whole(100_000)).unwrap();
    let error = write_sorted_text(&corpus, 3, &mut Full, "target.txt").err().unwrap();
    assert_eq!(error.to_string(), "cannot write target.txt: no storage space");
}

#[test]
fn range_files_hold_suffixes_with_crlf_between_rows() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = Corpus::new(spec(40, 0xABCD0..=0xABCDF)).unwrap();
    write_range_files(&corpus, folder.path()).unwrap();
    let mut joined = String::new();
    for prefix in corpus.prefixes() {
        let body = std::fs::read_to_string(folder.path().join(format!("{prefix:05X}"))).unwrap();
        if corpus.entries_under(prefix) == 0 {
            assert_eq!(body, format!("{}:0", "0".repeat(35)));
            continue;
        }
        body.split("\r\n").for_each(|row| joined += &format!("{prefix:05X}{row}\n"));
    }
    assert_eq!(joined, text(corpus.spec().clone(), Order::Sorted));
}

#[test]
fn impossible_specs_are_refused() {
    let refused = |spec| Corpus::new(spec).err().unwrap().to_string();
    assert_eq!(
        refused(spec(1, RangeInclusive::new(5, 4))),
        "prefixes 00005 to 00004 are not a range of 5-digit prefixes"
    );
    assert_eq!(
        refused(spec(1 << 40, 0..=0)),
        "1099511627776 entries are more than the generator can split over its prefixes"
    );
}
