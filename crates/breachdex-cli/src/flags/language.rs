//! The language of what people read, as `--lang` has it.

#![forbid(unsafe_code)]

use std::ffi::OsStr;

use breachdex_messages::Language;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

/// Takes `ja`, `ja-JP` and `ja_JP.UTF-8`; help and completions offer the codes of the registered languages.
#[derive(Clone)]
pub(crate) struct LanguageParser;

impl TypedValueParser for LanguageParser {
    type Value = Language;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Language, clap::Error> {
        if let Some(language) = value.to_str().and_then(|name| name.parse().ok()) {
            return Ok(language);
        }
        // None of the codes: clap says which there are.
        let codes = PossibleValuesParser::new(Language::ALL.iter().map(|language| language.code()));
        codes.parse_ref(command, argument, value).map(|_| Language::default())
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let value = |language: &Language| PossibleValue::new(language.code()).help(language.name());
        Some(Box::new(Language::ALL.iter().map(value)))
    }
}
