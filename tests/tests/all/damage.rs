//! Whatever happens to the bytes of an index: the right answer, count included, or an error.
//!
//! Every index here is small enough to try *every* flipped bit, *every* cut and *every* replaced page or
//! sector, and to ask the damaged file for all of its rows and (where there are very many damages) for every
//! third digest or so. One is not: a group of wide records is long of necessity, so of its buckets every
//! 61st bit is flipped and of its lengths every 61st is cut to. In buckets of the others it is every third bit, and all of them in
//! the long tier.
//! The same flips with every checksum recomputed are in `forged.rs`.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use std::ops::Range;

use breachdex::Kind;
use breachdex_tests::is_thorough;
use breachdex_tests::judge::Judge;
use breachdex_tests::parts::{HEADER, Parts, sections};
use breachdex_tests::subject::{Subject, corpus, crowded_corpus, even_corpus};
use rayon::prelude::*;

const PAGE: usize = 4096;
const SECTOR: usize = 512;

fn small() -> [Subject; 5] {
    [
        Subject::build("exact", Kind::Sha1, 160, true, &corpus(Kind::Sha1, 300)),
        Subject::build("exact without counts", Kind::Sha1, 160, false, &corpus(Kind::Sha1, 300)),
        Subject::build("64 bits", Kind::Sha1, 64, true, &corpus(Kind::Sha1, 600)),
        Subject::build("32 bits without counts", Kind::Sha1, 32, false, &corpus(Kind::Sha1, 1_100)),
        Subject::build("NTLM", Kind::Ntlm, 128, true, &corpus(Kind::Ntlm, 260)),
    ]
}

fn wide() -> Subject {
    let subject = Subject::build("wide", Kind::Sha1, 160, true, &crowded_corpus(3_000));
    let parts = Parts::of(&subject.bytes);
    assert!(parts.groups.iter().any(|group| group.bytes[4] & 0x80 != 0), "no group is wide");
    subject
}

/// Several pages, several groups.
fn paged() -> Subject {
    Subject::build("paged", Kind::Sha1, 160, true, &corpus(Kind::Sha1, 1_500))
}

fn flip(subject: &Subject, judge: &Judge<'_>, bits: impl IndexedParallelIterator<Item = usize>) {
    bits.for_each(|bit| {
        let mut file = subject.bytes.clone();
        file[bit / 8] ^= 1 << (bit % 8);
        judge.must_be_right_or_refused(&format!("bit {bit} flipped"), file);
    });
}

#[test]
fn the_sound_files_are_believed() {
    for subject in small().iter().chain([&wide(), &paged()]) {
        Judge::new(subject, 1).must_be_right_or_refused("undamaged", subject.bytes.clone());
    }
}

#[test]
fn every_single_flipped_bit() {
    for subject in &small() {
        let judge = Judge::new(subject, 3);
        let groups = sections(&subject.bytes)[0].clone();
        let buckets = groups.start + Parts::of(&subject.bytes).groups[0].buckets()[0].bytes.start;
        let step = if is_thorough() { 1 } else { 3 };
        flip(subject, &judge, (0..buckets * 8).into_par_iter());
        flip(subject, &judge, (buckets * 8..groups.end * 8).into_par_iter().step_by(step));
        flip(subject, &judge, (groups.end * 8..subject.bytes.len() * 8).into_par_iter());
    }
}

#[test]
fn flipped_bits_of_an_index_with_wide_records() {
    let subject = wide();
    let judge = Judge::new(&subject, 50);
    let groups = sections(&subject.bytes)[0].clone();
    let buckets = groups.start + Parts::of(&subject.bytes).groups[0].buckets()[0].bytes.start;
    flip(&subject, &judge, (0..buckets * 8).into_par_iter());
    flip(&subject, &judge, (buckets * 8..groups.end * 8).into_par_iter().step_by(61));
    flip(&subject, &judge, (groups.end * 8..subject.bytes.len() * 8).into_par_iter());
}

#[test]
fn every_truncation() {
    for subject in small().iter().chain([&wide()]) {
        let judge = Judge::new(subject, 1);
        let step = if subject.name == "wide" { 61 } else { 1 };
        (0..subject.bytes.len()).into_par_iter().step_by(step).for_each(|length| {
            let file = subject.bytes[..length].to_vec();
            judge.must_be_right_or_refused(&format!("cut to {length} bytes"), file);
        });
    }
}

#[test]
fn bytes_appended() {
    for subject in small().iter().chain([&paged()]) {
        let judge = Judge::new(subject, 1);
        for length in [1, 2, 3, 4, 7, 8, HEADER, SECTOR, PAGE] {
            for byte in [0, 0xFF, b'\n'] {
                let file = [&subject.bytes[..], &vec![byte; length]].concat();
                judge.must_be_right_or_refused(&format!("{length} bytes {byte} appended"), file);
            }
        }
        judge.must_be_right_or_refused("appended to itself", subject.bytes.repeat(2));
    }
}

/// The blocks of `size` bytes of a file, the last one perhaps shorter.
fn blocks(length: usize, size: usize) -> Vec<Range<usize>> {
    (0..length).step_by(size).map(|start| start..length.min(start + size)).collect()
}

