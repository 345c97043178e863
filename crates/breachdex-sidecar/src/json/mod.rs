//! Reads the JSON of requests: one object whose values are strings.
//!
//! That is all that the API takes, so nothing else is read: no number, no list, no object in an object. A body is decoded in
//! its own place, because what an escape stands for is never longer than the escape: no copy of a password is made here.

#![forbid(unsafe_code)]

mod body;
mod fault;
mod reader;

use std::ops::Range;

pub use body::{Body, MOST_BYTES};
pub use fault::Fault;

use reader::{Reader, Value};

/// Fields that a route has at most.
pub(crate) const MOST_FIELDS: usize = 10;

/// The fields of an object, in the order of the route's names.
#[derive(Debug)]
pub(crate) struct Fields {
    body: Body,
    places: [Option<Range<usize>>; MOST_FIELDS],
}

/// The names of a route's fields.
#[derive(Debug)]
pub(crate) struct Names {
    /// The names.
    pub(crate) all: &'static [&'static str],
    /// The same as a message has them.
    pub(crate) listed: &'static str,
}

impl Fields {
    /// Reads a body. A field that is null counts as one that is not there.
    ///
    /// # Errors
    /// [`Fault`].
    pub(crate) fn read(mut body: Body, names: &Names) -> Result<Self, Fault> {
        if body.is_empty() {
            return Err(Fault::Empty);
        }
        let text = std::str::from_utf8(body.bytes()).map_err(|_| Fault::NotUtf8)?;
        if text.starts_with('\u{feff}') {
            return Err(Fault::ByteOrderMark);
        }
        let mut places = [const { None }; MOST_FIELDS];
        let mut seen = [false; MOST_FIELDS];
        let mut reader = Reader::new(body.bytes_mut());
        let mut goes_on = reader.begin_object()?;
        while goes_on {
            let name = reader.name()?;
            let number = names.all.iter().position(|known| known.as_bytes() == reader.bytes(&name));
            let Some(number) = number else { return Err(Fault::UnknownField(names.listed)) };
            let name = names.all[number];
            if std::mem::replace(&mut seen[number], true) {
                return Err(Fault::DuplicateField(name));
            }
            places[number] = match reader.value(name)? {
                Value::Text(place) => Some(place),
                Value::Null => None,
            };
            goes_on = reader.next_field()?;
        }
        reader.end()?;
        Ok(Self { body, places })
    }

    /// A field by its number; `None` if it is not there.
    pub(crate) fn get(&self, number: usize) -> Option<&str> {
        let place = self.places.get(number)?.clone()?;
        // It was UTF-8 before, and decoding keeps it so.
        std::str::from_utf8(self.body.bytes().get(place)?).ok()
    }
}

#[cfg(test)]
mod tests;
