//! The records of one accounting file, told as events.

use memchr::memrchr;

use super::record::{Kind, Record, moment, waited_ms};
use super::same::Before;
use super::seen::{Seen, SeenOnce};
use super::table::{Found, Line, Table, begins_record};
use super::verdict::{SENT_IN_CLEAR, tls_of, verdict};
use super::wording::{Verdict, queue_parts};
use super::{host_and_ip, known_ip};
use crate::formats::logs::keyed::Deaf;
use crate::formats::logs::ledger::Fate;
use crate::formats::logs::prints::print_of;
use crate::formats::logs::records::{Out, Records, take_again};
use crate::formats::logs::{Edge, Ends, Event, EventLine, KeptLine, LogClock, Opening, Sink};
use crate::intake::{Exhibit, lines_of};
use crate::time::Stamp;

/// The records of one file.
pub(super) struct Rows {
    exhibit: Exhibit,
    clock: LogClock,
    table: Table,
    /// The lines of a record that goes on.
    open: Vec<u8>,
    seen: SeenOnce,
    /// The last time read, as it stands, and what it means.
    time: (Vec<u8>, Option<Stamp>),
    before: Before,
    edges: Edges,
}

/// What the first and the last record of a file need to be told from their neighbours in
/// other files.
#[derive(Default)]
struct Edges {
    /// Whether what came before the next record is known.
    begun: bool,
    header: Option<KeptLine>,
    /// The first record, which may go with the last one of another file.
    head: Vec<KeptLine>,
    /// Number and bytes of the last record, where it bears Google's token; 0 for none.
    last: (u64, Vec<u8>),
}

/// The key of what the edges hold: accounting files have one sequence of records.
const KEY: &[u8] = b"records";

/// A record is at most so long: what a stray quote swallows beyond that is no record.
const MOST_LINES: usize = 64;
const MOST_BYTES: usize = 64 * 1024;

impl Records for Rows {
    fn take(&mut self, line: &[u8], out: &mut Out<'_>) -> Fate {
        if self.open.is_empty() {
            return self.text(line, true, out);
        }
        let lines = lines_of(&self.open).count();
        if begins_record(line) || lines >= MOST_LINES || self.open.len() + line.len() > MOST_BYTES {
            out.lost(&self.open);
            self.open.clear();
            return self.text(line, true, out);
        }
        let mut text = std::mem::take(&mut self.open);
        text.push(b'\n');
        text.extend_from_slice(line);
        self.text(&text, false, out)
    }

    fn replay(&mut self, before: &[KeptLine], head: &[KeptLine], sink: &mut dyn Sink) {
        self.edges.begun = true;
        for line in before {
            take_again(self, line, &mut Deaf);
        }
        self.table.forget_header();
        for line in head {
            take_again(self, line, sink);
        }
    }

    fn edge(&self) -> Edge {
        let header = self.edges.header.as_ref().map(|line| line.text.to_vec());
        Edge {
            resolved: self.clock.latest(),
            header: header.unwrap_or_default(),
            is_inside: !self.open.is_empty(),
            ..Edge::default()
        }
    }

    fn go_on_from(&mut self, edge: &Edge) {
        self.clock.go_on_from(edge.resolved);
        if !edge.header.is_empty() {
            self.table.take_apart(&edge.header, &mut None);
            // It stands before all that is read here.
            self.edges.header =
                Some(KeptLine { exhibit: self.exhibit, number: 0, text: (&*edge.header).into(), at: None });
        }
    }

    fn ends(&mut self) -> Vec<(Box<[u8]>, Ends)> {
        let Edges { begun, header, head, last: (number, text) } = std::mem::take(&mut self.edges);
        if !begun {
            return Vec::new();
        }
        let last = (number > 0).then(|| KeptLine { exhibit: self.exhibit, number, text: text.into(), at: None });
        let tail = last.map_or_else(Vec::new, |last| header.into_iter().chain([last]).collect());
        vec![(KEY.into(), Ends { head, fixed: true, tail })]
    }
}

impl Rows {
    pub(super) fn of(opening: &Opening) -> Self {
        Self {
            exhibit: opening.exhibit,
            clock: opening.clock.clone(),
            table: Table::default(),
            open: Vec::new(),
            seen: SeenOnce::default(),
            time: (Vec::new(), None),
            before: Before::default(),
            edges: Edges::default(),
        }
    }

    /// A line, or (`whole` is false) the lines of a record that goes on, joined.
    fn text(&mut self, text: &[u8], whole: bool, out: &mut Out<'_>) -> Fate {
        let mut json = None;
        match self.table.take_apart(text, &mut json) {
            Line::Header(_) => {
                self.edges.header = Some(kept(text, out));
                Fate::Irrelevant
            }
            Line::Record(found) => self.record(&found, text, whole, out),
            Line::Open => {
                self.open.extend_from_slice(text);
                Fate::Held
            }
            Line::Other if text.trim_ascii().is_empty() => Fate::Irrelevant,
            Line::Other => Fate::Unrecognised,
        }
    }

