//! The radar is told how log-ins ended, and refuses nobody unless that was chosen.

#![forbid(unsafe_code)]

use std::io::{Read as _, Write as _};
use std::time::Duration;

use breachdex_proxy::{Event, ProxyOptions, RadarFeedOptions, Rule};

use crate::setup::{EXPOSED, FINE, FORM, Proxy, log_in, options, post};
use crate::site::{Reply, Request, Site, ok};

/// A site that lets `taro` in with the password that is not exposed, and answers as `x-style` asks.
fn accounts(request: &Request) -> Reply {
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let is_right = body.contains("taro") && body.contains(FINE);
    let status = |status: &str, more: &str, text: &str| {
        Reply::Bytes(
            format!("HTTP/1.1 {status}\r\n{more}Content-Length: {}\r\n\r\n{text}", text.len()).into_bytes(),
        )
    };
    match (request.head.one("x-style"), is_right) {
        (Some("location"), true) => status("302 Found", "Location: /account\r\n", ""),
        (Some("location"), false) => status("302 Found", "Location: /login?error\r\n", ""),
        (Some("text"), false) => {
            let half = "x".repeat(40_000);
            let text = format!("{half}Wrong password");
            let chunks = format!("{:x}\r\n{half}Wrong p\r\n7\r\nassword\r\n0\r\n\r\n", half.len() + 7);
            assert_eq!(text.len(), half.len() + 14);
            Reply::Bytes(
                format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}").into_bytes(),
            )
        }
        (Some("broken"), _) => status("503 Service Unavailable", "", "x"),
        (_, true) => Reply::Bytes(ok("welcome")),
        (_, false) => status("401 Unauthorized", "", "no"),
    }
}

fn with(request: Vec<u8>, style: &str) -> Vec<u8> {
    let text = String::from_utf8(request).expect("text");
    text.replacen("\r\n", &format!("\r\nX-Style: {style}\r\n"), 1).into_bytes()
}

fn outcomes(proxy: &Proxy) -> (u64, u64) {
    let of =
        |outcome: &str| proxy.metric(&format!("breachdex_radar_attempts_total{{outcome=\"{outcome}\"}}"));
    (of("failed"), of("succeeded"))
}

fn with_conditions(site: &Site, conditions: &[&str]) -> ProxyOptions {
    let mut options = options(&site.url());
    let failed_when = conditions.iter().map(|text| text.parse().expect("a condition")).collect();
    options.radar = Some(RadarFeedOptions { failed_when, ..RadarFeedOptions::default() });
    options
}

#[test]
fn attempts_are_told_by_what_the_site_answers() {
    let site = Site::new(accounts);
    for (conditions, style) in [
        (&["status=401,403"][..], "status"),
        (&["location=/login"], "location"),
        (&["status=422", "body-contains=Wrong password"], "text"),
    ] {
        let proxy = Proxy::start(&with_conditions(&site, conditions));
        proxy.ask(with(log_in("taro", FINE), style));
        proxy.ask(with(log_in("taro", EXPOSED), style));
        proxy.ask(with(log_in("jiro", FINE), style));
        // Not an attempt: no password, another path, a sign-up, a fault of the site.
        proxy.ask(with(post("/login", FORM, "user[email]=taro"), style));
        proxy.ask(with(post("/elsewhere", FORM, "user[password]=x"), style));
        proxy.ask(with(post("/join", FORM, "email=a&password=x"), style));
        proxy.ask(with(log_in("taro", EXPOSED), "broken"));
        assert_eq!(outcomes(&proxy), (2, 1), "{style}");
    }
}

/// A client that closes the connection behind the head of the answer, which may tell it enough, and a site that breaks off.
#[test]
fn an_attempt_counts_as_failed_where_the_answer_does_not_come_to_its_end() {
    for site_breaks_off in [false, true] {
        let site = Site::new(move |_| {
            Reply::Stream(Box::new(move |stream| {
                let begun = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nSet-Cookie: a=1\r\n\r\nWelc";
                stream.write_all(begun).expect("sent");
                if !site_breaks_off {
                    // Until the proxy gives up.
                    let _ = stream.read(&mut [0]);
                }
            }))
        });
        let proxy = Proxy::start(&with_conditions(&site, &["body-contains=Wrong"]));
        let mut connection = proxy.connect();
        connection.send(&log_in("taro", EXPOSED));
        let mut begun = [0; 16];
        connection.stream.read_exact(&mut begun).expect("a part of the answer");
        drop(connection);
        let until = std::time::Instant::now() + Duration::from_secs(30);
        while outcomes(&proxy) == (0, 0) && std::time::Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(outcomes(&proxy), (1, 0));
    }
}

#[test]
fn a_rule_may_have_conditions_of_its_own() {
    let site = Site::new(accounts);
    let mut options = options(&site.url());
    let rule = "POST /login user=user.email password=user.password failed-when=location=/login";
    options.check.rules = vec![Rule::parse(Event::LogIn, rule).expect("a rule")];
    let proxy = Proxy::start(&options);
    proxy.ask(with(log_in("taro", EXPOSED), "location"));
    proxy.ask(with(log_in("taro", FINE), "location"));
    assert_eq!(outcomes(&proxy), (1, 1));
}

