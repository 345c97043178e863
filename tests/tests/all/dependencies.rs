//! No crate depends on more crates than `dependencies.toml` allows.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

#[derive(Deserialize)]
struct Budgets {
    #[serde(rename = "crate")]
    crates: Vec<Budget>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Budget {
    name: String,
    flags: Vec<String>,
    direct: usize,
    all: usize,
    never: Vec<String>,
}

impl Budget {
    /// The names of the crates right below this one, and of all below it.
    fn dependencies(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let below = ["--edges", "normal", "--prefix", "depth", "--package", &self.name];
        let rows = tree(below.into_iter().chain(self.flags.iter().map(|flag| &**flag)));
        assert_eq!(rows.first(), Some(&format!("0{}", self.name)));
        let (mut direct, mut all) = (BTreeSet::new(), BTreeSet::new());
        for row in rows {
            // The depth stands right before the name.
            let name = row.trim_start_matches(|character: char| character.is_ascii_digit());
            if name != self.name {
                if row.strip_suffix(name) == Some("1") {
                    direct.insert(name.to_owned());
                }
                all.insert(name.to_owned());
            }
        }
        (direct, all)
    }
}

/// The names that `cargo tree` prints, behind a prefix where one is asked for.
fn tree<'a>(arguments: impl Iterator<Item = &'a str>) -> Vec<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--locked"])
        .args(["--target", "x86_64-unknown-linux-gnu", "--format", "{p}"])
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let names = text.lines().map(|line| line.split(' ').next().unwrap_or_default());
    names.filter(|name| !name.is_empty()).map(String::from).collect()
}

#[test]
fn no_crate_depends_on_more_crates_than_its_budget_allows() {
    let budgets: Budgets = toml::from_str(include_str!("../../dependencies.toml")).unwrap();
    let mut faults = Vec::new();
    for budget in &budgets.crates {
        let (direct, all) = budget.dependencies();
        assert!(
            (budget.direct == 0 || !direct.is_empty()) && direct.is_subset(&all),
            "{}: {direct:?}",
            budget.name
        );
        let name = format!("{} {}", budget.name, budget.flags.join(" "));
        if direct.len() > budget.direct {
            faults.push(format!("{name}: {} direct, {} allowed: {direct:?}", direct.len(), budget.direct));
        }
        if all.len() > budget.all {
            faults.push(format!("{name}: {} in all, {} allowed", all.len(), budget.all));
        }
        let met = budget.never.iter().filter(|never| all.contains(*never));
        faults.extend(met.map(|never| format!("{name}: {never} is below it")));
    }
    assert!(faults.is_empty(), "see tests/dependencies.toml:\n{}", faults.join("\n"));
}

#[test]
fn every_crate_has_a_budget() {
    let budgets: Budgets = toml::from_str(include_str!("../../dependencies.toml")).unwrap();
    let named: BTreeSet<&str> = budgets.crates.iter().map(|budget| &*budget.name).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(named.contains(&*name), "{name} is missing in tests/dependencies.toml");
    }
}

#[test]
fn dist_says_how_what_release_does_not_optimise_is_compiled_unless_it_runs_in_the_compiler_alone() {
    let manifest =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let levels = |profile: &str| -> BTreeMap<String, toml::Value> {
        let packages = manifest["profile"][profile]["package"].as_table().unwrap();
        let level = |settings: &toml::Value| settings.get("opt-level").cloned();
        packages.iter().filter_map(|(name, settings)| Some((name.clone(), level(settings)?))).collect()
    };
    let (release, dist) = (levels("release"), levels("dist"));
    let low = release.iter().filter(|(_, level)| level.as_integer().is_some_and(|level| level < 3));
    let edges = ["--workspace", "--edges", "normal,no-proc-macro", "--prefix", "none"];
    let released: BTreeSet<_> = tree(edges.into_iter()).into_iter().collect();
    assert!(released.len() > 100 && low.clone().count() > 10);
    for (name, _) in low.filter(|(name, _)| released.contains(*name)) {
        // For speed, or for size.
        let is_optimised = dist.get(name).is_some_and(|level| *level == 3.into() || *level == "s".into());
        assert!(is_optimised, "{name} needs opt-level = 3 or \"s\" in [profile.dist.package]");
    }
    // What lookups, builds and answers spend their time in, and what is not named is small.
    let quick = ["breachdex-server", "hyper", "tokio", "h2", "blake3"];
    assert!(quick.iter().all(|name| dist[*name] == 3.into()));
    assert_eq!(dist["*"], "s".into());
    for name in ["sha1", "fst", "rayon", "memchr", "crc32c"] {
        assert!(release[name] == 3.into() && dist.get(name).is_none_or(|level| *level == 3.into()), "{name}");
    }
}
