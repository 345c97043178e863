//! What is read from bodies, as a site might read them, and what is said where it cannot be.

#![forbid(unsafe_code)]

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;

const FORM: &str = "application/x-www-form-urlencoded";

fn name(text: &str) -> FieldName {
    text.parse().expect("a name")
}

fn read_as(content_type: &str, body: &[u8]) -> Fields {
    Fields::read(Some(&name("user[email]")), &name("user[password]"), None, [content_type.as_bytes()], body)
}

fn texts(values: &[Value]) -> Vec<String> {
    values.iter().map(|value| String::from_utf8_lossy(value.bytes()).into_owned()).collect()
}

/// User, password and fault.
fn seen(fields: &Fields) -> (Vec<String>, Vec<String>, Option<Unread>) {
    (texts(&fields.users), texts(&fields.passwords), fields.unread)
}

fn both(user: &str, password: &str) -> (Vec<String>, Vec<String>, Option<Unread>) {
    (vec![user.to_owned()], vec![password.to_owned()], None)
}

#[test]
fn a_form_is_read_whatever_way_its_names_are_written() {
    for body in [
        "user%5Bemail%5D=a%40b.jp&user%5Bpassword%5D=p+w%2B",
        "x=1&user[email]=a@b.jp&&user[password]=p%20w%2b&y",
        "user.email=a@b.jp&user_password=p+w%2B",
        "USER[Email]=a@b.jp&user[password][]=p+w%2B",
    ] {
        assert_eq!(seen(&read_as(FORM, body.as_bytes())), both("a@b.jp", "p w+"), "{body}");
    }
    assert_eq!(seen(&read_as(FORM, b"user[password]=%zz%4")), (vec![], vec![String::from("%zz%4")], None));
    assert_eq!(seen(&read_as(FORM, b"user[email]=a&password=x")), (vec![String::from("a")], vec![], None));
    assert_eq!(
        seen(&read_as(FORM, b"user[email]=a&user[password]=")),
        (vec![String::from("a")], vec![], None)
    );
}

#[test]
fn every_value_of_a_repeated_field_is_read() {
    let (_, passwords, unread) = seen(&read_as(FORM, b"user[password]=a&user[password]=b&user.password=c"));
    assert_eq!((passwords, unread), (vec!["a".into(), "b".into(), "c".into()], None));
    let many = "user[password]=x&".repeat(9);
    let fields = read_as(FORM, many.as_bytes());
    assert_eq!((fields.passwords.len(), fields.unread), (8, Some(Unread::TooManyValues)));
    let json = br#"{"user":{"password":"a","password":"b"},"user":{"password":["c",{"x":"d"},4]}}"#;
    let (_, passwords, unread) = seen(&read_as("application/json", json));
    assert_eq!((passwords, unread), (vec!["a".into(), "b".into(), "c".into(), "4".into()], None));
}

/// What servers differ about: where a form's field ends, and in which characters it is.
#[test]
fn what_servers_read_in_two_ways_is_read_in_both() {
    let passwords = |label: &str, body: &[u8]| texts(&read_as(label, body).passwords);
    assert_eq!(passwords(FORM, b"user[email]=a;user[password]=b"), ["b"]);
    assert_eq!(passwords(FORM, b"x=1;y&user[password]=b;c=d"), ["b;c=d", "b"]);
    for label in ["utf-16", "utf-16be", "iso-2022-kr"] {
        let label = format!("{FORM}; charset={label}");
        assert!(passwords(&label, b"user[password]=iloveyou").contains(&"iloveyou".into()), "{label}");
    }
    assert!(passwords(FORM, b"user[password]=iloveyou&_charset_=utf-16").contains(&"iloveyou".into()));
    let latin = passwords(&format!("{FORM}; charset=latin1"), b"user[password]=%C3%A9");
    assert_eq!(latin, ["é", "Ã©"]);
    let two = format!("{FORM}; charset=utf-8; charset=utf-16");
    assert_eq!(read_as(&two, b"user[password]=%C3%A9").unread, Some(Unread::Charset));
    for name in ["user[password][0]", "user.password.1", "user[0][password]"] {
        let form = format!("{name}=b");
        assert_eq!(passwords(FORM, form.as_bytes()), ["b"], "{name}");
    }
}

