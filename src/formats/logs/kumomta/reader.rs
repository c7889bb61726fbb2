//! Records to events.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use rustc_hash::FxHashMap;

use super::candidates::{Candidate, candidates};
use super::debug::{Host, Printed, ip_of, unescape, without_dot};
use super::fault::{of_code, stage_of};
use super::record::{Enhanced, Orders, Peer, Record, Response, Seconds, reception};
use super::site::host_of;
use super::verdict::{Verdict, verdict};
use crate::formats::logs::ledger::Fate;
use crate::formats::logs::prints::print_of;
use crate::formats::logs::records::{Out, Records};
use crate::formats::logs::{Event, EventLine, KeptLine, Note};
use crate::smtp::{By, Outcome, Stage, TlsUse};
use crate::time::Stamp;

/// Reads the records of one file.
#[derive(Default)]
pub(super) struct Reader {
    /// The reply being written out.
    reply: Vec<u8>,
    /// Bulk delays that may go on, by second, site and domain.
    bulk: FxHashMap<Box<[u8]>, Bulk>,
    /// The latest second of a bulk delay.
    bulk_second: i64,
    key: Vec<u8>,
    /// What of [`SEEN`] was told.
    seen: [bool; SEEN.len()],
    /// In which order the fields of the records before stood.
    orders: Orders,
    seconds: Seconds,
}

/// What files of KumoMTA may lack.
const SEEN: [&str; 5] = ["TransientFailure", "Delivery", "Bounce", "source_address", "event_time"];

/// One decision that KumoMTA wrote once for each message.
struct Bulk {
    at: Stamp,
    first: KeptLine,
    rows: u32,
    recipients: u32,
}

/// Seconds after which a bulk delay is over: its rows are written in one go.
const BULK_SECONDS: i64 = 2;

/// Bulk delays kept open at once.
const MOST_BULKS: usize = 1024;

/// Said where the reply is no field of the record.
const REBUILT: &[u8] = b"reply rebuilt from a debug print in the record";

impl Records for Reader {
    fn take(&mut self, line: &[u8], out: &mut Out<'_>) -> Fate {
        let line = line.trim_ascii();
        if let Some((id, at)) = reception(line, &mut self.seconds) {
            return if out.place(at, print_of(id, line)) { Fate::Irrelevant } else { Fate::Repeated };
        }
        if !line.starts_with(b"{") {
            return if is_tailers(line) { Fate::Irrelevant } else { Fate::Unrecognised };
        }
        let Some(record) = Record::of_next(line, &mut self.orders) else { return Fate::Unrecognised };
        let (Some(at), Some(response)) = (record.at_in(&mut self.seconds), &record.response) else {
            return Fate::Unrecognised;
        };
        if !out.place(at, print_of(record.id.0.as_bytes(), line)) {
            return Fate::Repeated;
        }
        match &*record.kind.0 {
            "Delivery" | "TransientFailure" | "Bounce" | "Expiration" | "AdminBounce" | "Delayed" => {
                self.attempt(&record, response, at, line, out)
            }
            "Reception"
            | "Rejection"
            | "Feedback"
            | "OOB"
            | "XferOut"
            | "XferIn"
            | "AdminRebind"
            | "DeferredInjectionRebind" => Fate::Irrelevant,
            _ => Fate::Unrecognised,
        }
    }

    fn end_of_file(&mut self, out: &mut Out<'_>) {
        self.tell_bulks(i64::MAX, out);
    }
}

impl Reader {
    fn attempt(
        &mut self,
        record: &Record<'_>,
        response: &Response<'_>,
        at: Stamp,
        line: &[u8],
        out: &mut Out<'_>,
    ) -> Fate {
        if record.is_no_mail() {
            return Fate::Irrelevant;
        }
        if &*record.kind.0 == "Delayed" && is_schedule(&response.content.0) {
            return Fate::Irrelevant;
        }
        self.note_seen(record, out);
        let lines = [EventLine { exhibit: out.exhibit(), number: out.number(), text: line }];
        let group = if matches!(record.peer_address, Peer::Host { .. }) { None } else { host_of(&record.site.0) };
        let event = Event { lines: &lines, ..event_of(record, at, group.as_ref(), out) };
        if &*record.kind.0 == "Delivery" {
            let outcome = if response.code / 100 == 2 { Outcome::Delivered } else { Outcome::Unclassified };
            self.write_reply(response.code, response.enhanced_code, &response.content.0);
            out.event(&Event { outcome, by: By::Receiver, stage: Stage::EndOfData, reply: &self.reply, ..event });
            return Fate::Used;
        }
        let content = response.content.0.as_bytes();
        match verdict(record, response) {
            Verdict::Reply { code, content } => {
                self.write_reply(code, response.enhanced_code, content);
                let stage = stage_of(&response.command.0);
                out.event(&Event { outcome: of_code(code), by: By::Receiver, stage, reply: &self.reply, ..event });
            }
            Verdict::Fault(fault) => {
                let told = Event { outcome: fault.outcome, by: fault.by, stage: fault.stage, detail: content, ..event };
                self.tell(told, fault.reply, out);
            }
            Verdict::Candidates(errors) => self.tell_candidates(errors, &event, out),
            Verdict::Bulk => self.add_bulk(record, &event, out),
        }
        Fate::Used
    }

