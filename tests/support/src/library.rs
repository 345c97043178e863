//! A program that uses the library as others would: it reads a password, hashes it, looks it up, and stays.
//!
//! `library-under-test INDEX HOW`: the answer is one line, and then the program waits until standard input is closed.

#![forbid(unsafe_code)]
#![allow(clippy::expect_used)]

use std::io::{Read as _, Write as _, stdout};
use std::process::ExitCode;

use breachdex::memory::{self, LockedBuffer, standard_input};
use breachdex::{Corpus, Digest, FormSet, Index, Kind, PasswordHasher, Question};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(index), Some(how)) = (arguments.next(), arguments.next()) else { return ExitCode::FAILURE };
    let index = Index::open(index).expect("an index");
    let mut input = standard_input().expect("standard input");
    let mut buffer = LockedBuffer::new(1 << 12);
    let length = input.read(&mut buffer).expect("a password");
    let answer = answer(&index, &how, &buffer[..length]);
    buffer.erase(length);
    writeln!(stdout(), "{answer}").expect("somebody reads");
    while input.read(&mut buffer).is_ok_and(|read| read > 0) {}
    ExitCode::SUCCESS
}

fn answer(index: &Index, how: &str, password: &[u8]) -> u64 {
    let kind = index.kind();
    match how {
        "digest" => index.count(&digest(kind, password)).expect("an answer"),
        "pieces" => {
            let mut hasher = PasswordHasher::new(kind);
            // What unwraps a digest leaves it where the result was.
            memory::erasing_stack::<4096, _>(|| {
                password.chunks(3).for_each(|piece| hasher.update(piece));
                index.count(&hasher.finish_reset().expect("UTF-8")).expect("an answer")
            })
        }
        "many" => {
            let digests: Vec<Digest> = (0..100).map(|_| digest(kind, password)).collect();
            let mut answers = vec![breachdex::Answer::Absent; digests.len()];
            index.lookup_many(&digests, &mut answers).expect("answers");
            answers.iter().filter(|answer| answer.is_present()).count() as u64
        }
        "forms" => {
            let corpus = Corpus::from(index.clone());
            let question = Question::password(kind, password, None, FormSet::default()).expect("UTF-8");
            u64::from(corpus.ask(&question, 1).expect("a finding").exposure().is_some())
        }
        other => panic!("{other} is no way to ask"),
    }
}

fn digest(kind: Kind, password: &[u8]) -> Digest {
    match kind {
        Kind::Sha1 => Digest::sha1(password),
        Kind::Ntlm => Digest::ntlm(std::str::from_utf8(password).expect("UTF-8")),
    }
}
