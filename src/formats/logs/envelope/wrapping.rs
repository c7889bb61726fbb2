//! Records of the journal and of container runtimes, unwrapped to syslog lines.
//!
//! `journalctl -o json`, `json-seq`, `json-sse`, `json-pretty` and `export`, Docker's
//! json-file and the CRI log of Kubernetes hold lines of daemons inside records. Each file
//! is turned, while it streams, into lines of the form
//! `2026-11-24T02:47:29.785Z mta1 postfix/smtp[228]: text`, one line out for each line in
//! (empty where no record ends), so that line numbers stay those of the file. What follows
//! sees one kind of line only, and so does whoever reads an excerpt.
//!
//! Sources: systemd "Journal Export Formats" and `journalctl(1)`, Docker "JSON File logging
//! driver", Kubernetes CRI logging (`time stream P|F text`).

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::Write as _;

use memchr::{memchr, memmem};
use serde::Deserialize;

use super::stamps::{Stamped, stamped};
use crate::formats::Accounting;
use crate::formats::logs::{Done, KeptLine, LogReader, Sink};
use crate::intake::lines_of;
use crate::time::{Stamp, parse_rfc3339};

/// What a file's lines are wrapped in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wrapping {
    /// Nothing: each line is a daemon's.
    #[default]
    None,
    /// `journalctl -o json`, `json-seq` or `json-sse`: one object a line.
    JournalJson,
    /// `journalctl -o json-pretty`: one object over several lines.
    JournalPretty,
    /// `journalctl -o export`: fields, then an empty line.
    JournalExport,
    /// Docker's json-file driver.
    Docker,
    /// The log of a Kubernetes container runtime.
    Cri,
}

impl Wrapping {
    /// How reports put it; nothing for plain lines.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::None => "",
            Self::JournalJson | Self::JournalPretty => "journal JSON",
            Self::JournalExport => "journal export",
            Self::Docker => "Docker json-file",
            Self::Cri => "container runtime log",
        }
    }

    /// The wrapping of a file by its first bytes.
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        let mut lines = lines_of(head).filter(|l| !l.trim_ascii().is_empty());
        let Some(first) = lines.next().map(without_framing) else { return Self::None };
        let has = |line: &[u8], word: &[u8]| memmem::find(line, word).is_some();
        if first.starts_with(b"{") && has(first, br#""__REALTIME_TIMESTAMP""#) {
            Self::JournalJson
        } else if first == b"{" && lines.take(64).any(|l| l.starts_with(br#"	"__REALTIME_TIMESTAMP""#)) {
            Self::JournalPretty
        } else if first.starts_with(b"__CURSOR=") || first.starts_with(b"__REALTIME_TIMESTAMP=") {
            Self::JournalExport
        } else if first.starts_with(b"{") && has(first, br#""log":"#) && has(first, br#""stream":"#) {
            Self::Docker
        } else if cri(first).is_some() {
            Self::Cri
        } else {
            Self::None
        }
    }

    /// A head as its reader will see it.
    #[must_use]
    pub fn unwrapped(self, head: &[u8]) -> Cow<'_, [u8]> {
        if self == Self::None {
            return Cow::Borrowed(head);
        }
        let mut machine = Machine::new(self);
        let mut out = Vec::with_capacity(head.len() / 2);
        machine.feed(head, &mut out);
        Cow::Owned(out)
    }
}

/// json-seq (RFC 7464) begins records with 0x1E, server-sent events with `data: `.
fn without_framing(line: &[u8]) -> &[u8] {
    let line = line.strip_prefix(b"\x1e").unwrap_or(line);
    line.strip_prefix(b"data: ").unwrap_or(line)
}

/// A reader of wrapped lines: unwraps, then reads.
pub(in crate::formats::logs) struct Unwrapping {
    machine: Machine,
    inner: Box<dyn LogReader + Send>,
    lines: Vec<u8>,
}

impl Unwrapping {
    pub(in crate::formats::logs) fn new(wrapping: Wrapping, inner: Box<dyn LogReader + Send>) -> Self {
        Self { machine: Machine::new(wrapping), inner, lines: Vec::new() }
    }
}