#[test]
fn the_site_is_asked_for_plain_text_where_the_body_is_looked_at() {
    let site = Site::new(accounts);
    let proxy = Proxy::start(&with_conditions(&site, &["body-contains=Wrong"]));
    let coded = |request: Vec<u8>| {
        String::from_utf8(request).expect("text").replacen("\r\n", "\r\nAccept-Encoding: gzip\r\n", 1)
    };
    proxy.ask(coded(log_in("taro", FINE)));
    assert_eq!(site.last().head.one("accept-encoding"), Some("identity"));
    proxy.ask(coded(post("/x", FORM, "")));
    assert_eq!(site.last().head.one("accept-encoding"), Some("gzip"));
}

/// Tries exposed passwords on many accounts.
fn attack(proxy: &Proxy, tries: usize) -> Vec<u16> {
    let mut connection = proxy.connect();
    (0..tries).map(|number| connection.ask(&log_in(&format!("user{number}"), EXPOSED)).status()).collect()
}

#[test]
fn an_attack_is_seen_told_to_the_site_and_refuses_nobody() {
    let site = Site::new(accounts);
    let mut options = options(&site.url());
    options.radar = Some(RadarFeedOptions { tells_site: true, ..RadarFeedOptions::default() });
    let proxy = Proxy::start(&options);
    let forged = String::from_utf8(log_in("a", FINE)).expect("text").replacen(
        "\r\n",
        "\r\nBreachdex-Radar: attack\r\n",
        1,
    );
    proxy.ask(forged);
    assert_eq!(site.last().head.one("breachdex-radar"), Some("quiet"));
    assert!(attack(&proxy, 60).iter().all(|status| *status == 401));
    assert_eq!(site.last().head.one("breachdex-radar"), Some("attack"));
    assert_eq!(proxy.metric("breachdex_radar_state"), 2);
    assert_eq!(proxy.metric("breachdex_radar_episodes_total"), 1);
    // The right password still opens the account, and that is counted.
    assert_eq!(proxy.ask(log_in("taro", FINE)).status(), 200);
    assert_eq!(proxy.metric("breachdex_radar_suspect_log_ins_total"), 1);
    proxy.ask(post("/x", FORM, ""));
    assert_eq!(site.last().head.one("breachdex-radar"), None);
}

/// Some sites take the first of several names, some the last, and some more than are read.
#[test]
fn a_name_that_is_always_there_hides_no_account() {
    let site = Site::new(accounts);
    let long = "x".repeat(300);
    let (first, last) = ("user[email]=same&", "&user[email]=same");
    for (before, after) in [
        (String::from(first), String::new()),
        (String::new(), String::from(last)),
        (format!("user[email]={long}&"), String::new()),
        (first.repeat(9), String::new()),
    ] {
        let proxy = Proxy::before(&site);
        let mut connection = proxy.connect();
        for number in 0..60 {
            let form = format!("{before}user[email]=user{number}{after}&user[password]={EXPOSED}");
            connection.ask(&post("/login", FORM, form));
        }
        assert_eq!(proxy.metric("breachdex_radar_state"), 2, "{before:.20} {after}");
    }
}

#[test]
fn only_where_that_was_chosen_attackers_are_denied() {
    let site = Site::new(accounts);
    for status in [429, 403] {
        let mut options = options(&site.url());
        let deny = RadarFeedOptions::deny_status(status);
        options.radar = Some(RadarFeedOptions { deny, ..RadarFeedOptions::default() });
        options.transport.trusted_proxies = vec!["127.0.0.1".parse().expect("a proxy")];
        let proxy = Proxy::start(&options);
        let from = |address: &str, request: Vec<u8>| {
            let text = String::from_utf8(request).expect("text");
            text.replacen("\r\n", &format!("\r\nX-Forwarded-For: {address}\r\n"), 1)
        };
        let mut statuses = Vec::new();
        for number in 0..60 {
            statuses
                .push(proxy.ask(from("198.51.100.66", log_in(&format!("user{number}"), EXPOSED))).status());
        }
        assert_eq!((statuses.first(), statuses.last()), (Some(&401), Some(&status)));
        let denied = proxy.ask(from("198.51.100.66", log_in("taro", FINE)));
        assert_eq!(
            denied.text(),
            "Too many attempts to log in have failed from your network; try again later\n"
        );
        assert_eq!(denied.head.one("retry-after"), Some("60"));
        // Others, and everything that is no log-in, are answered.
        assert_eq!(proxy.ask(from("203.0.113.7", log_in("taro", FINE))).status(), 200);
        assert_eq!(proxy.ask(from("198.51.100.66", post("/join", FORM, "password=x"))).status(), 401);
        assert_eq!(RadarFeedOptions::deny_status(200), None);
    }
}

#[test]
fn what_the_radar_knows_survives_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("radar");
    let site = Site::new(accounts);
    let mut options = options(&site.url());
    options.radar = Some(RadarFeedOptions { state: Some(state.clone()), ..RadarFeedOptions::default() });
    let proxy = Proxy::start(&options);
    attack(&proxy, 60);
    proxy.stop();
    assert!(state.exists());
    let proxy = Proxy::start(&options);
    proxy.ask(log_in("taro", FINE));
    assert_eq!(proxy.metric("breachdex_radar_state"), 2);
}

#[test]
fn without_a_radar_nothing_is_watched() {
    let site = Site::new(accounts);
    let mut options = options(&site.url());
    options.radar = None;
    let proxy = Proxy::start(&options);
    attack(&proxy, 60);
    assert_eq!((outcomes(&proxy), proxy.metric("breachdex_radar_state")), ((0, 0), 0));
}
