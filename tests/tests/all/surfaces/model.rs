//! The table of a corpus on plain maps: what every surface must say.

#![forbid(unsafe_code)]

use super::case::{Case, File, Seen, Start, Then, Trouble, full_width, password, range_of};

/// What a source is to those who ask it.
#[derive(Clone, Copy, Debug)]
pub(super) enum View<'a> {
    /// It answers, of these prefixes.
    Answers(&'a Seen, (u32, u32)),
    /// Every answer is a fault of the moment; where it is still known what is covered, of these prefixes.
    Faulty(Option<(u32, u32)>),
    /// It was closed, which is no fault of the moment.
    Closed,
    /// It cannot be opened at all.
    Refused,
}

/// When a surface asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// At the start.
    Start,
    /// Later, with what was opened at the start and follows its files.
    Later { can_close: bool },
    /// Later, by a server, which goes on with what it read of a file that was changed in place.
    Served,
    /// Later, by a program that opens the files anew.
    Anew,
}

/// What a surface must say about one password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Exposed { count: u64, overlay: bool, form: &'static str, partial: bool },
    NotExposed { count: u64 },
    Unknown { transient: bool },
}

/// The sources of a case as they are at a moment.
pub(super) struct Sources<'a> {
    /// A range server last.
    pub(super) bases: Vec<View<'a>>,
    pub(super) overlays: Vec<View<'a>>,
}

impl<'a> Sources<'a> {
    pub(super) fn of(case: &'a Case, moment: Moment) -> Self {
        let mut bases: Vec<View<'_>> = case.bases.iter().map(|file| view(file, moment)).collect();
        if let Some(server) = &case.server {
            let trouble = if moment == Moment::Start { server.start } else { server.then };
            bases.push(match trouble {
                None => View::Answers(&server.seen, (0, 0xF_FFFF)),
                Some(_) => View::Faulty(None),
            });
        }
        Self { bases, overlays: case.overlays.iter().map(|file| view(file, moment)).collect() }
    }

    /// Whether all sources can be opened.
    pub(super) fn can_be_opened(&self) -> bool {
        !self.bases.iter().chain(&self.overlays).any(|view| matches!(view, View::Refused))
    }

    /// What is known about a password, in all forms or as it is.
    pub(super) fn expected(&self, asked: &str, min_count: u64, forms: bool) -> Expected {
        let mut all = vec![self.of_form(asked, "raw", min_count)];
        if let (true, Some(plain)) = (forms, plain_of(asked)) {
            all.push(self.of_form(&plain, "nfkc", min_count));
        }
        let unknown = |found: &Expected| matches!(found, Expected::Unknown { .. });
        let any_unknown = all.iter().any(unknown);
        let any_partial = all.iter().any(|found| matches!(found, Expected::Exposed { partial: true, .. }));
        if let Some(Expected::Exposed { count, overlay, form, .. }) =
            all.iter().find(|found| matches!(found, Expected::Exposed { .. }))
        {
            let partial = any_unknown || any_partial;
            return Expected::Exposed { count: *count, overlay: *overlay, form, partial };
        }
        if let Some(unknown) = all.iter().find(|found| unknown(found)) {
            return unknown.clone();
        }
        let counts = all.iter().map(|found| match found {
            Expected::NotExposed { count } => *count,
            _ => 0,
        });
        Expected::NotExposed { count: counts.max().unwrap_or(0) }
    }

    fn of_form(&self, asked: &str, form: &'static str, min_count: u64) -> Expected {
        let (prefix, _) = range_of(asked);
        let (mut in_bases, mut in_overlays) = (Vec::new(), Vec::new());
        let (mut covered, mut fault) = (false, None);
        for (views, found, decides) in
            [(&self.bases, &mut in_bases, true), (&self.overlays, &mut in_overlays, self.bases.is_empty())]
        {
            for view in views {
                match view {
                    View::Answers(_, (first, last)) | View::Faulty(Some((first, last)))
                        if !(*first..=*last).contains(&prefix) => {}
                    View::Answers(seen, _) => {
                        covered |= decides;
                        found.extend(seen.get(asked));
                    }
                    View::Faulty(_) => fault = fault.or(Some(true)),
                    View::Closed => fault = fault.or(Some(false)),
                    View::Refused => panic!("what cannot be opened is not asked"),
                }
            }
        }
        let sum: u64 = in_bases.iter().copied().sum();
        if !in_overlays.is_empty() || sum >= min_count {
            let count =
                if in_bases.is_empty() { in_overlays.iter().copied().max().unwrap_or(0) } else { sum };
            return Expected::Exposed {
                count,
                overlay: !in_overlays.is_empty(),
                form,
                partial: fault.is_some(),
            };
        }
        match (fault, covered) {
            (Some(transient), _) => Expected::Unknown { transient },
            (None, false) => Expected::Unknown { transient: true },
            (None, true) => Expected::NotExposed { count: sum },
        }
    }