impl LogReader for Unwrapping {
    fn read(&mut self, block: &[u8], sink: &mut dyn Sink) {
        self.lines.clear();
        self.machine.feed(block, &mut self.lines);
        self.inner.read(&self.lines, sink);
    }

    fn end_of_file(&mut self, sink: &mut dyn Sink) {
        self.lines.clear();
        self.machine.end(&mut self.lines);
        if !self.lines.is_empty() {
            self.inner.read(&self.lines, sink);
        }
        self.inner.end_of_file(sink);
    }

    fn replay(&mut self, before: &[KeptLine], head: &[KeptLine], sink: &mut dyn Sink) {
        self.inner.replay(before, head, sink);
    }

    fn conclude(&mut self, sink: &mut dyn Sink) {
        self.inner.conclude(sink);
    }

    fn finish(self: Box<Self>) -> Done {
        self.inner.finish()
    }

    fn accounting(&self) -> Accounting {
        self.inner.accounting()
    }
}

/// A record longer than this is no log line.
const LONGEST_RECORD: usize = 1 << 20;

struct Machine {
    wrapping: Wrapping,
    /// Lines of the record so far (pretty JSON), or pieces of a long line by stream.
    pieces: [Vec<u8>; 2],
    export: Export,
}

impl Machine {
    fn new(wrapping: Wrapping) -> Self {
        Self { wrapping, pieces: [Vec::new(), Vec::new()], export: Export::default() }
    }

    /// One line out for each line in.
    fn feed(&mut self, block: &[u8], out: &mut Vec<u8>) {
        if self.wrapping == Wrapping::JournalExport {
            return self.export.feed(block, out);
        }
        for line in lines_of(block) {
            match self.wrapping {
                Wrapping::JournalJson => journal_json(without_framing(line), line, out),
                Wrapping::JournalPretty => self.pretty(line, out),
                Wrapping::Docker => self.docker(line, out),
                Wrapping::Cri => self.container(line, out),
                Wrapping::None | Wrapping::JournalExport => out.extend_from_slice(line),
            }
            out.push(b'\n');
        }
    }

    /// The last record of an export may lack its empty line.
    fn end(&mut self, out: &mut Vec<u8>) {
        if self.wrapping == Wrapping::JournalExport {
            self.export.emit(out);
        }
    }

    fn pretty(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let record = &mut self.pieces[0];
        if line == b"{" || record.len() > LONGEST_RECORD {
            record.clear();
        }
        record.extend_from_slice(line);
        if line == b"}" {
            journal_json(&std::mem::take(record), line, out);
        }
    }

    /// Lines over 16 KiB come in pieces; only the last ends with a line feed.
    fn docker(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let Ok(record) = serde_json::from_slice::<DockerRecord<'_>>(line) else {
            return out.extend_from_slice(line);
        };
        let pieces = &mut self.pieces[usize::from(record.stream == "stderr")];
        let Some(last) = record.log.strip_suffix('\n') else {
            if pieces.len() < LONGEST_RECORD {
                pieces.extend_from_slice(record.log.as_bytes());
            }
            return;
        };
        pieces.extend_from_slice(last.as_bytes());
        match parse_rfc3339(&record.time) {
            Ok(at) => contained(at, &std::mem::take(pieces), out),
            Err(_) => out.extend_from_slice(line),
        }
        pieces.clear();
    }

    fn container(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let Some((at, stream, whole, text)) = cri(line) else { return out.extend_from_slice(line) };
        let pieces = &mut self.pieces[stream];
        if pieces.len() < LONGEST_RECORD {
            pieces.extend_from_slice(text);
        }
        if whole {
            contained(at, &std::mem::take(pieces), out);
        }
    }
}

