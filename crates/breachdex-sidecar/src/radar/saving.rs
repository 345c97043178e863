//! Saves the radar's state at intervals and at the end, on a thread of its own.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use breachdex_radar::{Radar, RadarError};

use super::SharedRadar;

/// The thread that saves.
#[derive(Debug)]
pub(crate) struct Saver {
    /// Dropped to end it.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Saver {
    /// Saves once, so that a file that cannot be written is an error now, and then every so often.
    ///
    /// # Errors
    /// [`RadarError::Io`], also where no thread can be started.
    pub(crate) fn start(radar: Arc<SharedRadar>, path: PathBuf, every: Duration) -> Result<Self, RadarError> {
        save(&radar, &path)?;
        let (stop, stopped) = mpsc::channel();
        let file = path.clone();
        let work = move || {
            loop {
                let is_last = !matches!(stopped.recv_timeout(every), Err(RecvTimeoutError::Timeout));
                if let Err(error) = save(&radar, &path) {
                    tracing::error!("{error}");
                }
                if is_last {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name(String::from("breachdex-radar")).spawn(work);
        let thread = thread.map_err(|source| RadarError::Io {
            action: "start a thread to save",
            path: file,
            source,
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Saver {
    /// Saves once more.
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn save(radar: &SharedRadar, path: &std::path::Path) -> Result<(), RadarError> {
    // Written without the lock.
    Radar::write(&radar.saved(), path)
}
