//! When a test was taken: stamps of wrappers, of `date`, of a file's name.

use std::ops::Range;

use super::Condition;
use crate::time::{LocalTime, Stamp, Zone, civil_from_days, days_from_civil, parse_rfc3339};

/// Seconds since 1970 that are a plausible time of a test: 2001 to 2099. Smaller numbers are spans.
pub(super) const EPOCHS: Range<i64> = 1_000_000_000..4_070_908_800;

/// The moment in a file's name: `20261124T035657Z_load_….txt`, `idle.2026-11-24T02:47:28+01:00.txt`.
///
/// A zone (`Z` or an offset) is required: without one a name is no moment.
/// Seconds may be missing. Only the last part of a path is read.
#[must_use]
pub fn stamp_in_file_name(name: &str) -> Option<Stamp> {
    let bytes = last_part(name).as_bytes();
    (0..bytes.len())
        .filter(|at| *at == 0 || !bytes.get(at - 1).is_some_and(u8::is_ascii_digit))
        .find_map(|at| named_moment(bytes.get(at..)?))
}

/// The load that a file's name states as a whole word: `idle`, `baseline`, `quiet`; `load`,
/// `loaded`, `launch`; `recovered`, `after`. A number may follow (`idle2`).
///
/// None when no word or contradicting words stand there. Only the last part of a path is read.
#[must_use]
pub fn condition_in_file_name(name: &str) -> Option<Condition> {
    let mut found = None;
    for word in last_part(name).split(|c: char| !c.is_ascii_alphanumeric()) {
        let word = word.trim_end_matches(|c: char| c.is_ascii_digit()).to_ascii_lowercase();
        let condition = match word.as_str() {
            "idle" | "baseline" | "quiet" => Condition::Idle,
            "load" | "loaded" | "launch" => Condition::Loaded,
            "recovered" | "after" => Condition::Recovered,
            _ => continue,
        };
        if found.is_some_and(|f| f != condition) {
            return None;
        }
        found = Some(condition);
    }
    found
}

/// How many bytes of a line a wrapper wrote (`ts` in its usual formats), and the moment where they hold one.
pub(super) fn wrapper_prefix(line: &[u8]) -> (usize, Option<Stamp>) {
    if !line.first().is_some_and(|b| b.is_ascii_digit() || *b == b'[' || b.is_ascii_uppercase()) {
        return (0, None);
    }
    let head = line.get(..line.len().min(48)).unwrap_or_default();
    let Ok(head) = str::from_utf8(head).or_else(|e| str::from_utf8(head.get(..e.valid_up_to()).unwrap_or_default()))
    else {
        return (0, None);
    };
    let first = head.split(' ').next().unwrap_or_default();
    let two = head.match_indices(' ').nth(1).map_or(head.len(), |(at, _)| at);
    let skip = |words: usize| (words + 1).min(line.len());
    if let Ok(stamp) = parse_rfc3339(first.trim_matches(['[', ']'])) {
        return (skip(first.len()), Some(stamp));
    }
    if let Some(stamp) = head.get(..two).and_then(|t| parse_rfc3339(t.trim_matches(['[', ']'])).ok()) {
        return (skip(two), Some(stamp));
    }
    if let Some((seconds, fraction)) = first.split_once('.').filter(|(s, f)| digits(s) && f.len() == 6 && digits(f)) {
        // `ts %.s` writes the epoch, `ts -i %.s` and `ts -s %.s` a span.
        let epoch = seconds.parse().ok().filter(|s| EPOCHS.contains(s)).map(|s| {
            let millis = fraction.get(..3).and_then(|f| f.parse().ok()).unwrap_or(0);
            Stamp::from_seconds(s).plus_millis(millis)
        });
        return (skip(first.len()), epoch);
    }
    if clock(first.split('.').next().unwrap_or_default()) && head.len() > first.len() {
        return (skip(first.len()), None);
    }
    // Plain `ts`: `Nov 24 02:21:05 `, or `ts '%b %d %H:%M:%.S'`: without year and zone.
    let mut words = head.split_ascii_whitespace();
    if let (Some(month), Some(day), Some(time)) = (words.next(), words.next(), words.next())
        && month_number(month).is_some()
        && digits(day)
        && clock(time.split('.').next().unwrap_or_default())
        && let Some(end) = head.find(time).map(|at| at + time.len())
        // One blank between them, and two before a day of one digit.
        && end <= month.len() + 4 + time.len()
        && head.len() > end
    {
        return (skip(end), None);
    }
    (0, None)
}

