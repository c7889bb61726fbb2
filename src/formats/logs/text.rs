//! Logs of text lines: what all of them share, around the grammar of one MTA.
//!
//! Each line begins with a stamp, mostly a syslog envelope. The frame numbers the line,
//! places it in time, leaves out what another file told, spells out the syslog daemon's own
//! notes (`message repeated N times`, `messages lost`), and hands the rest to the grammar.

use super::daemon::{OwnNote, own_note, tells_of_attempts};
use super::envelope::{self, Envelope, Writers, stamped};
use super::event::{Event, EventLine, Note, Sink};
use super::keyed::Deaf;
use super::ledger::{Fate, Ledger};
use super::prints::print_of;
use super::{Done, Edge, Ends, KeptLine, LogClock, LogReader, LooseEnds, Opening};
use crate::formats::Accounting;
use crate::intake::{Exhibit, Lines};

/// A line taken out of its envelope.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) exhibit: Exhibit,
    /// Its number, 1-based.
    pub(super) number: u64,
    /// All of it, as it is kept for evidence.
    pub(super) line: &'a [u8],
    pub(super) envelope: Envelope<'a>,
}

impl<'a> Entry<'a> {
    /// What the process says.
    pub(super) const fn text(&self) -> &'a [u8] {
        self.envelope.text
    }

    /// Node and process as they stand side by side in the line: the key of what one process
    /// writes.
    pub(super) fn node_and_process(&self) -> &'a [u8] {
        let Envelope { host, process, .. } = self.envelope;
        let offset = |part: &[u8]| (part.as_ptr() as usize).checked_sub(self.line.as_ptr() as usize);
        let from = if host.is_empty() { offset(process.whole) } else { offset(host) };
        let to = offset(process.whole).map(|at| at + process.whole.len());
        from.zip(to).and_then(|(from, to)| self.line.get(from..to)).unwrap_or(process.whole)
    }

    /// Itself as a line that an event rests on.
    pub(super) const fn as_line(&self) -> EventLine<'a> {
        EventLine { exhibit: self.exhibit, number: self.number, text: self.line }
    }

    /// Itself, kept beyond the block it was read from.
    pub(super) fn keep(&self) -> KeptLine {
        KeptLine { exhibit: self.exhibit, number: self.number, text: self.line.into(), at: Some(self.envelope.at) }
    }

    /// An event at this line's time, by its node; nothing else is known.
    pub(super) const fn event(&self) -> Event<'a> {
        Event {
            node: self.envelope.host,
            tag: self.envelope.process.tag,
            session: self.envelope.process.whole,
            ..Event::at(self.envelope.at, self.exhibit, self.number)
        }
    }
}

/// What one MTA's lines mean.
pub(super) trait Grammar: Send {
    /// At the beginning of a file, where sessions of the file before may go on.
    fn fresh() -> Self;
    /// Where all that came before is known: no line has to wait for another file.
    fn resumed() -> Self;
    /// Takes a line out of its envelope. Syslog, unless the MTA writes files of its own.
    fn open<'a>(line: &'a [u8], clock: &mut LogClock, writers: &mut Writers) -> Option<Envelope<'a>> {
        envelope::open_again(line, clock, writers)
    }
    /// Understands a line.
    fn take(&mut self, entry: &Entry<'_>, sink: &mut dyn Sink) -> Fate;
    /// A line that begins with no stamp.
    fn unstamped(&mut self, _line: &[u8]) -> Fate {
        Fate::Unrecognised
    }
    /// No further line will come: tells what was waiting for one.
    fn conclude(&mut self, _sink: &mut dyn Sink) {}
    /// What the edges of the file left open, by session or process.
    fn ends(self) -> Vec<(Box<[u8]>, Ends)>;
}

/// Reads a log of text lines by a grammar.
pub(super) struct TextLog<G> {
    lines: Lines,
    ledger: Ledger,
    clock: LogClock,
    writers: Writers,
    grammar: G,
    /// The last line of the block before, for `last message repeated`.
    last: Vec<u8>,
    /// The line being read is such a note: the next one may be about the same message.
    is_about_last: bool,
    /// Copies told so far.
    copies: u64,
}

