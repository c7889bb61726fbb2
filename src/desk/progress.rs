//! A line on a terminal while reading takes longer than a second; nothing elsewhere.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::scan::Progress;

/// Reading, watched.
pub(super) struct Reading {
    progress: Arc<Progress>,
    done: Arc<AtomicBool>,
    watcher: Option<JoinHandle<()>>,
}

/// How often the line is drawn, and how long a read may take before it appears.
const TICK: Duration = Duration::from_millis(100);
const PATIENCE: u32 = 10;

impl Reading {
    /// Begins to watch; a set `stop` ends the reading early.
    pub(super) fn begin(shown: bool, stop: &'static AtomicBool) -> Self {
        let (progress, done) = (Arc::new(Progress::default()), Arc::new(AtomicBool::new(false)));
        let shown = shown && std::io::stderr().is_terminal();
        let (theirs, over) = (Arc::clone(&progress), Arc::clone(&done));
        let watcher = std::thread::spawn(move || watch(&theirs, &over, shown, stop));
        Self { progress, done, watcher: Some(watcher) }
    }

    pub(super) fn progress(&self) -> &Progress {
        &self.progress
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(watcher) = self.watcher.take() {
            // Else whoever waits would wait for the next tick: a third of a short read.
            watcher.thread().unpark();
            // A watcher that panicked has nothing to say any more.
            let _ = watcher.join();
        }
    }
}

fn watch(progress: &Progress, done: &AtomicBool, shown: bool, stop: &AtomicBool) {
    let mut line = None;
    let mut ticks = 0;
    while !done.load(Ordering::Relaxed) {
        if stop.load(Ordering::Relaxed) {
            progress.stop.store(true, Ordering::Relaxed);
        }
        ticks += 1;
        if shown && ticks > PATIENCE {
            let line = line.get_or_insert_with(|| {
                let bar = ProgressBar::new_spinner();
                if let Ok(style) = ProgressStyle::with_template("reading {bytes} ({bytes_per_sec})") {
                    bar.set_style(style);
                }
                bar
            });
            line.set_position(progress.bytes.load(Ordering::Relaxed));
        }
        std::thread::park_timeout(TICK);
    }
    if let Some(line) = line {
        line.finish_and_clear();
    }
}
