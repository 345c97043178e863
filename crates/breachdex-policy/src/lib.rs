//! May this password be used?
//!
//! `forms` are the ways of writing a password under which it is looked up, `exposure` looks them up, `messages`
//! says the answer to a person, in their language.
//!
//! ```
//! use breachdex::{Index, LiveIndex, LiveSet};
//! use breachdex_policy::{Form, examine};
//! let index = LiveSet::from(LiveIndex::new(Index::starter()?));
//! let exposure = examine(&index, "ｐａｓｓｗｏｒｄ".as_bytes(), None, 1)?.expect("it is exposed");
//! assert_eq!(exposure.form, Form::Nfkc);
//! # Ok::<(), breachdex::Error>(())
//! ```

#![forbid(unsafe_code)]

mod exposure;
mod forms;
mod messages;

pub use exposure::{Exposure, examine};
pub use forms::{Form, each_form};
pub use messages::{Language, messages};