/// `2026-11-24T02:47:29.693393123Z stdout F text`: time, stream, whether the line ends, text.
fn cri(line: &[u8]) -> Option<(Stamp, usize, bool, &[u8])> {
    let Stamped::Zoned(at, rest) = stamped(line)? else { return None };
    let (stream, rest) = match rest.strip_prefix(b"stdout ") {
        Some(rest) => (0, rest),
        None => (1, rest.strip_prefix(b"stderr ")?),
    };
    let (flag, text) = rest.split_at_checked(2)?;
    matches!(flag, b"F " | b"P ").then_some((at, stream, flag == b"F ", text))
}

/// A container's line under the runtime's time, which is UTC and dated; a stamp of its own,
/// in whatever zone, is left out.
fn contained(at: Stamp, text: &[u8], out: &mut Vec<u8>) {
    let rest = stamped(text).map_or(text, Stamped::rest);
    push_stamp(at, out);
    out.push(b' ');
    push_one_line(rest, out);
}

#[derive(Deserialize)]
struct DockerRecord<'a> {
    #[serde(borrow)]
    log: Cow<'a, str>,
    #[serde(borrow, default)]
    stream: Cow<'a, str>,
    #[serde(borrow)]
    time: Cow<'a, str>,
}

/// A field of the journal: text; bytes, where it is no UTF-8; several values, where it was
/// given more than once; nothing, where it was too long.
#[derive(Deserialize)]
#[serde(untagged)]
enum Field<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    Bytes(Vec<u8>),
    Several(Vec<String>),
    /// Too long for journalctl without `--all`.
    Absent,
}

impl Field<'_> {
    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Text(text) => Some(text.as_bytes()),
            Self::Bytes(bytes) => Some(bytes),
            Self::Several(values) => values.first().map(String::as_bytes),
            Self::Absent => None,
        }
    }
}

#[derive(Deserialize)]
struct JournalRecord<'a> {
    #[serde(borrow, rename = "__REALTIME_TIMESTAMP")]
    time: Cow<'a, str>,
    #[serde(borrow, default, rename = "_HOSTNAME")]
    host: Option<Field<'a>>,
    #[serde(borrow, default, rename = "SYSLOG_IDENTIFIER")]
    identifier: Option<Field<'a>>,
    #[serde(borrow, default, rename = "_COMM")]
    command: Option<Field<'a>>,
    #[serde(borrow, default, rename = "SYSLOG_PID")]
    syslog_pid: Option<Field<'a>>,
    #[serde(borrow, default, rename = "_PID")]
    pid: Option<Field<'a>>,
    #[serde(borrow, default, rename = "MESSAGE")]
    message: Option<Field<'a>>,
}

/// A record without a message that can be shown stays as it is, and nobody will understand it.
fn journal_json(record: &[u8], line: &[u8], out: &mut Vec<u8>) {
    let Ok(found) = serde_json::from_slice::<JournalRecord<'_>>(record) else {
        return out.extend_from_slice(line);
    };
    let of = |field: &'_ Option<Field<'_>>| field.as_ref().and_then(Field::bytes).map(<[u8]>::to_vec);
    let (Some(at), Some(message)) = (micros(found.time.as_bytes()), of(&found.message)) else {
        return out.extend_from_slice(line);
    };
    let identifier = of(&found.identifier).or_else(|| of(&found.command));
    let pid = of(&found.syslog_pid).or_else(|| of(&found.pid));
    push_line(at, of(&found.host), identifier, pid, &message, out);
}

/// Microseconds since 1970.
fn micros(text: &[u8]) -> Option<Stamp> {
    let micros: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some(Stamp::from_millis(micros.div_euclid(1000)))
}

fn push_line(
    at: Stamp,
    host: Option<Vec<u8>>,
    identifier: Option<Vec<u8>>,
    pid: Option<Vec<u8>>,
    message: &[u8],
    out: &mut Vec<u8>,
) {
    push_stamp(at, out);
    out.push(b' ');
    out.extend_from_slice(host.as_deref().filter(|h| !h.is_empty()).unwrap_or(b"-"));
    out.push(b' ');
    if let Some(identifier) = identifier.filter(|i| !i.is_empty()) {
        out.extend_from_slice(&identifier);
        if let Some(pid) = pid {
            let _ = write!(out, "[{}]", String::from_utf8_lossy(&pid));
        }
        out.extend_from_slice(b": ");
    }
    push_one_line(message, out);
}

