//! What a plain model says that shares no code with this crate; the Python tests read the same file.

use std::collections::BTreeMap;
use std::fs;

use breachdex::{Index, Kind, OpenOptions};
use breachdex_pairs::{Name, PairKey, PairMatch, PairRules, Pairs, PairsFile, PairsOptions};
use serde_json::Value;
use tempfile::TempDir;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../../tests/vectors/pairs.json")).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

/// The key of the vectors, as a file for its owner alone.
fn key(folder: &TempDir, vectors: &Value) -> PairKey {
    let digits = text(&vectors["key"]);
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    let path = folder.path().join("pairs.key");
    fs::write(&path, (0..digits.len()).step_by(2).map(byte).collect::<Vec<u8>>()).unwrap();
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    PairKey::open(&path).unwrap()
}

#[test]
fn names_agree() {
    let vectors = vectors();
    for case in list(&vectors["names"]) {
        let rules = PairRules { mail_rules: case["mail_rules"].as_bool().unwrap(), ..PairRules::default() };
        let name = Name::of(text(&case["user"]), rules);
        let expected = case["name"].as_array().map(|parts| (text(&parts[0]), parts[1].as_str()));
        assert_eq!(name.as_ref().map(|name| (name.full(), name.local())), expected, "{case}");
    }
}

#[test]
fn every_entry_of_a_file_and_every_answer_agrees() {
    let (folder, vectors) = (TempDir::new().unwrap(), vectors());
    let key = key(&folder, &vectors);
    for (number, case) in list(&vectors["files"]).iter().enumerate() {
        let rules = PairRules {
            mail_rules: case["mail_rules"].as_bool().unwrap(),
            local_names: case["local_names"].as_bool().unwrap(),
        };
        let path = folder.path().join(format!("{number}.bdx"));
        let held = list(&vectors["held"]).iter().map(|pair| (text(&pair[0]), text(&pair[1]).as_bytes()));
        PairsFile::at(&path, &key, rules).add(held, &()).unwrap();
        let index = Index::open_with(&path, OpenOptions::new().pairs()).unwrap();
        assert_eq!(index.metadata().source, text(&case["label"]));
        let entries: BTreeMap<String, u64> = index
            .iter()
            .map(|entry| {
                let entry = entry.unwrap();
                let digest = entry.digest(Kind::Sha1);
                let hex = digest.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
                (hex, index.count(&digest).unwrap())
            })
            .collect();
        let expected: BTreeMap<String, u64> = serde_json::from_value(case["entries"].clone()).unwrap();
        assert_eq!(entries, expected, "{case}");
        let pairs = Pairs::open(&path, folder.path().join("pairs.key"), PairsOptions::default()).unwrap();
        for asked in list(&case["found"]) {
            let found = pairs.find(text(&asked[0]), text(&asked[1]).as_bytes()).unwrap();
            assert_eq!(found.map(PairMatch::name), asked[2].as_str(), "{rules:?} {asked}");
        }
    }
}
