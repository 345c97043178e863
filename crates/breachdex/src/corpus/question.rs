//! What a corpus is asked: a digest, or a password in its forms.

#![forbid(unsafe_code)]

use std::slice;

use super::{Corpus, Finding, Form, OnError};
#[cfg(feature = "forms")]
use super::{FormSet, each_form};
use crate::digest::{Digest, Kind, PasswordHasher};
use crate::error::Result;
#[cfg(feature = "forms")]
use crate::memory::push;

/// A question to a [`Corpus`]: the digests of one password, one for each of its forms. Holds no password.
#[derive(Clone, Debug)]
pub struct Question {
    /// The form that is most like what was received first; never empty.
    forms: Vec<(Form, Digest)>,
}

impl From<Digest> for Question {
    fn from(digest: Digest) -> Self {
        Self { forms: vec![(Form::Raw, digest)] }
    }
}

impl Question {
    /// A password exactly as its bytes are.
    ///
    /// # Errors
    /// [`Error::PasswordNotUtf8`](crate::Error::PasswordNotUtf8) for an NTLM digest.
    pub fn exact(kind: Kind, password: &[u8]) -> Result<Self> {
        Ok(Self::from(digest(kind, password)?))
    }

    /// A password in its forms: as its bytes are, as `stored` (the form that the caller keeps), and in those of
    /// `wanted`. Bytes that are not UTF-8 have no other forms than the stored one. Plain ASCII has one.
    ///
    /// # Errors
    /// [`Error::PasswordNotUtf8`](crate::Error::PasswordNotUtf8) for an NTLM digest.
    #[cfg(feature = "forms")]
    pub fn password(kind: Kind, password: &[u8], stored: Option<&str>, wanted: FormSet) -> Result<Self> {
        let mut forms = Vec::with_capacity(1);
        match std::str::from_utf8(password) {
            Ok(text) => {
                each_form(text, stored, wanted, |form, text| {
                    push(&mut forms, (form, digest(kind, text.as_bytes())?));
                    Ok::<_, crate::Error>(None::<()>)
                })?;
            }
            Err(_) => {
                push(&mut forms, (Form::Raw, digest(kind, password)?));
                if let Some(stored) = stored {
                    push(&mut forms, (Form::Stored, digest(kind, stored.as_bytes())?));
                }
            }
        }
        Ok(Self { forms })
    }

    /// The digests with their forms, in the order in which they decide.
    pub fn forms(&self) -> &[(Form, Digest)] {
        &self.forms
    }

    /// Joins the findings about the forms, in their order: the first form that is exposed, else the first fault, else
    /// not exposed. A form that could not be answered makes an exposure partial.
    fn join(&self, findings: &mut impl Iterator<Item = Finding>) -> Finding {
        let named = self.forms.iter().zip(findings).map(|((form, _), finding)| finding.with_form(*form));
        named.reduce(Finding::or).unwrap_or(Finding::NotExposed { count: 0 })
    }
}

impl Corpus {
    /// What is known about a password in all forms of the question. `min_count` as in [`Corpus::find`].
    ///
    /// # Errors
    /// [`Error::WrongKind`](crate::Error::WrongKind).
    ///
    /// ```
    /// use breachdex::{Corpus, Form, FormSet, Index, Kind, Question};
    /// let corpus = Corpus::from(Index::starter()?);
    /// let question = Question::password(Kind::Sha1, "ｐａｓｓｗｏｒｄ".as_bytes(), None, FormSet::default())?;
    /// assert_eq!(corpus.ask(&question, 1)?.exposure().map(|found| found.form), Some(Form::Nfkc));
    /// # Ok::<(), breachdex::Error>(())
    /// ```
    pub fn ask(&self, question: &Question, min_count: u64) -> Result<Finding> {
        if let [(form, digest)] = &*question.forms {
            return Ok(self.find(digest, min_count)?.with_form(*form));
        }
        let mut findings = self.ask_many(slice::from_ref(question), min_count)?;
        Ok(findings.pop().unwrap_or(Finding::NotExposed { count: 0 }))
    }

    /// [`Corpus::ask`] of many questions, in their order, interleaved on the calling thread. A range server is asked for
    /// all of them at once.
    ///
    /// # Errors
    /// As [`Corpus::ask`], for the first question that has one.
    pub fn ask_many(&self, questions: &[Question], min_count: u64) -> Result<Vec<Finding>> {
        Ok(join_all(questions, self.find_many(&digests(questions), min_count)?))
    }

    /// [`Corpus::ask_many`] on the threads of a pool.
    ///
    /// # Errors
    /// As [`Corpus::ask`], for the first question that has one.
    #[cfg(feature = "parallel")]
    pub fn par_ask_many(
        &self,
        questions: &[Question],
        min_count: u64,
        pool: &rayon::ThreadPool,
    ) -> Result<Vec<Finding>> {
        Ok(join_all(questions, self.par_find_many(&digests(questions), min_count, pool)?))
    }

    /// [`Corpus::ask`], with what `on_error` says about a fault.
    ///
    /// # Errors
    /// As [`OnError::decide`], and as [`Corpus::ask`].
    pub fn decide(
        &self,
        question: &Question,
        min_count: u64,
        on_error: OnError,
    ) -> Result<super::Decision, Box<super::SourceError>> {
        let finding = self.ask(question, min_count).map_err(|error| Box::new(error.into()))?;
        on_error.decide(finding)
    }
}

/// The digests of all questions, one after another.
fn digests(questions: &[Question]) -> Vec<Digest> {
    // Room for all, so that no copy is left behind where the list grows.
    let mut all = Vec::with_capacity(questions.iter().map(|question| question.forms.len()).sum());
    all.extend(questions.iter().flat_map(|question| &question.forms).map(|(_, digest)| digest.clone()));
    all
}

/// The findings about [`digests`], joined for each question.
fn join_all(questions: &[Question], findings: Vec<Finding>) -> Vec<Finding> {
    let mut findings = findings.into_iter();
    let of = |question: &Question| question.join(&mut findings.by_ref().take(question.forms.len()));
    questions.iter().map(of).collect()
}

/// The digest of a kind.
fn digest(kind: Kind, bytes: &[u8]) -> Result<Digest> {
    if kind == Kind::Sha1 {
        return Ok(Digest::sha1(bytes));
    }
    let mut hasher = PasswordHasher::new(kind);
    hasher.update(bytes);
    hasher.finish_reset()
}
