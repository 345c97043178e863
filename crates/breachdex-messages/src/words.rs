//! The macro that makes typed messages of a list of keys, and the handle by which they are read.

#![forbid(unsafe_code)]

use std::fmt;

use crate::languages::{Facts, Language};

/// The messages of one audience in one language. Each message is a method with its parameters.
pub struct Words<T: 'static> {
    pub(crate) language: Language,
    pub(crate) texts: &'static T,
}

impl<T> Words<T> {
    /// The language of these messages.
    pub fn language(self) -> Language {
        self.language
    }

    pub(crate) fn facts(self) -> &'static Facts {
        self.language.facts()
    }
}

impl<T> Clone for Words<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Words<T> {}

impl<T> fmt::Debug for Words<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Words").field(&self.language).finish()
    }
}

/// Declares the messages of one audience: `key;` for a plain text, `key(a: number, b: grouped, c: text);` for one with
/// parameters, `key[5];` for a list of five texts.
///
/// Makes a struct with a field for each key, which a language has to fill completely, and [`Words`]' methods.
macro_rules! messages {
    ($(#[$about:meta])* $name:ident {
        $($(#[$doc:meta])* $key:ident $(($($param:ident: $kind:ident),+))? $([$length:literal])?;)+
    }) => {
        $(#[$about])*
        pub struct $name {
            $(pub(crate) $key: $crate::words::field!($([$length])?),)+
        }

        impl $name {
            /// Refuses to compile a text whose places are not the key's parameters.
            pub(crate) const fn check(&self) {
                $($crate::words::check!(self, $key, ($($($param: $kind),+)?), ($($length)?));)+
            }
        }

        impl $crate::Words<$name> {
            $($crate::words::method! { ($(#[$doc])*), $key, ($($($param: $kind),+)?), ($($length)?) })+

            /// Every text by its key, with its places. The one for a single thing has the key `KEY.one`, the texts of
            /// a list all have the list's.
            pub fn texts(self) -> Vec<(String, &'static str)> {
                let mut texts = Vec::new();
                $($crate::words::collect!(texts, self.texts, $key, ($($length)?));)+
                texts
            }
        }
    };
}

macro_rules! field {
    () => { $crate::template::Template };
    ([$length:literal]) => { [&'static str; $length] };
}

macro_rules! check {
    ($self:ident, $key:ident, ($($param:ident: $kind:ident),*), ()) => {
        $self.$key.check(
            concat!(stringify!($key), ": a text needs exactly the places ", $("%(", $crate::words::place!($param, $kind), " ",)* "and no other %"),
            &[$($crate::words::place!($param, $kind)),*],
        )
    };
    ($self:ident, $key:ident, (), ($length:literal)) => {{
        let mut at = 0;
        while at < $length {
            assert!(!$self.$key[at].is_empty(), concat!(stringify!($key), ": a text of the list is empty"));
            at += 1;
        }
    }};
}

/// How a parameter is written in texts, without the `%(`.
macro_rules! place {
    ($param:ident, text) => {
        concat!(stringify!($param), ")s")
    };
    ($param:ident, $number:ident) => {
        concat!(stringify!($param), ")d")
    };
}

macro_rules! method {
    (($(#[$doc:meta])*), $key:ident, (), ()) => {
        $(#[$doc])*
        pub fn $key(self) -> &'static str {
            self.texts.$key.text()
        }
    };
    (($(#[$doc:meta])*), $key:ident, ($($param:ident: $kind:ident),+), ()) => {
        $(#[$doc])*
        pub fn $key(self, $($param: $crate::words::parameter!($kind)),+) -> String {
            let values = [$((stringify!($param), $crate::words::value!($kind, $param))),+];
            self.texts.$key.fill(self.facts(), &values)
        }
    };
    (($(#[$doc:meta])*), $key:ident, (), ($length:literal)) => {
        $(#[$doc])*
        pub fn $key(self) -> &'static [&'static str; $length] {
            &self.texts.$key
        }
    };
}

macro_rules! parameter {
    (text) => {
        &str
    };
    ($number:ident) => {
        u64
    };
}

macro_rules! value {
    (text, $param:ident) => {
        $crate::template::Value::Text($param)
    };
    (number, $param:ident) => {
        $crate::template::Value::Number($param)
    };
    (grouped, $param:ident) => {
        $crate::template::Value::Grouped($param)
    };
}

macro_rules! collect {
    ($texts:ident, $from:expr, $key:ident, ()) => {
        $texts.push((String::from(stringify!($key)), $from.$key.text()));
        $texts.extend($from.$key.one().map(|one| (String::from(concat!(stringify!($key), ".one")), one)));
    };
    ($texts:ident, $from:expr, $key:ident, ($length:literal)) => {
        $texts.extend($from.$key.map(|text| (String::from(stringify!($key)), text)));
    };
}

pub(crate) use {check, collect, field, messages, method, parameter, place, value};
