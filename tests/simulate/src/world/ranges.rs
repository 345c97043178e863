//! Ranges as files: a folder that appears whole, and whose files are replaced one by one. No file of it is anything but a whole range
//! of an index that was exported, whatever ended a run, and one that is finished is of one index.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::PathBuf;

use breachdex::{Index, OpenOptions};
use breachdex_server::{StaticError, StaticOptions, simulation::write_ranges_in_blocks};

use super::{Checked, Ran, World, say};
use crate::disk::Plan;
use crate::model::Content;

/// Names and plain bodies.
type Files = BTreeMap<String, Vec<u8>>;

/// What was exported, as far as it matters for what may be in the folder.
#[derive(Debug, Default)]
pub(super) struct Exported {
    /// Whether the folder is made by whoever serves it, so that files in it are replaced.
    pub(super) is_given: bool,
    /// Every body that a range may have.
    bodies: BTreeMap<u32, BTreeSet<Vec<u8>>>,
    /// What all runs since the folder was published leave in it.
    stays: Option<BTreeSet<u32>>,
    /// What the folder holds once a run has ended well, and none has begun since.
    finished: Option<Files>,
    /// What a folder that appears may hold.
    whole: Vec<Files>,
}

impl Exported {
    pub(super) fn new(is_given: bool) -> Self {
        Self { is_given, ..Self::default() }
    }
}

impl World {
    pub(super) fn ranges(&self) -> PathBuf {
        self.folder.path().join("ranges")
    }

    pub(super) fn serves_ranges(&self) -> bool {
        self.setup.counts && self.setup.bits.is_none()
    }

    fn static_options(&mut self) -> StaticOptions {
        let mut options = StaticOptions::default();
        options.gzip = self.rng.percent(50);
        options.brotli = false;
        options.lower_case = self.rng.percent(40);
        options.allow_partial = true;
        options.threads = 1;
        options
    }

    /// Exports what is at the target, or what was joined.
    pub(super) fn export(&mut self) -> Checked {
        if !self.serves_ranges() {
            return Ok(());
        }
        let (path, open, content) = match (&self.target, &self.joined) {
            (_, Some(joined)) if self.rng.percent(40) => (self.joined(), OpenOptions::new(), joined.clone()),
            (Some(target), _) => (self.target(), self.setup.open(), target.clone()),
            _ => return Ok(()),
        };
        let options = self.static_options();
        let block = self.rng.pick(&[1, 2, 3, 7, 100]);
        self.begin_export(&content, &options);
        let ran = self.attempt(300, |world, monitor| {
            let index = Index::open_with(&path, open)?;
            write_ranges_in_blocks(&index, &world.ranges(), &options, block, monitor)
        });
        self.conclude_export(&ran, &content, &options)
    }

    fn begin_export(&mut self, content: &Content, options: &StaticOptions) {
        for (prefix, rows) in content {
            let body = self.body(*prefix, rows);
            self.exported.bodies.entry(*prefix).or_default().insert(body);
        }
        let files = self.files(content, options);
        self.exported.whole.push(files);
        if let Some(stays) = &mut self.exported.stays {
            stays.retain(|prefix| content.contains_key(prefix));
        }
    }

    fn conclude_export(
        &mut self,
        ran: &Ran<Result<breachdex_server::StaticReport, StaticError>>,
        content: &Content,
        options: &StaticOptions,
    ) -> Checked {
        let told = ran.result.as_ref().map_err(ToString::to_string);
        say!(self, "  export of {} ranges, {options:?}: {told:?}", content.len());
        match &ran.result {
            Ok(report) if report.ranges != content.len() as u64 => {
                Err(format!("{report:?} of {} ranges", content.len()))
            }
            Ok(_) => {
                self.exported.finished = Some(self.files(content, options));
                self.exported.stays = Some(content.keys().copied().collect());
                Ok(())
            }
            Err(error) if ran.is_calm => {
                Err(format!("nothing stood in its way, and the export failed: {error}"))
            }
            Err(
                StaticError::OtherFolder { .. }
                | StaticError::OtherKind { .. }
                | StaticError::Busy { .. }
                | StaticError::Manifest { .. },
            ) => Err(format!("it failed with what no fault explains: {told:?}")),
            Err(_) => {
                self.exported.finished = None;
                Ok(())
            }
        }
    }

