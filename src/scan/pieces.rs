//! One large log, read in pieces by as many threads as there are.
//!
//! Pieces are cut by size alone, so that nothing depends on the number of threads. A reader that
//! begins at a piece needs to know how far the lines before it led ([`Edge`]): it takes that from the last of
//! them, and it is held against how far the piece before really came. A wrong guess is found, and that
//! piece read again. Edges of sessions are joined in order, as pieces come ([`Stitch`]).

use std::collections::BTreeMap;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::moved::Places;
use super::skim::Heard;
use super::{Collector, LogJob, Part};
use crate::formats::logs::{Closed, Compare, Edge, LogReader, Opening, Sequence, Stitch};
use crate::intake::{Pieces, for_each_block};

/// Bytes of a piece: several for each thread where reading takes long, and few where it does not.
pub(super) const PIECE: u64 = 32 * 1024 * 1024;

/// Bytes before a piece that tell how far the lines there led.
const BEFORE: u64 = 64 * 1024;

/// A log that is read in pieces.
pub(super) struct InPieces<'a> {
    job: &'a LogJob<'a>,
    pieces: Pieces,
    /// How far ahead of the piece that is next another may be begun: what was read early waits in memory.
    ahead: usize,
    joined: Mutex<Joined<'a>>,
    /// Told when pieces were joined.
    went_on: Condvar,
}

/// What reading the first pieces gave.
struct Joined<'a> {
    part: Part,
    /// Counts what the edges of pieces told.
    edges: Collector<'a>,
    stitch: Stitch<'a>,
    /// How far the pieces led.
    edge: Edge,
    lines: u64,
    /// The piece that is next, and those that came before their turn.
    next: usize,
    early: BTreeMap<usize, Piece>,
    /// Whether the log must be read as a whole: it could not be read, or was cut inside a record.
    failed: bool,
}

/// What reading one piece gave.
struct Piece {
    /// How far the lines before it were thought to lead, and how far it led itself.
    from: Edge,
    to: Edge,
    part: Part,
}

impl<'a> InPieces<'a> {
    /// Nothing of a log that is read as a whole: it is not larger than a piece, or cannot be entered in the middle, or
    /// not all of it is asked for.
    pub(super) fn of(job: &'a LogJob<'a>, bytes: u64, threads: usize, collector: Collector<'a>) -> Option<Self> {
        let may_cut = job.shape.comes_in_pieces() && !job.newest_first && job.asked.is_all();
        let pieces = Pieces::of(&job.source.path, bytes).filter(|_| may_cut)?;
        let joined = Joined {
            part: Part::default(),
            edges: collector,
            stitch: Stitch::new(job.shape.format, job.clock.clone(), job.source.exhibit),
            edge: Edge::default(),
            lines: 0,
            next: 0,
            early: BTreeMap::new(),
            failed: false,
        };
        Some(Self { job, pieces, ahead: threads + 1, joined: Mutex::new(joined), went_on: Condvar::new() })
    }

    pub(super) fn count(&self) -> usize {
        self.pieces.count()
    }

    /// Reads a piece, and joins it with those before it once all of them were read. Pieces are begun in order, so
    /// that the one which others wait for is being read.
    pub(super) fn read(&self, n: usize, collector: &dyn Fn() -> Collector<'a>, go_on: &dyn Fn(usize) -> bool) {
        if !self.comes_to_turn(n) {
            return;
        }
        let turn = Turn(self);
        let read = self.before(n).and_then(|from| self.read_from(n, from, collector(), go_on));
        let mut joined = self.lock();
        let added = read.and_then(|read| {
            joined.early.insert(n, read);
            while let Some((n, piece)) = joined.take_next() {
                let piece = if n == 0 || piece.from == joined.edge {
                    piece
                } else {
                    self.read_from(n, joined.edge.clone(), collector(), go_on)?
                };
                joined.failed |= !joined.edge.can_be_entered();
                joined.add(piece, self.job);
            }
            Ok(())
        });
        joined.failed |= added.is_err();
        drop(joined);
        drop(turn);
        // Where that fails the digest does, at the end.
        let _ = self.pieces.catch_up();
    }

