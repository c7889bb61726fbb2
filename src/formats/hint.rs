//! What helps with a file that no reader claims: the command that makes a log of it.

use memchr::{memchr, memmem};

use super::{Format, Head, recognise};
use crate::intake::lines_of;

/// Lines looked at.
const MOST: usize = 400;

/// What a log has suffered on its way here, as far as it is known, and what undoes it.
#[must_use]
pub fn hint(head: Head<'_>) -> Option<&'static str> {
    let lines = || lines_of(head.bytes).take(MOST);
    if let Some(told) = utf16(head.bytes) {
        return Some(told);
    }
    if lines().any(|l| l.starts_with(b"    _HOSTNAME=") || l.starts_with(b"    _BOOT_ID=")) {
        return Some("it is what journalctl -o verbose prints; export it again with -o short-iso-precise or -o json");
    }
    if TLS_REPORT.iter().all(|key| has_key(head.bytes, key)) {
        return Some(
            "it is a TLS report (RFC 8460): its writer tells of mail to the policy domain, so one from Google is about mail to you, not from you; a 421 to STARTTLS stands in it as starttls-not-supported; it is not read",
        );
    }
    // Where this makes a log of it, that is what it was.
    let is_log = |repair: Repair| {
        let repaired: Vec<u8> = lines()
            .filter_map(repair)
            .flat_map(|mut line| {
                line.push(b'\n');
                line
            })
            .collect();
        matches!(recognise(Head { bytes: &repaired, whole: head.whole }), Some((Format::Log(_), _)))
    };
    if let Some((_, told)) = REPAIRS.iter().find(|(repair, _)| is_log(*repair)) {
        return Some(told);
    }
    let has = |line: &[u8], word: &[u8]| memmem::find(line, word).is_some();
    let mut of_deliveries = lines().filter(|l| has(l, b"relay=") && (has(l, b"status=") || has(l, b", stat=")));
    let first = of_deliveries.next()?;
    if memchr(b'"', first).is_some() {
        return Some(
            "its records hold log lines; take them out, stamps and all, the oldest first, or read the records by a mapping of your own (docs/MAPPINGS.md)",
        );
    }
    first.first()?.is_ascii_alphanumeric().then_some("its lines carry no time in a form that is known, as where journalctl -o cat prints them; export it again with -o short-iso-precise or -o json")
}

/// Keys that a TLS report has (RFC 8460, section 4.4).
const TLS_REPORT: [&str; 3] = ["\"report-id\"", "\"policies\"", "\"policy-domain\""];

fn has_key(text: &[u8], key: &str) -> bool {
    memmem::find(text, key.as_bytes()).is_some()
}

/// Undoes one thing to a line; nothing where it was not done.
type Repair = fn(&[u8]) -> Option<Vec<u8>>;

/// Each with what to say.
const REPAIRS: [(Repair, &str); 8] = [
    (
        monotonic,
        "its times count from the start of the machine, as journalctl -o short-monotonic prints them; export it again with -o short-iso-precise or -o json",
    ),
    (
        uncoloured,
        r"its lines hold colour codes of a terminal; write it again without them (--no-color, --color=never), or: sed 's/\x1b\[[0-9;]*m//g' FILE > NEW",
    ),
    (
        after_bar,
        "its lines begin with names of containers; write it again without them: docker compose logs --no-log-prefix",
    ),
    (unindented, "its lines begin with blanks; take them away: sed 's/^[[:space:]]*//' FILE > NEW"),
    (after_one_colon, GREP),
    (after_two_colons, GREP),
    (untabbed, r"tabs stand in its lines where blanks belong; put them back: tr '\t' ' ' < FILE > NEW"),
    (split_at_returns, r"its lines end with carriage returns alone; put line ends there: tr '\r' '\n' < FILE > NEW"),
];

const GREP: &str = "its lines begin with the file's name or the line's number, as grep writes them; write it again with grep -h and without -n";

/// `[ 8449.785752] mta1 …` with a stamp in the place of the seconds.
fn monotonic(line: &[u8]) -> Option<Vec<u8>> {
    let rest = line.strip_prefix(b"[")?;
    let end = memchr(b']', rest.get(..32).unwrap_or(rest))?;
    let is_seconds = rest[..end].iter().all(|b| b.is_ascii_digit() || matches!(b, b' ' | b'.'));
    is_seconds.then(|| [b"Jan  1 00:00:00", &rest[end + 1..]].concat())
}

fn uncoloured(line: &[u8]) -> Option<Vec<u8>> {
    let mut pieces = line.split(|b| *b == 0x1b);
    let mut plain = pieces.next()?.to_vec();
    for piece in pieces {
        let end = piece.iter().position(u8::is_ascii_alphabetic).filter(|_| piece.starts_with(b"["))?;
        plain.extend_from_slice(&piece[end + 1..]);
    }
    (plain.len() < line.len()).then_some(plain)
}

/// `mta1-1  | text`
fn after_bar(line: &[u8]) -> Option<Vec<u8>> {
    let at = memmem::find(line.get(..80).unwrap_or(line), b" | ")?;
    Some(line[at + 3..].to_vec())
}

fn unindented(line: &[u8]) -> Option<Vec<u8>> {
    let rest = line.trim_ascii_start();
    (rest.len() < line.len()).then(|| rest.to_vec())
}

fn after_one_colon(line: &[u8]) -> Option<Vec<u8>> {
    let at = memchr(b':', line)?;
    Some(line[at + 1..].to_vec())
}

fn after_two_colons(line: &[u8]) -> Option<Vec<u8>> {
    after_one_colon(&after_one_colon(line)?)
}

fn untabbed(line: &[u8]) -> Option<Vec<u8>> {
    memchr(b'\t', line)?;
    Some(line.iter().map(|b| if *b == b'\t' { b' ' } else { *b }).collect())
}

fn split_at_returns(line: &[u8]) -> Option<Vec<u8>> {
    memchr(b'\r', line)?;
    Some(line.iter().map(|b| if *b == b'\r' { b'\n' } else { *b }).collect())
}

/// Text of which every other byte is zero.
fn utf16(head: &[u8]) -> Option<&'static str> {
    let (pairs, _) = head.get(..256).unwrap_or(head).as_chunks::<2>();
    let most = |zero: usize| {
        let zeros = pairs.iter().filter(|pair| pair[zero] == 0 && pair[1 - zero] != 0).count();
        pairs.len() >= 8 && zeros * 10 > pairs.len() * 9
    };
    if most(1) {
        Some("it is UTF-16 without a mark that says so; convert it: iconv -f UTF-16LE -t UTF-8 FILE > NEW")
    } else {
        most(0).then_some("it is UTF-16 without a mark that says so; convert it: iconv -f UTF-16BE -t UTF-8 FILE > NEW")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded: Postfix 3.7.11 by journalctl 252.
    const LINE: &str = "mta1 postfix/smtp[228]: 8B1DC9F6A5D: to=<user@ok-tls.example>, relay=mx.ok-tls.example[10.77.0.1]:25, delay=0.17, delays=0.03/0.04/0.06/0.04, dsn=2.0.0, status=sent (250 2.0.0 OK queued)";
    const STAMP: &str = "Nov 24 02:47:29";

    fn told(text: &[u8]) -> &'static str {
        let head = Head { bytes: text, whole: true };
        assert!(recognise(head).is_none(), "{}", String::from_utf8_lossy(text));
        hint(head).unwrap_or_default()
    }

    /// transcript trap 24: a TLS report from Google is about mail *to* the policy domain.
    #[test]
    fn a_tls_report_says_whom_it_is_about() {
        let report = include_bytes!("../../tests/data/tlsrpt/google.json");
        assert!(told(report).contains("about mail to you, not from you"));
        assert!(!told(b"{\"report-id\": 1, \"policies\": []}").contains("TLS report"));
    }

    #[test]
    fn each_way_to_lose_the_stamp_is_told_with_its_remedy() {
        let text = &LINE[LINE.find("8B1D").unwrap_or(0)..];
        for (lines, remedy) in [
            (format!("{text}\n"), "-o cat"),
            (format!("{{\"message\":\"{text}\"}}\n"), "mapping of your own"),
            (format!("[ 8449.785752] {LINE}\n"), "short-monotonic"),
            (format!("Tue 2026-11-24 05:47:29 MSK [s=1;i=1]\n    _BOOT_ID=1\n    MESSAGE={text}\n"), "-o verbose"),
            (format!("\u{1b}[32m{STAMP} {LINE}\u{1b}[0m\n"), "colour"),
            (format!("mta1-1  | {STAMP} {LINE}\n"), "--no-log-prefix"),
            (format!("  {STAMP} {LINE}\n"), "blanks"),
            (format!("/var/log/mail.log:{STAMP} {LINE}\n"), "grep -h"),
            (format!("mail.log:17:{STAMP} {LINE}\n"), "grep -h"),
            (format!("17:{STAMP} {LINE}\n"), "grep -h"),
            (format!("{STAMP}\tmta1\t{}\n", &LINE[5..]), r"tr '\t'"),
            (format!("{STAMP} mta1 kernel: up\r{STAMP} {LINE}\r"), r"tr '\r'"),
        ] {
            assert!(told(lines.as_bytes()).contains(remedy), "{lines}: {}", told(lines.as_bytes()));
        }
        let utf16 = |bytes: fn(u16) -> [u8; 2]| LINE.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        assert!(told(&utf16(u16::to_le_bytes)).contains("UTF-16LE"));
        assert!(told(&utf16(u16::to_be_bytes)).contains("UTF-16BE"));
    }

    #[test]
    fn nothing_is_told_of_what_is_no_log() {
        for text in ["", "hello\n", "a: b: c\n  d\n", "\u{1b}[1mhello\u{1b}[0m\n", "{\"a\": 1}\n", "x\ty\n1\t2\n"] {
            assert_eq!(hint(Head { bytes: text.as_bytes(), whole: true }), None, "{text}");
        }
    }
}
