//! `serve --config`: the flags as a file.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use super::{COMMAND, Server, ask, body, folder};

fn server(folder: &Path, text: &str, arguments: &[&str]) -> Server {
    fs::write(folder.join("serve.toml"), text).unwrap();
    let mut command = Command::new(COMMAND);
    command.args(["serve", "--config", "serve.toml"]).args(arguments);
    Server::spawn(folder, command)
}

#[test]
fn keys_are_flags_and_flags_win() {
    let folder = folder();
    let text = r#"
        # The names of the flags.
        index = ["a.bdx"]
        listen = ["127.0.0.1:0", "unix:a.sock"]
        partial = true
        health-details = false
        log-level = "error"
        idle-timeout = 2.5
        max-connections = 50
        max-header = "8KiB"
        allow-host = "pwned.example"
    "#;
    {
        let server = server(folder.path(), text, &[]);
        let mut connection = TcpStream::connect(server.address).unwrap();
        assert_eq!(ask(&mut connection, "/range/00007").unwrap(), (200, body(7, 0)));
        assert_eq!(ask(&mut connection, "/healthz").unwrap().1, r#"{"status":"ok"}"#);
        assert!(folder.path().join("a.sock").exists());
        assert_eq!(fs::read_to_string(folder.path().join("log")).unwrap(), "");
    }
    let arguments = ["--listen", "127.0.0.1:0", "--health-details", "--log-level", "info"];
    let _ = fs::remove_file(folder.path().join("a.sock"));
    let server = server(folder.path(), text, &arguments);
    let mut connection = TcpStream::connect(server.address).unwrap();
    assert!(ask(&mut connection, "/healthz").unwrap().1.contains("content_id"));
    assert!(!folder.path().join("a.sock").exists(), "the flag replaces the whole key");
    assert!(fs::read_to_string(folder.path().join("log")).unwrap().contains("serving a.bdx"));
}

/// A file may have an address with a password, which no error repeats, as none repeats one of the command line.
#[test]
fn no_password_of_an_address_is_repeated() {
    let folder = folder();
    for (service, file) in [
        ("serve", "listen = \"http://kim:hunter2@localhost/\"\n"),
        (
            "proxy",
            "login = \"POST /login user=u password=p\"\nupstream = \"http://kim:hunter2@localhost/\"\n",
        ),
    ] {
        fs::write(folder.path().join("service.toml"), file).unwrap();
        let output = Command::new(COMMAND)
            .current_dir(folder.path())
            .args([service, "--config", "service.toml"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("service.toml, line ") && said.contains("invalid value"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn what_is_wrong_with_a_file_has_its_line() {
    let folder = folder();
    let mut text = String::new();
    for file in [
        "partial = true\n\nlisten_on = \"8080\"\n",
        "config = \"other.toml\"\n",
        "\"a\\u001b[2J\" = 1\n",
        "partial = \"yes\"\n",
        "workers = [1, 2]\n",
        "partial = true\nworkers = 0\n",
        "listen = [\"8080\",\n  \"nowhere\"]\n",
        "index = { path = \"a.bdx\" }\n",
        "tls-cert = \"a.pem\"\n",
        "partial = true\npartial = true\n",
        "partial true\n",
    ] {
        fs::write(folder.path().join("serve.toml"), file).unwrap();
        let output = Command::new(COMMAND)
            .current_dir(folder.path())
            .args(["serve", "--config", "serve.toml"])
            .output()
            .unwrap();
        assert_eq!((output.stdout.as_slice(), output.status.code()), (&b""[..], Some(2)), "{file}");
        let said = String::from_utf8_lossy(&output.stderr);
        text += said.lines().next().unwrap();
        text += "\n";
    }
    assert_eq!(
        text,
        "breachdex: error: serve.toml, line 3: there is no key listen_on; keys are the names of flags, see breachdex \
         serve -h\n\
         breachdex: error: serve.toml, line 1: there is no key config; keys are the names of flags, see breachdex \
         serve -h\n\
         breachdex: error: serve.toml, line 1: there is no key a\\u{1b}[2J; keys are the names of flags, see breachdex \
         serve -h\n\
         breachdex: error: serve.toml, line 1: partial takes true or false\n\
         breachdex: error: serve.toml, line 1: workers takes one value, not a list\n\
         breachdex: error: serve.toml, line 2: invalid value '0' for '--workers <N>': 0 is not in 1..=1024\n\
         breachdex: error: serve.toml, line 1: invalid value 'nowhere' for '--listen <ADDRESS>': give an address such \
         as 127.0.0.1:8080, [::1]:8080, localhost:8080, 8080 or unix:/run/breachdex.sock\n\
         breachdex: error: serve.toml, line 1: index takes a string or a number\n\
         breachdex: error: the following required arguments were not provided:\n\
         breachdex: error: serve.toml, line 2: duplicate key\n\
         breachdex: error: serve.toml, line 1: key with no value, expected `=`\n"
    );
    let missing = Command::new(COMMAND).args(["serve", "--config", "/no/serve.toml"]).output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&missing.stderr),
        "breachdex: error: cannot read /no/serve.toml: No such file or directory (os error 2)\n"
    );
}
