//! STARTTLS tests: what each says, and under which load it was taken.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{Evidence, Node, Value};
use crate::formats::transcripts::{Condition, Transcript, Verdict};
use crate::scan::Axis;
use crate::smtp::Lanes;
use crate::time::{Minute, Window};
use crate::timeline::{MinuteState, Timeline};

/// One test with what is known of it from outside its text.
#[derive(Clone, Debug)]
pub struct StarttlsTest {
    /// The file: `S14`.
    pub exhibit: String,
    /// Its name in the case folder.
    pub file: String,
    /// What its text says; `started` completed from case.yaml or the file's name.
    pub transcript: Transcript,
    /// The machine it was made on, where case.yaml or the sending IP tells.
    pub node: Option<String>,
    /// The load of the node, and how that is known.
    pub condition: Condition,
    /// `stated in case.yaml`, `by the file's name`, `by the load of its minute: …`, `not stated`.
    pub condition_from: String,
}

impl StarttlsTest {
    /// Whether the handshake completed and nothing failed behind it.
    pub(super) fn succeeded(&self) -> bool {
        matches!(self.transcript.verdict, Verdict::Ok | Verdict::OkCert)
    }

    /// Whether it tested a Gmail MX; a test without a host counts, as its text cannot tell.
    pub(super) fn is_gmail(&self, lanes: &Lanes) -> bool {
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
            ("at_from", Value::Word(clock_words(t.clock)).into()),
            ("node", text(&self.node)),
            ("condition", Value::Word(condition_word(self.condition)).into()),
            ("condition_from", Value::Sentence(self.condition_from.clone()).into()),
            ("host", text(&t.host)),
            ("source_ip", text(&t.source_ip)),
            ("verdict", Node::fact(Value::Word(t.verdict.word()), lines())),
            ("phase", Node::fact(Value::Word(phase_word(t.phase)), lines())),
            ("protocol", text(&t.protocol)),
            ("cipher", text(&t.cipher)),
            ("token", text(&t.token)),
            ("verify", text(&t.verify)),
            ("milliseconds", Node::fact(t.duration_ms().map_or(Value::Absent, |ms| Value::Count(ms, "ms")), lines())),
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

const fn clock_words(clock: crate::formats::transcripts::Clock) -> &'static str {
    use crate::formats::transcripts::Clock;
    match clock {
        Clock::Text => "its text",
        Clock::SslSession => "its SSL session",
        Clock::Stated => "case.yaml",
        Clock::FileName => "its file's name",
        Clock::Unknown => "unknown",
    }
}

pub(super) const fn phase_word(phase: crate::formats::transcripts::Phase) -> &'static str {
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

/// A minute with this many times the attempts of a quiet one is loaded, if it also has so many more.
const LOADED: (u64, u64) = (3, 20);
/// An idle minute has at most this many percent of a quiet one's attempts.
const IDLE: u64 = 120;
/// What a loaded minute left behind is not over at once: this many minutes before an idle one
/// are not loaded either.
const AFTER: i32 = 5;

/// The tests with what the logs tell of them: the node by its sending IP, and, where nothing
/// states the condition, the load by the attempts that the node made in that minute.
///
/// Never by the success of the test. A quiet minute is the lower quartile of all that are covered;
/// between idle and loaded, and where no minute is loaded, nothing is said.
#[must_use]
pub fn with_load(tests: &[StarttlsTest], timeline: &Timeline) -> Vec<StarttlsTest> {
    let mut tests = tests.to_vec();
    let mut loads: BTreeMap<Option<String>, Load> = BTreeMap::new();
    for test in &mut tests {
        test.node = test.node.take().or_else(|| node_of(test, timeline));
        let minute = test.transcript.started.map(crate::time::Stamp::minute);
        let (Condition::Unknown, Some(minute)) = (test.condition, minute) else { continue };
        let node = test.node.clone().filter(|n| timeline.egresses.iter().any(|r| r.of.node == *n));
        let whose = if node.is_some() { "the node" } else { "all nodes" };
        let load = loads.entry(node).or_insert_with_key(|node| Load::of(timeline, node.as_deref()));
        if let Some((condition, now)) = load.condition(minute) {
            test.condition = condition;
            test.condition_from =
                format!("by the load of its minute: {whose} made {now} attempts, {} in a quiet one", load.quiet);
        }
    }
    tests
}

/// Attempts of a node, or of all, minute by minute.
struct Load {
    /// The minutes that all logs cover.
    attempts: BTreeMap<Minute, u64>,
    /// Those of a quiet minute.
    quiet: u64,
}

impl Load {
    fn of(timeline: &Timeline, node: Option<&str>) -> Self {
        let covered = timeline.window.minutes().filter(|m| timeline.state(*m) == MinuteState::Full);
        let mut attempts: BTreeMap<Minute, u64> = covered.map(|m| (m, 0)).collect();
        for (key, n) in timeline.inside(timeline.window) {
            let Axis::Egress(id) = key.axis else { continue };
            let mine = node.is_none_or(|node| timeline.place(id).is_some_and(|p| p.node == node));
            if let (true, Some(sum)) = (mine && key.what.outcome.is_attempt(), attempts.get_mut(&key.minute)) {
                *sum += n;
            }
        }
        let mut ordered: Vec<u64> = attempts.values().copied().collect();
        ordered.sort_unstable();
        let quiet = ordered.get(ordered.len() / 4).copied().unwrap_or(0);
        Self { attempts, quiet }
    }