impl<G: Grammar> TextLog<G> {
    pub(super) fn new(opening: Opening) -> Self {
        Self {
            lines: Lines::default(),
            ledger: Ledger::new(opening.exhibit, opening.compare).moved_by(opening.clock.moved_ms),
            clock: opening.clock,
            writers: Writers::default(),
            grammar: G::fresh(),
            last: Vec::new(),
            is_about_last: false,
            copies: 0,
        }
    }

    fn line(&mut self, line: &[u8], before: Option<&[u8]>, sink: &mut dyn Sink) -> Fate {
        let Some(envelope) = G::open(line, &mut self.clock, &mut self.writers) else {
            return if line.trim_ascii().is_empty() {
                Fate::Irrelevant
            } else if stamped(line).is_some_and(|s| s.moment(&mut self.clock).is_none()) {
                Fate::Unplaced
            } else {
                self.grammar.unstamped(line)
            };
        };
        if !self.ledger.place(envelope.at, print_of(envelope.process.pid, envelope.text), sink) {
            return Fate::Repeated;
        }
        let entry = Entry { exhibit: self.ledger.exhibit, number: self.ledger.number, line, envelope };
        match own_note(&envelope) {
            None if is_blob(envelope.text) => Fate::Unrecognised,
            None => self.grammar.take(&entry, sink),
            Some(OwnNote::Lost { lines, seconds, program }) => {
                sink.note(Note::LinesLost, self.ledger.number, lines);
                if tells_of_attempts(program) {
                    self.ledger.lacks(envelope.at, seconds, sink);
                }
                Fate::Irrelevant
            }
            Some(OwnNote::Repeated(times, text)) => {
                let copy = Envelope { text, ..envelope };
                self.repeat(Entry { envelope: copy, ..entry }, times, sink)
            }
            Some(OwnNote::LastRepeated(times)) => {
                self.is_about_last = true;
                // Only the line just before, of the same host, is surely the one meant.
                let copy = before.and_then(|before| under_stamp_of(line, before)).unwrap_or_default();
                match G::open(&copy, &mut self.clock, &mut self.writers).filter(|c| c.host == envelope.host) {
                    Some(envelope) => self.repeat(Entry { line: &copy, envelope, ..entry }, times, sink),
                    None => Fate::Unrecognised,
                }
            }
        }
    }

    /// So many further copies of a message, at the time of the note about them.
    fn repeat(&mut self, entry: Entry<'_>, times: u64, sink: &mut dyn Sink) -> Fate {
        sink.note(Note::Repeated, self.ledger.number, times);
        let mut fate = Fate::Irrelevant;
        let times = times.min(MOST_COPIES - self.copies);
        self.copies += times;
        for _ in 0..times {
            fate = self.grammar.take(&entry, sink);
        }
        fate
    }
}

/// Copies of messages that are believed of one file: what a line says must not keep its reader
/// at work for ever.
const MOST_COPIES: u64 = 200_000;

/// A line that was written again, under the stamp of the note that says so.
fn under_stamp_of(note: &[u8], before: &[u8]) -> Option<Vec<u8>> {
    let stamp = note.len().checked_sub(stamped(note)?.rest().len())?;
    Some([note.get(..stamp)?, stamped(before)?.rest()].concat())
}

impl<G: Grammar> LogReader for TextLog<G> {
    fn read(&mut self, block: &[u8], sink: &mut dyn Sink) {
        let last = std::mem::take(&mut self.last);
        let mut before = (!last.is_empty()).then_some(&*last);
        for line in self.lines.of(block) {
            self.ledger.next();
            let fate = self.line(line, before, sink);
            self.ledger.settle(fate, line, sink);
            if !std::mem::take(&mut self.is_about_last) {
                before = Some(line);
            }
        }
        self.ledger.flush(sink);
        self.last = before.unwrap_or_default().to_vec();
    }

