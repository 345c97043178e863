//! The timeline as an SVG within the page: a bar for each slot.

#![forbid(unsafe_code)]

use breachdex_messages::Language;
use maud::{Markup, html};

use super::readable;
use crate::replay::{Slot, Timeline};

/// Units of the picture.
const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 62.0;
const BOTTOM: f64 = 190.0;
const TOP: f64 = 14.0;

/// The picture with its legend.
pub(super) fn plot(timeline: &Timeline, language: Language) -> Markup {
    let words = language.incidents();
    let most = timeline.slots.iter().map(|slot| slot.failures.max(slot.taken)).max().unwrap_or(0).max(1);
    let step = (WIDTH - LEFT) / timeline.slots.len().max(1) as f64;
    let height = |number: u64| (BOTTOM - TOP) * number as f64 / most as f64;
    let labels = [0, timeline.slots.len() / 2, timeline.slots.len().saturating_sub(1)];
    html! {
        figure {
            svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(words.timeline()) {
                line.axis x1=(LEFT) y1=(BOTTOM) x2=(WIDTH) y2=(BOTTOM) {}
                text.tick x=(LEFT - 6.0) y=(TOP + 5.0) text-anchor="end" { (language.grouped(most)) }
                text.tick x=(LEFT - 6.0) y=(BOTTOM) text-anchor="end" { "0" }
                @for (at, slot) in timeline.slots.iter().enumerate() {
                    (bars(slot, LEFT + step * at as f64, step, &height))
                }
                @for (place, at) in labels.into_iter().enumerate() {
                    @let anchor = ["start", "middle", "end"][place];
                    @let x = [LEFT, LEFT + (WIDTH - LEFT) / 2.0, WIDTH][place];
                    @if place == 0 || at != labels[place - 1] {
                        text.tick x=(x) y=(BOTTOM + 20.0) text-anchor=(anchor) { (readable(timeline.begin(at))) }
                    }
                }
            }
            figcaption {
                p.legend {
                    span.failures { "■ " } (words.legend_failures()) " "
                    span.suspected { "■ " } (words.legend_suspected()) " "
                    span.taken { "■ " } (words.legend_taken())
                }
                p.faint { (words.timeline_about(u64::from(timeline.slot) / 60)) }
            }
        }
    }
}

fn bars(slot: &Slot, x: f64, step: f64, height: &dyn Fn(u64) -> f64) -> Markup {
    let width = (step * 0.86).max(0.5);
    let bar = |class: &str, number: u64, x: f64, width: f64| {
        let tall = height(number);
        html! {
            @if number > 0 {
                rect class=(class) x=(format!("{x:.2}")) y=(format!("{:.2}", BOTTOM - tall.max(1.0)))
                    width=(format!("{width:.2}")) height=(format!("{:.2}", tall.max(1.0))) {}
            }
        }
    };
    html! {
        (bar("failures", slot.failures, x, width))
        (bar("suspected", slot.suspected, x, width))
        (bar("taken", slot.taken, x + width * 0.3, width * 0.4))
    }
}
