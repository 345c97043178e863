//! Folders as downloaders leave them, and every way in which one can be wrong.

#![allow(clippy::unwrap_used)]

use tempfile::TempDir;

use super::*;
use crate::build::{BuildOptions, BuildReport, CoverageRule, build};
use crate::digest::Kind;
use crate::index::Index;
use crate::input::Input;

struct Folder(TempDir);

impl Folder {
    /// Files for the prefixes 00000 to 0000F, each with two rows.
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(folder.0.path().join("ranges")).unwrap();
        for prefix in 0..16 {
            folder.write(&format!("{prefix:05X}"), &format!("{:035X}:1\r\n{:035X}:2", 1, 2));
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join("ranges").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn remove(&self, name: &str) {
        std::fs::remove_file(self.path(name)).unwrap();
    }

    fn build(&self, coverage: CoverageRule) -> Result<(BuildReport, Index), String> {
        let target = self.0.path().join("out.bdx");
        let options = BuildOptions { coverage, replace: true, threads: 2, ..BuildOptions::default() };
        build(&[Input::path(self.0.path().join("ranges"))], &target, &options, &())
            .map(|report| (report, Index::open(target).unwrap()))
            .map_err(|error| {
                error
                    .to_string()
                    .replace(&format!("{}{}", self.0.path().display(), std::path::MAIN_SEPARATOR), "")
            })
    }

    fn refused(&self) -> String {
        let refused = self.build(sixteen()).err().unwrap();
        assert!(!self.0.path().join("out.bdx").exists());
        refused
    }
}

fn sixteen() -> CoverageRule {
    CoverageRule::Prefixes(vec![(0, 15)])
}

#[test]
fn names_are_read_as_they_are_written() {
    for name in ["00000", "abcde", "ABCDE.txt", "aBcDe.txt.gz", "FFFFF.gz", "12345.zst", "12345.txt.zst"] {
        let (prefix, form) = FileName::parse(name, "").unwrap();
        assert_eq!(prefix, u32::from_str_radix(&name[..5], 16).unwrap());
        assert_eq!(form.write(prefix), name);
    }
    for name in ["0000", "000000", "0000G", "00000.TXT", "00000.gz.txt", "00000.json", "README", "+1234", ""]
    {
        assert!(FileName::parse(name, "").is_none(), "{name}");
    }
}

#[test]
fn names_in_folders_have_all_digits_or_those_that_follow() {
    for (folders, name, prefix) in [
        ("0a", "0A1bc.txt", 0x0a1bc),
        ("0a", "1bC.txt.gz", 0x0a1bc),
        ("ABCD", "e", 0xabcde),
        ("ABCD", "abcde.zst", 0xabcde),
        ("F", "0000", 0xf0000),
    ] {
        let (found, form) = FileName::parse(name, folders).unwrap();
        assert_eq!((found, form.write(prefix).as_str()), (prefix, name), "{folders}/{name}");
    }
    for (folders, name) in
        [("0a", "0B1bc"), ("0a", "1b"), ("0a", "0A1bc0"), ("ABCD", "ef"), ("ABCD", ".txt"), ("F", "")]
    {
        assert!(FileName::parse(name, folders).is_none(), "{folders}/{name}");
    }
}

#[test]
fn nested_folders_of_other_downloaders_are_the_same_corpus() {
    let flat = Folder::new();
    let (_, expected) = flat.build(CoverageRule::Present).unwrap();
    let rows = format!("{:035X}:1\r\n{:035X}:2", 1, 2);
    let layouts: [fn(u32) -> String; 6] = [
        |prefix| format!("{:02X}/{prefix:05X}.txt", prefix >> 12),
        |prefix| format!("{:02x}/{:03x}", prefix >> 12, prefix & 0xfff),
        |prefix| format!("0/0/0/{:x}/{prefix:05X}", prefix >> 4),
        |prefix| format!("0/0/0/{:X}/{:X}.txt", prefix >> 4, prefix & 15),
        // Some of them flat.
        |prefix| if prefix < 4 { format!("{prefix:05X}") } else { format!("000/{:02X}.txt", prefix) },
        |prefix| format!("00/0/{prefix:05X}"),
    ];
    for layout in layouts {
        let folder = Folder(tempfile::tempdir().unwrap());
        for prefix in 0..16 {
            let path = folder.path(&layout(prefix));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, &rows).unwrap();
        }
        std::fs::create_dir_all(folder.path("lost+found")).unwrap();
        let (report, index) = folder.build(CoverageRule::Present).unwrap();
        assert_eq!(index.content_id(), expected.content_id(), "{}", layout(5));
        assert_eq!(report.passed_over, ["lost+found"]);
    }
}

#[test]
fn what_is_wrong_in_a_nested_folder_is_named() {
    let nested = |name: &str| {
        let folder = Folder::new();
        let path = folder.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "x").unwrap();
        folder
    };
    let same = nested("00/00003.txt").refused();
    assert_eq!(same, "ranges: 00/00003.txt and 00003 are the same range; keep one of them");
    for name in ["00/01003", "00/03", "00/0003", "0/0/0/1/7e"] {
        let digits = name.rsplit_once('/').unwrap().0.replace('/', "");
        assert_eq!(
            nested(name).refused(),
            format!(
                "ranges/{name}: this is not a range file: expected the five digits of a prefix that begins with {digits}, \
                 or those of them that follow, as in 00000.txt; move it elsewhere"
            )
        );
    }
    let (report, _) = nested("FF/notes.txt").build(sixteen()).unwrap();
    assert_eq!(report.passed_over, ["FF/notes.txt"]);
}

