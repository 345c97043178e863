//! Holds answers against the document of the API: status, content type, and every field of the body.

use breachdex_sidecar::{DOCUMENT, Route};
use serde_json::Value;

use crate::client::Answer;

fn document() -> Value {
    serde_json::from_str(DOCUMENT).unwrap()
}

fn resolve<'a>(document: &'a Value, node: &'a Value) -> &'a Value {
    match node["$ref"].as_str() {
        Some(place) => document.pointer(place.strip_prefix('#').unwrap()).unwrap(),
        None => node,
    }
}

/// Fails for an answer that the document does not describe.
#[track_caller]
pub(crate) fn hold(method: &str, path: &str, answer: &Answer) {
    let document = document();
    let operation = &document["paths"][path][method];
    assert!(operation.is_object(), "{method} {path} is not in the document");
    let status = answer.status.to_string();
    let response = resolve(&document, &operation["responses"][&status]);
    assert!(response.is_object(), "{method} {path}: {status} is not in the document");
    let given = answer.header("content-type").unwrap().split(';').next().unwrap();
    let content = &response["content"][given];
    assert!(content.is_object(), "{method} {path} {status}: {given} is not in the document");
    for name in response["headers"].as_object().into_iter().flat_map(|headers| headers.keys()) {
        let is_optional = name == "Content-Language" || name == "Retry-After";
        assert!(
            is_optional || answer.header(&name.to_ascii_lowercase()).is_some(),
            "{path} {status}: {name}"
        );
    }
    if given.ends_with("json") {
        check(&document, &content["schema"], &answer.json(), &format!("{path} {status}"));
    }
}

/// The part of JSON Schema that the document uses; anything else fails.
#[track_caller]
fn check(document: &Value, schema: &Value, value: &Value, place: &str) {
    let schema = resolve(document, schema);
    for (keyword, wanted) in schema.as_object().unwrap() {
        let holds = match &**keyword {
            "description" | "format" | "example" => true,
            "not" | "maxLength" => panic!("{place}: the document uses {keyword} for an answer"),
            "type" => types(wanted).any(|name| is_of_type(value, name)),
            "enum" => wanted.as_array().unwrap().contains(value),
            "const" => wanted == value,
            "pattern" => value.as_str().unwrap().starts_with("urn:breachdex:problem:"),
            "minimum" => value.as_f64().is_none_or(|number| number >= wanted.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= wanted.as_f64().unwrap()),
            "oneOf" => {
                let is = |option: &&Value| {
                    types(&resolve(document, option)["type"]).any(|name| is_of_type(value, name))
                };
                let option = wanted.as_array().unwrap().iter().find(is).unwrap();
                check(document, option, value, place);
                true
            }
            "items" => {
                value.as_array().unwrap().iter().for_each(|item| check(document, wanted, item, place));
                true
            }
            "required" => {
                wanted.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some())
            }
            "properties" => {
                for (name, value) in value.as_object().unwrap() {
                    match (&wanted[name], &schema["additionalProperties"]) {
                        (Value::Null, Value::Bool(false)) => panic!("{place}: {name} is not in the document"),
                        (Value::Null, Value::Null) => {}
                        (Value::Null, other) => check(document, other, value, &format!("{place}.{name}")),
                        (known, _) => check(document, known, value, &format!("{place}.{name}")),
                    }
                }
                true
            }
            "additionalProperties" => true,
            other => panic!("the document uses {other}, which this test does not know"),
        };
        assert!(holds, "{place}: {value} does not hold {keyword} {wanted}");
    }
}

fn types(wanted: &Value) -> impl Iterator<Item = &str> {
    let one = wanted.as_str().into_iter();
    one.chain(wanted.as_array().into_iter().flatten().map(|name| name.as_str().unwrap()))
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        _ => false,
    }
}

/// The document has the routes that there are, and no others.
#[test]
fn the_document_has_every_route_with_its_method() {
    let document = document();
    let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    let mut routes: Vec<&str> = Route::ALL.iter().map(|route| route.path()).collect();
    routes.sort_unstable();
    assert_eq!(paths, routes);
    for route in Route::ALL {
        let methods: Vec<&String> = document["paths"][route.path()].as_object().unwrap().keys().collect();
        assert_eq!(methods, [if route.takes_body() { "post" } else { "get" }], "{}", route.path());
    }
    assert_eq!(document["openapi"], "3.1.0");
}
