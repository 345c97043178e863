//! The document of the API against the code: every field, name and number that both have.

#![allow(clippy::unwrap_used)]

use breachdex::{Form, PairMatch};
use breachdex_messages::Language;
use breachdex_policy::{Action, Event};
use breachdex_radar::{Advice, State};
use serde_json::{Value, json};

use super::problem::Problem;
use super::routes::Route;
use crate::json::{Fault, Names};
use crate::openapi::DOCUMENT;
use crate::requests::{ATTEMPT, CHECK, VERDICT};

fn schema(name: &str) -> Value {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let schema = document["components"]["schemas"][name].clone();
    assert!(schema.is_object(), "{name}");
    schema
}

fn names(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().filter_map(Value::as_str).collect()
}

#[test]
fn requests_have_the_fields_that_are_read() {
    for (name, fields) in [("Check", &CHECK), ("Judgement", &VERDICT), ("Attempt", &ATTEMPT)] {
        let schema = schema(name);
        let mut known: Vec<&str> = fields.all.to_vec();
        known.sort_unstable();
        let mut documented: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        documented.sort_unstable();
        assert_eq!(documented, known, "{name}");
        assert_eq!(schema["additionalProperties"], false);
        // The message lists them too.
        let listed: Vec<&str> = fields.listed.split(", ").flat_map(|part| part.split(" and ")).collect();
        assert_eq!(listed, fields.all);
    }
    let _: &Names = &CHECK;
}

#[test]
fn names_are_those_of_the_code() {
    let of = |schema: &Value| names(&schema["enum"]).into_iter().map(String::from).collect::<Vec<_>>();
    assert_eq!(of(&schema("Event")), Event::ALL.map(Event::name));
    assert_eq!(of(&schema("Action")), Action::ALL.map(Action::name));
    let languages: Vec<&str> = Language::ALL.iter().map(|language| language.code()).collect();
    assert_eq!(of(&schema("Language")), languages);
    let exposure = schema("Exposure");
    assert_eq!(of(&exposure["properties"]["form"]), Form::ALL.map(Form::name));
    let mut matches = of(&exposure["properties"]["pair"]);
    matches.sort_unstable();
    let mut known = PairMatch::ALL.map(PairMatch::name);
    known.sort_unstable();
    assert_eq!(matches, known);
    let radar = schema("Advice")["properties"]["radar"]["properties"].clone();
    assert_eq!(of(&radar["advice"]), Advice::ALL.map(Advice::name));
    let states = [State::Quiet, State::Suspected, State::Attack].map(State::name);
    assert_eq!(of(&radar["state"]), states);
    assert_eq!(of(&radar["source"]), states);
    let attempt = schema("Attempt");
    assert_eq!(of(&attempt["properties"]["event"]), Event::ALL.map(Event::name));
}

/// Every status that a route can answer with is in the document, and none that it cannot.
#[test]
fn statuses_are_those_of_the_code() {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    for route in Route::ALL {
        let mut possible = vec![200, Problem::Query.status().as_u16()];
        let problems = [Problem::CrossSite, Problem::Host, Problem::Method(route), Problem::Busy];
        possible.extend(problems.map(|problem| problem.status().as_u16()));
        if route != Route::Health {
            possible.push(Problem::Unauthorized.status().as_u16());
        }
        if route.takes_body() {
            let problems = [
                Problem::Body(Fault::Empty),
                Problem::Incomplete,
                Problem::TooLarge,
                Problem::Timeout,
                Problem::ContentType,
                Problem::ContentEncoding,
                Problem::Unavailable,
            ];
            possible.extend(problems.map(|problem| problem.status().as_u16()));
        }
        possible.sort_unstable();
        possible.dedup();
        let method = if route.takes_body() { "post" } else { "get" };
        let responses = document["paths"][route.path()][method]["responses"].as_object().unwrap();
        let mut documented: Vec<u16> = responses.keys().map(|status| status.parse().unwrap()).collect();
        documented.sort_unstable();
        assert_eq!(documented, possible, "{}", route.path());
    }
}

#[test]
fn a_problem_has_the_members_of_its_standard() {
    let answer = Problem::Body(Fault::DuplicateField("password")).answer();
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let problem: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(
        problem,
        json!({
            "type": "urn:breachdex:problem:duplicate-field", "title": "The body cannot be read", "status": 400,
            "detail": "password is there twice",
        })
    );
}
