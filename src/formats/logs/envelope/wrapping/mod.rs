//! Records of the journal and of container runtimes, unwrapped to syslog lines.
//!
//! `journalctl -o json`, `json-seq`, `json-sse`, `json-pretty` and `export`, Docker's
//! json-file and the CRI log of Kubernetes hold lines of daemons inside records. Each file
//! is turned, while it streams, into lines of the form
//! `2026-11-24T02:47:29.785Z mta1 postfix/smtp[228]: text`, one line out for each line in
//! (empty where no record ends), so that line numbers stay those of the file. What follows
//! sees one kind of line only, and so does whoever reads an excerpt.
//!
//! - `journal` reads the journal's JSON, and writes what both of its forms become.
//! - `export` reads the journal's export format.
//! - `container` reads the records of Docker and of Kubernetes.

mod container;
mod export;
mod journal;

use std::borrow::Cow;

use memchr::{memchr, memmem};
use serde::{Deserialize, Serialize};

use crate::formats::Accounting;
use crate::formats::logs::{Done, KeptLine, LogReader, Sink};
use crate::intake::{Lines, lines_of};
use container::{Container, cri};
use export::Export;
use journal::{Pretty, journal_json};

/// What a file's lines are wrapped in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

    /// Whether a record is several lines.
    #[must_use]
    pub const fn has_records_of_lines(self) -> bool {
        matches!(self, Self::JournalPretty | Self::JournalExport)
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
        machine.end(&mut out);
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
    blocks: Lines,
    machine: Machine,
    inner: Box<dyn LogReader + Send>,
    lines: Vec<u8>,
}

impl Unwrapping {
    pub(in crate::formats::logs) fn new(wrapping: Wrapping, inner: Box<dyn LogReader + Send>) -> Self {
        Self { blocks: Lines::default(), machine: Machine::new(wrapping), inner, lines: Vec::new() }
    }
}

impl LogReader for Unwrapping {
    fn read(&mut self, block: &[u8], sink: &mut dyn Sink) {
        self.lines.clear();
        match &mut self.machine {
            Machine::JournalExport(export) => export.feed(block, &mut self.lines),
            machine => self.blocks.of(block).for_each(|line| machine.line(line, &mut self.lines)),
        }
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

/// Turns lines of records into lines of daemons.
enum Machine {
    JournalJson,
    JournalPretty(Pretty),
    JournalExport(Export),
    Docker(Container),
    Cri(Container),
    /// Lines that stand for themselves.
    None,
}

impl Machine {
    fn new(wrapping: Wrapping) -> Self {
        match wrapping {
            Wrapping::None => Self::None,
            Wrapping::JournalJson => Self::JournalJson,
            Wrapping::JournalPretty => Self::JournalPretty(Pretty::default()),
            Wrapping::JournalExport => Self::JournalExport(Export::default()),
            Wrapping::Docker => Self::Docker(Container::default()),
            Wrapping::Cri => Self::Cri(Container::default()),
        }
    }

    /// One line out for each line in; of an export, the last line waits for the next block.
    fn feed(&mut self, block: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::JournalExport(export) => export.feed(block, out),
            machine => lines_of(block).for_each(|line| machine.line(line, out)),
        }
    }

    fn line(&mut self, line: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::JournalJson => journal_json(without_framing(line), line, out),
            Self::JournalPretty(pretty) => pretty.line(line, out),
            Self::Docker(container) => container.docker(line, out),
            Self::Cri(container) => container.cri(line, out),
            Self::None | Self::JournalExport(_) => out.extend_from_slice(line),
        }
        out.push(b'\n');
    }

    /// The file has ended.
    fn end(&mut self, out: &mut Vec<u8>) {
        if let Self::JournalExport(export) = self {
            export.end(out);
        }
    }
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
