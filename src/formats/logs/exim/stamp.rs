//! The stamp that Exim writes itself, and what syslog and containers put before it.
//!
//! `2026-11-24 03:06:44.024 +0000 [132] `: local time, unless `timezone = UTC`; the zone with
//! `log_timezone`, milliseconds with `+millisec`, the process with `+pid` (log.c, tod.c). Syslog
//! lines hold the same text after their own stamp, or leave it out (`syslog_timestamp = no`).

use crate::formats::logs::LogClock;
use crate::formats::logs::envelope::{self, Envelope, Process, Stamped, stamped};
use crate::time::{Stamp, days_from_civil};

/// Takes Exim's own stamp off a text; nothing when it begins with none.
pub(super) fn own_stamp(text: &[u8]) -> Option<Stamped<'_>> {
    let (date, rest) = text.split_first_chunk::<19>()?;
    let local = local_millis(date)?;
    let (millis, rest) = match rest {
        [b'.', a, b, c, rest @ ..] if [a, b, c].into_iter().all(|d| d.is_ascii_digit()) => {
            (i64::from(a - b'0') * 100 + i64::from(b - b'0') * 10 + i64::from(c - b'0'), rest)
        }
        _ => (0, rest),
    };
    let rest = rest.strip_prefix(b" ")?;
    let local = Stamp::from_millis(local + millis);
    Some(match zone(rest) {
        Some((offset_ms, rest)) => Stamped::Zoned(local.plus_millis(-offset_ms), rest),
        None => Stamped::Local(local, rest),
    })
}

/// `2026-11-24 03:06:44` as if it were UTC.
fn local_millis(t: &[u8; 19]) -> Option<i64> {
    let shaped = (t[4], t[7], t[10], t[13], t[16]) == (b'-', b'-', b' ', b':', b':');
    let number =
        |digits: &[u8]| digits.iter().try_fold(0, |n, d| d.is_ascii_digit().then(|| n * 10 + i64::from(d - b'0')));
    let (year, month, day) = (number(&t[..4])?, number(&t[5..7])?, number(&t[8..10])?);
    let (hour, minute, second) = (number(&t[11..13])?, number(&t[14..16])?, number(&t[17..])?);
    let valid = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    (shaped && valid).then(|| {
        let days = days_from_civil(year, month as u32, day as u32);
        (days * 86_400 + hour * 3600 + minute * 60 + second.min(59)) * 1000
    })
}

/// `+0100 `, in milliseconds, and what follows.
fn zone(rest: &[u8]) -> Option<(i64, &[u8])> {
    let [sign @ (b'+' | b'-'), digits @ .., b' '] = rest.get(..6)? else { return None };
    let mut hhmm = digits.iter().map(|d| d.is_ascii_digit().then(|| i64::from(d - b'0')));
    let mut two = || Some(hhmm.next()?? * 10 + hhmm.next()??);
    let ms = (two()? * 60 + two()?) * 60_000;
    Some((if *sign == b'-' { -ms } else { ms }, &rest[6..]))
}

/// Takes a line out of whatever stands before Exim's text.
pub(super) fn open<'a>(line: &'a [u8], clock: &mut LogClock) -> Option<Envelope<'a>> {
    if let Some(own) = own_stamp(line) {
        return Some(bare(own.moment(clock)?, own.rest()));
    }
    let outer = stamped(line)?;
    if let Some(own) = own_stamp(outer.rest()) {
        // A container's line: the runtime's stamp has a zone, Exim's own perhaps not.
        let better = if matches!(own, Stamped::Zoned(..)) { own } else { outer };
        return Some(bare(better.moment(clock)?, own.rest()));
    }
    let mut envelope = envelope::open(line, clock)?;
    // Nothing names Exim's process but syslog; copies in files are to look the same.
    envelope.process.pid = &[];
    if let Some(own) = own_stamp(envelope.text) {
        if matches!(own, Stamped::Zoned(..)) || !matches!(outer, Stamped::Zoned(..) | Stamped::Rfc5424(..)) {
            envelope.at = own.moment(clock)?;
        }
        envelope.text = without_pid(own.rest()).1;
    } else {
        envelope.text = without_pid(envelope.text).1;
    }
    Some(envelope)
}

