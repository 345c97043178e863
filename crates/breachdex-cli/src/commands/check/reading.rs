//! A line of `check` on its way to a question.

#![forbid(unsafe_code)]

use breachdex::{FormSet, Question};

use super::pair::Pair;
use super::{Asked, Asking, Fault};
use crate::passwords::{self, Line};

/// Reads one line after another, each in the place of the one before, so that nothing of it is left.
pub(super) enum Reading {
    /// Hashed piece by piece, whatever its length.
    Hashed(passwords::Question),
    /// Kept whole, for its forms or for exposed pairs.
    Whole(Asking, Line),
}

impl Reading {
    pub(super) fn new(asking: Asking) -> Self {
        match asking.forms || asking.pairs {
            true => Self::Whole(asking, Line::default()),
            false => Self::Hashed(passwords::Question::new(asking.content, asking.kind)),
        }
    }

    pub(super) fn update(&mut self, piece: &[u8]) {
        match self {
            Self::Hashed(question) => question.update(piece),
            Self::Whole(_, line) => line.push(piece),
        }
    }

    /// The question about the line; `pair` asks the exposed pairs. Not inlined: its copies of the digest go with its stack.
    #[inline(never)]
    pub(super) fn finish(&mut self, pair: impl FnOnce(&[u8]) -> Pair) -> Result<Asked, Fault> {
        match self {
            Self::Hashed(question) => {
                Ok(Asked { question: Question::from(question.finish()?), pair: Pair::NotAsked })
            }
            Self::Whole(asking, line) => {
                let forms = if asking.forms { FormSet::default() } else { FormSet::of(&[]) };
                let asked = line.bytes().ok_or(Fault::TooLong).and_then(|line| {
                    let question = Question::password(asking.kind, line, None, forms)?;
                    Ok(Asked { question, pair: pair(line) })
                });
                line.clear();
                asked
            }
        }
    }
}
