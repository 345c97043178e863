//! What answers questions: in this process, and the server to its clients.

use breachdex::trust::Trust;
use breachdex::{Corpus, Error as IndexError, LiveIndex, OpenOptions};
use breachdex_server::ServeOptions;
use breachdex_server::simulation::Unconnected;

use super::{Checked, World, say};
use crate::client::{self, Manner};
use crate::model::{Banned, Content};
use crate::reads::ReadPlan;
use crate::signing;

/// What answers questions, and what it answered from when it was last looked at.
pub(super) struct Live {
    pub(super) corpus: Corpus,
    pub(super) base: LiveIndex,
    pub(super) overlay: Option<LiveIndex>,
    pub(super) server: Option<Unconnected>,
    pub(super) content: Content,
    pub(super) banned: Banned,
}

impl World {
    /// Opens what answers, if it is not.
    pub(super) fn open(&mut self) -> Checked<bool> {
        if self.live.is_some() {
            return Ok(true);
        }
        let Some(content) = self.target.clone() else { return Ok(false) };
        let wrong = |error: IndexError| format!("it cannot be opened: {error}");
        let options = self.setup.open();
        let options = if self.rng.percent(50) { options } else { options.mapped() };
        let base = LiveIndex::open(self.target(), options, None).map_err(wrong)?;
        let overlay = self
            .overlay
            .as_ref()
            .map(|_| LiveIndex::open(self.overlay(), OpenOptions::new(), None).map_err(wrong));
        let overlay = overlay.transpose()?;
        let corpus = Corpus::builder().base(base.clone()).overlays(overlay.clone()).build().map_err(wrong)?;
        let serves = self.setup.counts && self.setup.bits.is_none();
        let options = ServeOptions {
            indexes: vec![self.target()],
            overlays: overlay.iter().map(|_| self.overlay()).collect(),
            serve_overlays: true,
            allow_partial: true,
            trust: if self.setup.signed { signing::trust() } else { Trust::default() },
            ..ServeOptions::default()
        };
        let server = serves.then(|| Unconnected::open(&options)).transpose();
        let server = server.map_err(|error| format!("it cannot be served: {error}"))?;
        let banned = self.overlay.clone().filter(|_| overlay.is_some()).unwrap_or_default();
        self.live = Some(Live { corpus, base, overlay, server, content, banned });
        Ok(true)
    }

    /// Asks what is open, has it take over what was replaced, and asks again.
    pub(super) fn ask(&mut self) -> Checked {
        if !self.open()? {
            return Ok(());
        }
        let digests = self.digests(40);
        let Some(mut live) = self.live.take() else { return Ok(()) };
        // Now with reads that fail: what cannot be read is unknown, and nothing else changes.
        let reads = self.read_plan(100);
        if self.rng.percent(40) {
            say!(self, "  asks with {reads:?}");
            self.disk.plan_reads(reads);
            let checked = self.check(&live, &digests, true);
            self.disk.plan_reads(ReadPlan::default());
            checked?;
        }
        self.check(&live, &digests, false)?;
        for index in [Some(&live.base), live.overlay.as_ref()].into_iter().flatten() {
            index.reload_if_changed(&()).map_err(|error| format!("it cannot be reloaded: {error}"))?;
            if let Some(error) = index.reload_error() {
                return Err(format!("the replacement was refused: {error}"));
            }
        }
        if let Some(server) = &mut live.server {
            server.look();
        }
        live.content = self.target.clone().unwrap_or_default();
        if live.overlay.is_some() {
            live.banned = self.overlay.clone().unwrap_or_default();
        }
        self.check(&live, &digests, false)?;
        self.serve(&live)?;
        say!(self, "  asked {} digests", digests.len());
        self.live = Some(live);
        Ok(())
    }

    /// Several clients at once, on connections. Whoever is patient gets all answers, and nobody gets a wrong one.
    pub(super) fn serve(&mut self, live: &Live) -> Checked {
        let Some(server) = &live.server else { return Ok(()) };
        let mode = if self.setup.kind == breachdex::Kind::Ntlm { "?mode=ntlm" } else { "" };
        let mut clients = Vec::new();
        for _ in 0..self.rng.scale(6) {
            let prefixes: Vec<u32> = (0..self.rng.scale(8))
                .map(|_| self.setup.prefixes[self.rng.index(self.setup.prefixes.len())])
                .collect();
            let manner = Manner::pick(&mut self.rng);
            // A byte at a time takes longer than an answer may wait to be read.
            let least = if manner == Manner::Patient { 1024 } else { 1 };
            let buffer = self.rng.pick(&[1, 64, 1024, 16 << 10]).max(least);
            clients.push((manner, prefixes, buffer, self.rng.fork()));
        }
        let answered = self.runtime.block_on(async {
            let asks: Vec<_> = clients
                .iter()
                .filter_map(|(manner, prefixes, buffer, rng)| {
                    let paths = prefixes.iter().map(|prefix| format!("/range/{prefix:05X}{mode}")).collect();
                    Some(tokio::spawn(client::ask(server.connect(*buffer)?, *manner, paths, rng.clone())))
                })
                .collect();
            let mut answered = Vec::new();
            for ask in asks {
                answered.push(ask.await);
            }
            answered
        });
        for ((manner, prefixes, ..), answers) in clients.iter().zip(answered) {
            let answers = answers.map_err(|error| format!("a client panicked: {error}"))??;
            say!(self, "  {manner:?} asks {} ranges and gets {} answers", prefixes.len(), answers.len());
            if *manner == Manner::Patient && answers.len() != prefixes.len() {
                return Err(format!("a patient client got {} of {} answers", answers.len(), prefixes.len()));
            }
            for (answer, prefix) in answers.iter().zip(prefixes) {
                self.judge_range(live, *prefix, answer.status, &answer.body, false)?;
            }
        }
        Ok(())
    }
}
