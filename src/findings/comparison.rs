//! STARTTLS tests of one node under different loads, side by side.
//!
//! Only tests of one tool against one kind of receiver are compared: tools differ in what
//! they time and in the size of their ClientHello.

use std::collections::BTreeMap;

use super::starttls::{StarttlsTest, condition_word, phase_word};
use super::{Evidence, Node, Value};
use crate::formats::transcripts::{Condition, Verdict};
use crate::smtp::Lanes;

/// Fewer tests than this under a load are an anecdote, and called so.
const ENOUGH: usize = 3;

/// Loaded handshakes that take this many times as long are slow by any measure.
const SLOWER: u64 = 5;

/// Tests of one node, tool and kind of receiver.
#[derive(Debug, Default)]
struct Side<'a> {
    tests: Vec<&'a StarttlsTest>,
}

impl Side<'_> {
    fn succeeded(&self) -> usize {
        self.tests.iter().filter(|t| t.succeeded()).count()
    }

    fn all_succeeded(&self) -> bool {
        self.succeeded() == self.tests.len()
    }

    /// The median of the successful tests' durations, the lower of two middle ones.
    fn median_ms(&self) -> Option<u64> {
        let mut all: Vec<_> =
            self.tests.iter().filter(|t| t.succeeded()).filter_map(|t| t.transcript.duration_ms()).collect();
        all.sort_unstable();
        all.get(all.len().checked_sub(1)? / 2).copied()
    }

    /// Failed tests by phase, in words: `3 at ehlo, 1 at client_hello`.
    fn failures(&self) -> Option<String> {
        let mut by_phase: BTreeMap<_, usize> = BTreeMap::new();
        for test in self.tests.iter().filter(|t| !t.succeeded()) {
            *by_phase.entry(test.transcript.phase).or_default() += 1;
        }
        let words: Vec<_> = by_phase.iter().map(|(phase, n)| format!("{n} at {}", phase_word(*phase))).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    fn node(&self, condition: Condition) -> Node {
        let evidence = || [Evidence::Table("transcripts", condition_word(condition).to_owned())];
        let (ok, all) = (self.succeeded() as u64, self.tests.len() as u64);
        let share = if all == 0 { Value::Absent } else { Value::Share(ok, all, "tests") };
        let median = self.median_ms().map_or(Value::Absent, |ms| Value::Count(ms, "ms"));
        Node::group([
            ("succeeded", Node::fact(share, evidence())),
            ("milliseconds", Node::fact(median, evidence())),
            ("failures", Node::fact(self.failures().map_or(Value::Absent, Value::Sentence), evidence())),
        ])
    }
}