    /// The rows of a range, as `SUFFIX:COUNT`, ascending; `None` where they are not known.
    pub(super) fn rows(&self, prefix: u32, names: &[String]) -> Option<Vec<String>> {
        let covers = |view: &View<'_>| match view {
            View::Answers(_, (first, last)) | View::Faulty(Some((first, last))) => {
                (*first..=*last).contains(&prefix)
            }
            View::Faulty(None) | View::Closed | View::Refused => true,
        };
        let fails = |view: &&View<'_>| covers(view) && !matches!(view, View::Answers(..));
        if self.bases.iter().chain(&self.overlays).any(|view| fails(&view)) {
            return None;
        }
        if !self.bases.iter().any(covers) {
            return None;
        }
        let counts = |views: &[View<'_>], name: &String| -> Vec<u64> {
            let held = views.iter().filter(|view| covers(view)).map(|view| match view {
                View::Answers(seen, _) => seen.get(name).copied(),
                _ => None,
            });
            held.flatten().collect()
        };
        let mut rows: Vec<String> = Vec::new();
        for name in names {
            let (found, suffix) = range_of(name);
            if found != prefix {
                continue;
            }
            let (bases, overlays) = (counts(&self.bases, name), counts(&self.overlays, name));
            if bases.is_empty() && overlays.is_empty() {
                continue;
            }
            let count =
                if bases.is_empty() { overlays.into_iter().max().unwrap() } else { bases.into_iter().sum() };
            rows.push(format!("{suffix}:{count}"));
        }
        rows.sort();
        Some(rows)
    }
}

/// What a full-width password is in NFKC; `None` of a plain one.
fn plain_of(asked: &str) -> Option<String> {
    (0..1000).map(password).find(|plain| full_width(plain) == asked)
}

fn view(file: &File, moment: Moment) -> View<'_> {
    let at_start = match file.start {
        Start::Sound | Start::DamagedNotes => View::Answers(&file.seen, file.span),
        Start::DamagedGroup => View::Faulty(Some(file.span)),
        Start::DamagedDirectory
        | Start::DamagedFacts
        | Start::Cut
        | Start::Empty
        | Start::Text
        | Start::Missing
        | Start::Unreadable => View::Refused,
    };
    match (moment, file.then) {
        (Moment::Start, _) | (_, Then::Stays) => at_start,
        (Moment::Later { can_close: true }, Then::Closed) => View::Closed,
        (_, Then::Closed) => at_start,
        (Moment::Later { .. }, Then::Overwritten) => View::Faulty(None),
        (Moment::Served | Moment::Anew, Then::Overwritten) => View::Faulty(Some(file.span)),
        (_, Then::Replaced) => View::Answers(&file.later, file.span),
        (Moment::Later { .. } | Moment::Served, Then::ReplacedByText | Then::Removed) => at_start,
        (Moment::Anew, Then::ReplacedByText | Then::Removed) => View::Refused,
    }
}

/// What the server of a case sends for a range instead of what it should.
pub(super) fn body(seen: &Seen, prefix: u32, trouble: Option<Trouble>) -> Vec<u8> {
    let mut rows: Vec<String> = seen
        .iter()
        .map(|(name, count)| (range_of(name), count))
        .filter(|((found, _), _)| *found == prefix)
        .map(|((_, suffix), count)| format!("{suffix}:{count}"))
        .collect();
    rows.sort();
    // Padding, and so some row always.
    rows.push(format!("{:0>35}:0", "F"));
    if trouble == Some(Trouble::Malformed) {
        rows.insert(0, format!("{:0>35}", "E"));
    }
    rows.join("\r\n").into_bytes()
}
