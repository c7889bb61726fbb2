//! Syslog envelopes: what stands before the daemon's own text.
//!
//! RFC 3164 (`Nov 24 03:46:44 host tag[pid]: text`, day padded with a blank or a
//! zero) and RFC 3339 stamps (`2026-11-24T03:46:44.123456+00:00 host …`), as
//! rsyslog, syslog-ng and Postfix's own postlogd write them; `<PRI>` before either.

use super::LogClock;
use crate::time::{Stamp, parse_rfc3339};

/// A line taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Envelope<'a> {
    pub(super) at: Stamp,
    pub(super) host: &'a [u8],
    /// `postfix-ip1/smtp[3870]: text`
    pub(super) message: &'a [u8],
}

/// Where a line's stamp ends, and what kind it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamped<'a> {
    /// RFC 3164: no year, no zone.
    YearLess(&'a [u8; 15], &'a [u8]),
    /// RFC 3339 with a zone.
    Zoned(Stamp, &'a [u8]),
}

/// Splits the stamp off a line; nothing when it begins with none.
pub(super) fn stamped(line: &[u8]) -> Option<Stamped<'_>> {
    let line = strip_priority(line);
    if line.first()?.is_ascii_alphabetic() {
        let (stamp, rest) = line.split_first_chunk::<15>()?;
        return rest.strip_prefix(b" ").map(|rest| Stamped::YearLess(stamp, rest));
    }
    let end = memchr::memchr(b' ', line.get(..40).unwrap_or(line))?;
    let stamp = parse_rfc3339(std::str::from_utf8(&line[..end]).ok()?).ok()?;
    Some(Stamped::Zoned(stamp, &line[end + 1..]))
}

/// Takes a line apart. Nothing when it has no stamp, or its year is unknown.
pub(super) fn open<'a>(line: &'a [u8], clock: &mut LogClock) -> Option<Envelope<'a>> {
    let (at, rest) = match stamped(line)? {
        Stamped::YearLess(stamp, rest) => (clock.year_less(stamp)?, rest),
        Stamped::Zoned(at, rest) => (at, rest),
    };
    let host_end = memchr::memchr(b' ', rest)?;
    Some(Envelope { at, host: &rest[..host_end], message: &rest[host_end + 1..] })
}

/// `<22>Nov 24 …` (RFC 3164 §4.1.1).
fn strip_priority(line: &[u8]) -> &[u8] {
    if line.first() != Some(&b'<') {
        return line;
    }
    match line.iter().take(5).position(|b| *b == b'>') {
        Some(end) if line[1..end].iter().all(u8::is_ascii_digit) && end > 1 => &line[end + 1..],
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Zone;

    #[test]
    fn both_forms_give_the_same_moment() {
        let mut clock = LogClock::new(Zone::Fixed(-5 * 3600), parse_rfc3339("2026-11-24T00:00Z").ok());
        let old = open(b"<22>Nov 23 22:46:44 mta1 postfix/qmgr[1]: x", &mut clock).map(|e| e.at.to_second());
        let new = open(b"2026-11-23T22:46:44.500000-05:00 mta1 postfix/qmgr[1]: x", &mut clock);
        assert_eq!(old.as_deref(), Some("2026-11-24T03:46:44Z"));
        assert_eq!(new.map(|e| e.at.to_string()).as_deref(), Some("2026-11-24T03:46:44.500Z"));
        assert_eq!(new.map(|e| (e.host, e.message)), Some((&b"mta1"[..], &b"postfix/qmgr[1]: x"[..])));
    }

    #[test]
    fn lines_without_a_stamp_are_none() {
        let mut clock = LogClock::new(Zone::UTC, parse_rfc3339("2026-11-24T00:00Z").ok());
        for line in [&b""[..], b"x", b"Nov 24 03:46", b"<22>", b"2026-11-24 no", b"CONNECTED(00000003)"] {
            assert_eq!(open(line, &mut clock), None, "{}", String::from_utf8_lossy(line));
        }
    }
}
