//! Nothing that the command says, whatever it is given, tells a password, a digest, or the beginning of one.

#![forbid(unsafe_code)]

use breachdex::Digest;

use super::{breachdex, folder_with_index};

const PASSWORD: &str = "Zq7-Sentinel-Kwäkenbrück";

fn hex(digest: &Digest) -> String {
    digest.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What must not be said: the password, a part of it, and the beginnings of its digests.
fn needles() -> [String; 4] {
    let sha1 = hex(&Digest::sha1(PASSWORD.as_bytes()));
    let ntlm = hex(&Digest::ntlm(PASSWORD));
    [PASSWORD.to_lowercase(), String::from("sentinel"), sha1[..8].to_owned(), ntlm[..8].to_owned()]
}

/// Lists with the password in them, sound and unsound.
fn lists() -> Vec<(&'static str, Vec<u8>)> {
    let utf16 = format!("\u{feff}{PASSWORD}\n").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let digest = hex(&Digest::sha1(PASSWORD.as_bytes()));
    vec![
        ("a password", format!("{PASSWORD}\n").into_bytes()),
        ("a byte order mark", format!("\u{feff}{PASSWORD}\n").into_bytes()),
        ("UTF-16 without a mark", utf16[2..].to_vec()),
        ("UTF-16", utf16),
        ("a NUL", format!("{PASSWORD}\0{PASSWORD}\n").into_bytes()),
        ("bytes that are no UTF-8", [PASSWORD.as_bytes(), b"\xff\n"].concat()),
        ("white space", format!("\t{PASSWORD} \r\n").into_bytes()),
        ("invisible characters", format!("\u{200b}{PASSWORD}\u{3000}\n").into_bytes()),
        ("a digest", format!("{digest}\n").into_bytes()),
        ("a digest and a count", format!("{digest}:7\n").into_bytes()),
        ("a part of a digest", format!("{}\n", &digest[..30]).into_bytes()),
        ("a long line", format!("{}\n", PASSWORD.repeat(50_000)).into_bytes()),
    ]
}

#[test]
fn no_output_tells_a_password() {
    let folder = folder_with_index();
    let commands: &[&[&str]] = &[
        &["check", "--index", "a.bdx"],
        &["check", "--index", "a.bdx", "--json", "--forms"],
        &["check", "--index", "a.bdx", "-0"],
        &["check", "--index", "a.bdx", "--hash"],
        &["check", "--index", "a.bdx", "--hash", "--json"],
        &["policy", "check", "--index", "a.bdx", "--json"],
        &["policy", "check", "--index", "a.bdx", "--similar", "--profile", "permissive"],
        &["policy", "check", "--index", "a.bdx", "-0", "--json", "--lang", "ja"],
        &["overlay", "add", "--overlay", "own.bdx"],
        &["overlay", "add", "--overlay", "own.bdx", "--hash"],
        &["overlay", "remove", "--overlay", "own.bdx"],
        &["overlay", "add", "--overlay", "ntlm.bdx", "--kind", "ntlm"],
        &["build", "-o", "list.bdx", "--force", "--format", "passwords", "-"],
        &["build", "-o", "list.bdx", "--force", "--format", "passwords", "--kind", "ntlm", "-"],
        &["build", "-o", "list.bdx", "--force", "-"],
        &["audit", "--index", "a.bdx", "--format", "hashes", "-"],
        &["audit", "--index", "a.bdx", "--format", "csv", "--column", "password", "-"],
        #[cfg(target_os = "linux")]
        &["radar", "replay", "/dev/stdin"],
        #[cfg(target_os = "linux")]
        &["radar", "report", "/dev/stdin", "--json"],
    ];
    let needles = needles();
    for command in commands {
        for (what, list) in lists() {
            let output = breachdex(folder.path(), command, &list);
            for (stream, bytes) in [("standard output", &output.stdout), ("standard error", &output.stderr)] {
                let said = String::from_utf8_lossy(bytes).to_lowercase();
                assert!(
                    needles.iter().all(|needle| !said.contains(needle.as_str())),
                    "{command:?} with {what} on {stream}: {said}"
                );
            }
        }
    }
}
