//! What is read, against another parser, and every refusal by its message.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::Value;

use super::*;

const NAMES: Names = Names { all: &["password", "user", "lang"], listed: "password, user and lang" };

fn read(text: &[u8]) -> Result<[Option<String>; 3], Fault> {
    let fields = Fields::read(Body::from(text), &NAMES)?;
    Ok([0, 1, 2].map(|number| fields.get(number).map(String::from)))
}

fn password(text: &str) -> Result<String, Fault> {
    read(text.as_bytes()).map(|[password, ..]| password.unwrap())
}

#[test]
fn strings_are_read_with_every_escape() {
    assert_eq!(password(r#"{"password":"plain"}"#).unwrap(), "plain");
    assert_eq!(password(" {\r\n\t\"password\" : \"a b\" } \n").unwrap(), "a b");
    assert_eq!(password(r#"{"password":""}"#).unwrap(), "");
    assert_eq!(password(r#"{"password":"\"\\\/\b\f\n\r\t"}"#).unwrap(), "\"\\/\u{8}\u{c}\n\r\t");
    assert_eq!(password(r#"{"password":"\u30d1\u30b9x\uD83D\uDE00\u00e9"}"#).unwrap(), "パスx😀é");
    assert_eq!(password(r#"{"password":"パスワード😀"}"#).unwrap(), "パスワード😀");
    assert_eq!(password(r#"{"pass\u0077ord":"named by an escape"}"#).unwrap(), "named by an escape");
    let all = read(r#"{"user":"hanako","lang":null,"password":"x"}"#.as_bytes()).unwrap();
    assert_eq!(all, [Some(String::from("x")), Some(String::from("hanako")), None]);
    assert_eq!(read(b"{}").unwrap(), [None, None, None]);
}

#[test]
fn what_is_wrong_is_said_by_name_and_without_a_word_of_it() {
    let unknown = Fault::UnknownField("password, user and lang");
    for (text, fault) in [
        (&b""[..], Fault::Empty),
        (b"  ", Fault::Syntax),
        (b"\xef\xbb\xbf{}", Fault::ByteOrderMark),
        (b"{\"password\":\"\xff\"}", Fault::NotUtf8),
        (b"{\"password\":\"\xed\xa0\x80\"}", Fault::NotUtf8),
        (b"{\"password\":\"hunter2\xc3\"}", Fault::NotUtf8),
        (b"[]", Fault::NotAnObject),
        (b"\"hunter2\"", Fault::NotAnObject),
        (b"null", Fault::NotAnObject),
        (b"12", Fault::NotAnObject),
        (b"password=hunter2", Fault::Syntax),
        (b"{", Fault::Syntax),
        (b"{\"password\":\"hunter2\"", Fault::Syntax),
        (b"{\"password\":\"hunter2\",}", Fault::Syntax),
        (b"{\"password\":\"hunter2", Fault::Syntax),
        (b"{\"password\":\"hunter2\\", Fault::Syntax),
        (b"{\"password\":\"\\x41\"}", Fault::Syntax),
        (b"{\"password\":\"\\u12\"}", Fault::Syntax),
        (b"{\"password\":\"\\u+123\"}", Fault::Syntax),
        (b"{\"password\":'hunter2'}", Fault::Syntax),
        (b"{password:\"hunter2\"}", Fault::Syntax),
        (b"{\"password\" \"hunter2\"}", Fault::Syntax),
        (b"{\"password\":nul}", Fault::Syntax),
        (b"{\"password\":tru}", Fault::Syntax),
        (b"{\"password\":\"a\"}{}", Fault::Trailing),
        (b"{\"password\":\"a\"} x", Fault::Trailing),
        (b"{\"password\":\"a\"}\0", Fault::Trailing),
        (b"{\"password\":\"a\nb\"}", Fault::ControlCharacter),
        (b"{\"password\":\"a\0b\"}", Fault::ControlCharacter),
        (b"{\"password\":\"a\\u0000b\"}", Fault::Nul("password")),
        (b"{\"user\":\"\\ud800\"}", Fault::LoneSurrogate("user")),
        (b"{\"user\":\"\\udc00\"}", Fault::LoneSurrogate("user")),
        (b"{\"user\":\"\\ud800\\ud800\"}", Fault::LoneSurrogate("user")),
        (b"{\"user\":\"\\ud800x\"}", Fault::LoneSurrogate("user")),
        (b"{\"\\ud800\":\"\"}", Fault::LoneSurrogate("the name of a field")),
        (b"{\"hunter2\":\"\"}", unknown),
        (b"{\"Password\":\"\"}", unknown),
        (b"{\"\":\"\"}", unknown),
        (b"{\"password\":\"a\",\"password\":\"b\"}", Fault::DuplicateField("password")),
        (b"{\"password\":\"a\",\"p\\u0061ssword\":\"b\"}", Fault::DuplicateField("password")),
        (b"{\"user\":null,\"user\":\"b\"}", Fault::DuplicateField("user")),
        (b"{\"password\":1}", Fault::NotAString("password")),
        (b"{\"password\":-1e9}", Fault::NotAString("password")),
        (b"{\"password\":true}", Fault::NotAString("password")),
        (b"{\"password\":false}", Fault::NotAString("password")),
        (b"{\"password\":[\"hunter2\"]}", Fault::Nested("password")),
        (b"{\"password\":{\"a\":\"hunter2\"}}", Fault::Nested("password")),
    ] {
        let found = read(text).unwrap_err();
        assert_eq!(found, fault, "{}", String::from_utf8_lossy(text));
        let said = format!("{found} {found:?} {}", found.name());
        assert!(!said.contains("hunter2"), "{said}");
    }
    let deep = format!("{{\"password\":{}", "[".repeat(60_000));
    assert_eq!(read(deep.as_bytes()).unwrap_err(), Fault::Nested("password"));
    let deep = "[".repeat(60_000);
    assert_eq!(read(deep.as_bytes()).unwrap_err(), Fault::NotAnObject);
}

proptest! {
    /// What another writer of JSON wrote is read as it was meant.
    #[test]
    fn what_others_write_is_read(text: String, user: Option<String>, is_ascii: bool) {
        let mut object = serde_json::Map::new();
        object.insert("password".into(), Value::String(text.clone()));
        object.insert("user".into(), user.clone().map_or(Value::Null, Value::String));
        let mut written = serde_json::to_string(&object).unwrap();
        if is_ascii {
            let units = |c: char| {
                let mut room = [0; 2];
                c.encode_utf16(&mut room).iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>()
            };
            written = written.chars().map(|c| if c.is_ascii() { c.to_string() } else { units(c) }).collect();
        }
        let nul = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains('\0'));
        let expected = match (nul(&Some(text.clone())), nul(&user)) {
            (true, _) => Err(Fault::Nul("password")),
            (_, true) => Err(Fault::Nul("user")),
            _ => Ok([Some(text), user, None]),
        };
        prop_assert_eq!(read(written.as_bytes()), expected);
    }

    /// What is read is what a lenient parser reads, too; nothing panics.
    #[test]
    fn nothing_is_read_that_is_not_json(bytes in proptest::collection::vec(proptest::sample::select(
        b"{}[]\":,\\u0dD8cnpasword ul\n1t\xc3\xa9".to_vec()), 0..40)) {
        let mut text = b"{\"password\":\"".to_vec();
        text.extend_from_slice(&bytes);
        for text in [&text[..], &bytes] {
            if let Ok([password, ..]) = read(text) {
                let value: Value = serde_json::from_slice(text).unwrap();
                prop_assert_eq!(value["password"].as_str().map(String::from), password);
            }
        }
    }
}
