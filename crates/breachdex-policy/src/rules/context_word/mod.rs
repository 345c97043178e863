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

use breachdex_messages::{Passwords, Reports, Words};

use self::fold::Folded;
use self::words::{Word, words_of_address, words_of_name};
use super::Rule;
use crate::action::Action;
use crate::event::Event;
use crate::policy::{Candidate, Examination};
use crate::profile::Profile;
use crate::reason::{Fact, Facts, Given};

/// Where a context word comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum WordSource {
    /// The account's name.
    UserName,
    /// The account's e-mail address.
    Email,
    /// The name of the service.
    ServiceName,
    /// The other words of the policy.
    Context,
}

impl WordSource {
    /// Every source.
    pub const ALL: [Self; 4] = [Self::UserName, Self::Email, Self::ServiceName, Self::Context];

    /// `user_name`, `email`, `service_name` or `context`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserName => "user_name",
            Self::Email => "email",
            Self::ServiceName => "service_name",
            Self::Context => "context",
        }
    }
}

impl Rule for WordSource {
    const NAME: &'static str = "context_word";

    fn is_on(profile: Profile) -> bool {
        profile != Profile::AsvsLevel1
    }

    fn examine(examination: &mut Examination<'_>) -> Option<Self> {
        let Candidate { password, user_name, email, .. } = *examination.candidate;
        examination.rules.words.find(password, user_name, email)
    }

    fn facts(&self) -> Facts {
        vec![("source", Fact::Text(self.name()))]
    }

    fn from_facts(given: Given<'_>) -> Option<Self> {
        given.one_of("source", &Self::ALL, Self::name)
    }

    fn message(&self, _: Event, action: Action, words: Words<Passwords>) -> String {
        let text = if action.warns() { words.context_word_warning() } else { words.context_word() };
        text.to_owned()
    }

    fn title(words: Words<Reports>) -> &'static str {
        words.rule_context_word()
    }
}

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
