//! A real static server, where nginx is installed.

use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use breachdex::replica::delta_ending;
use breachdex_hibp::pull::pull;
use tempfile::tempdir;

use super::world::{delta, folder, open, options, state};

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn nginx_publishes() {
    if !Command::new("nginx").arg("-v").stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        eprintln!("skipped: nginx is not installed");
        return;
    }
    let root = tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let root_path = root.path().display();
    let settings = format!(
        "daemon off; master_process off; pid {root_path}/pid; error_log {root_path}/errors;\nevents {{}}\nhttp {{ \
         access_log off; gzip on; gzip_types *; client_body_temp_path {root_path}/b; proxy_temp_path {root_path}/p; \
         fastcgi_temp_path {root_path}/f; uwsgi_temp_path {root_path}/u; scgi_temp_path {root_path}/s; \
         server {{ listen 127.0.0.1:{port}; root {root_path}; }} }}\n"
    );
    fs::write(root.path().join("conf"), settings).unwrap();
    let nginx = Command::new("nginx").arg("-c").arg(root.path().join("conf")).stderr(Stdio::null()).spawn();
    let _nginx = Running(nginx.unwrap());
    let url = format!("http://127.0.0.1:{port}/pwned.bdx").parse().unwrap();
    let options = breachdex_hibp::pull::PullOptions {
        retry: breachdex_hibp::RetryPolicy {
            retries: 40,
            base_delay: Duration::from_millis(20),
            longest_delay: Duration::from_millis(200),
        },
        ..options()
    };
    let (old, new) = (state(20_000, 0, "2026-11-20"), state(20_000, 1, "2026-11-27"));
    let (_folder, path) = folder(None);
    fs::write(root.path().join("pwned.bdx"), &old).unwrap();
    pull(&url, &path, &options, &()).unwrap();
    assert!(fs::read(&path).unwrap() == old);
    fs::write(root.path().join("x"), &new).unwrap();
    fs::rename(root.path().join("x"), root.path().join("pwned.bdx")).unwrap();
    fs::write(
        root.path().join(format!("pwned.bdx{}", delta_ending(open(&old).content_id()))),
        delta(&old, &new),
    )
    .unwrap();
    let report = pull(&url, &path, &options, &()).unwrap();
    assert!(fs::read(&path).unwrap() == new);
    // One count in a hundred changed, everywhere.
    assert!(report.bytes * 50 < new.len() as u64, "{} of {}", report.bytes, new.len());
}