/// Milliseconds of a wrapper's clock that tells no date: `02:47:29.025917 ` (`curl --trace-time`),
/// `1.025917 ` (`ts -s %.s`) or `Nov 24 02:47:29.025917 `. Whole seconds are too coarse for a handshake.
pub(super) fn tick(prefix: &[u8]) -> Option<i64> {
    let clock = str::from_utf8(prefix).ok()?.split_ascii_whitespace().next_back()?;
    let (whole, fraction) = clock.split_once('.')?;
    let millis: i64 = fraction.get(..3).filter(|f| digits(f))?.parse().ok()?;
    let seconds = whole.split(':').try_fold(0_i64, |sum, part| {
        part.parse()
            .ok()
            .filter(|n: &i64| (0..1_000_000_000).contains(n))
            .and_then(|n| sum.checked_mul(60)?.checked_add(n))
    })?;
    seconds.checked_mul(1000)?.checked_add(millis)
}

/// The moment a header line states: RFC 3339 anywhere in it, or the words of `date`.
pub(in crate::formats) fn stamp_in_header(line: &str) -> Option<Stamp> {
    // Most lines state no year; looking closer at each would cost more than all other reading.
    if line.len() > 400 || !line.contains("20") || !line.contains(':') {
        return None;
    }
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let trim = |w: &str| w.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '+' && c != '-').to_owned();
    words
        .iter()
        .find_map(|w| parse_rfc3339(&trim(w)).ok())
        .or_else(|| words.windows(2).find_map(|w| parse_rfc3339(&trim(&w.join(" "))).ok()))
        .or_else(|| words.windows(6).find_map(date_words))
}

/// `Tue Nov 24 02:21:05 UTC 2026`; a zone word other than UTC, GMT or an offset is ambiguous and gives none.
fn date_words(words: &[&str]) -> Option<Stamp> {
    let [_, month, day, time, zone, year] = words else { return None };
    if !clock(time) || year.len() != 4 || !digits(year) {
        return None;
    }
    let zone = Zone::parse(zone).ok().filter(|z| matches!(z, Zone::Fixed(_)))?;
    let text = format!("{year}-{:02}-{:0>2}T{time}Z", month_number(month)?, day);
    match zone.to_utc(parse_rfc3339(&text).ok()?) {
        LocalTime::One(stamp) => Some(stamp),
        LocalTime::Twice(..) | LocalTime::Never => None,
    }
}

/// Reads `20YY-?MM-?DD[T_ -]?hh[:-]?mm([:-]?ss)?(Z|±hh:?mm)` at the start of `text`.
fn named_moment(text: &[u8]) -> Option<Stamp> {
    let mut at = 0;
    let year = number(text, &mut at, 4).filter(|y| (2000..2100).contains(y))?;
    skip_one(text, &mut at, b"-");
    let month = number(text, &mut at, 2)?;
    skip_one(text, &mut at, b"-");
    let day = number(text, &mut at, 2)?;
    skip_one(text, &mut at, b"Tt_ -");
    let hour = number(text, &mut at, 2)?;
    skip_one(text, &mut at, b":-");
    let minute = number(text, &mut at, 2)?;
    // `-0500` after the minutes is an offset, not seconds.
    let mut second = 0;
    let before = at;
    skip_one(text, &mut at, b":-");
    match number(text, &mut at, 2) {
        Some(n) if !(text.get(before) == Some(&b'-') && text.get(at).is_some_and(u8::is_ascii_digit)) => second = n,
        _ => at = before,
    }
    let offset = offset(text.get(at..)?)?;
    let days = days_from_civil(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?);
    let real = (1..=12).contains(&month)
        && civil_from_days(days) == (year, u32::try_from(month).ok()?, u32::try_from(day).ok()?);
    (real && hour < 24 && minute < 60 && second <= 60)
        .then(|| Stamp::from_seconds(days * 86_400 + hour * 3600 + minute * 60 + second.min(59) - offset))
}

/// `Z`, `+01:00` or `-0500` in seconds east; nothing alphanumeric may follow.
fn offset(text: &[u8]) -> Option<i64> {
    let mut at = 1;
    let seconds = match text.first()? {
        b'Z' | b'z' => 0,
        sign @ (b'+' | b'-') => {
            let hours = number(text, &mut at, 2).filter(|h| *h <= 14)?;
            skip_one(text, &mut at, b":");
            let minutes = number(text, &mut at, 2).filter(|m| m % 15 == 0 && *m < 60)?;
            (hours * 3600 + minutes * 60) * if *sign == b'-' { -1 } else { 1 }
        }
        _ => return None,
    };
    (!text.get(at).is_some_and(u8::is_ascii_alphanumeric)).then_some(seconds)
}

fn number(text: &[u8], at: &mut usize, len: usize) -> Option<i64> {
    let part = text.get(*at..*at + len)?;
    let n = part.iter().try_fold(0, |n, d| d.is_ascii_digit().then(|| n * 10 + i64::from(d - b'0')))?;
    *at += len;
    Some(n)
}

fn skip_one(text: &[u8], at: &mut usize, any_of: &[u8]) {
    if text.get(*at).is_some_and(|b| any_of.contains(b)) {
        *at += 1;
    }
}

