//! The XML that KeePass 2 and KeePassXC export, as a stream; no DTD, and no entities but XML's own.
//!
//! An entry is `KeePassFile/Root/Group/.../Entry`, its fields `String/Key` and `String/Value`, its old states
//! `History/Entry`. What lies in the recycle bin, which `Meta/RecycleBinUUID` names, counts as old too.

#![forbid(unsafe_code)]

use std::io::BufReader;

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use zeroize::{Zeroize as _, Zeroizing};

use super::{Format, Request, Spec, Unit};
use crate::account::{AccountKind, Record, Secret, Sink};
use crate::error::{AuditError, LineFault, Result};
use crate::read::input::Opened;
use crate::read::text::Text;

/// No export nests as deeply.
const DEEPEST: usize = 200;

pub(super) static FORMAT: Spec = Spec {
    name: "keepass-xml",
    describe: |words| words.format_export("KeePass", "XML"),
    unit: Unit::Entry,
    extensions: &["xml"],
    recognises: |_, start| start.text.trim().is_empty() || start.text.contains("KeePassFile"),
    read,
    ..Spec::BASE
};

fn read(input: Opened<'_>, _: &Request<'_>, sink: &mut dyn Sink) -> Result<()> {
    let failed = Opened::failed(&input.name);
    let text = Text::new(input.reader, None).map_err(&failed)?;
    let mut reader = Reader::from_reader(BufReader::with_capacity(1 << 16, text));
    let mut document = Document::default();
    let mut buffer = Zeroizing::new(Vec::new());
    loop {
        let refused = |reason: String| AuditError::NotTheFormat {
            name: input.name.clone(),
            format: Format::KeepassXml,
            reason,
        };
        let event = match reader.read_event_into(&mut buffer) {
            Ok(event) => event,
            Err(quick_xml::Error::Io(error)) => {
                return Err(failed(std::io::Error::new(error.kind(), "the system refused")));
            }
            // The library's own words may quote what it met.
            Err(_) => return Err(refused(format!("it is no XML from byte {} on", reader.error_position()))),
        };
        let understood = match event {
            Event::Eof => break,
            Event::Start(tag) => document.begin(&tag),
            Event::Empty(tag) => match document.begin(&tag) {
                Ok(()) => document.end(sink)?,
                refused => refused,
            },
            Event::End(_) => document.end(sink)?,
            Event::Text(text) => {
                document.add(&text.xml10_content());
                Ok(())
            }
            Event::CData(text) => {
                document.add(&text.xml10_content());
                Ok(())
            }
            Event::GeneralRef(reference) => document.refer(&reference),
            Event::DocType(_) => Err("it has a DOCTYPE, which no export has; it is not read any further"),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => Ok(()),
        };
        understood.map_err(|reason| refused(reason.to_owned()))?;
        buffer.zeroize();
    }
    if document.path.is_empty() && document.has_root {
        Ok(())
    } else {
        Err(AuditError::NotTheFormat {
            name: input.name,
            format: Format::KeepassXml,
            reason: String::from("it ends before its elements do"),
        })
    }
}

/// Elements that matter; all others are `Other`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    Document,
    RecycleBin,
    Group,
    Uuid,
    Entry,
    History,
    Field,
    Key,
    Value,
    Other,
}

/// Why the file is not read any further.
type Refusal = Result<(), &'static str>;

#[derive(Default)]
struct Document {
    /// The open elements.
    path: Vec<Element>,
    has_root: bool,
    /// Text of the innermost element that matters.
    text: Zeroizing<String>,
    recycle_bin: Option<String>,
    /// The open groups, and whether each is in the recycle bin.
    groups: Vec<bool>,
    /// The open entries: one, and within its history another.
    entries: Vec<Entry>,
    key: String,
    value_is_encrypted: bool,
    number: u64,
}

#[derive(Default)]
struct Entry {
    number: u64,
    is_former: bool,
    user: String,
    password: Zeroizing<String>,
    is_encrypted: bool,
}