    fn edge(&self) -> Edge {
        Edge { latest: self.ledger.latest, resolved: self.clock.latest(), last: self.last.clone(), ..Edge::default() }
    }

    fn pass(&mut self, lines: u64, edge: Edge) {
        self.ledger.number += lines;
        self.ledger.latest = edge.latest;
        self.clock.go_on_from(edge.resolved);
        self.last = edge.last;
    }

    fn replay(&mut self, before: &[KeptLine], head: &[KeptLine], sink: &mut dyn Sink) {
        self.grammar = G::resumed();
        for (line, silent) in before.iter().map(|l| (l, true)).chain(head.iter().map(|l| (l, false))) {
            let Some(mut envelope) = G::open(&line.text, &mut self.clock, &mut self.writers) else { continue };
            envelope.at = line.at.unwrap_or(envelope.at);
            // A line is kept once for each of its copies.
            if let Some(OwnNote::Repeated(_, text)) = own_note(&envelope) {
                envelope.text = text;
            }
            let entry = Entry { exhibit: line.exhibit, number: line.number, line: &line.text, envelope };
            if silent {
                self.grammar.take(&entry, &mut Deaf);
            } else {
                self.grammar.take(&entry, sink);
            }
        }
    }

    fn conclude(&mut self, sink: &mut dyn Sink) {
        self.grammar.conclude(sink);
    }

    fn finish(self: Box<Self>) -> Done {
        Done { ends: LooseEnds::of(self.grammar.ends()), closed: self.ledger.close() }
    }

    fn accounting(&self) -> Accounting {
        self.ledger.accounting()
    }
}

/// journalctl shows what is no text as `[286B blob data]`: the line itself is lost.
fn is_blob(text: &[u8]) -> bool {
    text.starts_with(b"[") && text.ends_with(b" blob data]")
}

#[cfg(test)]
mod tests {
    use super::MOST_COPIES;
    use crate::formats::logs::postfix::Postfix;
    use crate::formats::logs::testing::{Told, assert_splits_agree, read};
    use crate::formats::logs::{LogClock, LogFormat as _, Note, Opening};
    use crate::intake::Exhibit;
    use crate::time::Zone;

    const REFUSED: &str = "Nov 24 03:12:25 mta1 postfix/smtp[3870]: connect to mx1.mail.example.net[203.0.113.125]:25: Connection refused\n";
    const SENT: &str = "Nov 24 03:12:26 mta1 postfix/smtp[3870]: 10EC11CADB: to=<a@gmail.com>, relay=gmail-smtp-in.l.google.com[198.51.100.26]:25, delay=1.5, delays=0.01/0.03/0.37/1.1, dsn=2.0.0, status=sent (250 2.0.0 OK  1795489946 8b4a091409ecf-cd6a6536fc6si995264155.853 - gsmtp)\n";

    /// Attempts told, by minute and outcome, and lines not understood.
    fn told(text: &str) -> (Vec<(String, u64)>, Vec<u64>) {
        let told = read(&Postfix, &[text.as_bytes()]);
        let words = |cell: &str| cell.split(' ').take(2).collect::<Vec<_>>().join(" ");
        let totals = told.totals.iter().filter(|(cell, _)| cell.starts_with("20"));
        (totals.map(|(cell, n)| (words(cell), *n)).collect(), told.unrecognised)
    }

    // oss trap 38: a note stands for lines, and what was dropped is no line of the log.
    #[test]
    fn the_last_message_may_be_repeated_again_and_again() {
        // BSD syslogd flushes after 30, 120 and 600 seconds, a note each time (syslogd.c).
        let text = format!(
            "{SENT}{REFUSED}Nov 24 03:12:55 mta1 last message repeated 2 times\nNov 24 03:14:55 mta1 last message repeated 3 times\n{SENT}"
        );
        let refused = |minute: &str, n| (format!("2026-11-24T{minute}Z connect_failure"), n);
        let (totals, unrecognised) = told(&text);
        assert_eq!(unrecognised, [] as [u64; 0]);
        assert_eq!(totals[..2], [refused("03:12", 3), (String::from("2026-11-24T03:12Z delivered"), 2)], "{totals:?}");
        assert_eq!(totals[2..], [refused("03:14", 3)]);
        // What stood before is another host's, or in another file.
        for before in [REFUSED.replace("mta1", "mta2"), String::new()] {
            assert_eq!(told(&format!("{before}Nov 24 03:12:55 mta1 last message repeated 2 times\n{SENT}")).1.len(), 1);
        }
    }