/// The envelope of a line of Exim's own file.
fn bare(at: Stamp, rest: &[u8]) -> Envelope<'_> {
    let (whole, text) = without_pid(rest);
    Envelope { at, host: &[], process: Process { whole, ..Process::default() }, text }
}

/// `[132] text`: the process as it stands, and the text.
pub(super) fn without_pid(text: &[u8]) -> (&[u8], &[u8]) {
    let digits = text.iter().skip(1).take_while(|b| b.is_ascii_digit()).count();
    match text.get(digits + 1..) {
        Some([b']', b' ', rest @ ..]) if digits > 0 && text.first() == Some(&b'[') => (&text[..digits + 2], rest),
        _ => (&text[..0], text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Zone, parse_rfc3339};

    /// Time, host, process and text of a line, New York's clock.
    fn told(line: &str) -> Option<String> {
        let mut clock = LogClock::new(Zone::Fixed(-5 * 3600), parse_rfc3339("2026-11-24T00:00Z").ok());
        let e = open(line.as_bytes(), &mut clock)?;
        let t = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        Some(format!("{} {}|{}|{}", e.at, t(e.host), t(e.process.whole), t(e.text)))
    }

    #[test]
    fn every_form_of_a_stamp() {
        // Forms of log.c; the syslog forms as rsyslog writes the same text.
        let rows = [
            ("2026-11-23 22:06:44 1xVgrj x", "2026-11-24T03:06:44Z |||1xVgrj x"),
            ("2026-11-23 22:06:44.024 1xVgrj x", "2026-11-24T03:06:44.024Z ||1xVgrj x"),
            ("2026-11-24 03:06:44.024 +0000 [132] 1xVgrj x", "2026-11-24T03:06:44.024Z |[132]|1xVgrj x"),
            ("2026-11-24 08:36:44 +0530 [7] 1xVgrj x", "2026-11-24T03:06:44Z |[7]|1xVgrj x"),
            (
                "Nov 23 22:06:44 mta1 exim[132]: 2026-11-23 22:06:44.024 1xVgrj x",
                "2026-11-24T03:06:44.024Z mta1|exim[132]|1xVgrj x",
            ),
            ("Nov 23 22:06:44 mta1 exim[132]: 1xVgrj x", "2026-11-24T03:06:44Z mta1|exim[132]|1xVgrj x"),
            ("Nov 23 22:06:44 mta1 exim4[132]: [132] 1xVgrj x", "2026-11-24T03:06:44Z mta1|exim4[132]|1xVgrj x"),
            (
                "2026-11-24T03:06:45.5Z mta1 exim[132]: 2026-11-23 21:06:44 1xVgrj x",
                "2026-11-24T03:06:45.500Z mta1|exim[132]|1xVgrj x",
            ),
            (
                "2026-11-24T03:06:45Z mta1 exim[132]: 2026-11-24 03:06:44 +0000 1xVgrj x",
                "2026-11-24T03:06:44Z mta1|exim[132]|1xVgrj x",
            ),
            // A container's log: the shared envelope leaves Exim's stamp where it stands.
            ("2026-11-24T03:06:45Z 2026-11-23 21:06:44 [132] 1xVgrj x", "2026-11-24T03:06:45Z |[132]|1xVgrj x"),
        ];
        for (line, expected) in rows {
            assert_eq!(told(line).as_deref(), Some(expected.replace("|||", "||").as_str()), "{line}");
        }
    }

    #[test]
    fn what_is_no_stamp() {
        for line in ["", "2026-11-24", "2026-11-24 03:06:07", "2026-13-24 03:06:07 x", "2026-11-24 3:06:07 x", "x"] {
            assert_eq!(told(line), None, "{line}");
        }
    }
}
