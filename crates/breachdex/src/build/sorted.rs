//! The run over sorted inputs: every piece is parsed and encoded apart, in one pass. It ends early, and says
//! where, when the inputs turn out not to be sorted.

#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::groups::{GroupLog, PlacedSpan, SpanWriter};
use super::intake::{Intake, LineCount, Lines, Trouble};
use super::pipeline::Stage;
use super::report::Stopwatches;
use super::span::{Misfit, Plan, Span, SpanBuilder};
use crate::error::Result;
use crate::input::blocks::Cut;
use crate::input::stream::{InputStream, Work};

/// The stage that makes groups of pieces.
pub(crate) struct Sorted<'a, 'i> {
    pub(crate) plan: &'a Plan,
    pub(crate) intake: &'a Intake<'i>,
    pub(crate) writer: SpanWriter<'a>,
    pub(crate) watches: &'a Stopwatches,
    /// Set when the inputs turned out not to be sorted.
    pub(crate) ended: AtomicBool,
}

/// What became of the pieces so far.
pub(crate) struct SortedSink {
    pub(crate) log: GroupLog,
    pub(crate) lines: LineCount,
    /// Whether there was any row, or a range that is said to be empty.
    pub(crate) any: bool,
    /// The 16-bit prefix of the last group.
    last: Option<u64>,
    pub(crate) disorder: Option<Disorder>,
}

/// The inputs are not sorted.
pub(crate) struct Disorder {
    pub(crate) place: String,
    /// The pieces that are in no group yet, in order.
    pub(crate) pieces: Vec<Work>,
}

impl SortedSink {
    pub(crate) fn new(inputs: usize) -> Self {
        Self {
            log: GroupLog::default(),
            lines: LineCount::new(inputs),
            any: false,
            last: None,
            disorder: None,
        }
    }
}

/// A piece and what it became.
pub(crate) struct Outcome {
    work: Work,
    result: Result<Span, Trouble>,
    lines: Vec<Lines>,
}

impl<'a, 'i> Stage for Sorted<'a, 'i> {
    type Source = InputStream<'i>;
    type Work = Work;
    type Scratch = SpanBuilder<'a>;
    type Output = Outcome;
    type Sink = SortedSink;
    type Rest = PlacedSpan;

    fn next(&self, source: &mut Self::Source) -> Result<Option<Work>> {
        if self.ended.load(Ordering::Relaxed) {
            return Ok(None);
        }
        self.watches.parsing.time(|| source.next_work(Cut::Prefix))
    }

    fn scratch(&self) -> SpanBuilder<'a> {
        SpanBuilder::new(self.plan)
    }

    fn process(&self, builder: &mut SpanBuilder<'a>, work: Work) -> Result<Outcome> {
        let start = Instant::now();
        builder.begin(self.writer.buffer());
        let mut lines = Vec::new();
        let fed = self.intake.feed(&work, builder, &mut lines);
        let (span, encoding) = builder.finish()?;
        self.watches.encoding.add(encoding);
        self.watches.parsing.add(start.elapsed().saturating_sub(encoding));
        Ok(Outcome { work, result: fed.map(|()| span), lines })
    }

    fn accept(&self, sink: &mut SortedSink, outcome: Outcome) -> Result<Option<PlacedSpan>> {
        let Outcome { work, result, lines } = outcome;
        if let Some(disorder) = &mut sink.disorder {
            disorder.pieces.push(work);
            return Ok(None);
        }
        let result = result.and_then(|span| match (sink.last, span.bounds) {
            (Some(last), Some((first, _))) if first.leading(16) <= last => Err(first_line(&work)),
            _ => Ok(span),
        });
        match result {
            Ok(span) => {
                sink.any |=
                    span.bounds.is_some() || span.totals.left_out > 0 || matches!(work, Work::Ranges { .. });
                sink.last = span.bounds.map_or(sink.last, |(_, last)| Some(last.leading(16)));
                sink.lines.add(&lines);
                self.intake.recycle(work);
                sink.log.append(span).map(Some)
            }
            Err(trouble) if matches!(trouble.misfit, Misfit::OutOfOrder) => {
                let (input, line) = sink.lines.place(self.intake.inputs, &trouble);
                let place = line.map_or(input.clone(), |line| format!("{input}, line {line}"));
                sink.disorder = Some(Disorder { place, pieces: vec![work] });
                self.ended.store(true, Ordering::Relaxed);
                Ok(None)
            }
            Err(trouble) => Err(sink.lines.error(self.intake.inputs, self.intake.shape, trouble)),
        }
    }

    fn complete(&self, span: PlacedSpan) -> Result<()> {
        self.writer.write(span)
    }

    fn retire(&self, _: SpanBuilder<'a>) -> Result<()> {
        Ok(())
    }
}

/// The disorder of a piece that begins below where the one before ended.
fn first_line(work: &Work) -> Trouble {
    let (input, line) = match work {
        Work::Rows(block) | Work::Passwords(block) => {
            (block.segments.first().map_or(0, |segment| segment.input), Some(1))
        }
        Work::LongPassword { input, .. } => (*input, Some(1)),
        Work::Ranges { input, .. } | Work::Groups { input, .. } | Work::Entries { input, .. } => {
            (*input, None)
        }
    };
    Trouble { input, file: None, line, misfit: Misfit::OutOfOrder }
}
