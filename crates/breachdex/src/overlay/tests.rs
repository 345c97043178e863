//! Overlays against a set as the model; what is refused, who may read, and who waits.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::{
    BaseMisfit, BuildOptions, ChangedRange, Coverage, Format, Input, MergeOptions, Progress, Source,
    SpliceOptions, build, merge, splice,
};

fn digest(kind: Kind, number: u16) -> Digest {
    match kind {
        Kind::Sha1 => Digest::sha1(&number.to_be_bytes()),
        Kind::Ntlm => Digest::ntlm(&number.to_string()),
    }
}

fn sha1(numbers: &[u16]) -> Vec<Digest> {
    numbers.iter().map(|number| digest(Kind::Sha1, *number)).collect()
}

/// What an overlay says, every byte checked: its digests, each with a count of 1.
fn held(overlay: &OverlayFile) -> BTreeSet<Digest> {
    let index = overlay.open().unwrap();
    index.verify(&()).unwrap();
    let facts = index.metadata();
    assert!(facts.is_overlay && facts.holds_overlay && facts.coverage.is_whole());
    assert!(facts.is_exact() && facts.has_counts && facts.floor == 1 && facts.max_count <= 1);
    index.iter().map(|entry| entry.unwrap().digest(index.kind())).collect()
}

fn overlay_in(folder: &Path) -> OverlayFile {
    OverlayFile::at(folder.join("own.bdx"))
}

fn said<T: std::fmt::Debug>(result: Result<T>, folder: &Path) -> String {
    result.unwrap_err().to_string().replace(folder.to_str().unwrap(), "FOLDER")
}

