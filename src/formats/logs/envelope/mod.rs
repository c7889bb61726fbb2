//! Envelopes: what stands before a daemon's own text.
//!
//! - `stamps` reads the time at the beginning of a line, in all the forms that syslog
//!   daemons, journalctl, container runtimes and multilog write.
//! - `months` knows the month names of journalctl in other languages.
//! - `writers` remembers how the lines of each process begin.
//! - `wrapping` turns records of the journal and of container runtimes into such lines.
//!
//! After the stamp: `host tag/program[pid]: text` (RFC 3164), or the fields of RFC 5424 §6.

mod months;
mod stamps;
mod wrapping;
mod writers;

pub(super) use stamps::{Stamped, local_stamp, stamped};
pub(super) use wrapping::Unwrapping;
pub use wrapping::Wrapping;
pub(super) use writers::Writers;

use memchr::memchr;

use super::{LogClock, near};
use crate::time::Stamp;

/// A line taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Envelope<'a> {
    pub(super) at: Stamp,
    /// The node that logged; empty where the envelope has none.
    pub(super) host: &'a [u8],
    pub(super) process: Process<'a>,
    /// What the process says.
    pub(super) text: &'a [u8],
}

/// Who wrote a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Process<'a> {
    /// As it stands: `postfix-ip1/smtp[3870]`; empty where the line names none.
    pub(super) whole: &'a [u8],
    /// What stands before the last slash: `postfix-ip1`; empty without a slash.
    pub(super) tag: &'a [u8],
    /// What stands after it: `smtp`.
    pub(super) program: &'a [u8],
    /// `3870`; empty where there is none.
    pub(super) pid: &'a [u8],
}

/// Takes a line apart. Nothing when it has no stamp, or its year is unknown.
pub(super) fn open<'a>(line: &'a [u8], clock: &mut LogClock) -> Option<Envelope<'a>> {
    match stamp_of(line, clock)? {
        Behind::Syslog(at, rest) => Some(syslog(at, rest, Parts::of(rest))),
        Behind::Rfc5424(at, rest) => rfc5424(at, rest),
    }
}

/// The same, where many lines come from few writers.
pub(super) fn open_again<'a>(line: &'a [u8], clock: &mut LogClock, writers: &mut Writers) -> Option<Envelope<'a>> {
    match stamp_of(line, clock)? {
        Behind::Syslog(at, rest) => match writers.parts(rest) {
            Some(parts) => Some(parts.envelope(at)),
            None => {
                let parts = Parts::of(rest);
                writers.remember(rest, &parts);
                Some(syslog(at, rest, parts))
            }
        },
        Behind::Rfc5424(at, rest) => rfc5424(at, rest),
    }
}

/// The time of a line, and what follows its stamp.
enum Behind<'a> {
    Syslog(Stamp, &'a [u8]),
    Rfc5424(Stamp, &'a [u8]),
}

#[inline]
fn stamp_of<'a>(line: &'a [u8], clock: &mut LogClock) -> Option<Behind<'a>> {
    if let Some((at, rest)) = clock.again(line) {
        return Some(Behind::Syslog(at, rest));
    }
    let stamped = stamped(line)?;
    let (at, rest) = (stamped.moment(clock)?, stamped.rest());
    Some(if stamped.is_rfc5424() { Behind::Rfc5424(at, rest) } else { Behind::Syslog(at, rest) })
}

/// What stands behind a stamp: `HOST PROCESS: TEXT`.
#[derive(Clone, Copy)]
struct Parts<'a> {
    host: &'a [u8],
    process: Process<'a>,
    text: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(rest: &'a [u8]) -> Self {
        let (host, after) = host_of(rest);
        let (process, text) = process_of(after);
        Self { host, process, text }
    }

    #[inline]
    fn envelope(self, at: Stamp) -> Envelope<'a> {
        Envelope { at, host: self.host, process: self.process, text: without_solaris_id(self.text) }
    }
}

fn syslog<'a>(at: Stamp, rest: &'a [u8], parts: Parts<'a>) -> Envelope<'a> {
    if parts.process.whole.is_empty()
        && let Some(inner) = stamps::stamped(rest)
    {
        // `docker logs --timestamps`: the runtime's time stands before the line and its own.
        return Parts::of(inner.rest()).envelope(at);
    }
    parts.envelope(at)
}

/// A line taken apart whatever its year: for what it says, not when.
pub(super) fn undated(line: &[u8]) -> Option<Envelope<'_>> {
    let stamped = stamped(line)?;
    let (at, rest) = (stamped.in_some_year()?, stamped.rest());
    if stamped.is_rfc5424() { rfc5424(at, rest) } else { Some(syslog(at, rest, Parts::of(rest))) }
}

/// The host before a process. Container logs leave it out, or put a level in its place
/// (`INFO    postfix/smtp[1204]: …`); BSD syslogd puts `<mail.info>` before it.
fn host_of(rest: &[u8]) -> (&[u8], &[u8]) {
    let rest = match rest.first() {
        Some(b'<') => memchr(b'>', rest).map_or(rest, |end| rest[end + 1..].trim_ascii_start()),
        _ => rest,
    };
    let end = near::find(b' ', rest).unwrap_or(rest.len());
    let word = &rest[..end];
    let after = rest.get(end + 1..).unwrap_or_default();
    if is_level(word) {
        (&[], after.trim_ascii_start())
    } else if word.ends_with(b":") || word.ends_with(b"]") {
        (&[], rest)
    } else {
        (word, after)
    }
}