fn last_part(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// `02:21:05`
fn clock(text: &str) -> bool {
    text.len() == 8
        && text.bytes().enumerate().all(|(i, b)| if i == 2 || i == 5 { b == b':' } else { b.is_ascii_digit() })
}

fn month_number(word: &str) -> Option<usize> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    MONTHS.iter().position(|m| *m == word).map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_state_moments_only_with_a_zone() {
        let at = |n: &str| stamp_in_file_name(n).map(|s| s.to_string());
        let lab = "transcripts/20261124T035657Z_load_mta1-192.0.2.11_gmail-smtp-in_openssl.txt";
        assert_eq!(at(lab).as_deref(), Some("2026-11-24T03:56:57Z"));
        assert_eq!(at("loaded1.posttls.2026-11-24T02:48:15Z.txt").as_deref(), Some("2026-11-24T02:48:15Z"));
        assert_eq!(at("2026-11-24_0348+0100.txt").as_deref(), Some("2026-11-24T02:48:00Z"));
        assert_eq!(at("2026-11-24T21-48-15-0500.txt").as_deref(), Some("2026-11-25T02:48:15Z"));
        assert_eq!(at("202611240348-0500.txt").as_deref(), Some("2026-11-24T08:48:00Z"));
        for name in [
            "20261124T035657_load.txt",
            "20261124T035657Zulu.txt",
            "20261324T035657Z.txt",
            "20260230T000000Z.txt",
            "120261124T035657Z.txt",
            "20261124.txt",
            "2026-11-24T03:56:57Z/ok.txt",
            "",
        ] {
            assert_eq!(at(name), None, "{name}");
        }
    }

    #[test]
    fn names_state_conditions_as_whole_words() {
        let cases = [
            ("20261124T035043Z_idle_mta1_openssl.txt", Some(Condition::Idle)),
            ("20261124T032040Z_load-late_mta1_openssl.txt", Some(Condition::Loaded)),
            ("Recovered2.2026-11-24T02:49:32Z.txt", Some(Condition::Recovered)),
            ("baseline.txt", Some(Condition::Idle)),
            ("launch/quiet.txt", Some(Condition::Idle)),
            ("download_unloaded_aftermath.txt", None),
            ("idle-after.txt", None),
            ("20261124T025733Z_routine_mta1.txt", None),
        ];
        for (name, condition) in cases {
            assert_eq!(condition_in_file_name(name), condition, "{name}");
        }
    }

    #[test]
    fn wrappers_of_every_usual_format_are_taken_off() {
        let prefix = |l: &str| {
            let (n, stamp) = wrapper_prefix(l.as_bytes());
            (l[n..].to_owned(), stamp.map(|s| s.to_string()))
        };
        let text = || "---".to_owned();
        assert_eq!(prefix("2026-11-24T02:21:05.974155+0000 ---"), (text(), Some("2026-11-24T02:21:05.974Z".into())));
        assert_eq!(prefix("2026-11-24 02:21:05+00:00 ---"), (text(), Some("2026-11-24T02:21:05Z".into())));
        assert_eq!(prefix("[2026-11-24T02:21:05Z] ---"), (text(), Some("2026-11-24T02:21:05Z".into())));
        assert_eq!(prefix("1795486865.974155 ---"), (text(), Some("2026-11-24T02:21:05.974Z".into())));
        assert_eq!(prefix("0.000017 ---"), (text(), None));
        assert_eq!(prefix("00:00:01 ---"), (text(), None));
        assert_eq!(prefix("Nov 24 02:21:05 ---"), (text(), None));
        assert_eq!(prefix("2026-11-24T02:17:11Z"), (String::new(), Some("2026-11-24T02:17:11Z".into())));
        for line in ["250 SMTPUTF8", "    Start Time: 1795486602", "depth=0 CN = mx", "", "May the", "0000 - 32 32"] {
            assert_eq!(prefix(line), (line.to_owned(), None));
        }
    }

    #[test]
    fn header_lines_of_script_and_date() {
        let at = |l: &str| stamp_in_header(l).map(|s| s.to_string());
        let script =
            "Script started on 2026-11-24 02:21:05+00:00 [COMMAND=\"openssl s_client\" <not executed on terminal>]";
        assert_eq!(at(script).as_deref(), Some("2026-11-24T02:21:05Z"));
        assert_eq!(at("Tue Nov 24 02:21:05 UTC 2026").as_deref(), Some("2026-11-24T02:21:05Z"));
        assert_eq!(at("=== 2026-11-24T10:12:03+01:00 under load ===").as_deref(), Some("2026-11-24T09:12:03Z"));
        assert_eq!(at("Tue Nov 24 02:21:05 CST 2026"), None);
        assert_eq!(at("Tue Nov 24 02:21:05 2026"), None);
    }
}
