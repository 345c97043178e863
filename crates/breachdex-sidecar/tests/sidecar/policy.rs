//! The policy's file is followed: a changed one judges, a broken one is refused, and the one before stays.

use std::fs;
use std::path::Path;

use breachdex_policy::Settings;
use breachdex_sidecar::{Overrides, PolicyFile, SidecarOptions};

use crate::subject::{Running, wait_until};

/// Written by rename, as an editor does.
fn write(folder: &Path, text: &str) {
    fs::write(folder.join("new.toml"), text).unwrap();
    fs::rename(folder.join("new.toml"), folder.join("policy.toml")).unwrap();
}

fn follow(options: &mut SidecarOptions, folder: &Path, overrides: Overrides) {
    write(folder, "profile = 'nist'\nmfa = true");
    let path = folder.join("policy.toml");
    let settings = Settings::open(&path).unwrap();
    options.rules = settings.rules.clone();
    overrides.apply(&mut options.rules);
    options.policy = Some(PolicyFile { path, settings, overrides });
}

fn action(sidecar: &Running, password: &str) -> String {
    let body = serde_json::json!({ "event": "sign_up", "password": password }).to_string();
    sidecar.post("/v1/verdict", &body).json()["action"].as_str().unwrap().to_owned()
}

#[test]
fn a_changed_policy_judges_and_a_broken_one_does_not() {
    let sidecar = Running::with(|options, folder| follow(options, folder, Overrides::default()));
    let folder = sidecar.folder.path().to_owned();
    let swaps = || sidecar.metric("breachdex_policy_swaps_total");
    let refused = || sidecar.metric("breachdex_policy_swaps_refused_total");
    assert_eq!(action(&sidecar, "Ki7mQzw2"), "accept");
    write(&folder, "profile = 'nist'");
    wait_until("15 characters are asked for", || action(&sidecar, "Ki7mQzw2") == "reject");
    assert_eq!((swaps(), refused()), (1.0, 0.0));

    let others = "profile = 'nist'\nmfa = true\nindex = 'other.bdx'";
    for (number, broken) in ["profile = 'nits'", others, "\u{0}"].into_iter().enumerate() {
        write(&folder, broken);
        wait_until("it is refused", || refused() > number as f64);
        assert_eq!(action(&sidecar, "Ki7mQzw2"), "reject");
    }
    fs::remove_file(folder.join("policy.toml")).unwrap();
    wait_until("that there is none is noticed", || refused() > 3.0);
    // Once for each change, however often it is looked at; and again when that is asked for.
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert_eq!((swaps(), refused()), (1.0, 4.0));
    sidecar.reload.run();
    assert_eq!(refused(), 5.0);

    write(&folder, "# With two factors.\nprofile = 'nist'\nmfa = true");
    wait_until("8 are enough", || action(&sidecar, "Ki7mQzw2") == "accept");
    // A comment changes nothing.
    write(&folder, "profile = 'nist'\nmfa = true");
    sidecar.reload.run();
    assert_eq!((swaps(), refused()), (2.0, 5.0));
}

#[test]
fn what_the_operator_says_holds_whatever_the_file_says() {
    let overrides = Overrides { test_password: true, language: "ja".parse().ok(), ..Overrides::default() };
    let sidecar = Running::with(|options, folder| follow(options, folder, overrides));
    write(sidecar.folder.path(), "profile = 'nist'\nlanguage = 'en'");
    wait_until("it judges", || sidecar.metric("breachdex_policy_swaps_total") > 0.0);
    let body = serde_json::json!({ "event": "sign_up", "password": breachdex::TEST_PASSWORD }).to_string();
    let answer = sidecar.post("/v1/verdict", &body);
    assert_eq!(
        (answer.json()["accepted"].as_bool(), answer.header("content-language")),
        (Some(false), Some("ja"))
    );
}