/// One row for each node, tool and kind of receiver of which the load is known.
pub(super) fn by_node(tests: &[StarttlsTest], lanes: &Lanes) -> Node {
    let mut groups: BTreeMap<_, [Side<'_>; 3]> = BTreeMap::new();
    for test in tests {
        let at = match test.condition {
            Condition::Idle => 0,
            Condition::Loaded => 1,
            Condition::Recovered => 2,
            Condition::Unknown => continue,
        };
        let key = (test.node.clone(), !test.is_gmail(lanes), test.transcript.tool);
        if let Some(side) = groups.entry(key).or_default().get_mut(at) {
            side.tests.push(test);
        }
    }
    let row = |((node, other, tool), [idle, loaded, recovered]): (_, [Side<'_>; 3])| {
        let node: Option<String> = node;
        let against = if other { "another receiver" } else { "Gmail" };
        let sentence = sentence(&idle, &loaded).map(|s| format!("{tool} against {against}: {s}"));
        Node::group([
            ("node", node.map_or(Value::Absent, Value::Text).into()),
            ("receiver", Value::Word(if other { "other" } else { "gmail" }).into()),
            ("tool", Value::Text(str::to_owned(tool)).into()),
            ("idle", idle.node(Condition::Idle)),
            ("loaded", loaded.node(Condition::Loaded)),
            ("recovered", recovered.node(Condition::Recovered)),
            ("sentence", sentence.map_or(Value::Absent, Value::Sentence).into()),
        ])
    };
    Node::List(groups.into_iter().map(row).collect())
}

/// What the two sides show; nothing where one of them is missing.
fn sentence(idle: &Side<'_>, loaded: &Side<'_>) -> Option<String> {
    let (i, l) = (idle.tests.len(), loaded.tests.len());
    if i == 0 || l == 0 {
        return None;
    }
    let said = if !idle.all_succeeded() {
        "idle tests failed as well, so the fault does not need load".to_owned()
    } else if loaded.all_succeeded() {
        slowness(idle.median_ms(), loaded.median_ms())
    } else {
        format!("idle tests succeeded and {} of {l} loaded ones did not: {}", l - loaded.succeeded(), failed(loaded))
    };
    let few = if i.min(l) < ENOUGH { format!(" ({i} idle and {l} loaded: too few to rest on)") } else { String::new() };
    Some(format!("{said}{few}."))
}

fn slowness(idle: Option<u64>, loaded: Option<u64>) -> String {
    match (idle, loaded) {
        (Some(idle), Some(loaded)) if loaded >= idle.max(1) * SLOWER => format!(
            "idle and loaded tests succeeded, and the loaded ones took {loaded} ms instead of {idle} ms (medians): TLS is \
             sound, and the way to it is slow under load"
        ),
        (Some(idle), Some(loaded)) => {
            format!("idle and loaded tests succeeded, in {idle} ms and {loaded} ms (medians)")
        }
        _ => "idle and loaded tests succeeded; how long they took is not told".to_owned(),
    }
}

/// What the failures under load have in common.
fn failed(loaded: &Side<'_>) -> String {
    let failures = || loaded.tests.iter().filter(|t| !t.succeeded()).map(|t| t.transcript.verdict);
    let all = |accept: fn(Verdict) -> bool| failures().all(accept);
    let why = if all(|v| matches!(v, Verdict::Downstream | Verdict::Plaintext)) {
        "the receiver refused or closed under load"
    } else if all(|v| v == Verdict::LocalResource) {
        "the node itself refused"
    } else if all(|v| matches!(v, Verdict::Connect | Verdict::Timeout | Verdict::LocalResource)) {
        "no connection or no answer in time, which the node, the path and the receiver can all cause"
    } else if all(|v| v == Verdict::TlsFault) {
        "TLS itself refused, which load does not cause"
    } else {
        "for more than one reason"
    };
    format!("{why} ({})", loaded.failures().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::transcripts::{Phase, TRANSCRIPT_FORMATS};

    /// A test that took so long, or failed so.
    fn test(condition: Condition, ended: Result<u64, (Verdict, Phase)>) -> StarttlsTest {
        let mut transcript = TRANSCRIPT_FORMATS.first().map(|f| f.read(b"")).unwrap_or_default().remove(0);
        transcript.host = Some("gmail-smtp-in.l.google.com".to_owned());
        match ended {
            Ok(ms) => (transcript.verdict, transcript.elapsed_ms) = (Verdict::Ok, Some(ms)),
            Err((verdict, phase)) => (transcript.verdict, transcript.phase) = (verdict, phase),
        }
        StarttlsTest {
            exhibit: "S01".to_owned(),
            file: "a.txt".to_owned(),
            transcript,
            node: Some("mta1".to_owned()),
            condition,
            condition_from: "not stated".to_owned(),
        }
    }

    fn says(idle: &[Result<u64, (Verdict, Phase)>], loaded: &[Result<u64, (Verdict, Phase)>]) -> String {
        let side = |condition, ended: &[_]| ended.iter().map(|e| test(condition, *e)).collect::<Vec<_>>();
        let tests = [side(Condition::Idle, idle), side(Condition::Loaded, loaded)].concat();
        let Node::List(rows) = by_node(&tests, &Lanes::default()) else { return String::new() };
        let [Node::Group(row)] = rows.as_slice() else { return format!("{rows:?}") };
        match row.get("sentence") {
            Some(Node::Leaf(fact)) => fact.value.text(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn what_idle_and_loaded_tests_show() {
        let down = Err((Verdict::Downstream, Phase::Ehlo));
        let slow = says(&[Ok(12), Ok(18), Ok(15)], &[Ok(490), Ok(1090), Ok(700)]);
        assert!(slow.contains("took 700 ms instead of 15 ms (medians): TLS is sound"), "{slow}");
        let same = says(&[Ok(12), Ok(18), Ok(15)], &[Ok(20), Ok(22), Ok(21)]);
        assert!(same.ends_with("succeeded, in 15 ms and 21 ms (medians)."), "{same}");
        let closed = says(&[Ok(12); 3], &[down, down, Ok(15)]);
        assert!(closed.contains("2 of 3 loaded ones did not: the receiver refused or closed"), "{closed}");
        assert!(closed.contains("(2 at ehlo)"), "{closed}");
        let own = says(&[Ok(12); 3], &[Err((Verdict::LocalResource, Phase::Socket)); 3]);
        assert!(own.contains("the node itself refused (3 at socket)"), "{own}");
        assert!(says(&[down; 3], &[down; 3]).contains("does not need load"));
        let few = says(&[Ok(12)], &[down]);
        assert!(few.contains("1 idle and 1 loaded: too few to rest on"), "{few}");
        assert_eq!(says(&[Ok(12)], &[]), Value::Absent.text());
    }
}
