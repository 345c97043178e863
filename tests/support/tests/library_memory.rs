//! What the library leaves in the memory of a program that hashed a password and looked it up: nothing of either.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]
#![cfg(target_os = "linux")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use breachdex::{BuildOptions, Digest, Format, Input, Kind, Source};
use breachdex_tests::memory::{CONTROL, Needles, assert_forgotten};

const PASSWORD: &str = "Vq7#zhx-Lümmerbrot-0481";

#[test]
fn the_library_forgets_what_it_hashed_and_looked_up() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.txt");
    for (kind, is_held) in [(Kind::Sha1, false), (Kind::Sha1, true), (Kind::Ntlm, false), (Kind::Ntlm, true)]
    {
        let text = (0..1000).map(|number| format!("other {number}\n")).collect::<String>();
        std::fs::write(&list, text + if is_held { PASSWORD } else { "" }).unwrap();
        let index = folder.path().join("list.bdx");
        let input = Input { source: Source::Path(list.clone()), format: Some(Format::Passwords) };
        let options = BuildOptions { kind, replace: true, ..BuildOptions::default() };
        breachdex::build(&[input], &index, &options, &()).unwrap();
        let digest = match kind {
            Kind::Sha1 => Digest::sha1(PASSWORD.as_bytes()),
            Kind::Ntlm => Digest::ntlm(PASSWORD),
        };
        let mut needles = Needles::default();
        needles.password("the password", PASSWORD);
        // An index that holds the digest has its bits in memory, and they are no secret there.
        if !is_held {
            needles.digest("the digest", &digest.to_bytes());
        }
        for how in ["digest", "pieces", "many", "forms"] {
            // In the long tier another build of it.
            let program = std::env::var_os("BREACHDEX_TEST_LIBRARY")
                .unwrap_or_else(|| env!("CARGO_BIN_EXE_library-under-test").into());
            let mut child = Command::new(program)
                .arg(&index)
                .arg(how)
                .env("BREACHDEX_TEST_CONTROL", CONTROL)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            child.stdin.as_mut().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
            let mut answer = String::new();
            BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut answer).unwrap();
            assert_eq!(answer != "0\n", is_held, "{kind} {how}");
            assert_forgotten(&format!("{kind} {how} {is_held}"), &mut child, &needles);
        }
    }
}
