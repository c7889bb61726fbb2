//! STARTTLS tests compared: idle, loaded, recovered.

use super::{Evidence, Node, Value};
use crate::formats::transcripts::{Condition, Transcript, Verdict};
use crate::smtp::Lanes;

/// One test with what is known of it from outside its text.
#[derive(Clone, Debug)]
pub struct StarttlsTest {
    /// The file: `S14`.
    pub exhibit: String,
    /// Its name in the case folder.
    pub file: String,
    /// What its text says; `started` completed from case.yaml or the file's name.
    pub transcript: Transcript,
    /// The load of the node, and how that is known.
    pub condition: Condition,
    /// `stated in case.yaml`, `from the file's name`, `not stated`.
    pub condition_from: &'static str,
}

impl StarttlsTest {
    fn succeeded(&self) -> bool {
        matches!(self.transcript.verdict, Verdict::Ok | Verdict::OkCert)
    }

    /// Whether it tested a Gmail MX; a test without a host counts, as its text cannot tell.
    fn is_gmail(&self, lanes: &Lanes) -> bool {
        let Some(host) = &self.transcript.host else { return true };
        lanes.classify(host.as_bytes(), b"", b"") == crate::smtp::Lane::GMAIL
    }

    fn node(&self) -> Node {
        let t = &self.transcript;
        let lines = || [Evidence::Table("transcripts", self.exhibit.clone())];
        let text = |v: &Option<String>| Node::fact(v.clone().map_or(Value::Absent, Value::Text), lines());
        Node::group([
            ("exhibit", Value::Text(self.exhibit.clone()).into()),
            ("file", Value::Text(self.file.clone()).into()),
            ("tool", Value::Text(t.tool.to_owned()).into()),
            ("at", Node::fact(t.started.map_or(Value::Absent, Value::Second), lines())),
            ("condition", Value::Word(condition_word(self.condition)).into()),
            ("host", text(&t.host)),
            ("source_ip", text(&t.source_ip)),
            ("verdict", Node::fact(Value::Word(t.verdict.word()), lines())),
            ("phase", Node::fact(Value::Word(phase_word(t.phase)), lines())),
            ("protocol", text(&t.protocol)),
            ("cipher", text(&t.cipher)),
            ("token", text(&t.token)),
            ("because", Node::fact(Value::Sentence(t.because.clone()), lines())),
        ])
    }
}

/// The word of a condition.
#[must_use]
pub const fn condition_word(condition: Condition) -> &'static str {
    match condition {
        Condition::Idle => "idle",
        Condition::Loaded => "loaded",
        Condition::Recovered => "recovered",
        Condition::Unknown => "unknown",
    }
}

const fn phase_word(phase: crate::formats::transcripts::Phase) -> &'static str {
    use crate::formats::transcripts::Phase;
    match phase {
        Phase::Resolve => "resolve",
        Phase::Socket => "socket",
        Phase::Connect => "connect",
        Phase::Banner => "banner",
        Phase::Ehlo => "ehlo",
        Phase::Starttls => "starttls",
        Phase::ClientHello => "client_hello",
        Phase::ServerFlight => "server_flight",
        Phase::Finished => "finished",
        Phase::PostTls => "post_tls",
        Phase::Done => "done",
        Phase::Unknown => "unknown",
    }
}

/// All tests as facts, ordered by time, then by exhibit.
pub(super) fn nodes(tests: &[StarttlsTest]) -> Node {
    let mut ordered: Vec<_> = tests.iter().collect();
    ordered.sort_by(|a, b| {
        (a.transcript.started, &a.exhibit, a.transcript.lines).cmp(&(
            b.transcript.started,
            &b.exhibit,
            b.transcript.lines,
        ))
    });
    Node::List(ordered.into_iter().map(StarttlsTest::node).collect())
}

/// Tests of Gmail's MX hosts under a condition: successes and all.
pub(super) fn successes(tests: &[StarttlsTest], lanes: &Lanes, condition: Condition) -> (u64, u64) {
    let mine = || tests.iter().filter(|t| t.condition == condition && t.is_gmail(lanes));
    (mine().filter(|t| t.succeeded()).count() as u64, mine().count() as u64)
}

pub(super) fn summary(tests: &[StarttlsTest], lanes: &Lanes) -> Node {
    let share = |c| {
        let (ok, all) = successes(tests, lanes, c);
        let value = if all == 0 { Value::Absent } else { Value::Share(ok, all, "tests") };
        Node::fact(value, [Evidence::Table("transcripts", condition_word(c).to_owned())])
    };
    Node::group([
        ("idle", share(Condition::Idle)),
        ("loaded", share(Condition::Loaded)),
        ("recovered", share(Condition::Recovered)),
        ("sentence", Value::Sentence(sentence(tests, lanes)).into()),
    ])
}

fn sentence(tests: &[StarttlsTest], lanes: &Lanes) -> String {
    if tests.is_empty() {
        return "No STARTTLS tests were given.".to_owned();
    }
    let (idle_ok, idle) = successes(tests, lanes, Condition::Idle);
    let (load_ok, load) = successes(tests, lanes, Condition::Loaded);
    match (idle, load) {
        (0, 0) => "The STARTTLS tests do not say whether the node was idle or loaded.".to_owned(),
        (0, _) => "No idle test was given to compare the loaded ones with.".to_owned(),
        (_, 0) => "No loaded test was given to compare the idle ones with.".to_owned(),
        _ if idle_ok == idle && load_ok == load => {
            "Idle and loaded tests both succeeded: the fault was not reproduced by a single test connection.".to_owned()
        }
        _ if idle_ok == idle => {
            "Idle tests succeeded and some loaded ones did not: the handshake works when the lane is quiet.".to_owned()
        }
        _ if idle_ok == 0 => "Idle tests failed as well: the fault does not need load.".to_owned(),
        _ => "Some idle tests failed and some succeeded: the fault comes and goes without load.".to_owned(),
    }
}