/// Names that are others in one server or another.
#[test]
fn names_that_servers_cut_off_or_fold_are_read() {
    for name in [
        "user[password]%00x",
        "user[password]x",
        "user[password]x[y]",
        "user[paſſword]",
        "user%5Bpa%C5%BF%C5%BFword%5D",
        "u%u0073er[password]",
        "user[pass%U0077ord]",
    ] {
        assert_eq!(texts(&read_as(FORM, format!("{name}=b").as_bytes()).passwords), ["b"], "{name}");
    }
    for other in ["user[passwords]", "user[x]password", "user[passwor\u{212a}d]", "x%00user[password]"] {
        assert!(read_as(FORM, format!("{other}=b").as_bytes()).passwords.is_empty(), "{other}");
    }
    let json = read_as("application/json", r#"{"u\u017fer":{"paſſword":"b"}}"#.as_bytes());
    assert_eq!(texts(&json.passwords), ["b"]);
    let kelvin = "\u{212a}ey=b";
    let fields = Fields::read(None, &name("key"), None, [FORM.as_bytes()], kelvin.as_bytes());
    assert_eq!(texts(&fields.passwords), ["b"]);
}

#[test]
fn escapes_of_utf_16_are_read_in_both_ways() {
    let values = |value: &str| {
        let body = format!("user[password]={value}");
        texts(&read_as(FORM, body.as_bytes()).passwords)
    };
    assert_eq!(values("i%u006Cove+%u4f60%20x"), ["i%u006Cove %u4f60 x", "ilove 你 x"]);
    assert_eq!(values("%ud83d%ude00"), ["%ud83d%ude00", "😀"]);
    for other in ["%u", "%u00", "%u-041", "%ud800", "100%unsure"] {
        assert!(values(other).iter().all(|value| value == other), "{other}: {:?}", values(other));
    }
}

#[test]
fn a_password_is_looked_up_to_its_first_nul_too() {
    for (label, body) in [
        (FORM, &b"user[password]=iloveyou%00x%00y"[..]),
        ("application/json", br#"{"user":{"password":"iloveyou\u0000x\u0000y"}}"#),
    ] {
        assert_eq!(texts(&read_as(label, body).passwords), ["iloveyou\0x\0y", "iloveyou"], "{label}");
    }
    assert_eq!(texts(&read_as(FORM, b"user[password]=%00x").passwords), ["\0x"]);
}

/// Where the character set makes other names of ASCII, they are found or the form is not read.
#[test]
fn no_character_set_hides_names() {
    let named = |label: &str| format!("{FORM}; charset={label}");
    let utf16: String = "user[password]".bytes().map(|byte| format!("%00{}", char::from(byte))).collect();
    let body = format!("{utf16}=%00p%00w");
    assert!(texts(&read_as(&named("utf-16be"), body.as_bytes()).passwords).contains(&"pw".into()));
    let roman = b"\x1b(Juser[password]=pw";
    assert_eq!(texts(&read_as(&named("iso-2022-jp"), roman).passwords), ["pw"]);
    for label in ["ibm037", "utf-7", "rot13", "iso-2022-kr", ""] {
        assert_eq!(read_as(&named(label), b"x=y").unread, Some(Unread::Charset), "{label}");
        assert_eq!(read_as(&named(label), b"").unread, None, "{label}");
    }
    for label in ["utf-8", "Shift_JIS", "latin1", "gbk", "iso-2022-jp"] {
        assert_eq!(read_as(&named(label), b"x=y").unread, None, "{label}");
    }
    let json = br#"{"user":{"password":"pw"}}"#;
    let label = "application/json; charset=";
    assert_eq!(read_as(&format!("{label}us-ascii"), json).unread, None);
    for hidden in ["utf-7", "utf-16"] {
        let fields = read_as(&format!("{label}{hidden}"), json);
        assert_eq!(seen(&fields).1, ["pw"], "{hidden}");
        assert_eq!(fields.unread, Some(Unread::Charset), "{hidden}");
    }
}

#[test]
fn what_is_in_the_query_is_read_too() {
    let fields = Fields::read(
        Some(&name("email")),
        &name("password"),
        Some("password=q&x=1"),
        [FORM.as_bytes()],
        b"email=a&password=b",
    );
    assert_eq!(seen(&fields), (vec!["a".into()], vec!["q".into(), "b".into()], None));
}

#[test]
fn json_is_read_along_its_members() {
    for body in [
        r#"{"user":{"email":"a@b.jp","password":"p w+"}}"#,
        "\u{feff} {\"x\":[1,{}],\"user\":{\"email\":\"a\\u0040b.jp\",\"Password\":\"p\\u0020w+\"}} ",
        r#"[{"user.email":"a@b.jp","user_password":"p w+"}]"#,
    ] {
        for label in
            ["application/json", "application/json; charset=utf-8", "application/vnd.api+json", "text/json"]
        {
            assert_eq!(seen(&read_as(label, body.as_bytes())), both("a@b.jp", "p w+"), "{body}");
        }
    }
    let (_, passwords, _) = seen(&read_as("application/json", br#"{"user":{"password":12345678}}"#));
    assert_eq!(passwords, ["12345678"]);
    let (_, passwords, unread) =
        seen(&read_as("application/json", br#"{"user":{"password":null},"password":"x"}"#));
    assert_eq!((passwords, unread), (vec![], None));
    let (_, passwords, _) =
        seen(&read_as("application/json", r#"{"user":{"password":"\ud83d\ude00é"}}"#.as_bytes()));
    assert_eq!(passwords, ["😀é"]);
}

#[test]
fn json_that_is_none_is_malformed_and_what_came_before_is_read() {
    let (_, passwords, unread) = seen(&read_as("application/json", br#"{"user":{"password":"a"},"#));
    assert_eq!((passwords, unread), (vec!["a".into()], Some(Unread::Malformed)));
    let deep = ["[".repeat(80), "]".repeat(80)].concat();
    for bad in [
        "",
        "{",
        "{}x",
        "{'a':1}",
        r#"{"a":01}"#,
        r#"{"a":1.}"#,
        r#"{"a":"\x"}"#,
        r#"{"a":"\ud800"}"#,
        "{\"a\":\"\n\"}",
        r#"{"a":1,}"#,
        "[1 2]",
        "nul",
        "-",
        &deep,
    ] {
        assert_eq!(read_as("application/json", bad.as_bytes()).unread, Some(Unread::Malformed), "{bad}");
    }
    let utf16: Vec<u8> = r#"{"user":{"password":"x"}}"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read_as("application/json", &utf16).unread, Some(Unread::Malformed));
    assert_eq!(
        read_as("application/json", b"{\"user\":{\"password\":\"\xe9\"}}").unread,
        Some(Unread::Charset)
    );
    let latin = read_as("application/json; charset=latin1", "{\"user\":{\"password\":\"é\"}}".as_bytes());
    assert_eq!(latin.unread, Some(Unread::Charset));
}

fn multipart(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = b"preamble\r\n--XX\r\n".to_vec();
    for (number, (head, content)) in parts.iter().enumerate() {
        if number > 0 {
            body.extend_from_slice(b"\r\n--XX  \r\n");
        }
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(content);
    }
    body.extend_from_slice(b"\r\n--XX--\r\nepilogue");
    body
}

#[test]
fn multipart_forms_are_read_by_the_names_of_their_parts() {
    let body = multipart(&[
        ("Content-Disposition: form-data; name=\"user[email]\"", b"a@b.jp"),
        ("content-disposition: form-data; name=\"file\"; filename=\"user[password]\"", b"\r\n--X"),
        (
            "Content-Type: text/plain; charset=shift_jis\r\nContent-Disposition: form-data; name=user[password]",
            b"\x83p\x83X",
        ),
    ]);
    for label in ["multipart/form-data; boundary=XX", "Multipart/Form-Data; charset=utf-8; Boundary=\"XX\""] {
        assert_eq!(seen(&read_as(label, &body)), both("a@b.jp", "パス"), "{label}");
    }
    // A text that contains the boundary's beginning, and an empty body of a part.
    let body = multipart(&[
        ("Content-Disposition: form-data; name=\"user[email]\"", b""),
        ("Content-Disposition: form-data; name=\"user[password]\"", b"a\r\n--X\r\n\r\nb"),
    ]);
    assert_eq!(
        seen(&read_as("multipart/form-data; boundary=XX", &body)),
        (vec![], vec!["a\r\n--X\r\n\r\nb".into()], None)
    );
    // Servers differ in whether these are files.
    for filename in ["filename=\"\"", "filename*=utf-8''x", "filename=x"] {
        let head = format!("Content-Disposition: form-data; name=\"user[password]\"; {filename}");
        let body = multipart(&[(&head, b"pw")]);
        assert_eq!(texts(&read_as("multipart/form-data; boundary=XX", &body).passwords), ["pw"], "{head}");
    }
    let first = [b"--XX\r\n", &body[16..]].concat();
    assert_eq!(seen(&read_as("multipart/form-data; boundary=XX", &first)).1.len(), 1);
}

#[test]
fn multipart_that_is_not_understood_is_malformed() {
    let label = "multipart/form-data; boundary=XX";
    let password = ("Content-Disposition: form-data; name=\"user[password]\"", &b"pw"[..]);
    let cut = |body: &[u8]| body[..body.len() - 12].to_vec();
    let whole = multipart(&[password]);
    let fault = |body: &[u8]| read_as(label, body).unread;
    assert_eq!(fault(&whole), None);
    assert_eq!(fault(&cut(&whole)), Some(Unread::Malformed));
    assert_eq!(fault(b"user[password]=x"), Some(Unread::Malformed));
    for head in [
        "Content-Disposition: form-data",
        "Content-Type: text/plain",
        "no header",
        "Content-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"b\"",
        "Content-Disposition: form-data; name*=utf-8''user",
        "Content-Disposition: form-data; name=\"a\"; name=\"user[password]\"",
        "Content-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64",
    ] {
        let fields = read_as(label, &multipart(&[password, (head, b"x")]));
        assert_eq!(
            (texts(&fields.passwords), fields.unread),
            (vec!["pw".into()], Some(Unread::Malformed)),
            "{head}"
        );
    }
    assert_eq!(read_as("multipart/form-data", &whole).unread, Some(Unread::ContentType));
    let two = "multipart/form-data; boundary=XX; boundary=YY";
    assert_eq!(read_as(two, &whole).unread, Some(Unread::ContentType));
}

/// Some servers end lines at LF or CR alone, read on behind the last boundary, or join lines of a head.
#[test]
fn multipart_that_servers_read_in_two_ways_is_malformed() {
    let label = "multipart/form-data; boundary=XX";
    let part = |end: &str| {
        ["--XX", "Content-Disposition: form-data; name=\"user[password]\"", "", "pw", ""].join(end)
    };
    let plain = ("Content-Disposition: form-data; name=\"x\"", &b"y"[..]);
    for end in ["\n", "\r", "\r\n"] {
        let hidden = format!("a{end}{}--XX--{end}b", part(end));
        let inside = multipart(&[("Content-Disposition: form-data; name=\"x\"", hidden.as_bytes())]);
        let before = [hidden.as_bytes(), &multipart(&[plain])].concat();
        let after = [multipart(&[plain]), end.into(), part(end).into(), b"--XX--".to_vec()].concat();
        for body in [inside, before, after] {
            let fields = read_as(label, &body);
            let is_read = fields.unread == Some(Unread::Malformed) || !fields.passwords.is_empty();
            assert!(is_read, "{:?}", String::from_utf8_lossy(&body));
        }
    }
    for head in [
        "Content-Disposition: form-data; name=\"x\"\r\n ; a=\":\"; name=\"user[password]\"",
        "Content-Disposition: form-data; name=\"x\"\r\n\t; a=\":\"; name=\"user[password]\"",
        "X: y\rContent-Disposition: form-data; name=\"user[password]\"\r\nContent-Disposition: form-data; name=x",
        "Content-Disposition: form-data; name=\"=?utf-8?B?dXNlcltwYXNzd29yZF0=?=\"",
    ] {
        assert_eq!(read_as(label, &multipart(&[(head, b"pw")])).unread, Some(Unread::Malformed), "{head}");
    }
    // The character set of the whole, which some servers heed.
    let utf16 = multipart(&[("Content-Disposition: form-data; name=\"user[password]\"", b"\0p\0w")]);
    let fields = read_as("multipart/form-data; boundary=XX; charset=utf-16be", &utf16);
    assert!(texts(&fields.passwords).contains(&"pw".into()));
    let plain = multipart(&[plain]);
    let hidden = read_as("multipart/form-data; boundary=XX; charset=ibm037", &plain);
    assert_eq!(hidden.unread, Some(Unread::Charset));
    assert_eq!(read_as(label, &plain).unread, None);
}

#[test]
fn other_character_sets_become_utf8_or_are_a_fault() {
    let sjis = "application/x-www-form-urlencoded; charset=Shift_JIS";
    assert_eq!(texts(&read_as(sjis, b"user[password]=%83p%83X").passwords), ["パス"]);
    assert_eq!(texts(&read_as(FORM, b"_charset_=Shift_JIS&user[password]=%83p%83X").passwords), ["パス"]);
    for (label, body) in [
        (sjis, &b"user[password]=%83"[..]),
        (FORM, b"user[password]=%83p"),
        ("application/x-www-form-urlencoded; charset=klingon", b"user[password]=%83p"),
    ] {
        let fields = read_as(label, body);
        assert_eq!((fields.passwords.len(), fields.unread), (1, Some(Unread::Charset)), "{label}");
    }
    let ascii = read_as("application/x-www-form-urlencoded; charset=klingon", b"user[password]=abc");
    assert_eq!((texts(&ascii.passwords), ascii.unread), (vec!["abc".into()], Some(Unread::Charset)));
}

#[test]
fn a_label_that_says_nothing_hides_no_password() {
    let form = b"user[email]=a@b.jp&user[password]=p+w%2B";
    let json = br#" {"user":{"email":"a@b.jp","password":"p w+"}}"#;
    for label in ["text/plain", "", "application/octet-stream", "multipart/form-data; boundary="] {
        assert_eq!(seen(&read_as(label, form)), both("a@b.jp", "p w+"), "{label}");
        assert_eq!(seen(&read_as(label, json)), both("a@b.jp", "p w+"), "{label}");
        assert_eq!(read_as(label, b"<xml/>").unread, Some(Unread::ContentType), "{label}");
        assert_eq!(read_as(label, b"").unread, None, "{label}");
    }
    assert_eq!(seen(&read_as(FORM, json)), both("a@b.jp", "p w+"));
    let two = [&b"application/json"[..], b"text/plain"];
    let fields = Fields::read(Some(&name("user.email")), &name("user.password"), None, two, form);
    assert_eq!(seen(&fields), both("a@b.jp", "p w+"));
}

#[test]
fn names_are_checked() {
    assert_eq!("".parse::<FieldName>(), Err(FieldNameError::Empty));
    assert_eq!("[]".parse::<FieldName>(), Err(FieldNameError::Empty));
    assert_eq!("パス".parse::<FieldName>(), Err(FieldNameError::NotAscii));
    assert_eq!(format!("{:?}", Value::from(&b"secret"[..])), "Value(..)");
}

/// What is looked up of a value: it, and its beginning where a NUL is in it.
fn looked_up(value: &str) -> impl Iterator<Item = &str> {
    let cut = value.find('\0').filter(|end| *end > 0).map(|end| &value[..end]);
    std::iter::once(value).chain(cut)
}

/// A plain model: the values at `user.password` of a document without repeated names.
fn model(json: &Json, path: &[&str], found: &mut Vec<String>) {
    match (json, path) {
        (Json::Array(all), _) => all.iter().for_each(|json| model(json, path, found)),
        (Json::Object(all), [first, rest @ ..]) => {
            if let Some(json) = all.get(*first) {
                model(json, rest, found);
            }
        }
        (Json::String(text), []) if !text.is_empty() => found.extend(looked_up(text).map(str::to_owned)),
        (Json::Number(number), []) => found.push(number.to_string()),
        _ => {}
    }
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<String>().prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::hash_map(
                prop_oneof![Just("user".to_owned()), Just("password".to_owned()), "[a-z\"\\\\]{1,4}"],
                inner,
                0..4,
            )
            .prop_map(|all| Json::Object(all.into_iter().collect())),
        ]
    })
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'0'..=b'9' => char::from(byte).to_string(),
            b' ' => String::from("+"),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

proptest! {
    #[test]
    fn json_is_read_as_a_plain_model_reads_it(json in any_json(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&json) } else { serde_json::to_string(&json) };
        let fields = read_as("application/json", text.expect("text").as_bytes());
        let mut expected = Vec::new();
        model(&json, &["user", "password"], &mut expected);
        let is_cut = expected.len() > MOST_VALUES;
        expected.truncate(MOST_VALUES);
        let mut found = texts(&fields.passwords);
        // The order of members is that of the text, which the model does not know.
        if !is_cut {
            found.sort();
            expected.sort();
            prop_assert_eq!(found, expected);
        }
        prop_assert_eq!(fields.unread, is_cut.then_some(Unread::TooManyValues));
    }

    /// Whatever bytes come, what this calls JSON another parser calls JSON, and the other way round.
    #[test]
    fn what_is_json_is_agreed_upon(json in any_json(), at: prop::sample::Index, with: u8) {
        let mut bytes = json!({ "a": json }).to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = with;
        let ours = read_as("application/json", &bytes).unread.is_none_or(|unread| unread == Unread::TooManyValues);
        let theirs = match serde_json::from_slice::<Json>(&bytes) {
            Ok(_) => true,
            // It is written as it should be.
            Err(error) => error.to_string().starts_with("number out of range"),
        };
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn forms_are_read_as_they_were_written(fields in prop::collection::vec(("[a-z\\[\\]]{1,5}|user\\[password\\]", any::<String>()), 0..7)) {
        let body: Vec<String> = fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
        let expected: Vec<&str> = fields.iter().filter(|(name, value)| name == "user[password]" && !value.is_empty())
            .flat_map(|(_, value)| looked_up(value)).take(MOST_VALUES).collect();
        prop_assert_eq!(texts(&read_as(FORM, body.join("&").as_bytes()).passwords), expected);
    }

    #[test]
    fn multipart_forms_are_read_as_they_were_written(values in prop::collection::vec((any::<bool>(), any::<String>()), 1..7)) {
        let heads: Vec<String> = values.iter().map(|(is_wanted, _)| {
            format!("Content-Disposition: form-data; name=\"{}\"", if *is_wanted { "user[password]" } else { "x" })
        }).collect();
        let parts: Vec<(&str, &[u8])> = heads.iter().zip(&values).map(|(head, (_, value))| (head.as_str(), value.as_bytes())).collect();
        let body = multipart(&parts);
        let expected: Vec<&str> = values.iter().filter(|(is_wanted, value)| *is_wanted && !value.is_empty())
            .flat_map(|(_, value)| looked_up(value)).take(MOST_VALUES).collect();
        prop_assert_eq!(texts(&read_as("multipart/form-data; boundary=XX", &body).passwords), expected);
    }

    #[test]
    fn no_bytes_are_too_odd(label in "(application/json|multipart/form-data; boundary=X|application/x-www-form-urlencoded|[ -~]{0,20})", body: Vec<u8>) {
        let _ = read_as(&label, &body);
        let _ = read_as(&label, &[b"--X\r\n", body.as_slice(), b"\r\n--X--"].concat());
    }
}

#[test]
fn a_password_in_the_query_does_not_make_a_body_readable() {
    let read = |field| Fields::read(None, &name(field), Some("a=x&b=y"), [&b"text/plain"[..]], b"?");
    let mut fields = read("a");
    fields.append(read("b"));
    assert_eq!(fields.unread, Some(Unread::ContentType));
}