    /// One event for each host tried. The message's recipients stand on the last.
    fn tell_candidates(&mut self, errors: &str, event: &Event<'_>, out: &mut Out<'_>) {
        let mut tried = candidates(errors).peekable();
        while let Some(Candidate { fault, host, tls, words }) = tried.next() {
            let told = Event {
                outcome: fault.outcome,
                by: fault.by,
                stage: fault.stage,
                tls,
                mx_host: if host.name.is_empty() { event.mx_host } else { host.name.as_bytes() },
                mx_ip: host.ip.as_bytes(),
                detail: words.as_bytes(),
                recipients: if tried.peek().is_some() { 0 } else { event.recipients },
                ..event.clone()
            };
            self.tell(told, fault.reply, out);
        }
    }

    /// Tells an event, with the reply that its error holds.
    fn tell(&mut self, event: Event<'_>, printed: Option<Printed<'_>>, out: &mut Out<'_>) {
        let Some(printed) = printed else { return out.event(&event) };
        self.write_reply(printed.code, printed.enhanced, "");
        unescape(printed.content, &mut self.reply);
        out.event(&Event { reply: &self.reply, detail: REBUILT, ..event });
    }

    /// Writes a reply as it stood on the wire, its lines joined as KumoMTA joins them.
    fn write_reply(&mut self, code: u16, enhanced: Option<Enhanced>, text: &str) {
        self.reply.clear();
        write_number(code, &mut self.reply);
        if let Some(Enhanced { class, subject, detail }) = enhanced {
            for (mark, number) in [(b' ', class), (b'.', subject), (b'.', detail)] {
                self.reply.push(mark);
                write_number(number, &mut self.reply);
            }
        }
        self.reply.push(b' ');
        self.reply.extend_from_slice(text.as_bytes());
    }

    fn add_bulk(&mut self, record: &Record<'_>, event: &Event<'_>, out: &mut Out<'_>) {
        let second = event.at.seconds();
        if second > self.bulk_second {
            self.bulk_second = second;
            self.tell_bulks(second - BULK_SECONDS, out);
        }
        self.key.clear();
        self.key.extend_from_slice(&second.to_le_bytes());
        for part in [record.site.0.as_bytes(), event.rcpt_domain, event.tag] {
            self.key.extend_from_slice(part);
            self.key.push(0);
        }
        if let Some(bulk) = self.bulk.get_mut(&*self.key) {
            bulk.rows = bulk.rows.saturating_add(1);
            bulk.recipients = bulk.recipients.saturating_add(event.recipients);
            return;
        }
        if self.bulk.len() >= MOST_BULKS {
            self.tell_bulks(i64::MAX, out);
        }
        let Some(line) = event.lines.last() else { return };
        let first = KeptLine { exhibit: line.exhibit, number: line.number, text: line.text.into(), at: None };
        let bulk = Bulk { at: event.at, first, rows: 1, recipients: event.recipients };
        self.bulk.insert(self.key.as_slice().into(), bulk);
    }

    /// Tells the bulk delays before a second, in order of line.
    fn tell_bulks(&mut self, before: i64, out: &mut Out<'_>) {
        let mut over: Vec<_> =
            self.bulk.extract_if(|_, bulk| bulk.at.seconds() < before).map(|(_, bulk)| bulk).collect();
        over.sort_by_key(|bulk| bulk.first.number);
        for Bulk { at, first, rows, recipients } in over {
            let Some(record) = Record::of(&first.text) else { continue };
            let group = host_of(&record.site.0);
            let event = event_of(&record, at, group.as_ref(), out);
            out.event(&Event {
                line: first.number,
                outcome: Outcome::Local,
                by: By::Sender,
                queue_id: if rows > 1 { b"" } else { event.queue_id },
                weight: rows,
                recipients,
                detail: record.response.as_ref().map_or(b"", |r| r.content.0.as_bytes()),
                lines: &[EventLine { exhibit: first.exhibit, number: first.number, text: &first.text }],
                ..event
            });
        }
    }