    /// Looks at the folder as whoever serves it does.
    pub(super) fn settle_ranges(&mut self) -> Checked {
        let folder = self.ranges();
        if !folder.is_dir() {
            return match self.exported.stays {
                Some(_) => Err("the folder of ranges is gone".into()),
                None => Ok(()),
            };
        }
        let (mut held, mut others) = (Files::new(), BTreeSet::new());
        for entry in std::fs::read_dir(&folder).expect("the folder").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let bytes = std::fs::read(entry.path()).expect("a file can be read");
            let is_range = name.len() >= 5 && name.as_bytes()[..5].iter().all(u8::is_ascii_hexdigit);
            if !is_range {
                others.insert(name);
                continue;
            }
            let plain =
                plain(&name, &bytes).map_err(|reason| format!("{name} is no whole range: {reason}"))?;
            let prefix = u32::from_str_radix(&name[..5], 16).expect("five digits");
            if !self.exported.bodies.get(&prefix).is_some_and(|bodies| bodies.contains(&plain)) {
                let plain = String::from_utf8_lossy(&plain).into_owned();
                return Err(format!("{name} is no range of any index that was exported: {plain:?}"));
            }
            held.insert(name, plain);
        }
        if let Some(finished) = &self.exported.finished {
            if held != *finished {
                let differs: Vec<&String> = finished
                    .keys()
                    .chain(held.keys())
                    .filter(|name| finished.get(*name) != held.get(*name))
                    .collect();
                return Err(format!("a finished folder is not of the index in {differs:?}"));
            }
            let left: Vec<&String> = others
                .iter()
                .filter(|name| *name != "manifest" && !name.starts_with("manifest.lock"))
                .collect();
            if !left.is_empty() || !others.contains("manifest") {
                return Err(format!("a finished folder has {others:?} beside its ranges"));
            }
        }
        if let Some(missing) =
            self.exported.stays.iter().flatten().find(|prefix| !held.contains_key(&format!("{prefix:05X}")))
        {
            return Err(format!("the range {missing:05X} is gone from a folder that is served"));
        }
        if !self.exported.is_given && self.exported.stays.is_none() {
            // It appeared by a run that was ended behind that, whole.
            if !self.exported.whole.contains(&held) {
                return Err("a folder appeared that is not whole".into());
            }
            self.exported.stays = Some(held.keys().filter_map(|name| prefix_of(name)).collect());
        }
        Ok(())
    }

    /// With all faults gone, the folder is that of the target.
    pub(super) fn end_export(&mut self) -> Checked {
        let Some(content) = self.target.clone().filter(|_| self.serves_ranges()) else { return Ok(()) };
        self.disk.plan(Plan::default());
        let options = self.static_options();
        self.begin_export(&content, &options);
        let index = Index::open_with(self.target(), self.setup.open()).map_err(|error| error.to_string())?;
        let result = self.simulated(|| write_ranges_in_blocks(&index, &self.ranges(), &options, 5, &()));
        let ran = Ran { result, crash: None, is_calm: true };
        self.conclude_export(&ran, &content, &options)?;
        self.settle_ranges()?;
        if self.folder.path().join(".ranges.part").exists() {
            return Err("the export left .ranges.part".into());
        }
        Ok(())
    }

    fn body(&self, prefix: u32, rows: &[crate::model::Row]) -> Vec<u8> {
        self.lines(prefix, rows.iter().map(|(key, count)| (key.to_vec(), *count))).into_bytes()
    }

    /// What a folder holds of a content.
    fn files(&self, content: &Content, options: &StaticOptions) -> Files {
        let mut files = Files::new();
        for (prefix, rows) in content {
            let body = self.body(*prefix, rows);
            let endings: &[&str] = if options.gzip { &["", ".gz"] } else { &[""] };
            for ending in endings {
                files.insert(format!("{prefix:05X}{ending}"), body.clone());
                if options.lower_case {
                    files.insert(format!("{prefix:05x}{ending}"), body.clone());
                }
            }
        }
        files
    }
}

fn prefix_of(name: &str) -> Option<u32> {
    u32::from_str_radix(name.get(..5)?, 16).ok()
}

fn plain(name: &str, bytes: &[u8]) -> Result<Vec<u8>, String> {
    match &name[5..] {
        "" => Ok(bytes.to_vec()),
        ".gz" => {
            let mut plain = Vec::new();
            let read = flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain);
            read.map(|_| plain).map_err(|error| error.to_string())
        }
        other => Err(format!("it ends with {other:?}")),
    }
}