#[derive(Clone, Debug)]
enum Step {
    Add(Vec<u16>),
    Remove(Vec<u16>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Few numbers, so that they meet; at times more than one bucket holds.
    let numbers = || prop_oneof![vec(0_u16..40, 0..30), vec(0_u16..3000, 0..1500)];
    vec(prop_oneof![numbers().prop_map(Step::Add), numbers().prop_map(Step::Remove)], 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn an_overlay_is_the_set_that_its_changes_make(steps in steps(), is_ntlm: bool) {
        let kind = if is_ntlm { Kind::Ntlm } else { Kind::Sha1 };
        let folder = TempDir::new().unwrap();
        let overlay = overlay_in(folder.path());
        overlay.add(kind, &[], &()).unwrap();
        let mut model: BTreeSet<Digest> = BTreeSet::new();
        for step in steps {
            let (Step::Add(numbers) | Step::Remove(numbers)) = &step;
            let digests: Vec<Digest> = numbers.iter().map(|number| digest(kind, *number)).collect();
            let distinct: BTreeSet<Digest> = digests.iter().cloned().collect();
            let known = distinct.intersection(&model).count() as u64;
            let unknown = distinct.len() as u64 - known;
            let (outcome, changed, unchanged) = match step {
                Step::Add(_) => {
                    model.extend(distinct);
                    (overlay.add(kind, &digests, &()).unwrap(), unknown, known)
                }
                Step::Remove(_) => {
                    model.retain(|digest| !distinct.contains(digest));
                    (overlay.remove(kind, &digests, &()).unwrap(), known, unknown)
                }
            };
            prop_assert_eq!(outcome, OverlayChange { changed, unchanged, entries: model.len() as u64, durability: Durability::Synced });
            prop_assert_eq!(held(&overlay), model.clone());
        }
    }
}

#[test]
fn the_same_digests_give_the_same_bytes_however_they_came() {
    let folder = TempDir::new().unwrap();
    let (one, other) = (overlay_in(folder.path()), OverlayFile::at(folder.path().join("other.bdx")));
    one.add(Kind::Sha1, &sha1(&[3, 1, 2]), &()).unwrap();
    other.add(Kind::Sha1, &sha1(&[9, 2]), &()).unwrap();
    other.add(Kind::Sha1, &sha1(&[1, 3, 1]), &()).unwrap();
    other.remove(Kind::Sha1, &sha1(&[9]), &()).unwrap();
    assert_eq!(fs::read(one.path()).unwrap(), fs::read(other.path()).unwrap());
}

#[test]
fn adding_again_raises_no_count_and_writes_nothing() {
    let folder = TempDir::new().unwrap();
    let overlay = overlay_in(folder.path());
    overlay.add(Kind::Sha1, &sha1(&[1, 1, 2]), &()).unwrap();
    let before = fs::metadata(overlay.path()).unwrap();
    let again = overlay.add(Kind::Sha1, &sha1(&[2, 1, 2]), &()).unwrap();
    assert_eq!(again, OverlayChange { changed: 0, unchanged: 2, entries: 2, durability: Durability::Synced });
    assert_eq!(overlay.open().unwrap().count(&digest(Kind::Sha1, 2)).unwrap(), 1);
    let after = fs::metadata(overlay.path()).unwrap();
    assert_eq!(before.modified().unwrap(), after.modified().unwrap());
}

#[test]
fn an_overlay_without_entries_answers_and_can_be_filled() {
    let folder = TempDir::new().unwrap();
    let overlay = overlay_in(folder.path());
    assert_eq!(overlay.kind().unwrap(), None);
    overlay.add(Kind::Ntlm, &[], &()).unwrap();
    assert_eq!(overlay.kind().unwrap(), Some(Kind::Ntlm));
    assert_eq!(overlay.open().unwrap().count(&digest(Kind::Ntlm, 7)).unwrap(), 0);
    overlay.add(Kind::Ntlm, &[digest(Kind::Ntlm, 7)], &()).unwrap();
    assert_eq!(overlay.open().unwrap().count(&digest(Kind::Ntlm, 7)).unwrap(), 1);
}

/// An ordinary index of one digest.
fn base(folder: &Path) -> std::path::PathBuf {
    let (plain, path) = (folder.join("base.txt"), folder.join("base.bdx"));
    fs::write(&plain, "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:7\n").unwrap();
    let inputs = [Input { source: Source::Path(plain), format: Some(Format::Hibp) }];
    build(&inputs, &path, &BuildOptions::default(), &()).unwrap();
    path
}

#[test]
fn what_is_no_overlay_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let (base, overlay) = (base(folder.path()), overlay_in(folder.path()));
    overlay.add(Kind::Sha1, &sha1(&[1]), &()).unwrap();
    let merged = folder.path().join("merged.bdx");
    merge(&[base.clone(), overlay.path().to_owned()], &merged, &MergeOptions::default(), &()).unwrap();
    let text = folder.path().join("base.txt");
    let refusals = [
        (
            &base,
            "FOLDER/base.bdx is no overlay: it is an index of its own, which the overlay commands never change; \
             name another file for the overlay",
        ),
        (
            &merged,
            "FOLDER/merged.bdx is no overlay: it is an index that an overlay was merged into; name the overlay \
             itself",
        ),
        (
            &text,
            "FOLDER/base.txt is not a breachdex index: it is a list of hashes; make an index of it with \
             `breachdex build`",
        ),
    ];
    for (path, message) in refusals {
        let (file, before) = (OverlayFile::at(path), fs::read(path).unwrap());
        assert_eq!(said(file.add(Kind::Sha1, &sha1(&[2]), &()), folder.path()), message);
        assert_eq!(said(file.remove(Kind::Sha1, &sha1(&[1]), &()), folder.path()), message);
        assert_eq!(said(file.open(), folder.path()), message);
        assert_eq!(fs::read(path).unwrap(), before);
    }
    let missing = OverlayFile::at(folder.path().join("missing.bdx"));
    assert_eq!(
        said(missing.remove(Kind::Sha1, &sha1(&[1]), &()), folder.path()),
        "cannot open FOLDER/missing.bdx: No such file or directory (os error 2)"
    );
    let names: BTreeSet<_> =
        fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    let expected = [".own.bdx.breachdex-lock", "base.bdx", "base.txt", "merged.bdx", "own.bdx"];
    assert_eq!(names, expected.map(Into::into).into());
}

#[test]
fn the_other_kind_is_refused() {
    let folder = TempDir::new().unwrap();
    let overlay = overlay_in(folder.path());
    overlay.add(Kind::Sha1, &sha1(&[1]), &()).unwrap();
    let message =
        "FOLDER/own.bdx is an overlay of SHA-1 digests, not of NTLM ones; name another overlay for those";
    let ntlm = [digest(Kind::Ntlm, 1)];
    assert_eq!(said(overlay.add(Kind::Ntlm, &ntlm, &()), folder.path()), message);
    assert_eq!(said(overlay.remove(Kind::Ntlm, &ntlm, &()), folder.path()), message);
    assert!(matches!(overlay.add(Kind::Sha1, &ntlm, &()), Err(Error::WrongKind { .. })));
    assert_eq!(held(&overlay), sha1(&[1]).into_iter().collect());
}

#[test]
fn a_damaged_overlay_is_an_error_and_stays_as_it_is() {
    let folder = TempDir::new().unwrap();
    let overlay = overlay_in(folder.path());
    overlay.add(Kind::Sha1, &sha1(&[1, 2, 3]), &()).unwrap();
    let sound = fs::read(overlay.path()).unwrap();
    for at in (0..sound.len()).step_by(7) {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x10;
        fs::write(overlay.path(), &bytes).unwrap();
        for outcome in
            [overlay.add(Kind::Sha1, &sha1(&[4]), &()), overlay.remove(Kind::Sha1, &sha1(&[1]), &())]
        {
            let refused = matches!(
                outcome,
                Err(Error::Damaged { .. } | Error::NotAnIndex { .. } | Error::UnsupportedVersion { .. })
            );
            assert!(refused, "byte {at}: {outcome:?}");
        }
        assert_eq!(fs::read(overlay.path()).unwrap(), bytes);
    }
}

#[test]
fn one_who_waits_for_a_turn_can_be_told_to_stop() {
    let folder = TempDir::new().unwrap();
    let overlay = overlay_in(folder.path());
    overlay.add(Kind::Sha1, &sha1(&[1]), &()).unwrap();
    let turn = Lock::take(overlay.path(), &()).unwrap();
    struct Stopping;
    impl Monitor for Stopping {
        fn progress(&self, _: Progress) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
    }
    assert!(matches!(overlay.add(Kind::Sha1, &sha1(&[2]), &Stopping), Err(Error::Cancelled)));
    drop(turn);
    assert_eq!(overlay.add(Kind::Sha1, &sha1(&[2]), &()).unwrap().entries, 2);
}

#[test]
fn writers_in_many_threads_lose_nothing() {
    let folder = TempDir::new().unwrap();
    let overlay = overlay_in(folder.path());
    std::thread::scope(|scope| {
        for writer in 0..4_u16 {
            let overlay = overlay.clone();
            scope.spawn(move || {
                for number in 0..20 {
                    overlay.add(Kind::Sha1, &sha1(&[writer * 100 + number]), &()).unwrap();
                }
            });
        }
    });
    assert_eq!(held(&overlay).len(), 80);
}

#[test]
#[cfg(unix)]
fn a_link_stays_a_link() {
    let folder = TempDir::new().unwrap();
    let overlay = overlay_in(folder.path());
    let link = folder.path().join("link.bdx");
    overlay.add(Kind::Sha1, &sha1(&[1]), &()).unwrap();
    std::os::unix::fs::symlink("own.bdx", &link).unwrap();
    OverlayFile::at(&link).add(Kind::Sha1, &sha1(&[2]), &()).unwrap();
    assert!(link.is_symlink());
    assert_eq!(held(&overlay).len(), 2);
    assert!(!folder.path().join(".link.bdx.breachdex-lock").exists());
}

#[test]
#[cfg(unix)]
fn only_the_owner_may_read_an_overlay_its_lock_and_what_is_made_of_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    let folder = TempDir::new().unwrap();
    let overlay = overlay_in(folder.path());
    overlay.add(Kind::Sha1, &sha1(&[1]), &()).unwrap();
    assert_eq!(mode(overlay.path()), 0o600);
    assert_eq!(mode(&folder.path().join(".own.bdx.breachdex-lock")), 0o600);
    for (numbers, why) in [(&[1][..], "nothing changes"), (&[2], "it is written anew")] {
        fs::set_permissions(overlay.path(), fs::Permissions::from_mode(0o644)).unwrap();
        overlay.add(Kind::Sha1, &sha1(numbers), &()).unwrap();
        assert_eq!(mode(overlay.path()), 0o600, "{why}");
    }
    let base = base(folder.path());
    let (merged, built) = (folder.path().join("merged.bdx"), folder.path().join("built.bdx"));
    merge(&[base.clone(), overlay.path().to_owned()], &merged, &MergeOptions::default(), &()).unwrap();
    let options = BuildOptions { bits: Some(64), ..BuildOptions::default() };
    build(&[Input::path(&merged)], &built, &options, &()).unwrap();
    assert_eq!((mode(&merged), mode(&built)), (0o600, 0o600));
    assert_ne!(mode(&base), 0o600, "an ordinary index is as readable as any file");
}