    fn lock(&self) -> MutexGuard<'_, Joined<'a>> {
        self.joined.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a piece may be begun. False when the log cannot be read in pieces.
    fn comes_to_turn(&self, n: usize) -> bool {
        let too_early = |joined: &mut Joined<'a>| !joined.failed && n >= joined.next + self.ahead;
        let waited = self.went_on.wait_while(self.lock(), too_early);
        !waited.unwrap_or_else(PoisonError::into_inner).failed
    }

    /// How far the lines before a piece led, by the last of them.
    fn before(&self, n: usize) -> io::Result<Edge> {
        if n == 0 {
            return Ok(Edge::default());
        }
        let mut reader = self.reader();
        for lines in self.pieces.lines_before(n, BEFORE)? {
            reader.read(&lines, &mut Heard::default());
        }
        Ok(reader.edge())
    }

    fn read_from(
        &self,
        n: usize,
        from: Edge,
        mut collector: Collector<'a>,
        go_on: &dyn Fn(usize) -> bool,
    ) -> io::Result<Piece> {
        let (mut reader, mut bytes) = (self.reader(), self.pieces.piece(n));
        reader.pass(0, from.clone());
        for_each_block(&mut bytes, |block| {
            reader.read(block, &mut collector);
            go_on(block.len())
        })?;
        bytes.done();
        let to = reader.edge();
        // What KumoMTA wrote once for each message of a bulk may be told as two.
        reader.end_of_file(&mut collector);
        let done = reader.finish();
        let tally = collector.into_tally(&done.closed);
        Ok(Piece { from, to, part: Part::new(tally, done, (String::new(), 0), None) })
    }

    fn reader(&self) -> Box<dyn LogReader + Send> {
        self.job.shape.reader(Opening {
            exhibit: self.job.source.exhibit,
            clock: self.job.clock.clone(),
            compare: Compare::No,
            sequence: Sequence::OldestFirst,
        })
    }

    /// What reading all pieces gave. Nothing when one of them could not be read.
    pub(super) fn finish(self) -> Option<Part> {
        let digest = self.pieces.digest().ok()?;
        let joined = self.joined.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Joined { mut part, edges, stitch, failed: false, .. } = joined else { return None };
        // The lines were accounted for where they were read.
        part.tally.merge(edges.into_tally(&Closed::default()));
        part.ends = stitch.finish();
        part.digest = digest;
        Some(part)
    }
}

/// A piece being read. When that ends, those that wait are told, however it ends.
struct Turn<'p, 'a>(&'p InPieces<'a>);

impl Drop for Turn<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().failed = true;
        }
        self.0.went_on.notify_all();
    }
}

