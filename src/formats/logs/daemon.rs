//! What a syslog daemon says about lines of others: copies it did not write, and lines that it
//! dropped.
//!
//! Sources: rsyslog `runtime/ratelimit.c` and, of 5 and 6, `plugins/imuxsock/imuxsock.c`,
//! systemd `journald-rate-limit.c`, BSD `syslogd.c`.

use memchr::memmem;

use super::envelope::Envelope;
use crate::time::{Minute, Stamp};

/// A line of the daemon's own.
pub(super) enum OwnNote<'a> {
    /// rsyslog: `message repeated 3 times: [ TEXT]`.
    Repeated(u64, &'a [u8]),
    /// BSD syslogd: `last message repeated 3 times`.
    LastRepeated(u64),
    /// rsyslog `3 messages lost due to rate-limiting`, its versions 5 and 6 `imuxsock lost 3
    /// messages from pid 7 due to rate-limiting`, journald `Suppressed 8385 messages`.
    Lost {
        /// How many; 0 where it begins to drop them.
        lines: u64,
        /// In how many seconds before.
        seconds: u32,
        /// Whose, where it says so: `smtp`.
        program: &'a [u8],
    },
}

/// Reads a line of the daemon's own.
pub(super) fn own_note<'a>(envelope: &Envelope<'a>) -> Option<OwnNote<'a>> {
    let text = envelope.text;
    // Each line is asked, so the first byte is before the rest.
    match text.first() {
        Some(b'm') => {
            if let Some(rest) = text.strip_prefix(b"message repeated ") {
                let (times, rest) = leading_number(rest)?;
                let inner = rest.strip_prefix(b" times: [")?;
                let inner = inner.strip_prefix(b" ").unwrap_or(inner);
                return Some(OwnNote::Repeated(times, inner.strip_suffix(b"]").unwrap_or(inner)));
            }
        }
        Some(b'l') => {
            if let Some(rest) = text.strip_prefix(b"last message repeated ") {
                return leading_number(rest).map(|(times, _)| OwnNote::LastRepeated(times));
            }
        }
        _ => {}
    }
    let (lines, seconds) = match envelope.process.program {
        b"rsyslogd" | b"rsyslogd-2177" => lost_by_rsyslog(text)?,
        b"systemd-journald" | b"journald" | b"systemd-journal" => {
            (leading_number(text.strip_prefix(b"Suppressed ")?)?.0, JOURNALD_SECONDS)
        }
        _ => return None,
    };
    Some(OwnNote::Lost { lines, seconds, program: named_program(text) })
}

/// journald's `RateLimitIntervalSec`, unless it is set.
const JOURNALD_SECONDS: u32 = 30;
/// rsyslog 5 and 6 name no interval; theirs was 5 seconds, unless it was set.
const UNNAMED_SECONDS: u32 = 5;

/// How many lines in how many seconds.
fn lost_by_rsyslog(text: &[u8]) -> Option<(u64, u32)> {
    if memmem::find(text, b"begin to drop messages due to rate-limiting").is_some()
        || text.starts_with(b"imuxsock begins to drop messages from pid ")
    {
        return Some((0, 0));
    }
    if let Some(rest) = text.strip_prefix(b"imuxsock lost ") {
        return leading_number(rest).map(|(lines, _)| (lines, UNNAMED_SECONDS));
    }
    let at = memmem::find(text, b" messages lost due to rate-limiting")?;
    // `(20000 allowed within 600 seconds)`
    let seconds = text[at..].strip_suffix(b" seconds)").and_then(trailing_number);
    let seconds = seconds.and_then(|n| u32::try_from(n).ok()).unwrap_or(UNNAMED_SECONDS);
    Some((trailing_number(&text[..at])?, seconds))
}

/// `imuxsock[pid: 9021, name: cleanup]`
fn named_program(text: &[u8]) -> &[u8] {
    let Some(at) = memmem::find(text, b", name: ") else { return &[] };
    let name = &text[at + 8..];
    &name[..memchr::memchr(b']', name).unwrap_or(0)]
}

/// Whether a program's lines may tell of attempts: those of Postfix's daemons that open no
/// session to a receiver do not.
pub(super) fn tells_of_attempts(program: &[u8]) -> bool {
    const SILENT: [&[u8]; 10] = [
        b"anvil",
        b"cleanup",
        b"local",
        b"master",
        b"pickup",
        b"postscreen",
        b"qmgr",
        b"smtpd",
        b"trivial-rewrite",
        b"virtual",
    ];
    !SILENT.contains(&program)
}

/// The minutes that a note about dropped lines is about, its own the last.
pub(super) fn minutes_of_loss(at: Stamp, seconds: u32) -> impl Iterator<Item = Minute> {
    let back = at.minute().since(at.plus_millis(-1000 * i64::from(seconds.min(LONGEST))).minute());
    (0..=back).map(move |n| at.minute().plus(n - back))
}

/// Notes are believed about no more seconds than this.
const LONGEST: u32 = 3600;

fn leading_number(text: &[u8]) -> Option<(u64, &[u8])> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let number = std::str::from_utf8(&text[..digits]).ok()?.parse().ok()?;
    Some((number, &text[digits..]))
}

fn trailing_number(text: &[u8]) -> Option<u64> {
    let digits = text.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    std::str::from_utf8(&text[text.len() - digits..]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_were_lost_before_the_note() {
        let minutes = |seconds: u32| -> Vec<i32> {
            minutes_of_loss(Stamp::from_seconds(600), seconds).map(Minute::number).collect()
        };
        assert_eq!(minutes(0), [10]);
        assert_eq!(minutes(5), [9, 10]);
        assert_eq!(minutes(150), [7, 8, 9, 10]);
        assert_eq!(minutes(u32::MAX).len(), 61);
        // oss trap 38. Shapes: ratelimit.c of rsyslog 8, its imjournal.
        for (text, lost) in [
            (&b"imuxsock[pid 3870]: 85 messages lost due to rate-limiting (200 allowed within 5 seconds)"[..], (85, 5)),
            (b"imjournal: 61 messages lost due to rate-limiting (20000 allowed within 600 seconds)", (61, 600)),
            (b"imuxsock lost 56 messages from pid 2896 due to rate-limiting", (56, 5)),
            (b"imjournal: begin to drop messages due to rate-limiting", (0, 0)),
        ] {
            assert_eq!(lost_by_rsyslog(text), Some(lost));
        }
    }

    #[test]
    fn daemons_without_sessions_tell_of_no_attempts() {
        let text = b"imuxsock[pid: 9021, name: cleanup]: 5 messages lost due to rate-limiting";
        assert!(!tells_of_attempts(named_program(text)));
        for text in [&b"imuxsock[pid: 3870, name: smtp]: 5 messages lost"[..], b"imuxsock[pid 3870]: 85 messages lost"]
        {
            assert!(tells_of_attempts(named_program(text)));
        }
    }
}