    fn is_loaded(&self, attempts: u64) -> bool {
        attempts >= self.quiet.saturating_mul(LOADED.0) && attempts >= self.quiet.saturating_add(LOADED.1)
    }

    fn condition(&self, minute: Minute) -> Option<(Condition, u64)> {
        let now = *self.attempts.get(&minute)?;
        if self.is_loaded(now) {
            return Some((Condition::Loaded, now));
        }
        let any = || self.attempts.values().any(|n| self.is_loaded(*n));
        let before = self.attempts.range(minute.plus(-AFTER)..minute);
        let rested = before.into_iter().all(|(_, n)| !self.is_loaded(*n));
        let few = now.saturating_mul(100) <= self.quiet.saturating_mul(IDLE);
        (few && rested && any()).then_some((Condition::Idle, now))
    }
}

/// The node behind a test's sending IP, or behind one in its file's name.
fn node_of(test: &StarttlsTest, timeline: &Timeline) -> Option<String> {
    let of_ip = |ip: IpAddr| timeline.egresses.iter().find(|r| r.of.ip == Some(ip)).map(|r| r.of.node.clone());
    let own = test.transcript.source_ip.as_deref().and_then(|ip| ip.parse().ok()).and_then(of_ip);
    let base = test.file.rsplit('/').next().unwrap_or(&test.file);
    let mut words = base.split(|c: char| !(c.is_ascii_hexdigit() || matches!(c, '.' | ':')));
    own.or_else(|| words.find_map(|w| of_ip(w.trim_matches('.').parse().ok()?))).filter(|n| !n.is_empty())
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

/// Idle tests of Gmail's MX hosts that began inside a wave.
pub(super) fn idle_inside(tests: &[StarttlsTest], lanes: &Lanes, waves: &[Window]) -> u64 {
    let inside =
        |t: &&StarttlsTest| t.transcript.started.is_some_and(|at| waves.iter().any(|w| w.contains(at.minute())));
    let idle = tests.iter().filter(|t| t.condition == Condition::Idle && t.is_gmail(lanes));
    idle.filter(inside).count() as u64
}

pub(super) fn summary(tests: &[StarttlsTest], lanes: &Lanes, waves: &[Window]) -> Node {
    let share = |c| {
        let (ok, all) = successes(tests, lanes, c);
        let value = if all == 0 { Value::Absent } else { Value::Share(ok, all, "tests") };
        Node::fact(value, [Evidence::Table("transcripts", condition_word(c).to_owned())])
    };
    Node::group([
        ("idle", share(Condition::Idle)),
        ("loaded", share(Condition::Loaded)),
        ("recovered", share(Condition::Recovered)),
        ("sentence", Value::Sentence(sentence(tests, lanes) + &scans(tests, lanes, waves)).into()),
    ])
}

/// Tools that open dozens of connections for one test.
const SCANNERS: [&str; 2] = ["sslyze", "testssl.sh"];

/// A warning of scans that ran inside a wave: they use up the very quota that was being measured.
fn scans(tests: &[StarttlsTest], lanes: &Lanes, waves: &[Window]) -> String {
    let inside =
        |t: &&StarttlsTest| t.transcript.started.is_some_and(|at| waves.iter().any(|w| w.contains(at.minute())));
    let is_scan = |t: &&StarttlsTest| SCANNERS.contains(&t.transcript.tool) && t.is_gmail(lanes);
    match tests.iter().filter(is_scan).filter(inside).count() {
        0 => String::new(),
        n => format!(
            " {n} of the tests inside a wave {} by a scanner, which opens dozens of connections and uses up what it measures.",
            if n == 1 { "was" } else { "were" }
        ),
    }
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

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::*;
    use crate::formats::transcripts::TRANSCRIPT_FORMATS;

    /// transcript trap 43: a scan from a sending node consumes the quota that is being measured.
    #[test]
    fn scans_inside_a_wave_are_pointed_out() {
        let text = include_bytes!("../../tests/data/transcripts/sslyze-6.3.1-banner_421.json");
        let sslyze = TRANSCRIPT_FORMATS.iter().find(|f| f.name() == "sslyze").expect("a reader");
        let scan = sslyze.read(text).pop().expect("a test");
        let at = |minute: i32| Minute::new(minute).start();
        let test = |tool, minute| StarttlsTest {
            exhibit: "S01".to_owned(),
            file: "x".to_owned(),
            transcript: Transcript { started: Some(at(minute)), tool, host: None, ..scan.clone() },
            node: None,
            condition: Condition::Loaded,
            condition_from: "not stated".to_owned(),
        };
        let lanes = Lanes::default();
        let waves = [Window::new(Minute::new(10), Minute::new(20))];
        let tests = [test("sslyze", 12), test("testssl.sh", 19), test("sslyze", 20), test("posttls-finger", 12)];
        let said = scans(&tests, &lanes, &waves);
        assert!(said.starts_with(" 2 of the tests inside a wave were by a scanner"), "{said}");
        assert_eq!(scans(&tests, &lanes, &[]), "");
        assert_eq!(scans(&tests[3..], &lanes, &waves), "");
    }
}
