//! The messages that `tests/vectors/messages.json` lists; the Python tests read the same file.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use breachdex_messages::Language;
use serde_json::Value;

#[test]
fn messages_are_those_of_the_shared_vectors() {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../../../tests/vectors/messages.json")).unwrap();
    assert!(cases.len() >= 15);
    for case in cases {
        let language: Language = case["language"].as_str().unwrap().parse().unwrap_or_default();
        let words = language.passwords();
        let number = |name: &str| case["values"][name].as_u64().unwrap();
        let said = match case["key"].as_str().unwrap() {
            "exposed" => words.exposed().to_owned(),
            "exposed_count" => words.exposed_count(number("count")),
            "too_short" => words.too_short(number("min_length"), number("length")),
            "too_long" => words.too_long(number("max_length")),
            "help_length" => words.help_length(number("min_length")),
            "help_text" => words.help_text().to_owned(),
            "notify_mail" => words.notify_mail(case["values"]["site_name"].as_str().unwrap()),
            key => panic!("no such key: {key}"),
        };
        assert_eq!(said, case["text"].as_str().unwrap(), "{case}");
    }
}
