//! How many threads there are, and two things done on two of them.

use std::panic::resume_unwind;
use std::thread;

/// As many as were asked for; else one for each core.
pub(super) fn count(asked: Option<usize>) -> usize {
    asked.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from))
}

/// What two pieces of work give, done at once where there is more than one thread.
pub(super) fn both<A: Send, B>(threads: usize, one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    if threads < 2 {
        return (one(), other());
    }
    thread::scope(|scope| {
        let aside = scope.spawn(one);
        let here = other();
        (aside.join().unwrap_or_else(|panic| resume_unwind(panic)), here)
    })
}
