//! The unfinished index: the file to which complete groups are appended, and the list of them.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use breachdex::files::{self, Disk};
use breachdex::{AssembledGroup, Assembler};

use crate::error::{Result, io_error};
use crate::journal::{GroupState, Record};

/// The file and the groups in it.
pub(super) struct Unfinished {
    disk: Arc<dyn Disk>,
    pub(super) path: PathBuf,
    pub(super) file: File,
    /// Bytes of all groups.
    pub(super) length: u64,
    pub(super) groups: Vec<AssembledGroup>,
    buffer: Vec<u8>,
}

impl Unfinished {
    /// Opens the file or makes an empty one; no group of it is known yet. Groups are then read from the disk, not from what
    /// memory has of an earlier run. To be called while the journal is locked.
    pub(super) fn open(path: PathBuf) -> Result<Self> {
        let disk = files::current();
        let (file, is_new) = files::open_or_create(&*disk, &path).map_err(io_error("open", &path))?;
        if !is_new {
            disk.forget(&file).map_err(io_error("write", &path))?;
        }
        Ok(Self { disk, path, file, length: 0, groups: Vec::new(), buffer: Vec::new() })
    }

    /// Takes over a group that a journal's record vouches for; `None` where its bytes are not in the file, or where it is
    /// not the one with that prefix and those ranges.
    pub(super) fn take_over(
        &mut self,
        record: &Record,
        (prefix, ranges): (u32, u16),
    ) -> Result<Option<GroupState>> {
        let Some(state) = GroupState::of(record) else { return Ok(None) };
        let group = &state.group;
        let end =
            Assembler::GROUPS_START.checked_add(self.length).and_then(|at| at.checked_add(group.length));
        let held = self.file.metadata().map_err(io_error("read", &self.path))?.len();
        let is_next = (group.prefix, group.ranges, state.offset) == (prefix, ranges, self.length);
        let length = usize::try_from(group.length).ok();
        let (true, Some(length)) = (is_next && end.is_some_and(|end| end <= held), length) else {
            return Ok(None);
        };
        self.buffer.resize(length, 0);
        files::ReadFrom::new(&self.file, Assembler::GROUPS_START + self.length)
            .read_exact(&mut self.buffer)
            .map_err(io_error("read", &self.path))?;
        if crc32c::crc32c(&self.buffer) != state.crc {
            return Ok(None);
        }
        self.length += group.length;
        self.groups.push(group.clone());
        Ok(Some(state))
    }

    /// Cuts off what lies behind the groups taken over.
    pub(super) fn cut(&mut self) -> Result<()> {
        // Without groups the file is new, or of a run that is not gone on with.
        let end = if self.length == 0 { 0 } else { Assembler::GROUPS_START + self.length };
        self.disk.set_len(&self.file, end).map_err(io_error("write", &self.path))
    }

    /// Appends a group's bytes. Returns their offset from the first group and their CRC.
    pub(super) fn append(&mut self, group: AssembledGroup, bytes: &[u8]) -> Result<(u64, u32)> {
        let offset = self.length;
        files::write_all_at(&*self.disk, &self.file, bytes, Assembler::GROUPS_START + offset)
            .map_err(io_error("write", &self.path))?;
        self.length += group.length;
        self.groups.push(group);
        Ok((offset, crc32c::crc32c(bytes)))
    }

    pub(super) fn sync(&self) -> Result<()> {
        self.disk.sync(&self.file).map_err(io_error("write", &self.path))
    }
}
