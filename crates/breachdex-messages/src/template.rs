//! A text with places for values, and the check that it has exactly the places that its key declares.
//!
//! Places are written as in gettext's `python-format`, because Django reads the same texts: `%(name)d` for a number,
//! `%(name)s` for a text. A plain `%` is refused, so that every consumer reads a text in the same way.

#![forbid(unsafe_code)]

use crate::languages::Facts;

/// The text of a message, and the one for a single thing where the language has such a form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Template {
    text: &'static str,
    one: Option<&'static str>,
}

/// A text that is the same for every number.
pub(crate) const fn text(text: &'static str) -> Template {
    Template { text, one: None }
}

/// A text for exactly one thing, and one for all other numbers. The first number of the message decides.
pub(crate) const fn counted(one: &'static str, other: &'static str) -> Template {
    Template { text: other, one: Some(one) }
}

/// What is put in a place.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    /// Digits as they are: `1234`.
    Number(u64),
    /// Digits in groups of three: `1,234`.
    Grouped(u64),
    /// A text, which is not read as a template itself.
    Text(&'a str),
}

impl Template {
    /// The text for all numbers but one.
    pub(crate) const fn text(&self) -> &'static str {
        self.text
    }

    /// The text for one thing.
    pub(crate) const fn one(&self) -> Option<&'static str> {
        self.one
    }

    /// Puts values in their places. Places are only replaced in the template, never in a value.
    pub(crate) fn fill(&self, facts: &Facts, values: &[(&str, Value<'_>)]) -> String {
        let number = values.iter().find_map(|(_, value)| match value {
            Value::Number(number) | Value::Grouped(number) => Some(*number),
            Value::Text(_) => None,
        });
        let text = self.one.filter(|_| number == Some(1)).unwrap_or(self.text);
        let mut parts = text.split("%(");
        let mut filled = String::from(parts.next().unwrap_or_default());
        for part in parts {
            let (name, rest) = part.split_once(')').unwrap_or((part, " "));
            match values.iter().find(|(known, _)| *known == name) {
                Some((_, Value::Number(number))) => filled += &number.to_string(),
                Some((_, Value::Grouped(number))) => filled += &grouped(*number, facts.digit_separator),
                Some((_, Value::Text(text))) => filled += text,
                None => {}
            }
            // Behind the name stands the letter of its kind, which `check` made sure of.
            filled.push_str(rest.get(1..).unwrap_or_default());
        }
        filled
    }

    /// Refuses to compile a text whose places are not those of its key. A place is `name)d` or `name)s`. The text for
    /// one thing may leave places out ("seen once"), the other one may not.
    pub(crate) const fn check(&self, key: &'static str, places: &[&str]) {
        let found = found_places(key, self.text, places);
        assert!(found.count_ones() as usize == places.len(), "{}", key);
        if let Some(one) = self.one {
            found_places(key, one, places);
        }
    }
}

/// Which of the places a text has, as bits. Panics, with the key, on one that is not declared.
const fn found_places(key: &'static str, text: &str, places: &[&str]) -> u32 {
    let text = text.as_bytes();
    assert!(!text.is_empty(), "{}", key);
    let (mut at, mut found) = (0, 0_u32);
    while at < text.len() {
        if text[at] == b'%' {
            assert!(at + 1 < text.len() && text[at + 1] == b'(', "{}", key);
            let mut place = 0;
            while place < places.len() && !begins_with(text, at + 2, places[place].as_bytes()) {
                place += 1;
            }
            assert!(place < places.len(), "{}", key);
            found |= 1 << place;
        }
        at += 1;
    }
    found
}

const fn begins_with(text: &[u8], at: usize, start: &[u8]) -> bool {
    if text.len() - at < start.len() {
        return false;
    }
    let mut i = 0;
    while i < start.len() {
        if text[at + i] != start[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Digits in groups of three.
pub(crate) fn grouped(number: u64, separator: &str) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 * separator.len());
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push_str(separator);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;

    fn fill(template: Template, values: &[(&str, Value<'_>)]) -> String {
        template.fill(Language::En.facts(), values)
    }

    #[test]
    fn values_are_put_in_their_places() {
        let template = counted("%(name)s saw it once", "%(name)s saw it %(times)d times");
        template.check("seen", &["name)s", "times)d"]);
        let seen = |times| fill(template, &[("name", Value::Text("kim")), ("times", Value::Grouped(times))]);
        assert_eq!(seen(1), "kim saw it once");
        assert_eq!(seen(0), "kim saw it 0 times");
        assert_eq!(seen(1_234_567), "kim saw it 1,234,567 times");
        assert_eq!(fill(text("%(n)d"), &[("n", Value::Number(1_234))]), "1234");
    }

    #[test]
    fn a_value_is_never_read_as_a_template() {
        let template = text("%(place)s (%(count)d)");
        let values = [("place", Value::Text("%(count)d.bdx")), ("count", Value::Number(7))];
        assert_eq!(fill(template, &values), "%(count)d.bdx (7)");
    }

    #[test]
    fn texts_with_other_places_than_declared_are_refused() {
        let places = ["count)d"];
        for bad in
            ["none", "%(count)s", "%(cuont)d", "%(count)d and 5 %", "%(count)d %(more)d", "", "%(count"]
        {
            let refused = std::panic::catch_unwind(|| text(bad).check("key", &places));
            assert_eq!(
                refused.expect_err("must not compile").downcast_ref::<String>().map(String::as_str),
                Some("key"),
                "{bad:?}"
            );
        }
        counted("once", "%(count)d times").check("key", &places);
    }
}
