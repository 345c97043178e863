//! C programs that use the library.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use breachdex::{BuildOptions, Digest, Format, Input, Kind, build};
use tempfile::TempDir;

/// Compiled programs, and files for them.
struct World {
    folder: TempDir,
}

impl World {
    fn new() -> Self {
        let world = Self { folder: tempfile::tempdir().expect("a folder") };
        world.index("sha1.bdx", Kind::Sha1, &Digest::sha1(b"password"));
        world.index("ntlm.bdx", Kind::Ntlm, &Digest::ntlm("password"));
        fs::write(world.path("no-index"), "PK\u{3}\u{4} nothing of ours").expect("a file");
        fs::write(world.path("policy.toml"), "profile = 'nist'\n").expect("a policy");
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn index(&self, name: &str, kind: Kind, digest: &Digest) {
        let hex: String = digest.to_bytes().iter().map(|byte| format!("{byte:02X}")).collect();
        let list = self.path("list.txt");
        fs::write(&list, format!("{hex}:7\n")).expect("a list");
        let input = Input { format: Some(Format::Hibp), ..Input::path(&list) };
        let options = BuildOptions { kind, ..BuildOptions::default() };
        build(&[input], &self.path(name), &options, &()).expect("an index");
    }

    /// Compiles a program of `tests/c` with the library.
    fn compile(&self, source: &str, library: &[&Path]) -> PathBuf {
        self.compile_with(source, library, &[]).unwrap_or_else(|said| panic!("{said}"))
    }

    /// The same with more flags; what the compiler says where it does not know them.
    fn compile_with(&self, source: &str, library: &[&Path], flags: &[&str]) -> Result<PathBuf, String> {
        let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let program = self.path(source.trim_end_matches(".c"));
        let mut compiler = Command::new("cc");
        compiler
            .args([
                "-std=c99",
                "-D_POSIX_C_SOURCE=200809L",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-pedantic",
                "-pthread",
            ])
            .arg("-I")
            .arg(crate_folder.join("include"))
            .arg(crate_folder.join("tests/c").join(source))
            .arg("-o")
            .arg(&program)
            .args(library)
            .args(["-lm", "-ldl"])
            .args(flags);
        let output = compiler.output().expect("a C compiler");
        if output.status.success() {
            Ok(program)
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into())
        }
    }

    /// What a program prints, with the folder as `FOLDER`.
    fn run(&self, command: &mut Command) -> String {
        let output = command.env("LD_LIBRARY_PATH", folder_of_library()).output().expect("a program");
        let (said, complained) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{}: {said}{complained}", output.status);
        said.replace(&self.folder.path().display().to_string(), "FOLDER")
    }

    fn arguments(&self) -> [PathBuf; 4] {
        ["sha1.bdx", "ntlm.bdx", "no-index", "policy.toml"].map(|name| self.path(name))
    }
}

/// Where Cargo puts the library that these tests are of.
fn folder_of_library() -> PathBuf {
    env::current_exe().expect("this program").parent().expect("its folder").to_owned()
}

fn shared() -> PathBuf {
    folder_of_library().join("libbreachdex_c.so")
}

/// A command under valgrind, or as it is.
fn under_valgrind(program: &Path) -> Option<Command> {
    if env::var_os("BREACHDEX_C_THOROUGH").is_none()
        || Command::new("valgrind").arg("--version").output().is_err()
    {
        eprintln!("not under valgrind: that is for BREACHDEX_C_THOROUGH=1, where valgrind is");
        return None;
    }
    let mut command = Command::new("valgrind");
    command.args([
        "--quiet",
        "--error-exitcode=9",
        "--leak-check=full",
        "--show-leak-kinds=definite,indirect,possible",
    ]);
    command.arg(program);
    Some(command)
}

#[test]
#[cfg(target_os = "linux")]
fn a_program_is_told_what_is_so() {
    let world = World::new();
    let program = world.compile("all.c", &[&shared()]);
    let expected = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/all.txt"));
    let expected = expected.expect("what it says").replace("VERSION", env!("CARGO_PKG_VERSION"));
    assert_eq!(world.run(Command::new(&program).args(world.arguments())), expected);
    if let Some(mut valgrind) = under_valgrind(&program) {
        assert_eq!(world.run(valgrind.args(world.arguments())), expected);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn the_static_library_is_whole() {
    let world = World::new();
    let program = world.compile("all.c", &[&folder_of_library().join("libbreachdex_c.a")]);
    let said = world.run(Command::new(&program).args(world.arguments()));
    assert!(said.contains("accepted 0, action 4"), "{said}");
}

#[test]
#[cfg(target_os = "linux")]
fn threads_share_handles() {
    let world = World::new();
    let program = world.compile("threads.c", &[&shared()]);
    assert_eq!(world.run(Command::new(&program).arg(world.path("sha1.bdx"))), "wrong answers: 0\n");
    if let Some(mut valgrind) = under_valgrind(&program) {
        assert_eq!(world.run(valgrind.arg(world.path("sha1.bdx"))), "wrong answers: 0\n");
    }
}

/// Nothing that the header does not forbid reads or writes elsewhere, leaks, or crashes.
#[test]
#[cfg(target_os = "linux")]
fn misuse_is_an_error_and_leaks_nothing() {
    let world = World::new();
    let program = world.compile("misuse.c", &[&shared()]);
    assert_eq!(world.run(Command::new(&program).arg(world.path("sha1.bdx"))), "done\n");
    if let Some(mut valgrind) = under_valgrind(&program) {
        assert_eq!(world.run(valgrind.arg(world.path("sha1.bdx"))), "done\n");
    }
    match world.compile_with("misuse.c", &[&shared()], &["-fsanitize=address,undefined", "-g"]) {
        Ok(program) => assert_eq!(world.run(Command::new(&program).arg(world.path("sha1.bdx"))), "done\n"),
        Err(said) => eprintln!("skipped: not with sanitizers, which this compiler does not have: {said}"),
    }
}

/// A header that C++ cannot read is of no use to half of its readers.
#[test]
#[cfg(target_os = "linux")]
fn cpp_reads_the_header() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = folder.path().join("use.cpp");
    fs::write(&source, "#include <breachdex.h>\nint main() { return breachdex_version() == nullptr; }\n")
        .expect("a file");
    let Ok(output) = Command::new("c++")
        .args(["-std=c++17", "-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only", "-I"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("include"))
        .arg(&source)
        .output()
    else {
        eprintln!("skipped: there is no C++ compiler");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
