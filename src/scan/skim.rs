//! Lines outside the time that is asked for are passed over: counted, and not read.
//!
//! A log that is in order need be read only where the window is. That it is in order is not
//! believed: each line's stamp is looked at, up to its minute, which costs next to nothing
//! while it is that of the line before; where it changes, the line is read for its time. So
//! no line of the window is missed, wherever it stands.

use memchr::{memchr, memchr_iter};

use super::{Asked, LogJob};
use crate::formats::logs::{Compare, Edge, Event, LogReader, Note, Opening, Pulse, Sequence, Sink};
use crate::time::Minute;

/// Bytes that are read or passed over together. They are cut by their place in the text alone,
/// whatever blocks it comes in.
const CELL: usize = 64 * 1024;

/// A cell with a line longer than this is read.
const LONGEST: usize = 4 * 1024 * 1024;

/// A stamp tells its minute within so many bytes, or each line is read for its time.
const STAMP: usize = 48;

/// Passes over what is not asked for of one file.
pub(super) struct Skim<'a> {
    asked: &'a Asked,
    /// Reads lines for their time: one of each minute.
    prober: Box<dyn LogReader + Send>,
    /// How the last line that was probed begins, up to its minute.
    stamp: Vec<u8>,
    /// In which minute the last line stands.
    minute: Option<Minute>,
    /// Earliest and latest minute.
    span: Option<(Minute, Minute)>,
    /// The beginning of a cell that goes on in the next block.
    begun: Vec<u8>,
    /// The last cell ended inside a line, which was read.
    inside: bool,
    /// Lines so far.
    lines: u64,
    /// Lines passed over since the last that was read, and how far they led.
    passed: u64,
    edge: Edge,
}

impl<'a> Skim<'a> {
    /// Nothing where all of a file must be read: all is asked for, or its lines cannot be told
    /// apart by their beginnings.
    pub(super) fn of(job: &'a LogJob<'_>) -> Option<Self> {
        let may_pass = !job.asked.is_all() && job.shape.enters_anywhere() && !job.newest_first;
        let opening = || Opening {
            exhibit: job.source.exhibit,
            clock: job.clock.clone(),
            compare: Compare::No,
            sequence: Sequence::OldestFirst,
        };
        may_pass.then(|| Self {
            asked: &job.asked,
            prober: job.shape.reader(opening()),
            stamp: Vec::new(),
            minute: None,
            span: None,
            begun: Vec::new(),
            inside: false,
            lines: 0,
            passed: 0,
            edge: Edge::default(),
        })
    }

    /// Reads of a block what is asked for.
    pub(super) fn take(&mut self, mut block: &[u8], reader: &mut dyn LogReader, sink: &mut dyn Sink) {
        while let Some(cut) = cell_end(self.begun.len(), block) {
            let (cell, rest) = block.split_at(cut);
            if self.begun.is_empty() {
                self.cell(cell, reader, sink);
            } else {
                let mut whole = std::mem::take(&mut self.begun);
                whole.extend_from_slice(cell);
                self.cell(&whole, reader, sink);
                whole.clear();
                self.begun = whole;
            }
            block = rest;
        }
        self.begun.extend_from_slice(block);
    }

    /// The file has ended. Gives its earliest and latest minute.
    pub(super) fn end(mut self, reader: &mut dyn LogReader, sink: &mut dyn Sink) -> Option<(Minute, Minute)> {
        let last = std::mem::take(&mut self.begun);
        if !last.is_empty() {
            self.cell(&last, reader, sink);
        }
        self.tell(sink);
        self.span
    }

    fn cell(&mut self, cell: &[u8], reader: &mut dyn LogReader, sink: &mut dyn Sink) {
        let (mut is_asked, mut lines, mut last) = (self.inside, 0, &cell[..0]);
        for line in with_line_ends(cell) {
            if std::mem::take(&mut self.inside) {
                // The rest of a line whose beginning was the line.
                continue;
            }
            lines += 1;
            if line.len() >= LONGEST {
                is_asked = true;
                continue;
            }
            if self.stamp.is_empty() || !line.starts_with(&self.stamp) {
                self.probe(line);
            }
            is_asked |= self.minute.is_none_or(|minute| self.asked.contains(minute));
            last = line;
        }
        if is_asked {
            let passed = self.passed;
            if passed > 0 {
                self.tell(sink);
                reader.pass(passed, std::mem::take(&mut self.edge));
            }
            reader.read(cell, sink);
            self.inside = !cell.ends_with(b"\n");
        } else {
            self.passed += lines;
            self.prober.read(last, &mut Heard::default());
            self.edge = self.prober.edge();
        }
        self.lines += lines;
    }

