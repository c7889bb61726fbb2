//! SIGINT and SIGTERM: the first ends the work at the next safe point, the second at once.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Set by a signal: the work ends at the next safe point.
pub(super) static STOP: AtomicBool = AtomicBool::new(false);

/// Which signal that was.
static ASKED: AtomicI32 = AtomicI32::new(SIGINT);

/// Begins to watch for signals. Where that fails the default action applies, which is to
/// end: no harm done.
pub(super) fn watch() {
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return };
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if STOP.load(Ordering::SeqCst) {
                // Whoever asks twice does not want to wait; what lies aside is told by the next build.
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
            ASKED.store(signal, Ordering::SeqCst);
            STOP.store(true, Ordering::SeqCst);
        }
    });
}

/// The exit code of work that a signal ended: 130 for SIGINT, 143 for SIGTERM, as shells count.
pub(super) fn exit_code() -> u8 {
    u8::try_from(128 + ASKED.load(Ordering::SeqCst)).unwrap_or(130)
}
