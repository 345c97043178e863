//! What somebody wrote: values with the lines that they are on.

#![forbid(unsafe_code)]

use toml::de::{DeTable, DeValue};

use super::error::{Place, PolicyError};

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// The line of a file, from 1.
    pub line: Option<usize>,
}

/// What may be written in a policy.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// True or false.
    Boolean(bool),
    /// Values one after another.
    List(Vec<Node>),
    /// Values by key, in the order in which they were written.
    Table(Vec<(String, Node)>),
    /// Anything else, by the name of its type.
    Other(&'static str),
}

impl Value {
    /// The type as an error calls it.
    pub(super) const fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "a number",
            Self::Boolean(_) => "true or false",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(name) => name,
        }
    }
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        Self { value, line: None }
    }
}

impl Node {
    /// The table of a TOML text.
    pub(super) fn parse(text: &str, name: &str) -> Result<Self, PolicyError> {
        let line_of = |offset: usize| 1 + text[..offset.min(text.len())].matches('\n').count();
        let table = DeTable::parse(text).map_err(|error| PolicyError::Syntax {
            place: Place { name: name.to_owned(), line: error.span().map(|span| line_of(span.start)) },
            message: error.message().to_owned(),
        })?;
        Ok(Self { line: None, value: of_table(table.get_ref(), &line_of) })
    }
}

fn of_table(table: &DeTable<'_>, line_of: &dyn Fn(usize) -> usize) -> Value {
    let mut pairs: Vec<_> = table.iter().collect();
    pairs.sort_by_key(|(key, _)| key.span().start);
    let pair = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
        let key: &std::borrow::Cow<'_, str> = key.get_ref();
        (key.to_string(), of_value(value, line_of))
    };
    Value::Table(pairs.into_iter().map(pair).collect())
}

fn of_value(value: &toml::Spanned<DeValue<'_>>, line_of: &dyn Fn(usize) -> usize) -> Node {
    let line = Some(line_of(value.span().start));
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Other("a number of that size"), Value::Integer),
        DeValue::Boolean(value) => Value::Boolean(*value),
        DeValue::Array(values) => Value::List(values.iter().map(|value| of_value(value, line_of)).collect()),
        DeValue::Table(table) => of_table(table, line_of),
        DeValue::Float(_) => Value::Other("a number with a point"),
        DeValue::Datetime(_) => Value::Other("a date"),
    };
    Node { value, line }
}