impl Joined<'_> {
    fn take_next(&mut self) -> Option<(usize, Piece)> {
        self.early.remove(&self.next).map(|piece| (self.next, piece))
    }

    fn add(&mut self, piece: Piece, job: &LogJob<'_>) {
        let exhibit = job.source.exhibit;
        let mut part = piece.part.moved(&Places::from([(exhibit, (exhibit, self.lines))]));
        let heard = part.tally.files.get(&exhibit).map(|file| &file.heard);
        let minutes = heard.and_then(|heard| Some((*heard.first_key_value()?.0, *heard.last_key_value()?.0)));
        for ends in std::mem::take(&mut part.ends) {
            self.stitch.add(ends, minutes, &mut self.edges);
        }
        self.lines += part.lines(exhibit);
        self.part.go_on(part);
        self.edge = piece.to;
        self.next += 1;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use std::io::Read as _;

    use super::*;
    use crate::formats::logs::LogFormat;
    use crate::formats::logs::exim::Exim;
    use crate::formats::logs::kumomta::KumoMta;
    use crate::formats::logs::postfix::Postfix;
    use crate::formats::logs::powermta::Accounting;
    use crate::intake::{Exhibit, open};
    use crate::scan::worker::Work;
    use crate::scan::{Axis, Progress, Scanned};
    use crate::smtp::Lanes;
    use crate::time::Zone;

    fn recorded(path: &str) -> Vec<u8> {
        let mut text = Vec::new();
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        open(&path).map(|mut file| file.read_to_end(&mut text)).expect("a log").expect("a recorded log");
        text
    }

    /// Scans a log in pieces of about so many bytes.
    fn scanned(format: &dyn LogFormat, text: &[u8], zone: Zone, bytes: u64, threads: usize) -> Scanned {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        let job = LogJob::of_test(file.path(), format, zone);
        let (lanes, progress) = (Lanes::default(), Progress::default());
        let jobs = [job];
        let mut work = Work::new(&jobs, BTreeMap::new(), &lanes, threads, &progress);
        work.piece = bytes;
        let parts = work.all().expect("scanned");
        Scanned::of(&jobs, parts, &lanes)
    }

    /// All that was found, in words, in an order that does not depend on the numbers of names.
    fn told(scanned: &Scanned) -> Vec<String> {
        let tally = &scanned.tally;
        let egress = |id| format!("{:?}", tally.names.egress_of(id));
        let mx = |id| format!("{:?}", tally.names.mx_of(id));
        let axis = |of| match of {
            Axis::Egress(id) => egress(id),
            Axis::Mx(id) => mx(id),
        };
        let mut told: Vec<String> = Vec::new();
        told.extend(
            tally.cells.iter().map(|(k, n)| format!("{} {} {:?} {} {n}", k.minute, k.lane.0, k.what, axis(k.axis))),
        );
        told.extend(
            tally.busy.iter().map(|((m, lane, id), slots)| format!("busy {m} {} {} {slots:?}", lane.0, egress(*id))),
        );
        told.extend(tally.accepted.iter().map(|(m, a)| format!("accepted {m} {a:?}")));
        told.extend(tally.seconds.iter().map(|((m, e, x), s)| format!("seconds {m} {} {} {s:?}", egress(*e), mx(*x))));
        told.extend(tally.recipients.iter().map(|(key, n)| format!("recipients {key:?} {n}")));
        for (key, reply) in &tally.replies {
            told.push(format!("{key:?} {} {:?} {:?}", reply.attempts, reply.span, reply.row));
            told.extend(reply.by_egress.iter().map(|(id, n)| format!("{key:?} {} {n}", egress(*id))));
            told.extend(reply.by_mx.iter().map(|(id, n)| format!("{key:?} {} {n}", mx(*id))));
            told.push(format!("{key:?} other domains {}", reply.domains.others));
            for (domain, of) in &reply.domains.kept {
                told.extend(of.by_egress.iter().map(|(id, n)| format!("{key:?} {domain} {} {n}", egress(*id))));
                told.push(format!("{domain} {:?}", of.first.as_ref().map(|e| (e.at, &e.token, e.number))));
            }
            told.extend(
                reply.examples.iter().map(|e| format!("{:?} {} {} {} {}", e.at, e.text, e.token, e.queue_id, e.number)),
            );
        }
        told.extend(tally.excerpts.iter().map(|((m, outcome, stage, id), e)| {
            format!("{m} {outcome} {stage} {} {} {:?} {}", egress(*id), mx(e.mx), (&e.at, &e.lines), e.queue_id)
        }));
        told.extend(tally.established.iter().map(|(id, n)| format!("established {} {n}", egress(*id))));
        told.extend(tally.skew.iter().map(|((id, s), n)| format!("skew {} {s} {n}", egress(*id))));
        let file = &tally.files[&Exhibit(1)];
        let first = file.notes.iter().map(|(note, noted)| format!("{note:?} first at {}", noted.first));
        told.extend(first);
        told.push(format!("{:?} {:?} {:?} {:?}", file.accounting, file.heard, file.outcomes, file.unrecognised));
        told.push(format!("{:?} {:?}", scanned.digests, scanned.problems));
        told.sort();
        told
    }

    /// Holds pieces of several sizes against the whole. Gives what the whole told.
    fn assert_pieces_agree(format: &dyn LogFormat, text: &[u8], zone: Zone) -> Scanned {
        let scan = |bytes, threads| scanned(format, text, zone, bytes, threads);
        let whole = scan(u64::MAX, 1);
        let expected = told(&whole);
        for (bytes, threads) in [(text.len() as u64 / 2 + 1, 2), (200_000, 1), (200_000, 3), (30_000, 4)] {
            let found = told(&scan(bytes, threads));
            let added: Vec<_> = found.iter().filter(|told| expected.binary_search(told).is_err()).take(5).collect();
            let missed: Vec<_> = expected.iter().filter(|told| found.binary_search(told).is_err()).take(5).collect();
            assert!(found == expected, "{bytes} bytes: {added:#?} instead of {missed:#?}");
        }
        whole
    }

    #[test]
    fn pieces_of_recorded_logs_give_what_the_whole_does() {
        let whole = assert_pieces_agree(&Postfix, &recorded("sample-data/throttle/logs/mail.log"), Zone::UTC);
        assert!(whole.tally.cells.len() > 100, "{}", whole.tally.cells.len());
        let noise = recorded("sample-data/noise/logs/mail.log");
        let lines: Vec<&[u8]> = noise.split_inclusive(|b| *b == b'\n').take(300).collect();
        let (whole, by_line) = (lines.concat(), |bytes| told(&scanned(&Postfix, &lines.concat(), Zone::UTC, bytes, 2)));
        assert!(by_line(u64::MAX) == by_line(1) && whole.len() > 30_000, "a piece of each line");
        assert_pieces_agree(&Exim, &recorded("tests/data/behaviours/exim496-all/mainlog.gz"), Zone::UTC);
    }

    /// What was read early waits in memory: no piece is begun too far ahead of the one that is next.
    #[test]
    fn a_piece_waits_for_those_far_before_it() {
        let log = concat!(env!("CARGO_MANIFEST_DIR"), "/sample-data/throttle/logs/mail.log");
        let job = LogJob::of_test(std::path::Path::new(log), &Postfix, Zone::UTC);
        let (lanes, elsewhere) = (Lanes::default(), crate::scan::Elsewhere::default());
        let collector = || Collector::new(&lanes, Exhibit(1), None, &elsewhere);
        let pieces = InPieces::of(&job, 100_000, 1, collector()).expect("a log of many pieces");
        let told = Mutex::new(Vec::new());
        let tell = |what| told.lock().expect("no panic").push(what);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                assert!(pieces.comes_to_turn(2));
                tell("third");
            });
            pieces.read(0, &collector, &|_| {
                tell("first");
                true
            });
        });
        let told = told.into_inner().expect("no panic");
        assert!(told.len() > 1 && told.iter().position(|what| *what == "third") == Some(told.len() - 1), "{told:?}");
        pieces.lock().failed = true;
        assert!(!pieces.comes_to_turn(100), "a log that failed is waited for by no one");
    }

    /// Records under a header, and under another from the middle on, as after an upgrade.
    #[test]
    fn pieces_of_a_table_know_its_header() {
        let sample = String::from_utf8(recorded("tests/data/logs/powermta/acct-5.0.csv")).expect("text");
        let (header, rows) = sample.split_once('\n').expect("a header");
        let rows = rows.repeat(20);
        let text = format!("{header}\n{rows}");
        let whole = assert_pieces_agree(&Accounting, text.as_bytes(), Zone::UTC);
        assert_eq!(whole.tally.files[&Exhibit(1)].accounting.unrecognised, 0);
        let turned: String = rows.lines().map(|row| row.replacen(',', ",,", 1) + "\n").collect();
        let twice = format!("{text}{}\n{turned}", header.replacen(',', ",new,", 1));
        assert_pieces_agree(&Accounting, twice.as_bytes(), Zone::UTC);
        // A cut inside a record that goes on over many lines: the file is read as a whole.
        let long = rows.replace("ENHANCEDSTATUSCODES,", "ENHANCEDSTATUSCODES,\n\n\n\n\n\n\n\n");
        assert_pieces_agree(&Accounting, format!("{header}\n{long}").as_bytes(), Zone::UTC);
        let many = recorded("tests/data/logs/kumomta/incident.ndjson").repeat(4);
        assert_pieces_agree(&KumoMta, &many, Zone::UTC);
    }

    /// The clock goes back an hour, then two minutes and more, then notes say that lines repeat:
    /// what the top of a piece means depends on the one before.
    #[test]
    fn a_piece_knows_how_far_the_lines_before_it_led() {
        let zone = Zone::parse("America/New_York").expect("a zone");
        let refused = |clock: &str, n: usize| {
            format!(
                "Nov  1 {clock} mta1 postfix/smtp[{}]: connect to mx1.mail.example.net[203.0.113.125]:25: Connection refused\n",
                3000 + n % 7
            )
        };
        let clock = |minute: usize| format!("{:02}:{:02}:{:02}", minute / 60, minute % 60, minute % 50);
        let minutes = (0..120).chain(60..200).chain(190..260).flat_map(|minute| [minute; 40]);
        let text: String = minutes
            .enumerate()
            .flat_map(|(n, minute)| {
                let note = format!("Nov  1 {} mta1 last message repeated 2 times\n", clock(minute));
                [Some(refused(&clock(minute), n)), (n % 3 == 0).then_some(note)]
            })
            .flatten()
            .collect();
        let whole = assert_pieces_agree(&Postfix, text.as_bytes(), zone);
        let file = &whole.tally.files[&Exhibit(1)];
        let (first, last) = file.span().expect("a span");
        assert_eq!(
            (first.to_second().as_str(), last.to_second().as_str()),
            ("2026-11-01T04:00:00Z", "2026-11-01T09:19:59Z")
        );
    }
}
