//! Merging is taking the logs of both: any order and grouping gives the same bytes.

use casefile::scan::partial::{Partial, write};
use proptest::prelude::*;

use super::{partial, sample, scanned};

/// Six partials: rotations of two nodes, and pieces of one log.
fn partials() -> Vec<Partial> {
    let dir = tempfile::tempdir().expect("a folder");
    let case = sample("noise", dir.path());
    let log = std::fs::read(case.join("logs/mail.log")).expect("a log");
    let half = log[..log.len() / 2].iter().rposition(|b| *b == b'\n').expect("a line end") + 1;
    let run = |arguments: &[&str], input: &[u8], output: &str| {
        scanned(&case, &[arguments, &["--quiet", "-o", output]].concat(), input);
        partial(&case.join(output))
    };
    vec![
        run(&["logs/mail.log.1.gz"], b"", "a.part"),
        run(&["logs/mail.log.2.gz", "--node", "mta2"], b"", "b.part"),
        run(&["-", "--name", "mail.log", "--part", "0"], &log[..half], "c.part"),
        run(&["-", "--name", "mail.log", "--part", "1"], &log[half..], "d.part"),
        run(&["logs", "--node", "mta3", "--no-excerpts"], b"", "e.part"),
    ]
}

/// Merges neighbours at these places until one is left.
fn merged(mut partials: Vec<Partial>, places: &[usize]) -> Vec<u8> {
    for place in places {
        if partials.len() > 1 {
            let at = place % (partials.len() - 1);
            let next = partials.remove(at + 1);
            partials[at].merge(next);
        }
    }
    write(&partials[0]).expect("written")
}

#[test]
fn any_tree_of_merges_gives_the_same() {
    let all = partials();
    let expected = merged(all.clone(), &[0, 0, 0, 0]);
    let trees = (Just((0..all.len()).collect::<Vec<usize>>()).prop_shuffle(), prop::collection::vec(0..9_usize, 4));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(24));
    let law = runner.run(&trees, |(order, places)| {
        let partials = order.iter().map(|n| all[*n].clone()).collect();
        prop_assert!(merged(partials, &places) == expected, "in the order {order:?} by {places:?}");
        Ok(())
    });
    law.expect("the same bytes");
    // And what is read is what was written.
    let back = casefile::scan::partial::read(&expected).expect("it is read");
    assert!(write(&back).expect("written") == expected);
}