fn is_level(word: &[u8]) -> bool {
    matches!(word, b"INFO" | b"WARN" | b"WARNING" | b"ERROR" | b"NOTICE" | b"DEBUG" | b"CRIT" | b"FATAL" | b"TRACE")
}

/// `TAG/PROGRAM[PID]: text`. rsyslog's forward templates cut the whole at 32 characters
/// (`tools/smfwd.c`), so the colon may be missing.
fn process_of(rest: &[u8]) -> (Process<'_>, &[u8]) {
    const CUT: usize = 31;
    let end = near::find(b' ', rest).unwrap_or(rest.len());
    let word = &rest[..end];
    let whole = match word.strip_suffix(b":") {
        Some(whole) => whole,
        None if word.ends_with(b"]") && word.contains(&b'[') => word,
        None if word.len() >= CUT && memchr(b'/', word).is_some() => word,
        None => return (Process::default(), rest),
    };
    (Process::of(whole), rest.get(end + 1..).unwrap_or_default())
}

impl<'a> Process<'a> {
    /// Splits `TAG/PROGRAM[PID]`. The program is what follows the last slash.
    pub(super) fn of(whole: &'a [u8]) -> Self {
        let (name, pid) = match near::find(b'[', whole) {
            Some(at) => (&whole[..at], whole[at + 1..].strip_suffix(b"]").unwrap_or(&whole[at + 1..])),
            None => (whole, &whole[..0]),
        };
        let (tag, program) = match name.iter().rposition(|b| *b == b'/') {
            Some(at) => (&name[..at], &name[at + 1..]),
            None => (&name[..0], name),
        };
        Self { whole, tag, program, pid }
    }
}

/// `HOST APP PROCID MSGID SD MSG` (RFC 5424 §6). rsyslog cuts the tag at its slash here, so
/// `postfix-out11/smtp` arrives as `postfix-out11`: the program is lost.
fn rfc5424(at: Stamp, rest: &[u8]) -> Option<Envelope<'_>> {
    let (host, rest) = word(rest)?;
    let app_and_pid = rest;
    let (app, rest) = word(rest)?;
    let (pid, rest) = word(rest)?;
    let (_msgid, rest) = word(rest)?;
    let text = after_structured_data(rest)?;
    let whole = &app_and_pid[..app.len() + 1 + pid.len()];
    let mut process = Process { whole, pid: if pid == b"-" { &[] } else { pid }, ..Process::of(app) };
    process.whole = whole;
    let host = if host == b"-" { &[] } else { host };
    Some(Envelope { at, host, process, text })
}

/// Past `-` or `[id k="v"]…`, where `"`, `\` and `]` are escaped (RFC 5424 §6.3).
fn after_structured_data(rest: &[u8]) -> Option<&[u8]> {
    let mut rest = match rest.strip_prefix(b"-") {
        Some(rest) => rest,
        None => {
            let (mut quoted, mut escaped, mut end) = (false, false, None);
            for (i, b) in rest.iter().enumerate() {
                match b {
                    _ if escaped => escaped = false,
                    b'\\' if quoted => escaped = true,
                    b'"' => quoted = !quoted,
                    b']' if !quoted && rest.get(i + 1) != Some(&b'[') => {
                        end = Some(i + 1);
                        break;
                    }
                    _ => {}
                }
            }
            &rest[end.filter(|_| rest.starts_with(b"["))?..]
        }
    };
    rest = rest.trim_ascii_start();
    Some(rest.strip_prefix(b"\xef\xbb\xbf").unwrap_or(rest))
}

fn word(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr(b' ', rest)?;
    Some((&rest[..end], &rest[end + 1..]))
}

