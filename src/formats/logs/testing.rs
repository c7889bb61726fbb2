//! What the tests of all readers share: events as sentences, and the laws of splitting.

use std::collections::BTreeMap;

use super::{Edge, Event, LogClock, LogFormat, LogShape, LooseEnds, Opening, Pulse, Sink, Stitch, Wrapping, join};
use crate::formats::{Accounting, Head};
use crate::intake::Exhibit;
use crate::time::{Minute, Zone};

/// Hears everything.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Events, one sentence each: `LINE TIME OUTCOME by BY at STAGE tls=TLS mx=HOST[IP]
    /// from=SOURCE|TAG node=NODE qid=ID to=DOMAIN weight=N rcpts=N lines=N reply=REPLY detail=DETAIL`.
    pub(super) events: Vec<String>,
    /// Attempts by everything that counts.
    pub(super) totals: BTreeMap<String, u64>,
    /// Numbers of lines that were not understood.
    pub(super) unrecognised: Vec<u64>,
    /// Notes with the line and the amount.
    pub(super) notes: Vec<(super::Note, u64, u64)>,
    /// Lines heard.
    pub(super) heard: u64,
    /// Where the lines went.
    pub(super) accounting: Accounting,
}

impl Sink for Told {
    fn event(&mut self, e: &Event<'_>) {
        let t = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        let (outcome, by, stage, tls) = (e.outcome, e.by, e.stage, e.tls);
        let (mx, ip, source, tag, node) = (t(e.mx_host), t(e.mx_ip), t(e.source_ip), t(e.tag), t(e.node));
        let (qid, to, weight, rcpts) = (t(e.queue_id), t(e.rcpt_domain), e.weight, e.recipients);
        let (reply, detail, lines) = (t(e.reply), t(e.detail), e.lines.len());
        self.events.push(format!(
            "{} {} {outcome} by {by} at {stage} tls={tls} mx={mx}[{ip}] from={source}|{tag} node={node} qid={qid} to={to} weight={weight} rcpts={rcpts} lines={lines} reply={reply} detail={detail}",
            e.line, e.at
        ));
        let cell = format!(
            "{} {outcome} {by} {stage} {tls} {mx}[{ip}] {source}|{tag} {node} {reply} {:?} {:?} {:?}",
            e.at.minute(),
            e.lasted_ms,
            e.waited_ms,
            e.opened
        );
        *self.totals.entry(cell).or_default() += u64::from(weight);
        *self.totals.entry(format!("recipients {outcome}")).or_default() += u64::from(rcpts);
        assert!(e.lines.last().is_none_or(|l| l.number == e.line), "the deciding line is the last: {e:?}");
    }

    fn heard(&mut self, _: Minute, pulse: Pulse) {
        self.heard += pulse.lines;
    }

    fn unrecognised(&mut self, number: u64, _: &[u8]) {
        self.unrecognised.push(number);
    }

    fn note(&mut self, note: super::Note, number: u64, amount: u64) {
        self.notes.push((note, number, amount));
    }
}

/// What a reader makes of files of one stream, given whole and in order.
pub(super) fn read(format: &dyn LogFormat, files: &[&[u8]]) -> Told {
    read_in_blocks(format, files, usize::MAX)
}

/// The same, each file in blocks of at least so many bytes that end at a line.
pub(super) fn read_in_blocks(format: &dyn LogFormat, files: &[&[u8]], block: usize) -> Told {
    let all = files.concat();
    let survey = format.survey(Head { bytes: &all, whole: true });
    let clock = LogClock::new(survey.offset_s.map_or(Zone::UTC, Zone::Fixed), survey.near);
    let mut told = Told::default();
    let mut ends = Vec::new();
    for (n, file) in files.iter().enumerate() {
        let exhibit = Exhibit(n as u16 + 1);
        let shape = LogShape { format, wrapping: Wrapping::None };
        let mut reader = shape.reader(Opening::again(exhibit, clock.clone()));
        let mut rest = *file;
        while !rest.is_empty() {
            let from = block.min(rest.len()) - 1;
            let cut = memchr::memchr(b'\n', &rest[from..]).map_or(rest.len(), |at| from + at + 1);
            reader.read(&rest[..cut], &mut told);
            rest = &rest[cut..];
        }
        reader.end_of_file(&mut told);
        let done = reader.finish();
        assert!(done.closed.accounting.adds_up(), "{:?}", done.closed.accounting);
        assert_eq!(done.closed.accounting.read, crate::intake::lines_of(file).count() as u64);
        told.accounting.add(done.closed.accounting);
        ends.push(done.ends);
    }
    join(format, &clock, ends, &mut told);
    told
}

