//! A site that acts on the header as GitLab does: by the Rack name of the header, after a log-in that succeeded, and by the
//! four values that Cloudflare documents.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::sync::Arc;

use breachdex::{Corpus, CorpusSource, Index};
use breachdex_pairs::{PairKey, PairRules, Pairs, PairsFile, PairsOptions};
use breachdex_proxy::{Event, Rule};

use crate::setup::{EXPOSED, FINE, FORM, Proxy, options, post};
use crate::site::{Reply, Request, Site, ok};

/// The environment that Rack makes of a head: `-` and `_` are one, the last one of a name counts.
fn environment(request: &Request) -> HashMap<String, String> {
    let named = |line: &String| {
        let (name, value) = line.split_once(':')?;
        Some((format!("HTTP_{}", name.to_uppercase().replace('-', "_")), value.trim().to_owned()))
    };
    request.head.lines.iter().filter_map(named).collect()
}

/// What GitLab makes of the header, and whether it writes to the user about it.
fn gitlab(request: &Request) -> Reply {
    let environment = environment(request);
    let result = match environment.get("HTTP_EXPOSED_CREDENTIAL_CHECK").map(String::as_str) {
        Some("1") => "exact_username_and_password",
        Some("2") => "exact_username",
        Some("3") => "similar_username_and_password",
        Some("4") => "exact_password",
        _ => "nothing",
    };
    let body = String::from_utf8_lossy(&request.body);
    let is_right = body.contains("taro");
    let writes = is_right && matches!(result, "exact_username_and_password" | "exact_password");
    Reply::Bytes(ok(&format!("{result}, {}", if writes { "mail sent" } else { "no mail" })))
}

/// The starter index, with the pair of `hanako@example.jp` and [`LEAKED`] besides.
fn corpus(folder: &std::path::Path) -> Corpus {
    let key = PairKey::create(folder.join("pairs.key")).expect("a key");
    let path = folder.join("pairs.bdx");
    let pair = ("hanako@example.jp", LEAKED.as_bytes());
    PairsFile::at(&path, &key, PairRules::default()).add([pair], &()).expect("a file");
    let pairs = Pairs::open(&path, folder.join("pairs.key"), PairsOptions::default()).expect("pairs");
    let starter: CorpusSource = Index::starter().expect("the starter index").into();
    Corpus::builder().base(starter).pairs([Arc::new(pairs) as _]).build().expect("a corpus")
}

const LEAKED: &str = "Kastanienallee-88-morgens";

#[test]
fn each_value_of_the_header_means_what_gitlab_takes_it_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = Site::new(gitlab);
    let mut options = options(&site.url());
    options.check.corpus = corpus(folder.path());
    let rule = "POST /users/sign_in user=user[login] password=user[password]";
    options.check.rules = vec![Rule::parse(Event::LogIn, rule).expect("a rule")];
    let proxy = Proxy::start(&options);
    let sign_in = |user: &str, password: &str| {
        let body = format!(
            "authenticity_token=x&user%5Blogin%5D={user}&user%5Bpassword%5D={password}&user%5Bremember_me%5D=0"
        );
        proxy.ask(post("/users/sign_in", FORM, body)).text().to_owned()
    };
    let variation = format!("{LEAKED}1");
    for (user, password, expected) in [
        ("hanako%40example.jp", LEAKED, "exact_username_and_password, no mail"),
        ("HANAKO%40example.jp", EXPOSED, "exact_password, no mail"),
        ("hanako%40example.jp", FINE, "exact_username, no mail"),
        ("hanako%40example.jp", variation.as_str(), "similar_username_and_password, no mail"),
        ("taro%40example.jp", EXPOSED, "exact_password, mail sent"),
        ("taro%40example.jp", FINE, "nothing, no mail"),
        ("taro%40example.jp", LEAKED, "nothing, no mail"),
    ] {
        assert_eq!(sign_in(user, password), expected, "{user} {password}");
    }
    for value in 1..=4 {
        let counted =
            proxy.metric(&format!("breachdex_proxy_checks_total{{event=\"log_in\",result=\"{value}\"}}"));
        assert_eq!(counted, if value == 4 { 2 } else { 1 }, "{value}");
    }
}

#[test]
fn nobody_makes_gitlab_believe_a_header_of_their_own() {
    let site = Site::new(gitlab);
    let proxy = Proxy::before(&site);
    for name in ["Exposed-Credential-Check", "EXPOSED_CREDENTIAL_CHECK", "Exposed_Credential-Check"] {
        let body = format!("user[password]={FINE}&taro");
        let head = format!(
            "POST /login HTTP/1.1\r\nHost: a\r\n{name}: 4\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        assert_eq!(proxy.ask(head).text(), "nothing, no mail", "{name}");
    }
}