    fn note_seen(&mut self, record: &Record<'_>, out: &mut Out<'_>) {
        let is_here = |what| match what {
            "source_address" => record.source_address.is_some(),
            "event_time" => record.is_fine(),
            kind => record.kind.0 == kind,
        };
        for (what, told) in SEEN.into_iter().zip(&mut self.seen) {
            if !*told && is_here(what) {
                *told = true;
                out.note(Note::Seen(what), 1);
            }
        }
    }
}

/// Writes a number of a reply: each has some, and formatting takes many times as long.
fn write_number(number: u16, out: &mut Vec<u8>) {
    if number >= 10 {
        write_number(number / 10, out);
    }
    out.push(b'0' + (number % 10) as u8);
}

/// What a record tells of every attempt; `group` stands for the MX hosts where there was
/// no connection.
fn event_of<'a>(record: &'a Record<'_>, at: Stamp, group: Option<&'a Cow<'_, str>>, out: &Out<'_>) -> Event<'a> {
    let host = match &record.peer_address {
        Peer::Host { name, addr } => Host { name: without_dot(name), ip: ip_of(addr) },
        Peer::None | Peer::Absent => Host { name: group.map_or("", |g| g), ip: "" },
    };
    let tag = if record.egress_source.0.is_empty() { &record.egress_pool.0 } else { &record.egress_source.0 };
    Event {
        tls: tls_of(record),
        mx_host: host.name.as_bytes(),
        mx_ip: host.ip.as_bytes(),
        tag: tag.as_bytes(),
        source_ip: record.source_address.as_ref().map_or("", |s| ip_of(&s.address.0)).as_bytes(),
        session: record.session_id.0.as_bytes(),
        queue_id: record.id.0.as_bytes(),
        rcpt_domain: record.rcpt_domain().as_bytes(),
        recipients: record.recipient.count.max(1),
        waited_ms: record.waited_ms(at),
        ..Event::at(at, out.exhibit(), out.number())
    }
}

/// Looked for in each answer, so built once.
static IN_THE_CLEAR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("connect in the clear"));

/// A cipher is of a connection of the session, not surely of this one: a session that went on
/// in plain text keeps it. Without one there was no TLS, if the version logs TLS at all:
/// those before 2023.10 do not, and have neither a source address nor a session id.
fn tls_of(record: &Record<'_>) -> TlsUse {
    let connected = matches!(record.peer_address, Peer::Host { .. });
    if record.has_tls() {
        let in_the_clear = |r: &Response<'_>| IN_THE_CLEAR.find(r.content.0.as_bytes()).is_some();
        let in_the_clear = record.response.as_ref().is_some_and(in_the_clear);
        return if in_the_clear { TlsUse::Unknown } else { TlsUse::Established };
    }
    let logs_tls = record.source_address.is_some() || !record.session_id.0.is_empty();
    if connected && logs_tls { TlsUse::None } else { TlsUse::Unknown }
}

/// A message that waits for its time, was just received, or changed its queue, is not held
/// back: `Context: Received, ScheduledForLater. Next due in 5m at …`.
fn is_schedule(content: &str) -> bool {
    const HELD_BACK: &[&str] = &[
        "Throttle",
        "ReadyQueueWas",
        "MaxReadyWasReduced",
        "FailedTo",
        "FailedDue",
        "MxResolvedToZeroHosts",
        "MxWas",
        "TooMany",
        "Unhealthy",
        "DispatcherDrop",
        "PeerClosedConnection",
        "GetQueueNameFailed",
    ];
    let Some(context) = content.strip_prefix("Context: ") else { return false };
    let context = context.split(". ").next().unwrap_or(context);
    !HELD_BACK.iter().any(|word| context.contains(word))
}

/// What the tailer writes between records: the names of the files, and that it waits.
fn is_tailers(line: &[u8]) -> bool {
    line.is_empty() || line.starts_with(b"/") || line == b"waiting for more files"
}