    /// In which minute a line stands, if it says so itself; else that of the line before.
    fn probe(&mut self, line: &[u8]) {
        let mut heard = Heard::default();
        self.prober.read(line, &mut heard);
        if let Some(minute) = heard.0 {
            self.minute = Some(minute);
            self.span = Some(self.span.map_or((minute, minute), |(a, b)| (a.min(minute), b.max(minute))));
            self.stamp.clear();
            self.stamp.extend_from_slice(up_to_minute(line));
        }
    }

    /// Says how many lines were passed over.
    fn tell(&mut self, sink: &mut dyn Sink) {
        let passed = std::mem::take(&mut self.passed);
        if passed > 0 {
            sink.note(Note::Outside, self.lines - passed + 1, passed);
        }
    }
}

/// Where a cell ends in a block, of which so many bytes came before: at the first line end that
/// makes it large enough.
fn cell_end(begun: usize, block: &[u8]) -> Option<usize> {
    let least = CELL.saturating_sub(begun).saturating_sub(1);
    let rest = block.get(least..)?;
    match memchr(b'\n', rest) {
        Some(at) => Some(least + at + 1),
        None => (begun + block.len() >= LONGEST).then_some(block.len()),
    }
}

/// The lines of a cell with their line ends; the last may have none.
fn with_line_ends(cell: &[u8]) -> impl Iterator<Item = &[u8]> {
    let open = (!cell.ends_with(b"\n") && !cell.is_empty()).then_some(cell.len());
    let mut start = 0;
    memchr_iter(b'\n', cell).map(|at| at + 1).chain(open).map(move |end| {
        let line = &cell[start..end];
        start = end;
        line
    })
}

/// The beginning of a line up to the minute of its stamp: `Nov 24 03:46`. Nothing where none
/// stands there: then the next line is read for its time as well.
fn up_to_minute(line: &[u8]) -> &[u8] {
    let head = &line[..line.len().min(STAMP)];
    let is_time = |w: &[u8]| match w {
        [a, b, b':', c, d, b':'] => [a, b, c, d].into_iter().all(u8::is_ascii_digit),
        _ => false,
    };
    head.windows(6).position(is_time).map_or(&[], |at| &head[..at + 5])
}

/// Hears in which minute a line stands.
#[derive(Default)]
pub(super) struct Heard(Option<Minute>);

