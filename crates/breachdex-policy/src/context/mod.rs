//! Words that make bad passwords because they are known: the account's name and address, the service's name.
//!
//! A password is compared as a *whole*: `fold` makes both sides alike (width, case, leet), `words` says which
//! words an account gives, `matching` takes digits and symbols off both ends and compares. A word in the
//! middle of a longer password is none of this rule's business: NIST SP 800-63B-4, 3.1.1.2, compares the
//! entire password and not parts of it.

#![forbid(unsafe_code)]

mod fold;
mod matching;
mod words;

use crate::reason::WordSource;

use fold::Folded;
use words::{Word, words_of_address, words_of_name};

/// Longer names are no words that anybody would type as a password.
const LONGEST_NAME: usize = 512;

/// Longer passwords, once folded, are much more than any word.
const LONGEST_PASSWORD: usize = 2048;

/// The words that are the same for every account.
#[derive(Clone, Default)]
pub(crate) struct ContextWords {
    words: Vec<(WordSource, Word)>,
    /// As they were written.
    service_name: Option<String>,
    context: Vec<String>,
}

/// Says how many, never which.
impl std::fmt::Debug for ContextWords {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ContextWords({})", self.words.len())
    }
}

impl ContextWords {
    /// The words of a service's name and of a list.
    pub(crate) fn new(service_name: Option<&str>, context: &[String]) -> Self {
        let service = service_name.into_iter().map(|name| (WordSource::ServiceName, name));
        let listed = context.iter().map(|word| (WordSource::Context, word.as_str()));
        let word = |(source, text)| Some((source, Word::new(text)?));
        Self {
            words: service.chain(listed).filter_map(word).collect(),
            service_name: service_name.map(str::to_owned),
            context: context.to_vec(),
        }
    }

    /// The service's name, as it was written.
    pub(crate) fn service_name(&self) -> Option<&str> {
        self.service_name.as_deref()
    }

    /// The other words, as they were written.
    pub(crate) fn context(&self) -> &[String] {
        &self.context
    }

    /// Where the first word comes from that the password is little more than.
    pub(crate) fn find(
        &self,
        password: &str,
        user_name: Option<&str>,
        email: Option<&str>,
    ) -> Option<WordSource> {
        let named = |text: &&str| !text.is_empty() && text.len() <= LONGEST_NAME;
        let (user_name, email) = (user_name.filter(named), email.filter(named));
        if self.words.is_empty() && user_name.is_none() && email.is_none() {
            return None;
        }
        let password = Folded::new(password);
        if password.is_empty() || password.characters().len() > LONGEST_PASSWORD {
            return None;
        }
        let matches = |word: &Word| word.matches(&password);
        if user_name.is_some_and(|name| words_of_name(name, matches)) {
            return Some(WordSource::UserName);
        }
        if email.is_some_and(|address| words_of_address(address, user_name, matches)) {
            return Some(WordSource::Email);
        }
        self.words.iter().find(|(_, word)| word.matches(&password)).map(|(source, _)| *source)
    }
}
