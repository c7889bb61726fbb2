//! How many threads there are, and what is done on several of them.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
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

/// What some work gives of each item, in order. Each thread takes the next item once it is done with
/// another, and has tools of its own.
pub(super) fn each<T: Sync, Tools, R: Send>(
    threads: usize,
    items: &[T],
    tools: impl Fn() -> Tools + Sync,
    work: impl Fn(&mut Tools, &T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let take = || {
        let (mut tools, mut done) = (tools(), Vec::new());
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return done };
            done.push((at, work(&mut tools, item)));
        }
    };
    let mut done = thread::scope(|scope| {
        let aside: Vec<_> = (1..threads.min(items.len())).map(|_| scope.spawn(take)).collect();
        let mut done = take();
        for thread in aside {
            done.extend(thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_in_the_order_of_their_items() {
        let items: Vec<u64> = (0..200).collect();
        for threads in [0, 1, 2, 7] {
            let found = each(
                threads,
                &items,
                || 0_u64,
                |seen, item| {
                    *seen += 1;
                    (*seen > 0, item * 3)
                },
            );
            assert!(found.iter().copied().eq(items.iter().map(|item| (true, item * 3))), "{threads}");
        }
        assert!(each(3, &[] as &[u8], || (), |(), _| 1).is_empty());
    }
}