/// The same, the second of three files in pieces that are cut at these bytes of it.
fn read_in_pieces(format: &dyn LogFormat, files: [&[u8]; 3], cuts: &[usize]) -> Told {
    let survey = format.survey(Head { bytes: &files.concat(), whole: true });
    let clock = LogClock::new(survey.offset_s.map_or(Zone::UTC, Zone::Fixed), survey.near);
    let mut told = Told::default();
    let mut ends: [Vec<LooseEnds>; 3] = Default::default();
    for (n, file) in files.into_iter().enumerate() {
        let exhibit = Exhibit(n as u16 + 1);
        let shape = LogShape { format, wrapping: Wrapping::None };
        let mut stitch = Stitch::new(format, clock.clone(), exhibit);
        let (mut edge, mut lines) = (Edge::default(), 0);
        let inner = if n == 1 { cuts } else { &[] };
        for piece in [&[0], inner, &[file.len()]].concat().windows(2) {
            let mut reader = shape.reader(Opening::again(exhibit, clock.clone()));
            reader.pass(lines, edge);
            let mut minutes = Minutes { told: &mut told, span: None };
            reader.read(&file[piece[0]..piece[1]], &mut minutes);
            reader.end_of_file(&mut minutes);
            let span = minutes.span;
            edge = reader.edge();
            let done = reader.finish();
            lines += done.closed.accounting.read;
            told.accounting.add(done.closed.accounting);
            stitch.add(done.ends, span, &mut told);
        }
        ends[n] = stitch.finish();
    }
    join(format, &clock, ends.into_iter().flatten().collect(), &mut told);
    told
}

/// Hears of which minutes a piece tells.
struct Minutes<'t> {
    told: &'t mut Told,
    span: Option<(Minute, Minute)>,
}

impl Sink for Minutes<'_> {
    fn event(&mut self, event: &Event<'_>) {
        self.told.event(event);
    }
    fn heard(&mut self, minute: Minute, pulse: Pulse) {
        self.span = Some(self.span.map_or((minute, minute), |(a, b)| (a.min(minute), b.max(minute))));
        self.told.heard(minute, pulse);
    }
    fn unrecognised(&mut self, number: u64, text: &[u8]) {
        self.told.unrecognised(number, text);
    }
    fn note(&mut self, note: super::Note, number: u64, amount: u64) {
        self.told.note(note, number, amount);
    }
}

/// The sentences of one file's events, in order of line.
pub(super) fn events(format: &dyn LogFormat, text: &str) -> Vec<String> {
    let mut told = read(format, &[text.as_bytes()]);
    told.events.sort_by_key(|e| e.split(' ').next().and_then(|n| n.parse::<u64>().ok()));
    told.events
}

