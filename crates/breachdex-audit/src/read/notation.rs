//! Passwords that a tool wrote in a notation of its own.

#![forbid(unsafe_code)]

use breachdex::text::{Places, is_hex_notation};

use super::assumption::Assumption;
use super::input::Opened;
use crate::account::{Record, Secret, Sink};
use crate::error::{LineFault, Result};
use crate::formats::Request;

/// Reads an input to its end, and says of its passwords how many look like hashcat's `$HEX[...]`, like numbers that a
/// spreadsheet rounded, or like text of a web page in exports of a product that writes such. They are looked up as they are, for somebody's password may be such a text.
pub(crate) fn read(opened: Opened<'_>, request: &Request<'_>, sink: &mut dyn Sink) -> Result<()> {
    let spec = request.format.spec();
    let mut noting = Noting {
        sink,
        has_entities: spec.has_entities,
        is_csv: !spec.headers.is_empty() || spec.takes_delimiter,
        rounded: Places::default(),
        formulas: Places::default(),
        in_hex: Places::default(),
        escaped: Places::default(),
    };
    let read = (spec.read)(opened, request, &mut noting);
    let Noting { in_hex, escaped, rounded, formulas, .. } = noting;
    if in_hex.count > 0 {
        sink.assume(Assumption::HexNotation { passwords: in_hex, unit: request.format.unit() });
    }
    if escaped.count > 0 {
        sink.assume(Assumption::Escaped(escaped));
    }
    if rounded.count > 0 {
        sink.assume(Assumption::Rounded(rounded));
    }
    if formulas.count > 0 {
        sink.assume(Assumption::Formula(formulas));
    }
    read
}

/// Looks at each password on its way.
struct Noting<'a> {
    sink: &'a mut dyn Sink,
    has_entities: bool,
    is_csv: bool,
    rounded: Places,
    formulas: Places,
    in_hex: Places,
    escaped: Places,
}

impl Sink for Noting<'_> {
    fn record(&mut self, record: Record<'_>) -> Result<()> {
        if let Secret::Password(password) = &record.secret {
            if is_hex_notation(password) {
                self.in_hex.add(record.number);
            }
            if self.has_entities && has_entity(password) {
                self.escaped.add(record.number);
            }
            if self.is_csv && is_rounded(password) {
                self.rounded.add(record.number);
            }
            if self.is_csv && is_formula(password) {
                self.formulas.add(record.number);
            }
        }
        self.sink.record(record)
    }

    fn malformed(&mut self, number: u64, fault: LineFault) -> Result<()> {
        self.sink.malformed(number, fault)
    }

    fn other_item(&mut self) {
        self.sink.other_item();
    }

    fn assume(&mut self, assumption: Assumption) {
        self.sink.assume(assumption);
    }
}

/// `2.9065E+13` and, in countries with a decimal comma, `2,9065E+13`: what a spreadsheet shows of twelve and more digits.
fn is_rounded(password: &[u8]) -> bool {
    let Some((number, exponent)) = std::str::from_utf8(password).ok().and_then(|text| text.split_once("E+"))
    else {
        return false;
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, rest) = number.split_once(['.', ',']).unwrap_or((number, "0"));
    whole.len() == 1 && is_number(whole) && is_number(rest) && exponent.len() >= 2 && is_number(exponent)
}

/// `="0123"`.
fn is_formula(password: &[u8]) -> bool {
    password.len() > 3 && password.starts_with(b"=\"") && password.ends_with(b"\"")
}

fn has_entity(password: &[u8]) -> bool {
    let has = |entity: &[u8]| password.windows(entity.len()).any(|part| part == entity);
    has(b"&amp;") || has(b"&lt;") || has(b"&gt;")
}