    // oss trap 38. Shapes: ratelimit.c of rsyslog 8; a real log of 5.8.11; journald, real.
    #[test]
    fn lines_that_the_syslog_daemon_dropped_are_noted() {
        let lost = |note: &str| -> Vec<u64> {
            let told = read(&Postfix, &[format!("{SENT}Nov 24 03:12:27 mta1 {note}\n").as_bytes()]);
            assert_eq!((told.events.len(), told.unrecognised), (1, vec![]), "{note}");
            told.notes.iter().filter(|(note, ..)| *note == Note::LinesLost).map(|(.., lines)| *lines).collect()
        };
        for (note, lines) in [
            ("rsyslogd: imuxsock from <mta1:postfix/smtp>: begin to drop messages due to rate-limiting", &[0][..]),
            (
                "rsyslogd: imuxsock[pid 3870]: 85 messages lost due to rate-limiting (200 allowed within 5 seconds)",
                &[85],
            ),
            ("rsyslogd-2177: imuxsock begins to drop messages from pid 2896 due to rate-limiting", &[0]),
            ("rsyslogd-2177: imuxsock lost 56 messages from pid 2896 due to rate-limiting", &[56]),
            ("systemd-journald[96]: Suppressed 8385 messages from /system.slice/postfix.service", &[8385]),
            // The same words of another are no word about lines.
            ("postfix/master[1]: imuxsock lost 56 messages from pid 2896 due to rate-limiting", &[]),
        ] {
            assert_eq!(lost(note), lines, "{note}");
        }
    }

    #[test]
    fn lines_after_a_very_long_one_have_their_own_numbers() {
        let near = crate::time::parse_rfc3339("2026-11-24T00:00Z").ok();
        let clock = LogClock::new(Zone::UTC, near);
        let mut told = Told::default();
        let mut reader = Postfix.reader(Opening::again(Exhibit(1), clock));
        // As blocks come when a line does not fit into one.
        for block in ["x\nNov 24 03:12:25 mta1 \0\0\0\0", "\0\0\0\0", &format!("\0\0\n{SENT}{REFUSED}")] {
            reader.read(block.as_bytes(), &mut told);
        }
        assert_eq!((told.unrecognised, reader.accounting().read), (vec![1], 4));
        let lines: Vec<_> =
            reader.finish().ends.by_key.values().flat_map(|e| e.head.iter().map(|l| l.number)).collect();
        assert_eq!(lines, [3, 4]);
    }

    #[test]
    fn copies_wait_for_the_file_before_as_their_line_does() {
        let repeated = "Nov 24 03:12:55 mta1 postfix/smtp[3870]: message repeated 2 times: [ connect to mx1.mail.example.net[203.0.113.125]:25: Connection refused]\n";
        assert_splits_agree(&Postfix, format!("{SENT}{REFUSED}{repeated}{SENT}{REFUSED}").as_bytes());
        let last = "Nov 24 03:12:55 mta1 last message repeated 2 times\n";
        let text = format!("{REFUSED}{last}{SENT}");
        assert_eq!(told(&text).0.iter().map(|(_, n)| n).sum::<u64>(), 4);
    }

    #[test]
    fn a_line_cannot_keep_its_reader_at_work_for_ever() {
        let many = REFUSED
            .replace("connect to", "message repeated 4000000000 times: [ connect to")
            .replace("refused", "refused]");
        let (totals, _) = told(&format!("{SENT}{}", many.repeat(50)));
        let copies: u64 = totals.iter().filter(|(cell, _)| cell.ends_with("connect_failure")).map(|(_, n)| n).sum();
        assert_eq!(copies, MOST_COPIES);
    }
}
