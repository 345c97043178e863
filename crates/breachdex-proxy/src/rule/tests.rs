//! What rules match, and how bad ones are refused.

#![forbid(unsafe_code)]

use super::*;

fn log_in(text: &str) -> Result<Rule, RuleError> {
    Rule::parse(Event::LogIn, text)
}

fn matches(rule: &str, method: &str, path: &str) -> bool {
    let rules = Rules::new(vec![log_in(rule).expect("a rule")]);
    !rules.matching(&method.parse().expect("a method"), path).is_empty()
}

#[test]
fn a_rule_has_a_method_a_path_and_fields() {
    let rule =
        log_in("POST /login user=user[email] password=user.password failed-when=status=200").expect("a rule");
    assert_eq!(rule.event(), Event::LogIn);
    assert_eq!(rule.user().map(ToString::to_string).as_deref(), Some("user[email]"));
    assert_eq!(rule.password().to_string(), "user.password");
    assert_eq!(rule.failed_when().len(), 1);
    assert_eq!(rule.to_string(), "POST /login");
    let quoted = log_in(r#"POST /login password=p "failed-when=body-contains=Not right""#).expect("a rule");
    assert_eq!(quoted.failed_when(), ["body-contains=Not right".parse().expect("a condition")]);
}

#[test]
fn other_spellings_of_a_path_are_the_same_path() {
    for same in [
        "/users/sign_in",
        "/users/sign_in/",
        "//users///sign_in",
        "/users/%73ign_in",
        "/users%2Fsign_in",
        "/x/../users/./sign_in",
        "/USERS/Sign_In",
        "/users;v=1/sign_in;jsessionid=1",
        "/users\\sign_in",
        "/users/sign_in%0a",
        "/users%20/sign_in%20",
        "/users/sign_in%00.png",
        "/users/sign_in.json",
        "/users/sign_in.",
    ] {
        assert!(matches("POST /users/sign_in password=p", "POST", same), "{same}");
    }
    for other in [
        "/users/sign_in2",
        "/users",
        "/users/sign_in/x",
        "/",
        "/users/sign_up",
        "/users%252Fsign_in",
        "/users/sign_in.a.b",
        "/users/sign%0a_in",
    ] {
        assert!(!matches("POST /users/sign_in password=p", "POST", other), "{other}");
    }
    assert!(!matches("POST /users/sign_in password=p", "PUT", "/users/sign_in"));
    assert!(matches("* /users/sign_in password=p", "PUT", "/users/sign_in"));
    // A form posts what a server takes for another method (`_method`, `X-HTTP-Method-Override`).
    assert!(matches("PATCH /users password=p", "POST", "/users"));
    assert!(!matches("PATCH /users password=p", "PUT", "/users"));
    assert!(!matches("POST /wp-login.php password=p", "POST", "/wp-login.php.bak"));
    assert!(matches("POST / password=p", "POST", "/"));
}

#[test]
fn what_is_beside_the_name_of_a_script_does_not_count() {
    for same in ["/wp-login.php/x", "/wp-login.php/x/y.png", "/WP-Login.PHP/", "/index.php/wp-login.php"] {
        assert!(matches("POST /wp-login.php password=p", "POST", same), "{same}");
    }
    for same in ["/index.php/login", "/app.php/login", "/login"] {
        assert!(matches("POST /login password=p", "POST", same), "{same}");
    }
    assert!(matches("POST /shop/login password=p", "POST", "/shop/index.php/login"));
    for other in ["/index.php/logins", "/x.php", "/login/index", "/login.php.x/y"] {
        assert!(!matches("POST /login password=p", "POST", other), "{other}");
    }
}

#[test]
fn stars_stand_for_parts_of_a_path() {
    assert!(matches("POST /*/login password=p", "POST", "/ja/login"));
    assert!(!matches("POST /*/login password=p", "POST", "/login"));
    assert!(matches("POST /sign_in* password=p", "POST", "/sign_in.json"));
    assert!(matches("POST /api/** password=p", "POST", "/api/v1/login"));
    assert!(matches("POST /api/** password=p", "POST", "/api"));
    assert!(!matches("POST /api/** password=p", "POST", "/apis/login"));
    assert!(matches("POST /** password=p", "POST", "/"));
}

#[test]
fn what_is_wrong_with_a_rule_is_said() {
    let said = |text: &str| log_in(text).expect_err(text).to_string();
    let incomplete = "give a method, a path and the name of the password field, as in 'POST /login user=email password=password'";
    assert_eq!(said(""), incomplete);
    assert_eq!(said("POST /login user=email"), incomplete);
    assert_eq!(
        said("GET /login password=p"),
        "\"GET\" is no method; give one that has a body, such as POST, or * for any"
    );
    assert!(said("post /login password=p").starts_with("\"post\" is no method"));
    let path = "is no path: it begins with / and has neither ? nor #; * stands for one part, ** at the end for the rest";
    for bad in ["login", "/login?x", "/a**", "/a*b", "/**/a", "/a;b"] {
        assert_eq!(said(&format!("POST {bad} password=p")), format!("{bad:?} {path}"));
    }
    let known = "after the path come user=FIELD, password=FIELD and failed-when=CONDITION";
    assert_eq!(said("POST /login pass=p"), format!("\"pass=p\" is not known; {known}"));
    assert_eq!(said("POST /login password=a password=b"), "password= is there twice");
    assert_eq!(said("POST /login password="), "password=: a field's name is empty");
    assert_eq!(said("POST /login password=\"p"), "a quotation mark is not closed");
    assert_eq!(
        Rule::parse(Event::SignUp, "POST /join password=p failed-when=status=200")
            .expect_err("refused")
            .to_string(),
        "failed-when= belongs to a log-in: a sign-up is no attempt to log in"
    );
}
