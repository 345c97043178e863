//! The counts against a plain model, for any dump.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use breachdex::Kind;
use breachdex_audit::{AuditOptions, Band, Format, ReadOptions};
use proptest::prelude::*;

use crate::{Indexes, account, hex, index, options, rows, run};

/// Counts on both sides of every band's bounds; 0 is a password that the index does not have.
const COUNTS: [u64; 14] =
    [0, 0, 1, 2, 9, 10, 99, 100, 999, 1_000, 9_999, 10_000, 70_000, u32::MAX as u64 + 5];

fn password(at: usize) -> String {
    format!("password {at}")
}

fn band_of(count: u64) -> usize {
    match count {
        1 => 0,
        2..=9 => 1,
        10..=99 => 2,
        100..=999 => 3,
        1_000..=9_999 => 4,
        _ => 5,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn counts_order_and_groups(chosen in prop::collection::vec(0..COUNTS.len(), 1..200), min_count in 1_u64..200) {
        let known: Vec<(String, u64)> =
            COUNTS.iter().enumerate().filter(|(_, count)| **count > 0).map(|(at, count)| (password(at), *count)).collect();
        let known: Vec<(&str, u64)> = known.iter().map(|(password, count)| (password.as_str(), *count)).collect();
        let indexes = Indexes::new(index(Kind::Ntlm, true, &known), vec![], vec![], min_count).unwrap();
        let dump: String =
            chosen.iter().enumerate().map(|(row, at)| format!("u{row}:{}\n", hex(Kind::Ntlm, &password(*at)))).collect();
        let audited = run(dump, &indexes, &options(Format::Ntlm)).unwrap();

        let is_exposed = |at: usize| COUNTS[at] >= min_count && COUNTS[at] > 0;
        let expected: Vec<_> = chosen.iter().enumerate()
            .map(|(row, at)| account(row as u64 + 1, &format!("u{row}"), is_exposed(*at)))
            .collect();
        prop_assert_eq!(rows(&audited), expected);

        let mut bands = [0; 7];
        let mut groups: BTreeMap<usize, u64> = BTreeMap::new();
        for at in &chosen {
            *groups.entry(*at).or_default() += 1;
            if is_exposed(*at) {
                bands[band_of(COUNTS[*at])] += 1;
            }
        }
        groups.retain(|_, accounts| *accounts > 1);
        let tally = &audited.tally;
        prop_assert_eq!(tally.bands, bands);
        prop_assert_eq!(tally.accounts, chosen.len() as u64);
        prop_assert_eq!(tally.exposed, bands.iter().sum::<u64>());
        prop_assert_eq!(tally.shared.groups, groups.len() as u64);
        prop_assert_eq!(tally.shared.accounts, groups.values().sum::<u64>());
        prop_assert_eq!(tally.shared.exposed_groups, groups.keys().filter(|at| is_exposed(**at)).count() as u64);

        let mut worst: Vec<(u64, std::cmp::Reverse<u64>)> = chosen.iter().enumerate()
            .filter(|(_, at)| is_exposed(**at))
            .map(|(row, at)| (COUNTS[*at], std::cmp::Reverse(row as u64 + 1)))
            .collect();
        worst.sort_unstable_by(|a, b| b.cmp(a));
        worst.truncate(100);
        let listed: Vec<_> =
            audited.findings.iter().map(|found| (found.count.unwrap(), std::cmp::Reverse(found.number))).collect();
        prop_assert_eq!(listed, worst);
        for found in &audited.findings {
            let at = chosen[found.number as usize - 1];
            prop_assert_eq!(found.shared_by, groups.get(&at).copied().unwrap_or(1));
        }
    }

    #[test]
    fn bands_hold_what_their_names_say(count in prop_oneof![1_u64..20_000, any::<u64>().prop_map(|count| count.max(1))]) {
        let band = Band::of(Some(count));
        prop_assert!(band.first().unwrap() <= count && band.last().is_none_or(|last| count <= last));
    }
}

#[test]
fn bands_by_name() {
    let names = Band::ALL.map(Band::name);
    assert_eq!(names, ["1", "2-9", "10-99", "100-999", "1000-9999", "10000+", "unknown"]);
}

/// More rows than fit a window are answered as those of one are.
#[test]
fn windows_join() {
    let known: Vec<(String, u64)> = (0..1_000).map(|at| (password(at * 3), 1 + at as u64)).collect();
    let known: Vec<(&str, u64)> = known.iter().map(|(password, count)| (password.as_str(), *count)).collect();
    let indexes = Indexes::new(index(Kind::Ntlm, true, &known), vec![], vec![], 1).unwrap();
    let digests: Vec<String> = (0..3_000).map(|at| hex(Kind::Ntlm, &password(at))).collect();
    let total = (1 << 19) + 12_345;
    let dump: String = (0..total).map(|row| format!("u{row}:{}\n", digests[row % 3_000])).collect();
    let audited = run(dump, &indexes, &options(Format::Ntlm)).unwrap();
    let seen = rows(&audited);
    assert_eq!(seen.len(), total);
    for (row, seen) in seen.into_iter().enumerate() {
        assert_eq!(seen, account(row as u64 + 1, &format!("u{row}"), row % 3_000 % 3 == 0));
    }
    assert_eq!(audited.tally.shared.groups, 3_000);
}

/// Passwords are hashed many at a time, those with other forms and long ones by themselves.
#[test]
fn passwords_are_answered_in_their_rows() {
    for kind in [Kind::Sha1, Kind::Ntlm] {
        let text = |at: usize| match at % 7 {
            0 => format!("パスワード{at}"),
            1 => format!("{at}{}", "long".repeat(20)),
            2 => format!(" ends {at} "),
            _ => format!("plain-{at}"),
        };
        let total = 2_000;
        let known: Vec<(String, u64)> = (0..total).step_by(3).map(|at| (text(at), at as u64 + 1)).collect();
        let known: Vec<(&str, u64)> =
            known.iter().map(|(password, count)| (password.as_str(), *count)).collect();
        let indexes = Indexes::new(index(kind, true, &known), vec![], vec![], 1).unwrap();
        let export: String = (0..total).map(|row| format!("u{row},{}\n", text(row))).collect();
        let export = format!("user,pw\n{export}");
        for exact_bytes in [false, true] {
            let read = ReadOptions {
                format: Some(Format::Csv),
                column: Some("pw".into()),
                user_column: Some("user".into()),
                ..ReadOptions::default()
            };
            let options = AuditOptions { read, exact_bytes, ..options(Format::Csv) };
            let audited = run(&export, &indexes, &options).unwrap();
            let expected: Vec<_> = (0..total)
                .map(|row| account(row as u64 + 2, &format!("u{row}"), row.is_multiple_of(3)))
                .collect();
            assert_eq!(rows(&audited), expected);
            let worst: Vec<u64> = audited.findings.iter().map(|found| found.number).collect();
            let last = (0..total as u64).rev().filter(|row| row.is_multiple_of(3)).map(|row| row + 2);
            assert_eq!(worst, last.take(100).collect::<Vec<_>>());
        }
    }
}
