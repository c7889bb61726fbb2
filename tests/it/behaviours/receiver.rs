//! The receiver's own record of what it did (`truth.jsonl`, one action a line).

use std::collections::BTreeMap;

use casefile::smtp::{By, Outcome, Stage, TlsUse};
use serde_json::Value;

use super::table::Words;
use super::{address, bytes, folder};

/// One thing that the receiver did to an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fact {
    outcome: Outcome,
    stage: Stage,
    /// The code of the answer, where the receiver gave one.
    code: Option<u16>,
    /// Whether TLS stood.
    tls: bool,
    /// When, in milliseconds of Unix time.
    pub(super) at_ms: i64,
    /// The address that was connected to.
    pub(super) ip: String,
    /// The receiver closed after it answered: senders may notice the close alone.
    closed: bool,
    /// Whether it ended an attempt: a refused recipient beside accepted ones does not, nor
    /// does a refused STARTTLS after which the sender went on in clear.
    ends: bool,
}

impl Fact {
    /// In the words of a log's reader.
    pub(super) fn words(&self) -> Words {
        // TLS was not offered, so the sender left; all else the receiver did.
        let left = self.outcome == Outcome::TlsFailure && self.stage == Stage::Ehlo;
        let tls = match self.stage {
            Stage::Handshake => TlsUse::Failed,
            _ if self.tls => TlsUse::Established,
            _ => TlsUse::None,
        };
        let by = if left { By::Sender } else { By::Receiver };
        Words { outcome: self.outcome, by, stage: self.stage, tls, code: self.code }
    }

    /// What else it did: `and closed`, `in passing`.
    pub(super) fn manner(&self) -> &'static str {
        match (self.closed, self.ends) {
            (true, true) => " and closed",
            (false, true) => "",
            (false, false) => " in passing",
            (true, false) => " and closed in passing",
        }
    }
}

/// The receiver's record of one connection.
#[derive(Default)]
struct Connection {
    at_ms: i64,
    ip: String,
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
        self.at_ms = (action["t"].as_f64().unwrap_or_default() * 1000.0) as i64;
        self.ip = address(action["dst"].as_str().unwrap_or_default());
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
        let (code, tls, at_ms, ip) = (self.code, self.tls, self.at_ms, self.ip.clone());
        self.facts.push(Fact { outcome, stage, code, tls, at_ms, ip, closed: false, ends: true });
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

/// What the receiver did, by scenario and in order of time, and the scenario of each of its
/// addresses.
pub(super) fn truth(variant: &str) -> (BTreeMap<String, Vec<Fact>>, BTreeMap<String, String>) {
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
        hosts.insert(address(&of("dst")), scenario.clone());
        if action["ev"] == "connect"
            && let Some(before) = open.insert(sid.clone(), (scenario.clone(), Connection::default()))
        {
            close(before);
        }
        let (_, connection) = open.entry(sid).or_insert_with(|| (scenario.clone(), Connection::default()));
        connection.take(&scenario, &action);
    }
    open.into_values().for_each(&mut close);
    facts.values_mut().for_each(|facts| facts.sort_by_key(|f| f.at_ms));
    (facts, hosts)
}
