//! Every sentence of breachdex that people read in their own language.
//!
//! A language is one file in `languages/` and one line in the registry there. Messages have typed keys and typed
//! parameters: [`Passwords`] is for people who choose a password, [`Reports`] for audit reports, [`Incidents`] for
//! reports on attacks at log-in, [`Command`] for the command's answers on a terminal. A language that lacks a message, or a text that lacks or invents a parameter,
//! does not compile. Errors and help texts are English and stay with the code that raises them.
//!
//! ```
//! use breachdex_messages::Language;
//! let language: Language = "ja_JP.UTF-8".parse()?;
//! assert_eq!(language.code(), "ja");
//! assert_eq!(
//!     language.passwords().too_long(64),
//!     "パスワードが長すぎます。64文字以内で設定してください。"
//! );
//! assert_eq!(Language::En.passwords().exposed_count(1), "It was seen 1 time in leaked data.");
//! # Ok::<(), breachdex_messages::UnknownLanguage>(())
//! ```

#![forbid(unsafe_code)]

mod catalogue;
mod languages;
mod negotiation;
mod template;
mod words;

pub use catalogue::{Command, Incidents, Passwords, Reports};
pub use languages::{Language, UnknownLanguage};
pub use words::Words;
