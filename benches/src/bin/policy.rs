//! What a verdict costs: the default rules, context words, similar passwords, against an index.
//!
//! `policy INDEX [VERDICTS]`: prints microseconds a verdict, the best of five runs.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use breachdex::{Corpus, Index};
use breachdex_policy::{Candidate, Event, Rules, Settings};

/// Runs of each row.
const RUNS: usize = 5;

/// Lengths between which the passwords of a bench vary.
const PASSWORDS: usize = 4096;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let path = arguments.next().ok_or("name an index")?;
    let verdicts: usize = match arguments.next() {
        Some(number) => number.to_string_lossy().parse()?,
        None => 200_000,
    };
    let index = Index::map(Path::new(&path))?;
    println!("{} entries, {verdicts} verdicts a row, best of {RUNS}", index.len());
    let corpus = Corpus::from(index);
    let rules = |text: &str| Ok::<_, Box<dyn Error>>(Settings::parse(text, "bench")?.rules);
    let plain = rules("")?;
    let named = rules("service_name = 'Swallow Shop'\ncontext = ['swallow', 'kettle', 'notebook']")?;
    let similar = rules("[rules]\nsimilar_exposed = true")?;
    let passwords: Vec<String> =
        (0..PASSWORDS).map(|i| format!("Kettle-{}-walk-{:04}", i * 7919, i)).collect();
    row("default rules, password alone", &plain, &corpus, &passwords, None, verdicts)?;
    row(
        "default rules, user name and address",
        &plain,
        &corpus,
        &passwords,
        Some("hanako.yamada"),
        verdicts,
    )?;
    row("with a service name and three words", &named, &corpus, &passwords, Some("hanako.yamada"), verdicts)?;
    row("with similar passwords, password alone", &similar, &corpus, &passwords, None, verdicts)?;
    Ok(())
}

fn row(
    name: &str,
    rules: &Rules,
    corpus: &Corpus,
    passwords: &[String],
    user_name: Option<&str>,
    verdicts: usize,
) -> Result<(), Box<dyn Error>> {
    let email = user_name.map(|name| format!("{name}@example.jp"));
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let started = Instant::now();
        for password in passwords.iter().cycle().take(verdicts) {
            let candidate = Candidate {
                user_name,
                email: email.as_deref(),
                ..Candidate::new(black_box(password), Event::SignUp)
            };
            black_box(rules.check(corpus, &candidate, |_| ())?);
        }
        best = best.min(started.elapsed().as_secs_f64() * 1e6 / verdicts as f64);
    }
    println!("{name:<44} {best:>7.2} us");
    Ok(())
}
