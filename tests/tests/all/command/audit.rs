//! What `audit` leaves behind and says, beyond what cases can show.

use std::fs;
use std::path::Path;

use super::{breachdex, command, folder_with_index, run};

const EXPORT: &[u8] =
    b"name,url,username,password\na,https://a.example/,=kim,password\nb,b,lee,Xq7-sentinel-Wv4\n";
/// SHA-1 of the planted password begins so.
const SENTINEL: [&str; 2] = ["Xq7-sentinel-Wv4", "xq7-sentinel"];

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn reports_are_their_owner_s_alone_and_say_no_password() {
    let folder = folder_with_index();
    fs::write(folder.path().join("vault.csv"), EXPORT).unwrap();
    // A report that others could read is replaced by one that they cannot.
    fs::write(folder.path().join("r.csv"), "old").unwrap();
    let arguments = [
        "audit",
        "vault.csv",
        "--index",
        "a.bdx",
        "--users",
        "--force",
        "--html",
        "r.html",
        "--csv",
        "r.csv",
        "--parquet",
        "r.parquet",
    ];
    let output = breachdex(folder.path(), &arguments, b"");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let digest: String = breachdex_sha1(SENTINEL[0]);
    for name in ["r.html", "r.csv", "r.parquet"] {
        let path = folder.path().join(name);
        #[cfg(unix)]
        assert_eq!(mode(&path), 0o600, "{name}");
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).to_lowercase();
        for secret in [SENTINEL[1], &digest[..8]] {
            assert!(!text.contains(secret), "{name}");
        }
    }
    let csv = fs::read_to_string(folder.path().join("r.csv")).unwrap();
    assert!(
        csv.contains("\n2,'=kim,account,true,7,2-9,base,1,false,false,,false,false,false,,,vault.csv\n"),
        "{csv}"
    );
}

fn breachdex_sha1(password: &str) -> String {
    let digest = ::breachdex::Digest::sha1(password.as_bytes());
    digest.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_report_goes_to_standard_output_and_the_index_comes_from_the_environment() {
    let folder = folder_with_index();
    let csv = "id,pw\nkim,password\nlee,nobody has this\n".as_bytes().to_vec();
    let audit = |report: &[&str]| {
        let arguments = [&["audit", "-", "--format", "csv", "--column", "pw"], report].concat();
        run(command(folder.path()).args(arguments).env("BREACHDEX_INDEX", "a.bdx"), csv.clone())
    };
    let output = audit(&["--csv", "-"]);
    let rows = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stderr.is_empty(), "no starter index: {}", String::from_utf8_lossy(&output.stderr));
    assert!(rows.starts_with("number,account,"), "{rows}");
    assert_eq!(rows.lines().count(), 3, "the rows alone: {rows}");
    assert!(audit(&["--html", "-"]).stdout.starts_with(b"<!DOCTYPE html>"));
    let output = audit(&["--html", "-", "--csv", "-"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "breachdex: error: - is named for two reports; choose another OUT\n");
}
