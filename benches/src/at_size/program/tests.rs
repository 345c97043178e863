//! Small scripts as the peer's program.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use super::*;
use crate::corpus::CorpusSpec;

const PLAN: Plan = Plan { questions: 300, misses: 300, cold: 20 };

/// What a script as the peer's program comes to over a small corpus, its name standing for its path.
fn measured(ask: &str, build: Option<&str>) -> (PathBuf, Outcome<(Building, Asking, Cold)>) {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    let (arguments, body) = ask.split_once('|').unwrap();
    fs::write(&script, body).unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let program =
        Program { ask: format!("sh {} {arguments}", script.display()), build: build.map(str::to_owned) };
    let corpus = Corpus::new(CorpusSpec::whole(2_000)).unwrap();
    let all = || {
        let built = program.build(&corpus, &data)?;
        Ok((built, program.warm(&corpus, &data, PLAN)?, program.cold(&corpus, &data, PLAN)?))
    };
    let outcome = all();
    (script, outcome)
}

#[test]
fn a_program_that_takes_the_digest_as_an_argument() {
    let (_, outcome) = measured("{hash} {file}|grep \"^$1\" \"$2\"", None);
    let (built, asking, cold) = outcome.unwrap();
    assert!(built.bytes > 2_000 * 42);
    assert_eq!((asking.counts, asking.false_positives, asking.misses_asked), (Some(true), 0, 200));
    assert_eq!(cold.questions, 20);
}

#[test]
fn a_program_that_reads_digests() {
    let script = "{file}|\
        awk -F: 'NR == FNR { seen[$1] = $2; next } { print $1 \": \" ($1 in seen ? \"seen \" seen[$1] : \"clean\") }' \"$1\" -";
    let (_, outcome) = measured(script, Some("tee {file}"));
    let (built, asking, _) = outcome.unwrap();
    assert!(built.bytes > 2_000 * 42);
    assert_eq!((asking.counts, asking.false_positives, asking.misses_asked), (Some(true), 0, 300));
}

#[test]
fn a_program_without_counts_and_with_false_positives() {
    // It knows four digits of each, so that 3 % of what is absent seems to be there.
    let script = "{file}|cut -c 1-4 \"$1\" | sort -u > \"$1.set\"; \
        awk 'NR == FNR { seen[$1]; next } { print (substr($1, 1, 4) in seen ? \"yes\" : \"no\") }' \"$1.set\" -";
    let (_, outcome) = measured(script, Some("cp {text} {file}"));
    let (_, asking, _) = outcome.unwrap();
    assert_eq!(asking.counts, Some(false));
    assert!((1..30).contains(&asking.false_positives), "{asking:?}");
}

#[test]
fn what_is_wrong_with_a_program_is_said() {
    let message = |ask: &str, build: Option<&str>| {
        let (script, outcome) = measured(ask, build);
        outcome.unwrap_err().to_string().replace(&script.display().to_string(), "S")
    };
    assert_eq!(
        message("{file}|cat; echo more", None),
        "`sh S {file}` printed 4 lines for 3 digests; it must print a line for each"
    );
    assert_eq!(
        message("{file}|while read -r hash; do echo nothing; done", None),
        "`sh S {file}` says `NOTHING` of an entry, as of digests that are absent"
    );
    assert_eq!(
        message("{file}|while read -r hash; do echo $((n = n + 1)); done", None),
        "`sh S {file}` printed `1` and `2` for two digests that are absent; its answers cannot be told apart"
    );
    assert_eq!(message("{file}|cat", Some("true")), "`true` did not make {file}");
    assert_eq!(message("{file}|cat", Some("false {text}")), "`false {text}` ended with exit status: 1");
    assert_eq!(
        message("{file}|cat", Some("/nonexistent/program")),
        "cannot run `/nonexistent/program`: No such file or directory (os error 2)"
    );
}
