//! One incident as several MTAs would log it: the same sessions must give the same counters,
//! wherever a log can show them.
//!
//! The lines are composed in the shapes that each writer's file names, with one incident's
//! times. Where a log cannot show a counter its reader must say so, the sessions must turn up
//! where the log has them, and what is printed of the counter is "unknown", not 0.

mod exim;
mod kumomta;
mod postfix;
mod powermta;
mod printed;

use std::collections::{BTreeMap, BTreeSet};

use casefile::formats::Head;
use casefile::formats::logs::{Event, LOG_FORMATS, LogClock, LogFormat, LogShape, Note, Opening, Pulse, Sink, join};
use casefile::intake::Exhibit;
use casefile::scan::What;
use casefile::smtp::{Lane, Lanes, Outcome, Reply, TlsUse, meaning_of};
use casefile::time::{Minute, Stamp, Zone};

/// What happens in one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Happens {
    Delivered,
    /// 421 4.7.28 in answer to MAIL.
    Limited,
    /// 421 4.7.0 in the greeting.
    Refused,
    /// Closed before the greeting.
    Closed,
    /// Reset in the handshake.
    Reset,
    /// A TLS alert.
    Alert,
    /// Nobody listens.
    Nobody,
}

use Happens::{Alert, Closed, Delivered, Limited, Nobody, Refused, Reset};

/// One session: so many seconds into the incident.
#[derive(Clone, Copy)]
struct One {
    second: i64,
    what: Happens,
}

/// 2026-11-24T03:56:00Z.
const BEGIN: i64 = 1_795_492_560;
const HOST: &str = "gmail-smtp-in.l.google.com";
const IP: &str = "198.51.100.26";
const FROM: &str = "192.0.2.11";
const LIMIT: [&str; 2] = [
    "Gmail has detected an unusual rate of unsolicited mail originating from your IP address [192.0.2.11      15]. To protect our users from spam, mail sent from your IP address has been temporarily rate limited.",
    "review our Bulk Email Senders Guidelines. ffacd0b85a97d-4324eab2651si10575209f8f.183 - gsmtp",
];
const SHUT: &str = "421 4.7.0 Try again later, closing connection. l7-20020a05600c4f0700b00si1234567.8 - gsmtp";

/// Five minutes: healthy, then under pressure, with one of everything.
fn incident() -> Vec<One> {
    let kinds = [Delivered, Limited, Refused, Closed, Reset, Alert, Nobody];
    let of = |n: i64| if n < 120 { Delivered } else { kinds[(n as usize / 7) % kinds.len()] };
    (0..300).step_by(7).map(|second| One { second, what: of(second) }).collect()
}

fn at(one: One) -> Stamp {
    Stamp::from_seconds(BEGIN + one.second)
}

fn accepted(one: One) -> String {
    format!("250 2.0.0 OK  {} ffacd0b85a97d-3a5b1c2f4e1si1234567.8 - gsmtp", BEGIN + one.second)
}

/// What became of a session.
const fn outcome_of(what: Happens) -> Outcome {
    match what {
        Delivered => Outcome::Delivered,
        Limited | Refused => Outcome::Deferral,
        Closed | Reset => Outcome::RemoteClose,
        Alert => Outcome::TlsFailure,
        Nobody => Outcome::ConnectFailure,
    }
}

type ByMinute = BTreeMap<(Minute, Outcome), u64>;

/// What is counted of the Gmail lane: by minute and outcome, and the classes of replies.
#[derive(Default)]
struct Counted {
    by_minute: ByMinute,
    /// Messages that were accepted in clear text, which is none of what happens in the incident.
    in_clear: BTreeMap<Minute, u64>,
    classes: BTreeMap<String, u64>,
    unrecognised: u64,
    seen: BTreeSet<Note>,
    /// What the reader says that it cannot count.
    unknown: Vec<Outcome>,
}

impl Counted {
    /// The outcomes that the log can show, without attempts that it cannot tell.
    fn shown(&self, counts: &ByMinute) -> ByMinute {
        let is_shown = |o: Outcome| o != Outcome::Unclassified && !self.unknown.contains(&o);
        counts.iter().filter(|((_, o), _)| is_shown(*o)).map(|(k, n)| (*k, *n)).collect()
    }

    /// Sessions by minute, whatever became of them.
    fn sessions(&self) -> BTreeMap<Minute, u64> {
        let mut all = self.in_clear.clone();
        for ((minute, _), n) in &self.by_minute {
            *all.entry(*minute).or_default() += n;
        }
        all
    }
}

