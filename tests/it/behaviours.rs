//! Every receiver behaviour of the lab in every MTA: what the log's reader says must agree
//! with what the receiver itself recorded, or be less sure; it may never contradict it.
//!
//! `tests/data/behaviours` holds, for each MTA, the log it wrote and the receiver's own
//! record (`truth.jsonl`, one action a line), of real software against a scripted receiver.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use casefile::formats::Head;
use casefile::formats::logs::{Event, LOG_FORMATS, LogClock, LogFormat, LogShape, Opening, Pulse, Sink, join};
use casefile::intake::{Exhibit, open};
use casefile::smtp::{By, Outcome, Reply, Stage, TlsUse};
use casefile::time::{Minute, Zone};
use serde_json::Value;

fn folder(variant: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/behaviours").join(variant)
}

fn bytes(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    open(path).expect("a recording").read_to_end(&mut bytes).expect("its bytes");
    bytes
}

/// One thing that the receiver did to an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fact {
    outcome: Outcome,
    stage: Stage,
    /// The code of the answer, where the receiver gave one.
    code: Option<u16>,
    /// Whether TLS stood.
    tls: bool,
    /// The receiver closed after it answered: senders may notice the close alone.
    closed: bool,
    /// Whether it ended an attempt: a refused recipient beside accepted ones does not, nor
    /// does a refused STARTTLS after which the sender went on in clear.
    ends: bool,
}

impl Fact {
    /// TLS was not offered, so the sender left.
    fn is_of_the_sender(&self) -> bool {
        self.outcome == Outcome::TlsFailure && self.stage == Stage::Ehlo
    }
}

/// The receiver's record of one connection.
#[derive(Default)]
struct Connection {
    greeted: bool,
    ehlo: bool,
    tls: bool,
    handshaking: bool,
    next: Option<Stage>,
    dot: bool,
    /// Of the answer being given.
    code: Option<u16>,
    /// Recipients accepted in this transaction.
    accepted: u32,
    /// Whether MAIL or a recipient of this transaction was refused.
    refused: bool,
    /// The sender left, and only it knows why: an attempt, or a session without a message.
    left: bool,
    facts: Vec<Fact>,
}

impl Connection {
    fn take(&mut self, scenario: &str, action: &Value) {
        let at = action["at"].as_str().unwrap_or_default();
        match action["ev"].as_str().unwrap_or_default() {
            "tls-ok" => (self.tls, self.handshaking, self.ehlo) = (true, false, false),
            "tls-alert" => self.add(Outcome::TlsFailure, Stage::Handshake),
            "dot" => self.dot = true,
            "reply" => self.reply(scenario, action),
            // The sender left after EHLO without a word: STARTTLS was not offered.
            "quit" | "client-closed" if self.facts.is_empty() && self.ehlo && !self.tls && !self.handshaking => {
                self.add(Outcome::TlsFailure, Stage::Ehlo);
                self.left = true;
            }
            "server-hang" => self.add(Outcome::Timeout, stage_at(at)),
            "server-close" | "server-rst" => match self.facts.last_mut().filter(|f| f.outcome != Outcome::Delivered) {
                Some(last) => last.closed = true,
                None => self.add(Outcome::RemoteClose, stage_at(at)),
            },
            _ => {}
        }
    }

    fn reply(&mut self, scenario: &str, action: &Value) {
        let code = action["code"].as_str().and_then(|c| c.parse::<u16>().ok()).unwrap_or_default();
        let text = action["text"].as_str().unwrap_or_default();
        let stage = if !self.greeted {
            Stage::Banner
        } else if !self.ehlo {
            Stage::Ehlo
        } else if self.dot {
            Stage::EndOfData
        } else if self.next.is_none() && !self.tls && scenario.starts_with("starttls-4") {
            Stage::Starttls
        } else {
            self.next.unwrap_or(Stage::Mail)
        };
        if self.handshaking {
            self.add(Outcome::Plaintext, Stage::Handshake);
            return;
        }
        self.code = Some(code);
        self.answer(code, text, stage);
        self.code = None;
    }