    fn record(&mut self, found: &Found<'_>, text: &[u8], whole: bool, out: &mut Out<'_>) -> Fate {
        let Found { kind, record, .. } = found;
        if !found.timed {
            self.saw(Seen::OnlyQueued, out);
            return Fate::Irrelevant;
        }
        let Some(at) = self.moment(record.time) else {
            return if *kind == Kind::Inbound { Fate::Irrelevant } else { Fate::Unrecognised };
        };
        let subject = if record.rcpt.is_empty() { record.queue } else { record.rcpt };
        let words: &[u8] = if record.diag.is_empty() { record.mta } else { &record.diag };
        if !out.place(at, print_of(subject, words)) {
            // Another file told it, and its neighbours there.
            self.before.forget();
            self.edges.pass(false, text, out);
            return Fate::Repeated;
        }
        let Some(verdict) = verdict(*kind, record) else { return Fate::Irrelevant };
        self.look_at(*kind, record, &verdict, out);
        let further = self.before.goes_on_with(found.text, found.recipient.as_ref());
        let waits = self.edges.pass(whole && found.recipient.is_some(), text, out);
        if !waits {
            tell(found, &verdict, at, further, (text, whole), out);
        }
        Fate::Used
    }

    /// The moment of a time; records of one second stand together.
    fn moment(&mut self, time: &[u8]) -> Option<Stamp> {
        if self.time.0 != time {
            self.time.0.clear();
            self.time.0.extend_from_slice(time);
            self.time.1 = moment(time, &mut self.clock);
        }
        self.time.1
    }

    /// Notes what the file has.
    fn look_at(&mut self, kind: Kind, record: &Record<'_>, verdict: &Verdict<'_>, out: &mut Out<'_>) {
        let of_kind = match kind {
            Kind::Delivered => Seen::Delivered,
            Kind::Bounced => Seen::Bounced,
            Kind::Transient => Seen::Transient,
            Kind::Queue | Kind::Inbound => Seen::Queue,
        };
        self.saw(of_kind, out);
        if let Some(protocol) = record.tls {
            self.saw(Seen::TlsColumn, out);
            if !protocol.is_empty() {
                self.saw(Seen::Tls, out);
            }
        }
        if verdict.detail == SENT_IN_CLEAR {
            self.saw(Seen::InClear, out);
        }
        if verdict.reply.starts_with(b"421") {
            self.saw(if is_replaced(verdict.reply) { Seen::Replaced421 } else { Seen::Worded421 }, out);
        }
        // The default of `privacy-policy redact`.
        if record.rcpt.starts_with(b"...@") {
            self.saw(Seen::Redacted, out);
        }
    }

    fn saw(&mut self, seen: Seen, out: &mut Out<'_>) {
        if self.seen.is_new(seen) {
            out.note(seen.note(), 0);
        }
    }
}

impl Edges {
    /// Passes a record; of those that stand in one line and bear a token the last is kept. True when it must wait for the end of the file before.
    fn pass(&mut self, bears_token: bool, text: &[u8], out: &Out<'_>) -> bool {
        let waits = bears_token && !self.begun;
        self.begun = true;
        if waits {
            self.head = self.header.iter().cloned().chain([kept(text, out)]).collect();
        }
        self.last.0 = if bears_token { out.number() } else { 0 };
        if bears_token {
            self.last.1.clear();
            self.last.1.extend_from_slice(text);
        }
        waits
    }
}

fn kept(text: &[u8], out: &Out<'_>) -> KeptLine {
    KeptLine { exhibit: out.exhibit(), number: out.number(), text: text.into(), at: None }
}

/// `replace-smtp-421-service-response` leaves the code and replaces what follows.
fn is_replaced(reply: &[u8]) -> bool {
    let text = reply.rsplit(|b| b.is_ascii_digit()).next().unwrap_or_default();
    let text = text.trim_ascii();
    text.strip_suffix(b".").unwrap_or(text).eq_ignore_ascii_case(b"service unavailable")
}

fn tell(
    found: &Found<'_>,
    verdict: &Verdict<'_>,
    at: Stamp,
    further: bool,
    (text, whole): (&[u8], bool),
    out: &mut Out<'_>,
) {
    let Found { kind, record, .. } = found;
    let kind = *kind;
    let (exhibit, number) = (out.exhibit(), out.number());
    let lines: Vec<EventLine<'_>>;
    let one = [EventLine { exhibit, number, text }];
    let lines: &[EventLine<'_>] = if whole {
        &one
    } else {
        let count = lines_of(text).count() as u64;
        let line = |(n, text)| EventLine { exhibit, number: number + 1 + n as u64 - count, text };
        lines = lines_of(text).enumerate().map(line).collect();
        &lines
    };
    let (queue_domain, queue_vmta) = queue_parts(record.queue);
    let (mx_host, mx_ip) = host_and_ip(record.mta).or(verdict.mx).unwrap_or((record.mta, &[]));
    let of_queue = kind == Kind::Queue;
    out.event(&Event {
        outcome: verdict.outcome,
        by: verdict.by,
        stage: verdict.stage,
        failed: verdict.failed,
        tls: tls_of(kind, record, verdict),
        reply: verdict.reply,
        mx_host,
        mx_ip: either(mx_ip, known_ip(record.destination_ip)),
        tag: either(record.vmta, queue_vmta),
        source_ip: either(known_ip(record.source_ip), verdict.source_ip),
        rcpt_domain: if of_queue { queue_domain } else { domain_of(record.rcpt) },
        weight: u32::from(!further),
        recipients: u32::from(!of_queue),
        waited_ms: if kind == Kind::Delivered { waited_ms(record.queued, record.time, at) } else { None },
        detail: verdict.detail,
        lines,
        ..Event::at(at, exhibit, number)
    });
}

/// The first of two that is not empty.
const fn either<'a>(a: &'a [u8], b: &'a [u8]) -> &'a [u8] {
    if a.is_empty() { b } else { a }
}

fn domain_of(address: &[u8]) -> &[u8] {
    memrchr(b'@', address).and_then(|at| address.get(at + 1..)).unwrap_or_default()
}