impl Sink for Heard {
    fn event(&mut self, _: &Event<'_>) {}
    fn heard(&mut self, minute: Minute, _: Pulse) {
        self.0 = Some(minute);
    }
    fn unrecognised(&mut self, _: u64, _: &[u8]) {}
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::formats::logs::postfix::Postfix;
    use crate::intake::Exhibit;
    use crate::scan::{Progress, Scanned, scan};
    use crate::smtp::Lanes;
    use crate::time::{Stamp, Window, Zone, parse_rfc3339};

    const DAY: &str = "2026-11-24T00:00Z";

    /// A day of a quiet log, a line each ten seconds. Recorded: what Postfix 3.7 writes.
    fn day() -> Vec<String> {
        let line = |n: i64| {
            let at = Stamp::from_seconds(parse_rfc3339(DAY).expect("a day").seconds() + n * 10).to_second();
            let clock = &at[11..19];
            let (process, what) = match n % 3 {
                0 => (
                    4000 + n % 40,
                    "dsn=2.0.0, status=sent (250 2.0.0 OK  1795489946 8b4a091409ecf-cd6a6536fc6si995264155.853 - gsmtp)",
                ),
                1 => (
                    4000 + n % 40,
                    "dsn=2.0.0, status=sent (250 2.0.0 OK  1795489947 8b4a091409ecf-cd6a6536fc6si995264156.853 - gsmtp)",
                ),
                _ => (
                    9000 + n,
                    "dsn=4.7.0, status=deferred (host gmail-smtp-in.l.google.com[198.51.100.26] said: 421 4.7.0 Temporary System Problem.  Try again later (3). ba366b434cdb4-9029995de50si55657432b.1100 - gsmtp (in reply to end of DATA command))",
                ),
            };
            format!(
                "Nov 24 {clock} mta1 postfix/smtp[{process}]: {n:010X}: to=<a@gmail.com>, relay=gmail-smtp-in.l.google.com[198.51.100.26]:25, delay=1.5, delays=0.01/0.03/0.37/1.1, {what}\n"
            )
        };
        (0..8640).map(line).collect()
    }

    fn scanned(text: &str, zone: Zone, asked: Asked) -> Scanned {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        let job = LogJob { asked, ..LogJob::of_test(file.path(), &Postfix, zone) };
        scan(&[job], &Lanes::default(), 1, &Progress::default()).expect("scanned")
    }

    /// What is counted of a window, and its lines.
    fn inside(scanned: &Scanned, window: Window) -> (Vec<String>, Vec<String>) {
        let cells = scanned.tally.cells.iter().filter(|(key, _)| window.contains(key.minute));
        let mut cells: Vec<_> = cells.map(|cell| format!("{cell:?}")).collect();
        cells.sort();
        let excerpts = scanned.tally.excerpts.iter().filter(|((minute, ..), _)| window.contains(*minute));
        (cells, excerpts.map(|(_, e)| format!("{:?}", (e.at, &e.lines))).collect())
    }

    /// Holds the hour from a moment, read for itself, against the same of the whole. Gives how
    /// many lines were read.
    fn assert_same_hour(text: &str, zone: Zone, from: &str) -> u64 {
        let from = parse_rfc3339(from).expect("a time").minute();
        let window = Window::new(from, from.plus(60));
        let asked = Asked::stretches(vec![Window::new(from.plus(-30), from.plus(90))]);
        let (whole, part) = (scanned(text, zone, Asked::default()), scanned(text, zone, asked.clone()));
        let (told, expected) = (inside(&part, window), inside(&whole, window));
        assert!(told.0.len() > 100 && told.1.len() > 10, "{} and {}", told.0.len(), told.1.len());
        assert!(told == expected, "{told:#?} instead of {expected:#?}");
        assert_eq!(part.digests, whole.digests);
        let file = &part.tally.files[&Exhibit(1)];
        let outside = file.notes[&Note::Outside].amount;
        assert_eq!(file.accounting.read + outside, whole.tally.files[&Exhibit(1)].accounting.read);
        assert!(file.heard.keys().all(|minute| asked.contains(*minute)));
        file.accounting.read
    }

    #[test]
    fn a_window_is_what_it_is_in_the_whole() {
        let lines = day();
        let read = assert_same_hour(&lines.concat(), Zone::UTC, "2026-11-24T12:00Z");
        // Two hours of 24, and a cell at each edge.
        assert!((720..1600).contains(&read), "{read} lines");
        // It begins before the log, and it ends after.
        assert_same_hour(&lines[4320..].concat(), Zone::UTC, "2026-11-24T12:00Z");
        assert_same_hour(lines[..4700].concat().trim_end(), Zone::UTC, "2026-11-24T12:00Z");
    }

    #[test]
    fn no_line_of_the_window_is_missed_in_a_log_without_order() {
        let lines = day();
        let (early, late) = lines.split_at(4500);
        assert_same_hour(&[late.concat(), early.concat()].concat(), Zone::UTC, "2026-11-24T12:00Z");
        // Every seventh line stands half a day from its place.
        let mut mixed = lines.clone();
        for n in (0..4320).step_by(7) {
            mixed.swap(n, n + 4320);
        }
        assert_same_hour(&mixed.concat(), Zone::UTC, "2026-11-24T12:00Z");
    }

    #[test]
    fn lines_without_a_time_belong_to_the_line_before() {
        let text: String = day()
            .iter()
            .enumerate()
            .map(|(n, line)| if n % 5 == 0 { format!("{line}\n  and so on\n") } else { line.clone() })
            .collect();
        assert_same_hour(&text, Zone::UTC, "2026-11-24T12:00Z");
    }

    // oss trap 35: an hour that happens twice.
    #[test]
    fn the_later_of_two_hours_is_found() {
        let zone = Zone::parse("America/New_York").expect("a zone");
        let day: String = day().concat().replace("Nov 24 ", "Nov  1 ");
        // 00:00 to 01:59 of summer time, then 01:00 to 23:59 of winter time.
        let lines: Vec<&str> = day.split_inclusive('\n').collect();
        let twice = [&lines[..720], &lines[360..]].concat().concat();
        for from in ["2026-11-01T05:00Z", "2026-11-01T06:00Z", "2026-11-01T08:00Z"] {
            assert_same_hour(&twice, zone, from);
        }
    }

    #[test]
    fn a_log_of_another_time_says_which() {
        let asked = Asked::of(Some(Window::new(Minute::new(0), Minute::new(60))), None);
        let scanned = scanned(&day()[..1000].concat(), Zone::UTC, asked);
        let file = &scanned.tally.files[&Exhibit(1)];
        assert_eq!((file.accounting.read, file.notes[&Note::Outside].amount), (0, 1000));
        let (first, last) = file.span().expect("a span");
        assert_eq!(
            (first.to_second().as_str(), last.to_second().as_str()),
            ("2026-11-24T00:00:00Z", "2026-11-24T02:46:59Z")
        );
    }

    #[test]
    fn a_stamp_ends_with_its_minute() {
        for (line, expected) in [
            ("Nov 24 03:46:44 mta1 x", "Nov 24 03:46"),
            ("<22>1 2026-11-24T03:46:44.1+01:00 mta1", "<22>1 2026-11-24T03:46"),
            ("2026-11-24 03:46:44.123 [7] x", "2026-11-24 03:46"),
            ("@400000005f3b6c8e0b1c2d3e tcp", ""),
            ("12:34", ""),
        ] {
            assert_eq!(String::from_utf8_lossy(up_to_minute(line.as_bytes())), expected, "{line}");
        }
    }
}