/// Any split into blocks, and any cut into two or three files at line ends, gives the same
/// totals and accounts for the same lines.
pub(super) fn assert_splits_agree(format: &dyn LogFormat, text: &[u8]) {
    let whole = read(format, &[text]);
    for block in [1, 100, 5000] {
        let told = read_in_blocks(format, &[text], block);
        assert_same(&told, &whole, &format!("in blocks of {block}"));
        assert_eq!(told.accounting, whole.accounting, "in blocks of {block}");
    }
    let cuts: Vec<usize> = memchr::memchr_iter(b'\n', text).map(|at| at + 1).collect();
    let step = cuts.len().div_ceil(200).max(1);
    for cut in cuts.iter().step_by(step) {
        let told = read(format, &[&text[..*cut], &text[*cut..]]);
        assert_same(&told, &whole, &format!("cut at byte {cut}"));
        assert_eq!(told.accounting, whole.accounting, "cut at byte {cut}");
    }
    for pair in cuts.windows(3).step_by(step * 3) {
        let told = read(format, &[&text[..pair[0]], &text[pair[0]..pair[2]], &text[pair[2]..]]);
        assert_same(&told, &whole, &format!("cut at bytes {} and {}", pair[0], pair[2]));
    }
    if format.comes_in_pieces() {
        assert_pieces_agree(format, text, &cuts);
    }
}

/// A file between two others, in pieces of any size, gives what it gives as a whole.
fn assert_pieces_agree(format: &dyn LogFormat, text: &[u8], cuts: &[usize]) {
    let third = cuts.len() / 3;
    for (from, to) in [(0, cuts.len()), (third, 2 * third), (0, third), (cuts.len() / 20, cuts.len())] {
        let at = |n: usize| n.checked_sub(1).map_or(0, |n| cuts[n]);
        let (from, to) = (at(from), at(to));
        let files = [&text[..from], &text[from..to], &text[to..]];
        let mut whole = read(format, &files);
        // Whose handshake tlsproxy tells of is lost where its two lines and the client's stand in
        // three pieces: none may be as short as that.
        let short = if memchr::memmem::find(text, b"tlsproxy").is_some() { 7 } else { 40 };
        for count in [2, 3, 7, short] {
            let step = (files[1].len() / count).max(1);
            let ends = cuts.iter().filter(|cut| (from..to).contains(*cut)).map(|cut| cut - from);
            let mut last = 0;
            let pieces: Vec<_> = ends
                .filter(|end| {
                    *end >= last + step && {
                        last = *end;
                        true
                    }
                })
                .collect();
            let mut told = read_in_pieces(format, files, &pieces);
            let how = format!("from byte {from} to {to} in {} pieces", pieces.len() + 1);
            assert_same(&told, &whole, &how);
            assert_eq!(told.accounting, whole.accounting, "{how}");
            assert_eq!(told.unrecognised, whole.unrecognised, "{how}");
            // One bulk that is told as two counts the same messages, which the totals hold to account.
            for events in [&mut told.events, &mut whole.events] {
                events.retain(|event| !event.contains("detail=bulk delay"));
                events.sort();
            }
            let differing: Vec<_> = told.events.iter().zip(&whole.events).filter(|(a, b)| a != b).take(3).collect();
            assert!(differing.is_empty() && told.events.len() == whole.events.len(), "{how}: {differing:#?}");
        }
    }
}

/// Fails with what differs, not with everything.
fn assert_same(told: &Told, whole: &Told, how: &str) {
    let beyond = |these: &Told, those: &Told| -> Vec<String> {
        let differing = these.totals.iter().filter(|(cell, n)| those.totals.get(*cell) != Some(*n));
        differing.map(|(cell, n)| format!("{n} {cell}")).collect()
    };
    let (added, missed) = (beyond(told, whole), beyond(whole, told));
    assert!(added.is_empty() && missed.is_empty(), "{how}: told {added:#?} instead of {missed:#?}");
}

/// Any truncation, and any single damaged byte of a stride, is read without a panic, and
/// every line is accounted for.
pub(super) fn assert_damage_is_survived(format: &dyn LogFormat, text: &[u8]) {
    let step = (text.len() / 400).max(1);
    for cut in (0..text.len()).step_by(step) {
        read(format, &[&text[..cut]]);
        let mut damaged = text.to_vec();
        damaged[cut] = [0, b'\n', b'"', b',', 0xff, b'\\', b'=', b'['][cut / step % 8];
        read(format, &[&damaged]);
    }
}