    fn answer(&mut self, code: u16, text: &str, stage: Stage) {
        match code {
            220 if self.greeted => self.handshaking = true,
            221 => {}
            200..300 if self.dot => {
                // Pipelining sends an empty message after nothing but refusals.
                if self.accepted > 0 || !self.refused {
                    self.settle_refusals(false);
                    self.add(Outcome::Delivered, Stage::EndOfData);
                }
                self.begin_transaction();
            }
            200..400 => {
                self.ehlo |= self.greeted;
                self.greeted = true;
                // The enhanced code tells what was answered (RFC 3463: 2.1.0 sender, 2.1.5 recipient).
                if text.starts_with("250 2.1.0") {
                    self.begin_transaction();
                }
                self.next = match text.get(..9) {
                    Some("250 2.1.0") => Some(Stage::Rcpt),
                    Some("250 2.1.5") => Some(Stage::Data),
                    _ => self.next,
                };
                self.accepted += u32::from(text.starts_with("250 2.1.5") && !self.refused_mail());
            }
            400..600 => {
                let outcome = if code < 500 { Outcome::Deferral } else { Outcome::Rejection };
                let further = stage == Stage::Rcpt && (self.refused || self.accepted > 0);
                self.refused |= matches!(stage, Stage::Mail | Stage::Rcpt);
                self.add(outcome, stage);
                if let Some(fact) = self.facts.last_mut() {
                    fact.ends = !further;
                }
                if self.dot {
                    self.settle_refusals(false);
                    self.begin_transaction();
                }
            }
            _ => {}
        }
    }

    fn begin_transaction(&mut self) {
        (self.dot, self.next, self.accepted, self.refused) = (false, None, 0, false);
    }

    fn refused_mail(&self) -> bool {
        self.facts.last().is_some_and(|f| f.stage == Stage::Mail)
    }

    /// Whether refusals of recipients, and of STARTTLS, were the end of it.
    fn settle_refusals(&mut self, ends: bool) {
        let is_passing = |f: &&mut Fact| matches!(f.stage, Stage::Rcpt | Stage::Starttls) && !f.closed;
        self.facts.iter_mut().filter(is_passing).for_each(|f| f.ends = ends);
    }

    fn add(&mut self, outcome: Outcome, stage: Stage) {
        self.facts.push(Fact { outcome, stage, code: self.code, tls: self.tls, closed: false, ends: true });
    }
}

fn stage_at(at: &str) -> Stage {
    match at {
        "banner" => Stage::Banner,
        "ehlo" | "ehlo2" => Stage::Ehlo,
        "starttls" => Stage::Starttls,
        "mail" => Stage::Mail,
        "rcpt" => Stage::Rcpt,
        "data" | "body" => Stage::Data,
        "dot" => Stage::EndOfData,
        _ if at.starts_with("tls") => Stage::Handshake,
        other => panic!("a stage: {other}"),
    }
}

/// What the receiver did, by scenario, and the scenario of each of its addresses.
fn truth(variant: &str) -> (BTreeMap<String, Vec<Fact>>, BTreeMap<String, String>) {
    let text = String::from_utf8(bytes(&folder(variant).join("truth.jsonl.gz"))).expect("UTF-8");
    let mut open: BTreeMap<String, (String, Connection)> = BTreeMap::new();
    let (mut facts, mut hosts) = (BTreeMap::<String, Vec<Fact>>::new(), BTreeMap::new());
    let mut close = |(scenario, mut connection): (String, Connection)| {
        connection.facts.iter_mut().for_each(|f| f.ends &= !connection.left);
        facts.entry(scenario).or_default().extend(connection.facts);
    };
    for line in text.lines() {
        let action: Value = serde_json::from_str(line).expect("JSON");
        let of = |key: &str| action[key].as_str().unwrap_or_default().to_owned();
        // `mx2-421-ok/1` is the first host of a scenario that has two.
        let base = |scenario: String| scenario.split('/').next().unwrap_or_default().to_owned();
        let (sid, scenario) = (of("sid"), base(of("sc")));
        hosts.insert(of("dst"), scenario.clone());
        if action["ev"] == "connect"
            && let Some(before) = open.insert(sid.clone(), (scenario.clone(), Connection::default()))
        {
            close(before);
        }
        let (_, connection) = open.entry(sid).or_insert_with(|| (scenario.clone(), Connection::default()));
        connection.take(&scenario, &action);
    }
    open.into_values().for_each(&mut close);
    (facts, hosts)
}