#[test]
fn what_is_made_of_an_overlay_says_so_and_is_not_brought_up_to_date() {
    let folder = TempDir::new().unwrap();
    let (base, overlay) = (base(folder.path()), overlay_in(folder.path()));
    overlay.add(Kind::Sha1, &sha1(&[1]), &()).unwrap();
    let path = |name: &str| folder.path().join(name);
    let own = overlay.path().to_owned();
    let merge = |inputs: &[std::path::PathBuf], name: &str| {
        let report = merge(inputs, &path(name), &MergeOptions::default(), &()).unwrap();
        let index = Index::open(path(name)).unwrap();
        index.verify(&()).unwrap();
        let facts = index.metadata();
        assert_eq!(facts.holds_overlay, report.holds_overlay);
        (facts.holds_overlay, facts.is_overlay)
    };
    assert_eq!(merge(std::slice::from_ref(&base), "plain.bdx"), (false, false));
    assert_eq!(merge(&[base.clone(), own.clone()], "merged.bdx"), (true, false));
    assert_eq!(merge(std::slice::from_ref(&own), "alone.bdx"), (true, false));
    assert_eq!(merge(&[base, path("merged.bdx")], "again.bdx"), (true, false));
    for (options, name) in [
        (BuildOptions { top: Some(1), ..BuildOptions::default() }, "top.bdx"),
        (BuildOptions { bits: Some(64), counts: false, ..BuildOptions::default() }, "short.bdx"),
    ] {
        let report = build(&[Input::path(path("merged.bdx"))], &path(name), &options, &()).unwrap();
        let index = Index::open(path(name)).unwrap();
        index.verify(&()).unwrap();
        assert!(report.holds_overlay && index.metadata().holds_overlay && !index.metadata().is_overlay);
    }
    let merged = Index::open(path("merged.bdx")).unwrap();
    let ranges = std::iter::empty::<Result<ChangedRange>>();
    let options = SpliceOptions { coverage: Coverage::whole(), ..SpliceOptions::default() };
    let refused = splice(Some(&merged), ranges, &path("next.bdx"), &options, |_| Ok(Vec::new()), &());
    assert!(matches!(&refused, Err(Error::UnfitBase { misfit: BaseMisfit::HoldsOverlay, .. })));
    assert_eq!(
        said(refused, folder.path()),
        "FOLDER/merged.bdx cannot be the base: an overlay was merged into it, whose entries the source does not \
         know; keep the overlay apart and lay it over a base that is updated"
    );
}

#[test]
#[cfg(unix)]
fn a_change_by_an_administrator_leaves_the_overlay_to_whom_it_belongs() {
    use std::os::unix::fs::{MetadataExt as _, chown};

    let folder = TempDir::new().unwrap();
    let overlay = overlay_in(folder.path());
    let lock = folder.path().join(".own.bdx.breachdex-lock");
    overlay.add(Kind::Sha1, &sha1(&[1]), &()).unwrap();
    if chown(overlay.path(), Some(65_534), Some(65_534)).is_err() {
        eprintln!("SKIPPED: only root gives files away");
        return;
    }
    fs::remove_file(&lock).unwrap();
    overlay.add(Kind::Sha1, &sha1(&[2]), &()).unwrap();
    for path in [overlay.path(), &lock] {
        let facts = fs::metadata(path).unwrap();
        assert_eq!((facts.uid(), facts.gid(), facts.mode() & 0o7777), (65_534, 65_534, 0o600));
    }
    assert_eq!(held(&overlay).len(), 2);
}