#[test]
fn a_folder_is_read_in_whole_or_in_part() {
    let folder = Folder::new();
    folder.remove("00003");
    folder.write("00003.txt", &format!("{:035X}:2\n{:035x}:7\n", 0xb, 0xa));
    folder.remove("0000A");
    folder.write("0000a", &format!("{:035}:0", 0));
    folder.write("FFFFF", &format!("{:035X}:1\n", 1));
    let (report, index) = folder.build(sixteen()).unwrap();
    assert_eq!((report.entries, report.left_out, report.went_unsorted), (30, 1, None));
    assert_eq!(index.metadata().coverage.ranges(), [(0, 15)]);
    let empty = crate::Prefix::from_hex(Kind::Sha1, "0000A").unwrap();
    assert_eq!(index.range(&empty).unwrap().count(), 0);
    let (report, index) = folder.build(CoverageRule::Present).unwrap();
    assert_eq!((report.entries, report.left_out), (31, 0));
    assert_eq!(index.metadata().coverage.ranges(), [(0, 15), (0xFFFFF, 0xFFFFF)]);
}

#[cfg(feature = "decompression")]
#[test]
fn packed_files_are_read() {
    use std::io::Write;
    let folder = Folder::new();
    let text = std::fs::read(folder.path("00004")).unwrap();
    folder.remove("00004");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&text).unwrap();
    let packed = encoder.finish().unwrap();
    std::fs::write(folder.path("00004.txt.gz"), &packed).unwrap();
    assert_eq!(folder.build(sixteen()).unwrap().0.entries, 32);
    std::fs::remove_file(folder.0.path().join("out.bdx")).unwrap();
    std::fs::write(folder.path("00004.txt.gz"), &packed[..packed.len() - 1]).unwrap();
    assert_eq!(folder.refused(), "ranges/00004.txt.gz: the gzip data end too early; get the file again");
}

#[test]
fn missing_files_are_named_and_counted() {
    let folder = Folder::new();
    folder.remove("00003");
    assert_eq!(folder.refused(), "ranges: 1 range file is missing: 00003; download it");
    assert_eq!(
        folder.build(CoverageRule::Whole).err().unwrap(),
        "ranges: 1048561 range files are missing: 00003, 00010, 00011, 00012, 00013, ...; download them"
    );
}

#[test]
fn what_is_no_range_file_is_named() {
    type Change = fn(&Folder);
    let cases: [(Change, &str); 12] = [
        (
            |folder| folder.write("00005 (1).txt", ""),
            "ranges/00005 (1).txt: this is not a range file: expected names like 00000 or 00000.txt, .gz or .zst \
             after it; move it elsewhere",
        ),
        (
            |folder| std::fs::create_dir(folder.path("0F000")).unwrap(),
            "ranges/0F000: this is not a range file: expected names like 00000 or 00000.txt, .gz or .zst \
             after it; move it elsewhere",
        ),
        (
            |folder| folder.write("00005.txt", ""),
            "ranges: 00005 and 00005.txt are the same range; keep one of them",
        ),
        (
            |folder| folder.write("00005.txt.gz", ""),
            "ranges: 00005 and 00005.txt.gz are the same range; keep one of them",
        ),
        (|folder| folder.write("00005", ""), "ranges/00005: the file is empty; download the range again"),
        (
            |folder| folder.write("00005", &format!("{:035X}:1\r\n{:030X}", 1, 2)),
            "ranges/00005, line 2: expected 35 hex digits for SHA-1, found 30",
        ),
        (
            |folder| folder.write("00005", "<html>\n<body>"),
            "ranges/00005, line 1: this looks like a web page, not a list of digests; download it again",
        ),
        (
            |folder| folder.write("00005", &format!("{:027X}:1", 1)),
            "ranges/00005, line 1: this looks like an NTLM digest",
        ),
        (
            |folder| folder.write("00005", &format!("{:035X}:1\r\n{:035X}:0", 1, 2)),
            "ranges/00005, line 2: the count is 0, which marks padding; download the range without padding",
        ),
        (
            |folder| folder.write("00005", &format!("{:035X}:0\r\n{:035X}:1", 0, 2)),
            "ranges/00005, line 1: the count is 0, which marks padding; download the range without padding",
        ),
        (
            |folder| folder.write("00005", &format!("{:035X}:1\n{:035X}:2\n{:035X}:3\n", 2, 1, 2)),
            "ranges/00005, line 3: the digest occurs more than once",
        ),
        (
            |folder| folder.write("00005", &format!("{:035X}:1\n\n", 2)),
            "ranges/00005, line 2: the line is empty; expected 35 hex digits, a colon and a count",
        ),
    ];
    for (change, expected) in cases {
        let folder = Folder::new();
        change(&folder);
        assert_eq!(folder.refused(), expected);
    }
}

#[test]
fn what_cannot_be_a_range_is_passed_over_and_listed() {
    let folder = Folder::new();
    let strange =
        [".DS_Store", ".00000.part", "README", "Thumbs.db", "desktop.ini", "lost+found", "sha1.index"];
    for name in strange {
        match name {
            "lost+found" => std::fs::create_dir(folder.path(name)).unwrap(),
            _ => folder.write(name, "anything"),
        }
    }
    let (report, _) = folder.build(CoverageRule::Present).unwrap();
    let mut expected = strange.map(String::from).to_vec();
    expected.sort();
    assert_eq!(report.passed_over, expected);
}
