//! Every structure over a small corpus, and one that lies.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use std::path::Path;

use super::asking::{Plan, cold, warm};
use super::*;
use crate::corpus::CorpusSpec;

const PLAN: Plan = Plan { questions: 2_000, misses: 20_000, cold: 50 };

fn corpus() -> Corpus {
    Corpus::new(CorpusSpec::whole(30_000)).unwrap()
}

#[test]
fn every_structure_answers_as_the_corpus_does() {
    let corpus = corpus();
    for structure in structures() {
        let folder = tempfile::tempdir().unwrap();
        let name = structure.name();
        structure.build(&corpus, folder.path()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let asked = warm(structure.as_ref(), &corpus, folder.path(), PLAN)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let knows = structure.knows();
        assert_eq!((asked.counts, asked.ranges), (Some(knows.counts), Some(knows.ranges)), "{name}");
        assert_eq!(asked.misses_asked, if knows.exact { 2_000 } else { 20_000 }, "{name}");
        // 8 bits give some 78; whatever else there is gives one at most.
        let most = if name == "fuse-8" { 150 } else { 5 };
        assert!(asked.false_positives <= most, "{name}: {}", asked.false_positives);
        let cold = cold(structure.as_ref(), &corpus, folder.path(), PLAN)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(cold.questions, 50, "{name}");
    }
}

#[test]
fn names_are_unique_and_those_left_out_are_not_there() {
    let mut names: Vec<&str> = structures().iter().map(|structure| structure.name()).collect();
    assert!(left_out().iter().all(|name| !names.contains(name)));
    names.extend(left_out());
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!((names.len(), all), (11, 11));
}

#[test]
fn bounds_enclose_a_prefix() {
    let (first, last) = bounds(0xabcde);
    assert_eq!((first[..4].to_vec(), first[4..].to_vec()), (vec![0xab, 0xcd, 0xe0, 0], vec![0; 16]));
    assert_eq!((last[..4].to_vec(), last[4..].to_vec()), (vec![0xab, 0xcd, 0xef, 0xff], vec![0xff; 16]));
}

/// Says what it is told to say.
#[derive(Clone, Copy)]
struct Liar {
    answer: u64,
    knows: Knows,
}

impl Structure for Liar {
    fn name(&self) -> &'static str {
        "liar"
    }

    fn title(&self) -> &'static str {
        "liar"
    }

    fn settings(&self) -> String {
        String::new()
    }

    fn knows(&self) -> Knows {
        self.knows
    }

    fn build(&self, _corpus: &Corpus, _folder: &Path) -> Outcome<()> {
        Ok(())
    }

    fn open(&self, _folder: &Path) -> Outcome<Box<dyn Ask>> {
        Ok(Box::new(*self))
    }
}

impl Ask for Liar {
    fn ask(&self, _question: &Row) -> Outcome<u64> {
        Ok(self.answer)
    }
}

#[test]
fn wrong_answers_are_no_figures() {
    let corpus = corpus();
    let folder = tempfile::tempdir().unwrap();
    let said = |answer, counts, ranges, exact| {
        let liar = Liar { answer, knows: Knows { counts, ranges, exact } };
        warm(&liar, &corpus, folder.path(), PLAN).err().map(|error| error.to_string())
    };
    assert!(said(0, false, false, true).is_some_and(|it| it.ends_with("found 0, but the corpus says 1")));
    assert!(said(1, true, false, true).is_some_and(|it| it.contains("found 1, but the corpus says")));
    assert_eq!(
        said(1, false, false, true).as_deref(),
        Some("a digest that is absent: found 1, but the corpus says 0")
    );
    assert_eq!(said(1, false, true, false).as_deref(), Some("it cannot tell ranges though it says so"));
    let liar = Liar { answer: 0, knows: Knows { counts: false, ranges: false, exact: true } };
    assert!(cold(&liar, &corpus, folder.path(), PLAN).is_err());
}