impl Sink for Counted {
    fn event(&mut self, e: &Event<'_>) {
        assert_eq!(Lanes::default().classify(e.mx_host, e.rcpt_domain, e.reply), Lane::GMAIL, "{e:?}");
        if (e.outcome, e.tls) == (Outcome::Delivered, TlsUse::None) {
            *self.in_clear.entry(e.at.minute()).or_default() += u64::from(e.weight);
        } else {
            *self.by_minute.entry((e.at.minute(), e.outcome)).or_default() += u64::from(e.weight);
        }
        if e.outcome == Outcome::Deferral {
            let reply = Reply::parse(&String::from_utf8_lossy(e.reply));
            let meaning = meaning_of(&reply);
            *self
                .classes
                .entry(format!("{:?} {:?} {:?} {:?}", reply.code, reply.enhanced, meaning, reply.token))
                .or_default() += 1;
        }
    }
    fn heard(&mut self, _: Minute, _: Pulse) {}
    fn unrecognised(&mut self, _: u64, _: &[u8]) {
        self.unrecognised += 1;
    }
    fn note(&mut self, note: Note, _: u64, _: u64) {
        self.seen.insert(note);
    }
}

fn counted(log: &str) -> Counted {
    let head = Head { bytes: log.as_bytes(), whole: true };
    let formats: &[&'static dyn LogFormat] = LOG_FORMATS;
    let (shape, _) = LogShape::recognise(head, formats.iter().copied()).expect("a log");
    let survey = shape.survey(head);
    let clock = LogClock::new(survey.offset_s.map_or(Zone::UTC, Zone::Fixed), survey.near);
    let mut counted = Counted::default();
    let mut reader = shape.reader(Opening::again(Exhibit(1), clock.clone()));
    reader.read(log.as_bytes(), &mut counted);
    reader.end_of_file(&mut counted);
    join(shape.format, &clock, vec![reader.finish().ends], &mut counted);
    counted.unknown = shape.format.cannot_count(&|note| counted.seen.contains(&note));
    counted
}

fn log_of(sessions: &[One], write: fn(One) -> String) -> String {
    sessions.iter().map(|one| write(*one)).collect()
}

#[test]
fn one_incident_gives_the_same_counters_in_every_log() {
    let sessions = incident();
    let mut expected = ByMinute::new();
    for one in &sessions {
        *expected.entry((at(*one).minute(), outcome_of(one.what))).or_default() += 1;
    }
    let logs = [
        ("postfix", log_of(&sessions, postfix::log), &[][..]),
        ("exim", log_of(&sessions, exim::log), &[]),
        ("kumomta", log_of(&sessions, kumomta::log), &[]),
        ("powermta", powermta::file(&sessions), powermta::UNKNOWN),
    ];
    let found: Vec<_> = logs.iter().map(|(name, log, unknown)| (*name, counted(log), *unknown)).collect();
    let classes = &found[0].1.classes;
    let sessions = found[0].1.sessions();
    assert_eq!((classes.len(), sessions.values().sum::<u64>()), (2, 43), "{classes:#?}");
    for (name, found, unknown) in &found {
        assert_eq!(found.unrecognised, 0, "{name}");
        assert_eq!(found.unknown, *unknown, "{name}");
        assert_eq!(found.shown(&found.by_minute), found.shown(&expected), "{name}");
        assert_eq!(&found.classes, classes, "{name}");
        // No session is lost for being unknown, and none of them turns up as another failure.
        assert_eq!(found.sessions(), sessions, "{name}");
        let is_told = |(_, outcome): &&(Minute, Outcome)| !unknown.contains(outcome);
        assert_eq!(found.by_minute.keys().find(|key| !is_told(key)), None, "{name}");
        if unknown.is_empty() {
            assert_eq!(found.by_minute, expected, "{name}");
        }
    }
}

#[test]
fn what_an_accounting_file_cannot_tell_stands_where_the_guide_puts_it() {
    let sessions = incident();
    let of = |whats: &[Happens]| sessions.iter().filter(|one| whats.contains(&one.what)).count() as u64;
    let found = counted(&powermta::file(&sessions));
    // The message goes out in clear after a handshake that failed.
    assert_eq!(found.in_clear.values().sum::<u64>(), of(&[Reset, Alert]));
    let broken: u64 = found.by_minute.iter().filter(|((_, o), _)| *o == Outcome::Unclassified).map(|(_, n)| n).sum();
    assert_eq!(broken, of(&[Closed]));
    assert!(of(&[Reset]) > 0 && of(&[Alert]) > 0 && broken > 0);
}

/// Without `t` and `tq` records, as PowerMTA writes by default, no failure has a counter.
#[test]
fn default_accounting_counts_no_failure() {
    let sessions = incident();
    let found = counted(&powermta::default_file(&sessions));
    let all: BTreeSet<_> = found.unknown.iter().copied().collect();
    assert_eq!(all, What::FAILURES.iter().copied().collect());
    assert_eq!(found.by_minute.keys().find(|(_, o)| *o != Outcome::Delivered), None);
}
