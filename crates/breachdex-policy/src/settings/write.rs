//! Rules as a file again, with everything spelled out.

#![forbid(unsafe_code)]

use std::fmt::Write as _;

use crate::event::Event;
use crate::grace::Grace;
use crate::requirements::Rules;
use crate::rules::Code;

impl Rules {
    /// A TOML file that says the same, with everything spelled out.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        // A String takes whatever is written to it.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let codes = || Code::ALL.into_iter().filter(|code| *code != Code::IndexUnavailable);
        writeln!(text, "language = \"{}\"", self.language.code())?;
        writeln!(text, "min_length = {}", self.min_length)?;
        writeln!(text, "max_length = {}", self.max_length)?;
        writeln!(text, "min_count = {}", self.min_count)?;
        writeln!(text, "scope = \"{}\"", self.scope.name())?;
        writeln!(
            text,
            "forms = [{}]",
            self.forms.names().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
        )?;
        if let Some(name) = self.words.service_name() {
            writeln!(text, "service_name = {}", quoted(name))?;
        }
        if !self.words.context().is_empty() {
            let words: Vec<String> = self.words.context().iter().map(|word| quoted(word)).collect();
            writeln!(text, "context = [{}]", words.join(", "))?;
        }
        // What is off is left out, so that a file that says nothing about it reads as one of before.
        if self.test_password {
            writeln!(text, "test_password = true")?;
        }
        match self.grace {
            None => {}
            Some(Grace::Until(day)) => writeln!(text, "\n[grace]\nuntil = \"{day}\"")?,
            Some(Grace::Each { days, log_ins }) => {
                writeln!(text, "\n[grace]")?;
                for (key, limit) in [("days", days), ("log_ins", log_ins)] {
                    if let Some(limit) = limit {
                        writeln!(text, "{key} = {limit}")?;
                    }
                }
            }
        }
        writeln!(text, "\n[on_error]")?;
        for event in Event::ALL {
            writeln!(text, "{} = \"{}\"", event.name(), self.on_error(event).name())?;
        }
        writeln!(text, "\n[rules]")?;
        for code in codes() {
            writeln!(text, "{} = {}", code.name(), self.enabled[code as usize])?;
        }
        for event in Event::ALL {
            writeln!(text, "\n[actions.{}]", event.name())?;
            for code in codes() {
                writeln!(text, "{} = \"{}\"", code.name(), self.actions.of(event, code).name())?;
            }
        }
        Ok(())
    }
}

/// A text as TOML's basic string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control.is_control() => quoted.push_str(&format!("\\U{:08X}", u32::from(control))),
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}