fn push_stamp(at: Stamp, out: &mut Vec<u8>) {
    let mut text = String::with_capacity(24);
    // Writing to a String cannot fail.
    let _ = write!(text, "{at}");
    out.extend_from_slice(text.as_bytes());
}

/// Line feeds inside a message, as rsyslog writes them.
fn push_one_line(message: &[u8], out: &mut Vec<u8>) {
    let message = message.strip_suffix(b"\n").unwrap_or(message);
    if memchr(b'\n', message).is_none() {
        return out.extend_from_slice(message);
    }
    for byte in message {
        match byte {
            b'\n' => out.extend_from_slice(b"#012"),
            other => out.push(*other),
        }
    }
}

/// The journal export format: `KEY=value` lines, or `KEY`, a length of eight bytes, and so
/// many bytes; an empty line ends the record.
#[derive(Default)]
struct Export {
    time: Option<Stamp>,
    host: Option<Vec<u8>>,
    identifier: Option<Vec<u8>>,
    pid: Option<Vec<u8>>,
    message: Option<Vec<u8>>,
    /// Bytes of the line, or of the binary field, being read.
    partial: Vec<u8>,
    binary: Option<Binary>,
}

/// A binary field being read.
struct Binary {
    key: Vec<u8>,
    /// Its length, once its eight bytes are known.
    length: Option<usize>,
}

impl Export {
    fn feed(&mut self, block: &[u8], out: &mut Vec<u8>) {
        for byte in block {
            let ended = *byte == b'\n';
            match self.binary.take() {
                Some(binary) => self.binary_byte(binary, *byte),
                None if ended => {
                    let line = std::mem::take(&mut self.partial);
                    self.line(&line, out);
                }
                None if self.partial.len() < LONGEST_RECORD => self.partial.push(*byte),
                None => {}
            }
            if ended {
                out.push(b'\n');
            }
        }
    }

    fn binary_byte(&mut self, mut binary: Binary, byte: u8) {
        match binary.length {
            None => {
                self.partial.push(byte);
                if let Ok(length) = <[u8; 8]>::try_from(&*self.partial) {
                    binary.length = usize::try_from(u64::from_le_bytes(length)).ok();
                    self.partial.clear();
                }
            }
            // The byte after the last is a line feed.
            Some(length) if self.partial.len() >= length || self.partial.len() >= LONGEST_RECORD => {
                let value = std::mem::take(&mut self.partial);
                return self.field(&binary.key, &value);
            }
            Some(_) => self.partial.push(byte),
        }
        self.binary = Some(binary);
    }

    fn line(&mut self, line: &[u8], out: &mut Vec<u8>) {
        if line.is_empty() {
            return self.emit(out);
        }
        match memchr(b'=', line) {
            Some(at) => self.field(&line[..at], &line[at + 1..]),
            None => self.binary = Some(Binary { key: line.to_vec(), length: None }),
        }
    }

    fn field(&mut self, key: &[u8], value: &[u8]) {
        let keep = |slot: &mut Option<Vec<u8>>| *slot = Some(value.to_vec());
        match key {
            b"__REALTIME_TIMESTAMP" => self.time = micros(value),
            b"_HOSTNAME" => keep(&mut self.host),
            b"SYSLOG_IDENTIFIER" => keep(&mut self.identifier),
            b"_COMM" if self.identifier.is_none() => keep(&mut self.identifier),
            b"SYSLOG_PID" => keep(&mut self.pid),
            b"_PID" if self.pid.is_none() => keep(&mut self.pid),
            b"MESSAGE" => keep(&mut self.message),
            _ => {}
        }
    }

    fn emit(&mut self, out: &mut Vec<u8>) {
        let record = std::mem::take(self);
        if let (Some(at), Some(message)) = (record.time, record.message) {
            push_line(at, record.host, record.identifier, record.pid, &message, out);
        }
    }
}