/// Solaris writes `[ID 197553 mail.info] ` before the text.
fn without_solaris_id(text: &[u8]) -> &[u8] {
    match text.strip_prefix(b"[ID ") {
        Some(rest) => memchr(b']', rest).map_or(text, |end| rest[end + 1..].trim_ascii_start()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Zone, parse_rfc3339};

    fn clock() -> LogClock {
        LogClock::new(Zone::Fixed(-5 * 3600), parse_rfc3339("2026-11-24T00:00Z").ok())
    }

    /// Time, host, tag, program, pid and text of a line.
    fn told(line: &str) -> Option<String> {
        let e = open(line.as_bytes(), &mut clock())?;
        let t = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        let p = e.process;
        Some(format!("{} {} {}|{}|{} {}", e.at, t(e.host), t(p.tag), t(p.program), t(p.pid), t(e.text)))
    }

    #[test]
    fn every_envelope_gives_the_same_line() {
        // Recorded: one line of Postfix in the envelopes that rsyslog 8.2302 and journalctl 252
        // wrote; the last four as docker-postfix, BSD syslogd -v, Solaris and CRI document them.
        let rows = [
            "Nov 23 21:47:29 mta1 postfix-out11/smtp[228]: x: to=<a@b>",
            "2026-11-24T02:47:29.693393+00:00 mta1 postfix-out11/smtp[228]: x: to=<a@b>",
            "<22>2026-11-24T02:47:29.693393+00:00 mta1 postfix-out11/smtp[228]: x: to=<a@b>",
            "<22>Nov 23 21:47:29 mta1 postfix-out11/smtp[228]: x: to=<a@b>",
            "2026-11-24T05:47:29+0300 mta1 postfix-out11/smtp[228]: x: to=<a@b>",
            "Nov 23 21:47:29.785752 mta1 postfix-out11/smtp[228]: x: to=<a@b>",
            "1795488449.785752 mta1 postfix-out11/smtp[228]: x: to=<a@b>",
            "Tue 2026-11-24 02:47:29 UTC mta1 postfix-out11/smtp[228]: x: to=<a@b>",
            "nov. 23 21:47:29 mta1 postfix-out11/smtp[228]: x: to=<a@b>",
            "ноя 23 21:47:29 mta1 postfix-out11/smtp[228]: x: to=<a@b>",
            "74 <22>Nov 23 21:47:29 mta1 postfix-out11/smtp[228]: x: to=<a@b>",
            "Nov 23 21:47:29 <mail.info> mta1 postfix-out11/smtp[228]: x: to=<a@b>",
            "Nov 23 21:47:29 mta1 postfix-out11/smtp[228]: [ID 197553 mail.info] x: to=<a@b>",
            // Templates of the user's own; syslog-ng's manual, ts-format(full); docker logs -t.
            "2026-11-23 21:47:29 mta1 postfix-out11/smtp[228]: x: to=<a@b>",
            "2026-11-23 21:47:29,693 mta1 postfix-out11/smtp[228]: x: to=<a@b>",
            "2026-11-23T21:47:29.693393 mta1 postfix-out11/smtp[228]: x: to=<a@b>",
            "2026-11-24 03:47:29.693 +0100 mta1 postfix-out11/smtp[228]: x: to=<a@b>",
            "2026-11-24 02:47:29Z mta1 postfix-out11/smtp[228]: x: to=<a@b>",
            "2026-11-23 20:17:29-06:30 mta1 postfix-out11/smtp[228]: x: to=<a@b>",
            "2026 Nov 23 21:47:29 mta1 postfix-out11/smtp[228]: x: to=<a@b>",
            "2026-11-24T02:47:29.693393123Z Nov 24 09:47:29 mta1 postfix-out11/smtp[228]: x: to=<a@b>",
        ];
        for row in rows {
            let found = told(row).unwrap_or_default();
            let (at, rest) = found.split_once(' ').unwrap_or_default();
            assert!(at.starts_with("2026-11-24T02:47:29"), "{row}: {found}");
            assert_eq!(rest, "mta1 postfix-out11|smtp|228 x: to=<a@b>", "{row}");
        }
    }

    #[test]
    fn what_envelopes_lose() {
        assert_eq!(
            told("<22>1 2026-11-24T02:47:29.693393+00:00 mta1 postfix 228 - -  8B1DC9F6A5D: to=<a@b>").as_deref(),
            Some("2026-11-24T02:47:29.693Z mta1 |postfix|228 8B1DC9F6A5D: to=<a@b>")
        );
        assert_eq!(
            told(r#"<22>1 2026-11-24T02:47:29Z mta1 app - - [a k="x\"] y"][b] hello"#).as_deref(),
            Some("2026-11-24T02:47:29Z mta1 |app| hello")
        );
        // rsyslog's forward templates cut `postfix-239.58.50.50/smtp[12345]:` at 32 characters.
        assert_eq!(
            told("<22>2026-11-24T02:57:57.383587+00:00 mta1 postfix-239.58.50.50/smtp[12345] 4A: x").as_deref(),
            Some("2026-11-24T02:57:57.383Z mta1 postfix-239.58.50.50|smtp|12345 4A: x")
        );
        assert_eq!(
            told("2024-12-30T12:16:31.914376+01:00 INFO    postfix/smtp[1204]: x").as_deref(),
            Some("2024-12-30T11:16:31.914Z  postfix|smtp|1204 x")
        );
        assert_eq!(
            told("Tue 2026-11-24 02:47:29 UTC mta1 postfix@-.service[228]: 8B: x").as_deref(),
            Some("2026-11-24T02:47:29Z mta1 |postfix@-.service|228 8B: x")
        );
        assert_eq!(
            told("@400000006b04faaf29533dd8 postfix/smtp[228]: x").as_deref(),
            Some("2026-11-24T02:47:01.693Z  postfix|smtp|228 x")
        );
    }

    #[test]
    fn lines_without_a_stamp_are_none() {
        for line in
            ["", "x", "Nov 24 03:46", "<22>", "2026-11-24 no", "CONNECTED(00000003)", "[ 8449.785752] mta1 x: y"]
        {
            assert_eq!(told(line), None, "{line}");
        }
    }
}
