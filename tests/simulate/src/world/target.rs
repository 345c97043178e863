//! What is at the target, and beside it, after a job.

use std::collections::BTreeSet;

use super::{Checked, World};
use crate::disk::Crash;
use crate::model::{self, Content, read};

impl World {
    /// Every range that has a file of text has all of it there, and once a download says so, all ranges have one.
    pub(super) fn check_text(&self) -> Checked {
        if !self.setup.text || !self.text().exists() {
            return Ok(());
        }
        for prefix in &self.setup.prefixes {
            let since = self.text_since.unwrap_or(0);
            let text = match std::fs::read(self.text().join(format!("{prefix:05X}.txt"))) {
                Ok(text) => text,
                Err(_) if self.text_since.is_none() => continue,
                Err(error) => return Err(format!("the text of {prefix:05X} is gone: {error}")),
            };
            let wrong = |reason| {
                format!("the text of {prefix:05X} is none that the server had since {since}: {reason}")
            };
            let rows = model::read_text(&text, *prefix, self.setup.kind).map_err(wrong)?;
            if !self.server.rows_since(*prefix, since).contains(&rows) {
                return Err(wrong(String::from_utf8_lossy(&text).into_owned()));
            }
        }
        Ok(())
    }

    /// Whether a range of an index is one that the server had since a time.
    pub(super) fn was_served(&self, prefix: u32, content: &Content, since: u64) -> bool {
        let states = self.server.rows_since(prefix, since);
        states.iter().any(|rows| self.setup.kept(rows) == content[&prefix])
    }

    /// Looks at the target after a job that may have replaced it. `is_new` says whether it is what the job may have
    /// made; `published` whether the job says that it did, and whether that is certain to be on disk.
    pub(super) fn settle(
        &mut self,
        crash: Option<Crash>,
        published: Option<bool>,
        is_new: impl Fn(&Self, &Content) -> Checked,
    ) -> Checked {
        self.check_text()?;
        let actual = read(&self.target(), &self.setup)?;
        let is_lost = crash == Some(Crash::Power);
        let is_old = actual == self.target;
        let is_back = is_lost && self.target_back.contains(&actual);
        let new = actual.as_ref().map_or_else(|| Err("it is gone".into()), |content| is_new(self, content));
        let may_be_old = published.is_none() || (is_lost && published == Some(false));
        match new {
            Ok(()) => {}
            Err(_) if may_be_old && (is_old || is_back) => {}
            Err(reason) => return Err(format!("the target is neither old nor new: {reason}")),
        }
        if is_lost {
            if is_back && !is_old {
                self.update_since = Some(self.update_before);
            }
            self.target_back.clear();
        } else if published == Some(true) {
            self.target_back.clear();
        } else if !is_old || published.is_some() {
            self.target_back.push(self.target.clone());
        }
        self.target = actual;
        Ok(())
    }

    /// Nothing that begins so may be in the folder.
    pub(super) fn nothing_else(&self, starts: &[&str], job: &str) -> Checked {
        let names = self.names();
        let left = names.iter().find(|name| starts.iter().any(|start| name.starts_with(start)));
        let other = if job == "download" { "breachdex-update" } else { "breachdex-download" };
        match left.filter(|left| !left.contains(other)) {
            Some(left) => Err(format!("the {job} left {left}")),
            None => Ok(()),
        }
    }

    pub(super) fn names(&self) -> BTreeSet<String> {
        let entries = std::fs::read_dir(self.folder.path()).expect("the folder");
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }
}