/// An event, as far as the comparison looks.
#[derive(Clone, Debug)]
struct Told {
    outcome: Outcome,
    by: By,
    stage: Stage,
    tls: TlsUse,
    /// The code of the reply that the event quotes.
    code: Option<u16>,
    weight: u32,
    host: String,
    ip: String,
    domain: String,
}

#[derive(Default)]
struct Ear {
    events: Vec<Told>,
    unrecognised: Vec<String>,
}

impl Sink for Ear {
    fn event(&mut self, e: &Event<'_>) {
        let text = |b: &[u8]| String::from_utf8_lossy(b).to_ascii_lowercase();
        self.events.push(Told {
            outcome: e.outcome,
            by: e.by,
            stage: e.stage,
            tls: e.tls,
            code: Reply::parse(&String::from_utf8_lossy(e.reply)).code,
            weight: e.weight,
            host: text(e.mx_host),
            ip: text(e.mx_ip),
            domain: text(e.rcpt_domain),
        });
    }
    fn heard(&mut self, _: Minute, _: Pulse) {}
    fn unrecognised(&mut self, number: u64, text: &[u8]) {
        self.unrecognised.push(format!("{number}: {}", String::from_utf8_lossy(text)));
    }
}

fn events(variant: &str, log: &str) -> Ear {
    let bytes = bytes(&folder(variant).join(format!("{log}.gz")));
    let head = Head { bytes: &bytes, whole: true };
    let formats: &[&'static dyn LogFormat] = LOG_FORMATS;
    let (shape, _) = LogShape::recognise(head, formats.iter().copied()).expect("a log");
    let survey = shape.survey(head);
    let clock = LogClock::new(survey.offset_s.map_or(Zone::UTC, Zone::Fixed), survey.near);
    let mut ear = Ear::default();
    let mut reader = shape.reader(Opening::again(Exhibit(1), clock.clone()));
    reader.read(&bytes, &mut ear);
    reader.end_of_file(&mut ear);
    assert!(reader.accounting().adds_up());
    join(shape.format, &clock, vec![reader.finish().ends], &mut ear);
    ear
}

/// The scenario of an event: by the host, the address, the recipient's domain.
fn scenario_of(told: &Told, hosts: &BTreeMap<String, String>) -> Option<String> {
    let named = |name: &str| name.strip_suffix(".example").and_then(|n| n.rsplit('.').next()).map(str::to_owned);
    hosts.get(&told.ip).cloned().or_else(|| named(&told.host)).or_else(|| named(&told.domain))
}

/// Whether an event says no more than what happened.
fn agrees(told: &Told, fact: &Fact) -> bool {
    let order = |stage: Stage| Stage::ALL.iter().position(|s| *s == stage);
    let outcome = told.outcome == fact.outcome
        || told.outcome == Outcome::Unclassified
        // A close that the sender noticed, of an answer that its log hides.
        || told.outcome == Outcome::RemoteClose && fact.closed
        // The receiver's silence ends with a close: a patient sender sees that.
        || told.outcome == Outcome::RemoteClose && fact.outcome == Outcome::Timeout
        // A handshake that failed, nobody knows of what.
        || told.outcome == Outcome::TlsFailure && fact.stage == Stage::Handshake && told.tls == TlsUse::Failed;
    let stage = told.stage == Stage::Unknown
        || told.stage == fact.stage
        // Senders notice a close at a later command than the receiver closed at.
        || told.outcome == Outcome::RemoteClose && order(told.stage) > order(fact.stage);
    let tls = match told.tls {
        TlsUse::Established => fact.tls,
        TlsUse::None => !fact.tls,
        TlsUse::Failed => fact.stage == Stage::Handshake,
        TlsUse::Unknown => true,
    };
    // Only the sender leaves where nothing was refused; everything else the receiver did.
    let by = match told.by {
        By::Receiver => !fact.is_of_the_sender(),
        By::Sender => fact.is_of_the_sender(),
        By::Unknown => true,
    };
    let code = told.code.is_none() || fact.code.is_none() || told.code == fact.code;
    outcome && stage && tls && by && code
}

/// Scenarios of which one MTA's log tells fewer attempts than there were, each with the reason.
type Hidden = &'static [(&'static str, &'static str)];

/// Compares one log with the receiver's record. `hidden` names scenarios of which the log
/// tells fewer attempts than there were, each with the reason.
fn compare(variant: &str, log: &str, hidden: Hidden) {
    let (facts, hosts) = truth(variant);
    let told = events(variant, log);
    assert_eq!(told.unrecognised, Vec::<String>::new(), "{variant}/{log}");
    let mut counted: BTreeMap<String, u32> = BTreeMap::new();
    let mut faults = Vec::new();
    for event in told.events.iter().filter(|e| e.outcome.is_attempt()) {
        // Nobody listened there, so the receiver knows nothing of it.
        if event.outcome == Outcome::ConnectFailure {
            continue;
        }
        let Some(scenario) = scenario_of(event, &hosts) else {
            faults.push(format!("of no scenario: {event:?}"));
            continue;
        };
        *counted.entry(scenario.clone()).or_default() += event.weight;
        match facts.get(&scenario) {
            Some(facts) if facts.iter().any(|f| agrees(event, f)) => {}
            facts => faults.push(format!("{scenario}: {event:?} against {facts:?}")),
        }
    }
    let excused: BTreeSet<&str> = hidden.iter().map(|(scenario, _)| *scenario).collect();
    for (scenario, facts) in &facts {
        let found = counted.get(scenario).copied().unwrap_or_default();
        let there = facts.iter().filter(|f| f.ends).count() as u32;
        let perhaps = facts.iter().filter(|f| !f.ends && f.outcome == Outcome::TlsFailure).count() as u32;
        if found > there + perhaps || found < there && !excused.contains(scenario.as_str()) {
            faults.push(format!("{scenario}: {found} attempts told of {there}: {facts:?}"));
        }
        if found == there && excused.contains(scenario.as_str()) {
            faults.push(format!("{scenario}: nothing is hidden there"));
        }
    }
    assert!(faults.is_empty(), "{variant}/{log}:\n{}", faults.join("\n"));
}

#[test]
fn postfix() {
    for log in ["rfc3164.log", "iso8601.log", "rfc5424.log", "forward-pri.log", "tradfwd-pri.log"] {
        compare("postfix3711-may", log, &[]);
        compare("postfix312-may", log, &[]);
    }
    for variant in [
        "postfix3711-encrypt",
        "postfix3711-loglevel2",
        "postfix3711-suspended",
        "postfix3711-fallback",
        "postfix3711-reuse",
        "postfix312-reuse",
    ] {
        compare(variant, "rfc3164.log", &[]);
    }
    compare("postfix312-reuse", "rfc5424.log", &[]);
    // What an envelope loses of a line changes nothing of what the line says.
    for (variant, logs) in [
        ("postfix3711-may", &["iso8601.log", "rfc5424.log", "forward-pri.log", "tradfwd-pri.log"][..]),
        ("postfix312-may", &["iso8601.log", "rfc5424.log", "forward-pri.log", "tradfwd-pri.log"]),
        ("postfix312-reuse", &["rfc5424.log"]),
    ] {
        let told = |log: &str| {
            let mut told: Vec<_> = events(variant, log).events.iter().map(|e| format!("{e:?}")).collect();
            told.sort();
            told
        };
        let plain = told("rfc3164.log");
        for log in logs {
            assert_eq!(told(log), plain, "{variant}/{log}");
        }
    }
}

#[test]
fn sendmail() {
    for log in ["rfc3164.log", "iso8601.log"] {
        compare(
            "sendmail8171-default",
            log,
            &[("mx2-421-ok", "a refusal of one MX host when a later one takes the message leaves no line")],
        );
    }
}

#[test]
fn opensmtpd() {
    for log in ["rfc3164.log", "iso8601.log"] {
        compare("opensmtpd680-default", log, &[]);
    }
}

#[test]
fn haraka() {
    for variant in ["haraka316-default", "haraka316-json"] {
        compare(variant, "haraka.log", &[]);
    }
}

#[test]
fn exim() {
    compare(
        "exim41001-default",
        "mainlog",
        &[("data-eof", "a message that left the queue without an outcome is a note, not an attempt")],
    );
    compare("exim496-default", "mainlog", &[]);
    compare("exim496-all", "mainlog", &[]);
    compare(
        "exim496-noclear",
        "mainlog",
        &[("mx2-tlseof-ok", "a failed handshake with the first MX host leaves no line where plain text is forbidden")],
    );
}
