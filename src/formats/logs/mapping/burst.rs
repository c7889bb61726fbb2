//! Records that one decision wrote in numbers: told as one event, with their number.

use rustc_hash::FxHashMap;

use crate::formats::logs::{Event, EventLine, Sink};

/// Bursts that have not ended.
#[derive(Default)]
pub(super) struct Bursts {
    open: FxHashMap<u64, Kept>,
    /// Bytes kept.
    bytes: usize,
    /// The beginning of the oldest, in milliseconds.
    oldest: Option<i64>,
}

/// A burst has ended when the log is so much later, in milliseconds.
const OVER_MS: i64 = 120_000;
/// More than this is kept of none.
const MOST_BYTES: usize = 4 << 20;

impl Bursts {
    /// Takes a record of a burst.
    pub(super) fn add(&mut self, key: u64, event: &Event<'_>, sink: &mut dyn Sink) {
        if let Some(kept) = self.open.get_mut(&key) {
            kept.weight = kept.weight.saturating_add(event.weight);
            kept.recipients = kept.recipients.saturating_add(event.recipients);
            return;
        }
        if self.bytes > MOST_BYTES {
            self.tell_all(sink);
        }
        let now = event.at.millis();
        if self.oldest.is_some_and(|oldest| now.saturating_sub(oldest) > OVER_MS) {
            self.tell(sink, |kept| now.saturating_sub(kept.at.millis()) > OVER_MS);
        }
        let kept = Kept::of(event);
        self.bytes += kept.size();
        self.oldest = Some(self.oldest.map_or(now, |oldest| oldest.min(now)));
        self.open.insert(key, kept);
    }

    /// Tells all that is open.
    pub(super) fn tell_all(&mut self, sink: &mut dyn Sink) {
        self.tell(sink, |_| true);
    }

    /// In order of time, so that the same file gives the same events.
    fn tell(&mut self, sink: &mut dyn Sink, over: impl Fn(&Kept) -> bool) {
        let mut ended: Vec<_> = self.open.extract_if(|_, kept| over(kept)).collect();
        ended.sort_by_key(|(key, kept)| (kept.at, kept.line, *key));
        for (_, kept) in ended {
            self.bytes = self.bytes.saturating_sub(kept.size());
            kept.tell(sink);
        }
        self.oldest = self.open.values().map(|kept| kept.at.millis()).min();
    }
}

/// An event that outlives its record.
struct Kept {
    at: crate::time::Stamp,
    exhibit: crate::intake::Exhibit,
    line: u64,
    outcome: crate::smtp::Outcome,
    by: crate::smtp::By,
    stage: crate::smtp::Stage,
    tls: crate::smtp::TlsUse,
    /// Reply, detail, MX host and address, node, tag, sending IP, session, queue id, domain.
    texts: [Box<[u8]>; 10],
    /// The lines of the first record.
    lines: Vec<(u64, Box<[u8]>)>,
    weight: u32,
    recipients: u32,
}

impl Kept {
    fn of(e: &Event<'_>) -> Self {
        let texts =
            [e.reply, e.detail, e.mx_host, e.mx_ip, e.node, e.tag, e.source_ip, e.session, e.queue_id, e.rcpt_domain];
        Self {
            at: e.at,
            exhibit: e.exhibit,
            line: e.line,
            outcome: e.outcome,
            by: e.by,
            stage: e.stage,
            tls: e.tls,
            texts: texts.map(Into::into),
            lines: e.lines.iter().map(|l| (l.number, l.text.into())).collect(),
            weight: e.weight,
            recipients: e.recipients,
        }
    }

    fn size(&self) -> usize {
        self.texts.iter().map(|t| t.len()).sum::<usize>() + self.lines.iter().map(|(_, t)| t.len()).sum::<usize>() + 256
    }

    fn tell(&self, sink: &mut dyn Sink) {
        let exhibit = self.exhibit;
        let lines: Vec<_> =
            self.lines.iter().map(|(number, text)| EventLine { exhibit, number: *number, text }).collect();
        let [reply, detail, mx_host, mx_ip, node, tag, source_ip, session, queue_id, rcpt_domain] = &self.texts;
        sink.event(&Event {
            outcome: self.outcome,
            by: self.by,
            stage: self.stage,
            tls: self.tls,
            reply,
            detail,
            mx_host,
            mx_ip,
            node,
            tag,
            source_ip,
            session,
            queue_id,
            rcpt_domain,
            weight: self.weight,
            recipients: self.recipients,
            lines: &lines,
            ..Event::at(self.at, exhibit, self.line)
        });
    }
}