impl Document {
    fn begin(&mut self, tag: &BytesStart<'_>) -> Refusal {
        let element = match (tag.name().as_ref(), self.path.last()) {
            ("KeePassFile", None) => Element::Document,
            (_, None) => return Err("its root element is not KeePassFile"),
            ("RecycleBinUUID", _) => Element::RecycleBin,
            ("Group", _) => Element::Group,
            ("UUID", _) => Element::Uuid,
            ("Entry", _) => Element::Entry,
            ("History", Some(Element::Entry)) => Element::History,
            ("String", Some(Element::Entry)) => Element::Field,
            ("Key", Some(Element::Field)) => Element::Key,
            ("Value", Some(Element::Field)) => Element::Value,
            _ => Element::Other,
        };
        if self.path.len() >= DEEPEST {
            return Err("its elements are nested too deeply");
        }
        match element {
            Element::Document => self.has_root = true,
            Element::Group => self.groups.push(self.groups.last().copied().unwrap_or(false)),
            Element::Entry => {
                self.number += 1;
                let is_former =
                    self.path.contains(&Element::History) || self.groups.last().is_some_and(|bin| *bin);
                self.entries.push(Entry { number: self.number, is_former, ..Entry::default() });
            }
            Element::Field => {
                self.key.clear();
                self.value_is_encrypted = false;
            }
            // A database's own form; an export says ProtectInMemory instead and has the text itself.
            Element::Value => {
                let protected =
                    tag.try_get_attribute("Protected").map_err(|_| "an attribute of it is no XML")?;
                self.value_is_encrypted =
                    protected.is_some_and(|protected| protected.value.eq_ignore_ascii_case("true"));
            }
            _ => {}
        }
        self.text.zeroize();
        self.path.push(element);
        Ok(())
    }

    fn add(&mut self, text: &str) {
        if matches!(
            self.path.last(),
            Some(Element::RecycleBin | Element::Uuid | Element::Key | Element::Value)
        ) {
            self.text.push_str(text);
        }
    }

    fn refer(&mut self, reference: &BytesRef<'_>) -> Refusal {
        const FOREIGN: &str = "it has an entity that is not XML's own";
        let character = match reference.resolve_char_ref() {
            Ok(Some(character)) => character,
            Ok(None) => match reference.xml10_content().as_ref() {
                "lt" => '<',
                "gt" => '>',
                "amp" => '&',
                "apos" => '\'',
                "quot" => '"',
                _ => return Err(FOREIGN),
            },
            Err(_) => return Err(FOREIGN),
        };
        self.add(character.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    /// What the sink says, and whether to read on.
    fn end(&mut self, sink: &mut dyn Sink) -> Result<Refusal> {
        let Some(element) = self.path.pop() else { return Ok(Err("an element ends that never began")) };
        match (element, self.path.last(), self.entries.last_mut()) {
            (Element::RecycleBin, ..) => self.recycle_bin = Some(self.text.trim().to_owned()),
            (Element::Uuid, Some(Element::Group), _) => {
                if self.recycle_bin.as_deref() == Some(self.text.trim())
                    && let Some(group) = self.groups.last_mut()
                {
                    *group = true;
                }
            }
            (Element::Group, ..) => drop(self.groups.pop()),
            (Element::Key, ..) => self.key = self.text.as_str().to_owned(),
            (Element::Value, _, Some(entry)) => match self.key.as_str() {
                "UserName" if !self.value_is_encrypted => entry.user = self.text.as_str().to_owned(),
                "Password" => {
                    entry.password = std::mem::take(&mut self.text);
                    entry.is_encrypted = self.value_is_encrypted && !entry.password.is_empty();
                }
                _ => {}
            },
            (Element::Entry, ..) => {
                if let Some(entry) = self.entries.pop() {
                    entry.tell(sink)?;
                }
            }
            _ => {}
        }
        self.text.zeroize();
        Ok(Ok(()))
    }
}

impl Entry {
    fn tell(&self, sink: &mut dyn Sink) -> Result<()> {
        if self.is_encrypted {
            return sink.malformed(self.number, LineFault::Encrypted);
        }
        let record = match self.password.as_str() {
            // The password is another entry's, which is looked up there.
            reference if reference.starts_with("{REF:P@") => {
                Record::new(self.number, &self.user, Secret::Absent)
            }
            "" => Record::new(self.number, &self.user, Secret::Absent),
            password => Record::with_password(self.number, &self.user, password.as_bytes()),
        };
        let account_kind = if self.is_former { AccountKind::Former } else { AccountKind::Account };
        sink.record(Record { account_kind, ..record })
    }
}
