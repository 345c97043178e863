//! Recorded answers of the real service, in through an index and out through the server, byte for byte. They
//! lie in `../shared` beside the workspace or where `BREACHDEX_SHARED` says.

use std::fs;
use std::path::{Path, PathBuf};

use breachdex::{BuildOptions, CoverageRule, Format, Input, Kind, Source, build};
use tempfile::TempDir;

use crate::client::Client;
use crate::encodings::gunzipped;
use crate::subject::Running;

fn recorded_ranges(kind: Kind) -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared"));
    let shared = std::env::var_os("BREACHDEX_SHARED").map_or_else(beside, PathBuf::from);
    let ranges = shared.join("data/ranges").join(kind.name());
    if ranges.is_dir() {
        return Some(ranges);
    }
    eprintln!("skipped: there are no recorded ranges in {}", ranges.display());
    None
}

fn index(folder: &Path, ranges: &Path, kind: Kind) -> PathBuf {
    let target = folder.join(kind.name());
    let inputs = [Input { source: Source::Path(ranges.to_owned()), format: Some(Format::Ranges) }];
    let options = BuildOptions { kind, coverage: CoverageRule::Present, ..BuildOptions::default() };
    build(&inputs, &target, &options, &()).unwrap();
    target
}

#[test]
fn every_recorded_body_comes_back_byte_for_byte() {
    let folder = TempDir::new().unwrap();
    let kinds = [(Kind::Sha1, ""), (Kind::Ntlm, "?mode=ntlm")];
    let recorded: Vec<_> =
        kinds.iter().filter_map(|(kind, query)| Some((*kind, *query, recorded_ranges(*kind)?))).collect();
    if recorded.len() < kinds.len() {
        return;
    }
    let indexes: Vec<PathBuf> =
        recorded.iter().map(|(kind, _, ranges)| index(folder.path(), ranges, *kind)).collect();
    let server = Running::serve(&[&indexes[0], &indexes[1]]);
    let mut client = Client::connect(server.address);
    for (_, query, ranges) in &recorded {
        let mut compared = 0;
        for file in fs::read_dir(ranges).unwrap() {
            let file = file.unwrap().path();
            let path = format!("/range/{}{query}", file.file_stem().unwrap().to_str().unwrap());
            let expected = fs::read(&file).unwrap();
            assert!(client.get(&path, &[]).body == expected, "{path} differs");
            let packed = client.get(&path, &["Accept-Encoding: gzip"]);
            assert!(gunzipped(&packed).as_bytes() == expected, "{path} differs packed");
            compared += 1;
        }
        assert!(compared >= 64, "{compared} files in {}", ranges.display());
    }
}