#[test]
fn every_page_and_sector_replaced() {
    for subject in small().iter().chain([&paged()]) {
        let judge = Judge::new(subject, if subject.name == "paged" { 7 } else { 1 });
        for size in [PAGE, SECTOR] {
            let blocks = blocks(subject.bytes.len(), size);
            blocks.par_iter().for_each(|block| {
                for byte in [0, 0xFF] {
                    let mut file = subject.bytes.clone();
                    file[block.clone()].fill(byte);
                    judge.must_be_right_or_refused(&format!("bytes {block:?} are {byte}"), file);
                }
                for other in blocks.iter().filter(|other| other.len() >= block.len()) {
                    let mut file = subject.bytes.clone();
                    file.copy_within(other.start..other.start + block.len(), block.start);
                    judge.must_be_right_or_refused(&format!("bytes {block:?} are those of {other:?}"), file);
                }
            });
        }
    }
}

/// The same digests and options, and in every bucket one count of the same length is another.
fn sibling(subject: &Subject, corpus: &[(Vec<u8>, u64)]) -> Subject {
    let mut sorted = corpus.to_vec();
    sorted.sort();
    let changeable = sorted.iter_mut().filter(|(_, count)| *count == 2 || *count == 3);
    changeable.step_by(10).for_each(|(_, count)| *count ^= 1);
    let sibling = Subject::build("sibling", subject.kind, subject.bits, subject.counts, &sorted);
    assert_eq!(sibling.bytes.len(), subject.bytes.len());
    let (ours, theirs) = (Parts::of(&subject.bytes), Parts::of(&sibling.bytes));
    for (group, other) in ours.groups.iter().zip(&theirs.groups) {
        for (bucket, its) in group.buckets().into_iter().zip(other.buckets()) {
            assert_eq!((&bucket.bytes, bucket.entries), (&its.bytes, its.entries));
            assert!(bucket.entries == 0 || group.bytes[bucket.bytes] != other.bytes[its.bytes]);
        }
    }
    sibling
}

#[test]
fn every_page_and_sector_of_a_sibling_index() {
    let tried = [
        ("exact", Kind::Sha1, 160, corpus(Kind::Sha1, 1_500)),
        ("64 bits", Kind::Sha1, 64, corpus(Kind::Sha1, 3_000)),
        ("NTLM", Kind::Ntlm, 128, corpus(Kind::Ntlm, 1_500)),
    ];
    for (name, kind, bits, corpus) in tried {
        let subject = Subject::build(name, kind, bits, true, &corpus);
        let other = sibling(&subject, &corpus);
        let judge = Judge::new(&subject, 3);
        for size in [PAGE, SECTOR] {
            blocks(subject.bytes.len(), size).into_par_iter().for_each(|block| {
                let mut file = subject.bytes.clone();
                file[block.clone()].copy_from_slice(&other.bytes[block.clone()]);
                judge.must_be_right_or_refused(&format!("bytes {block:?} are a sibling's"), file);
            });
        }
        let groups = sections(&subject.bytes)[0].clone();
        let mut file = subject.bytes.clone();
        file[groups.clone()].copy_from_slice(&other.bytes[groups]);
        judge.must_be_right_or_refused("all groups are a sibling's", file);
    }
}

/// Exchanges two ranges of equal length.
fn swap(bytes: &mut [u8], one: &Range<usize>, other: &Range<usize>) {
    let kept = bytes[one.clone()].to_vec();
    bytes.copy_within(other.clone(), one.start);
    bytes[other.clone()].copy_from_slice(&kept);
}

#[test]
fn two_buckets_or_groups_of_equal_length_swapped() {
    let subject = Subject::build("even", Kind::Sha1, 160, true, &even_corpus(2_048));
    let judge = Judge::new(&subject, 5);
    let parts = Parts::of(&subject.bytes);
    let mut swapped = 0;
    let mut start = sections(&subject.bytes)[0].start;
    for group in &parts.groups {
        let at = |range: &Range<usize>| start + range.start..start + range.end;
        let buckets = group.buckets();
        for pair in buckets.windows(2).filter(|pair| pair[0].bytes.len() == pair[1].bytes.len()) {
            let mut file = subject.bytes.clone();
            swap(&mut file, &at(&pair[0].bytes), &at(&pair[1].bytes));
            judge.must_be_right_or_refused("two buckets swapped", file.clone());
            swap(&mut file, &at(&pair[0].record), &at(&pair[1].record));
            judge.must_be_right_or_refused("two buckets swapped with their records", file);
            swapped += 1;
        }
        start += group.bytes.len();
    }
    let [first, second] = [&parts.groups[0].bytes, &parts.groups[1].bytes];
    assert_eq!(first.len(), second.len());
    let start = sections(&subject.bytes)[0].start;
    let (middle, end) = (start + first.len(), start + first.len() * 2);
    let mut file = subject.bytes.clone();
    swap(&mut file, &(start..middle), &(middle..end));
    judge.must_be_right_or_refused("two groups swapped", file);
    assert!(swapped > 0, "no two buckets were of equal length");
}
