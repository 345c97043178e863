//! Some of the input at a time: its digests are looked up in ascending order, and its rows given back in the file's.
//!
//! In order the index is gone through once from front to back, so that its pages are read in the order in which the disk
//! has them, and can be let go of behind it. Passwords that have one form are hashed many at a time.

#![forbid(unsafe_code)]

use breachdex::{Corpus, Digest, DigestList, Kind, Question, memory};
use rayon::ThreadPool;
use rayon::prelude::*;
use zeroize::{Zeroize as _, Zeroizing, zeroize_stack};

use crate::account::Entry;
use crate::error::Result;
use crate::identity::Tags;
use crate::outcome::{self, Outcome};

/// Rows in a window: some 100 bytes each, with 40 for the question.
const ROWS: usize = 1 << 19;
/// Bytes of user names that end a window before that.
const NAMES: usize = 1 << 26;
/// Questions that the index is asked before its pages are let go of.
const SLICE: usize = 1 << 15;

/// Passwords that are hashed together, and digests that wait in a list meanwhile.
const HASHED: usize = 1 << 8;

/// Bytes of stack that hashing, sorting and looking up use at most.
pub(crate) const STACK: usize = 1 << 15;

/// No name is longer; what a broken file may have in its place is cut.
const LONGEST_NAME: usize = 1 << 16;

/// A row whose password was looked up, or is the empty one.
pub(crate) struct Answered<'a> {
    pub(crate) entry: Entry,
    pub(crate) user: &'a str,
    pub(crate) outcome: Outcome,
    pub(crate) tag: u64,
}

struct Row {
    entry: Entry,
    /// Where the user's name ends among all names; it begins where the one before ends.
    name_end: u32,
    tag: u64,
    outcome: Outcome,
}

/// A row's question.
struct Asked {
    /// Of the password as it was read: rows are asked in its order.
    digest: Digest,
    /// The question, where the password has other forms too.
    forms: Option<Box<Question>>,
    row: u32,
}

impl Asked {
    fn question(&self) -> Question {
        self.forms.as_deref().cloned().unwrap_or_else(|| Question::from(self.digest.clone()))
    }
}

/// What is asked about a row.
pub(crate) enum Asks {
    /// Nothing: the empty password.
    Nothing,
    Question(Question),
    /// The password that [`Window::add_password`] took last.
    Added,
}

/// Whom to ask, and how.
pub(crate) struct Asking<'a> {
    pub(crate) corpus: &'a Corpus,
    pub(crate) min_count: u64,
    pub(crate) pool: &'a ThreadPool,
    pub(crate) tags: &'a Tags,
}

/// Rows that wait for their answers.
pub(crate) struct Window {
    rows: Vec<Row>,
    questions: Vec<Asked>,
    names: Zeroizing<String>,
    /// Digests of passwords that are no questions yet.
    list: DigestList,
    /// Their rows.
    listed: Vec<u32>,
}

impl Window {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            rows: Vec::new(),
            questions: Vec::new(),
            names: Zeroizing::default(),
            list: DigestList::new(kind),
            listed: Vec::new(),
        }
    }

    /// Takes a password that is looked up as its bytes are; the row that it belongs to must be pushed next.
    ///
    /// # Errors
    /// [`Error::PasswordNotUtf8`](breachdex::Error::PasswordNotUtf8) for NTLM. There is no such row then.
    pub(crate) fn add_password(&mut self, password: &[u8]) -> breachdex::Result<()> {
        if self.listed.len() >= HASHED {
            // Hashing one by one would overwrite it each time.
            memory::erasing_stack::<STACK, _>(|| self.hash());
        }
        self.list.add_password(password)
    }

    /// Makes questions of the digests in the list.
    fn hash(&mut self) {
        for (row, digest) in self.listed.drain(..).zip(self.list.finish()) {
            memory::push(&mut self.questions, Asked { digest: digest.clone(), forms: None, row });
        }
        self.list.clear();
    }

    /// Takes a row and what is asked about it.
    pub(crate) fn push(&mut self, entry: Entry, user: &str, asks: Asks) {
        let row = self.rows.len() as u32;
        self.names.push_str(clipped(user));
        let name_end = self.names.len() as u32;
        self.rows.push(Row { entry, name_end, tag: 0, outcome: Outcome::default() });
        match asks {
            Asks::Nothing => {}
            Asks::Question(question) => {
                let (_, digest) = &question.forms()[0];
                let digest = digest.clone();
                let forms = (question.forms().len() > 1).then(|| Box::new(question));
                memory::push(&mut self.questions, Asked { digest, forms, row });
            }
            Asks::Added => self.listed.push(row),
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.rows.len() >= ROWS || self.names.len() >= NAMES
    }

    /// Looks all of them up and hands them on in the order in which they came; `go_on` is asked between slices.
    pub(crate) fn settle(
        &mut self,
        asking: &Asking<'_>,
        reasons: &mut Vec<String>,
        go_on: &mut dyn FnMut() -> Result<()>,
        visit: &mut dyn FnMut(Answered<'_>) -> Result<()>,
    ) -> Result<()> {
        memory::erasing_stack::<STACK, _>(|| self.hash());
        let Self { rows, questions, names, .. } = self;
        let Asking { corpus, min_count, pool, tags } = *asking;
        pool.install(|| questions.par_sort_unstable_by(|a, b| a.digest.cmp(&b.digest)));
        for slice in questions.chunks(SLICE) {
            let asked: Vec<Question> = slice.iter().map(Asked::question).collect();
            let outcomes = outcome::ask(corpus, &asked, min_count, pool, reasons)?;
            let tag = |(asked, outcome): (&Asked, &Outcome)| tags.of(&asked.digest, outcome.is_exposed);
            let tagged: Vec<u64> =
                pool.install(|| slice.par_iter().zip(&outcomes).with_min_len(1024).map(tag).collect());
            for ((question, outcome), tag) in slice.iter().zip(outcomes).zip(tagged) {
                let row = &mut rows[question.row as usize];
                row.outcome = outcome;
                row.tag = tag;
            }
            go_on()?;
        }
        questions.clear();
        // Sorting moves digests by the stacks of its threads, which wait for more work.
        pool.broadcast(|_| zeroize_stack::<STACK>());
        let mut name_start = 0;
        for Row { entry, name_end, tag, outcome } in rows.drain(..) {
            let user = &names[name_start..name_end as usize];
            name_start = name_end as usize;
            visit(Answered { entry, user, outcome, tag })?;
        }
        names.zeroize();
        Ok(())
    }
}

pub(crate) fn clipped(name: &str) -> &str {
    &name[..name.floor_char_boundary(LONGEST_NAME)]
}
