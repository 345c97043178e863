//! JSON exports, item by item, so that one of any size takes the memory of one item.

#![forbid(unsafe_code)]

use std::fmt;
use std::io::BufReader;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use super::input::Opened;
use super::text::Text;
use crate::account::Sink;
use crate::error::{AuditError, Result};
use crate::formats::{Format, Request};

/// A step on the way from the whole document to its items.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// The value of this key; others are passed over.
    Key(&'static str),
    /// The value of every key.
    AllKeys,
    /// Every element of a list.
    Each,
}

/// An item of an export.
pub(crate) trait Item: DeserializeOwned {
    /// Tells the sink what the item says; `number` is its place among the items, from 1.
    fn tell(&self, number: u64, sink: &mut dyn Sink) -> Result<()>;
}

/// Reads the items at the end of a path. `product` is whose JSON it is, for messages.
///
/// A document that says of itself `"encrypted": true` is refused.
pub(crate) fn read<T: Item>(
    input: Opened<'_>,
    request: &Request<'_>,
    product: &str,
    path: &'static [Step],
    sink: &mut dyn Sink,
) -> Result<()> {
    let name = input.name;
    let text = Text::new(input.reader, None).map_err(Opened::failed(&name))?;
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 16, text));
    let mut state = State { sink, stopped: None, is_encrypted: false, has_items: false, number: 0 };
    let walk = Walk::<T> { state: &mut state, path, is_top: true, item: PhantomData };
    let parsed = walk.deserialize(&mut json).and_then(|()| json.end());
    let State { stopped, is_encrypted, has_items, .. } = state;
    if let Some(error) = stopped {
        return Err(error);
    }
    if is_encrypted {
        return Err(AuditError::Encrypted { name });
    }
    let refused = refusal(&name, request.format);
    parsed.map_err(|error| match error.classify() {
        Category::Io => Opened::failed(&name)(error.into()),
        // The library's own words may quote what it met.
        Category::Data => {
            refused(format!("line {}, column {} is not as {product} writes it", error.line(), error.column()))
        }
        Category::Syntax | Category::Eof => {
            refused(format!("it is no JSON from line {}, column {} on", error.line(), error.column()))
        }
    })?;
    if has_items { Ok(()) } else { Err(refused(String::from("it has no items"))) }
}

/// A file that is not what its format says.
pub(crate) fn refusal(name: &str, format: Format) -> impl Fn(String) -> AuditError + use<> {
    let name = name.to_owned();
    move |reason| AuditError::NotTheFormat { name: name.clone(), format, reason }
}

struct State<'a> {
    sink: &'a mut dyn Sink,
    /// Why the sink will have no more.
    stopped: Option<AuditError>,
    is_encrypted: bool,
    has_items: bool,
    number: u64,
}

/// The rest of the way to the items.
struct Walk<'s, 'a, T> {
    state: &'s mut State<'a>,
    path: &'static [Step],
    is_top: bool,
    item: PhantomData<T>,
}

impl<'a, T> Walk<'_, 'a, T> {
    fn next(&mut self) -> Walk<'_, 'a, T> {
        let path = self.path.get(1..).unwrap_or_default();
        Walk { state: self.state, path, is_top: false, item: PhantomData }
    }
}

impl<'de, T: Item> DeserializeSeed<'de> for Walk<'_, '_, T> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.path {
            [] => {
                let item = T::deserialize(deserializer)?;
                self.state.number += 1;
                item.tell(self.state.number, self.state.sink).map_err(|error| {
                    self.state.stopped = Some(error);
                    D::Error::custom("stopped")
                })
            }
            [Step::Each, ..] => deserializer.deserialize_seq(self),
            _ => deserializer.deserialize_map(self),
        }
    }
}

impl<'de, T: Item> Visitor<'de> for Walk<'_, '_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an export with items")
    }

    fn visit_map<M: MapAccess<'de>>(mut self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if self.is_top && key == "encrypted" {
                self.state.is_encrypted = map.next_value()?;
                if self.state.is_encrypted {
                    return Err(M::Error::custom("encrypted"));
                }
                continue;
            }
            let is_on_the_way = match self.path.first() {
                Some(Step::Key(name)) => key == *name,
                _ => true,
            };
            if is_on_the_way {
                map.next_value_seed(self.next())?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(mut self, mut items: S) -> Result<(), S::Error> {
        self.state.has_items |= self.path.len() == 1;
        while items.next_element_seed(self.next())?.is_some() {}
        Ok(())
    }
}
