//! What the corpus says about one row.

#![forbid(unsafe_code)]

use breachdex::{Corpus, Decision, Error, Finding, Form, OnError, Origin, Question, SourceError};
use rayon::ThreadPool;

use crate::error::{AuditError, LineFault, Result};

/// Different reasons that a report names.
const MOST_REASONS: usize = 10;

/// What the corpus says about one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Seen as often as asked for, or held by an overlay.
    pub(crate) is_exposed: bool,
    /// An overlay holds it.
    pub(crate) in_overlay: bool,
    /// Whether it is exposed is not known.
    pub(crate) unanswered: Option<LineFault>,
    /// How often it was seen; `None` where a source that holds it stores no counts.
    pub(crate) count: Option<u64>,
    /// The form that is exposed.
    pub(crate) form: Form,
    /// Another source could not answer: the count is a lower bound.
    pub(crate) is_partial: bool,
}

impl Default for Outcome {
    fn default() -> Self {
        Self {
            is_exposed: false,
            in_overlay: false,
            unanswered: None,
            count: None,
            form: Form::Raw,
            is_partial: false,
        }
    }
}

/// Asks about many passwords, quickest in ascending order of digests. `reasons` gets why answers are missing.
///
/// Afterwards no page of the indexes is resident, so that what an audit touches of them does not add up.
///
/// # Errors
/// What is not a fault of the moment.
pub(crate) fn ask(
    corpus: &Corpus,
    questions: &[Question],
    min_count: u64,
    pool: &ThreadPool,
    reasons: &mut Vec<String>,
) -> Result<Vec<Outcome>> {
    let findings = corpus.par_ask_many(questions, min_count, pool)?;
    corpus.release_pages();
    findings.into_iter().map(|finding| Outcome::of(finding, reasons)).collect()
}

impl Outcome {
    fn of(finding: Finding, reasons: &mut Vec<String>) -> Result<Self> {
        let decided = OnError::Accept.decide(finding).map_err(|fault| AuditError::from(*fault))?;
        Ok(match decided {
            Decision::Exposed(exposure) => Self {
                is_exposed: true,
                in_overlay: exposure.origin == Origin::Overlay,
                unanswered: None,
                count: exposure.count,
                form: exposure.form,
                is_partial: exposure.is_partial,
            },
            Decision::NotExposed { count } => Self { count: Some(count), ..Self::default() },
            Decision::Accepted(fault) | Decision::Refused(fault) => {
                let reason = fault.without_place();
                if reasons.len() < MOST_REASONS && !reasons.contains(&reason) {
                    reasons.push(reason);
                }
                Self { unanswered: Some(line_fault(&fault)), ..Self::default() }
            }
        })
    }
}

fn line_fault(fault: &SourceError) -> LineFault {
    match fault {
        SourceError::Index(Error::NotCovered { .. }) => LineFault::NotCovered,
        _ => LineFault::Unanswered,
    }
}
