//! The frame of a log line: who wrote it, and where its message begins.

use std::ops::Range;

use super::records::cut;

/// Where the parts of a line are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    /// The host field of syslog.
    pub host: Option<Range<usize>>,
    /// The program field of syslog: `postfix-ip1/smtp`.
    pub program: Range<usize>,
    /// Where the message begins.
    pub message: usize,
    /// Where the dialogue begins, past arrows and peer names: `> mx[192.0.2.1]:25: AUTH …`.
    pub payload: usize,
    /// Whether an arrow or a side stood there: a line of a dialogue.
    pub said: bool,
}

impl Frame {
    /// Whether a logger wrote the line, and not one side of a dialogue.
    pub(super) const fn is_logged(&self) -> bool {
        self.message > 0 && !self.said
    }
}

/// Programs whose syslog lines may come without a pid.
const PROGRAMS: &[&str] =
    &["postfix", "sendmail", "sm-mta", "exim", "smtpd", "dovecot", "rsyslogd", "kernel", "systemd"];

/// Marks that transcripts put before what each side said.
const ARROWS: &[&str] =
    &["<** ", "<~* ", "<-  ", "<~  ", "-> ", "~> ", "<- ", "<~ ", "<<< ", ">>> ", "C: ", "S: ", "> ", "< "];

/// Reads the frame of one line. Any bytes will do; what is no frame is message.
pub(super) fn frame(line: &[u8]) -> Frame {
    let mut frame = syslog(line).or_else(|| exim(line)).or_else(|| dated(line)).unwrap_or_default();
    // A piece of a record that was too long for syslog.
    if let Some(cut) = cut(line).filter(|cut| cut.open == frame.message) {
        frame.message = cut.start;
    }
    (frame.payload, frame.said) = payload(line, frame.message);
    frame
}

/// RFC 3164 and its ISO variant, RFC 5424, journald's short forms, in any language.
fn syslog(line: &[u8]) -> Option<Frame> {
    let start = priority(line);
    let modern = start > 0 && line.get(start..)?.starts_with(b"1 ");
    let mut words = Words { line, at: if modern { start + 2 } else { start } };
    let iso = stamp(&mut words)?;
    let mut host = words.next()?;
    if line.get(host.clone())?.first() == Some(&b'<') {
        // BSD's syslogd writes facility and severity there.
        host = words.next()?;
    }
    if modern {
        let program = words.next()?;
        // Process id, message id, and no structured data; a bracket there is read as message.
        words.nth(2)?;
        return Some(Frame { host: Some(host), program, message: words.start(), ..Frame::default() });
    }
    let tag = words.next()?;
    let word = line.get(tag.clone())?;
    let end = word.iter().position(|b| b"[:".contains(b))?;
    let program = word.get(..end)?;
    let plain = program.iter().all(|b| b.is_ascii_alphanumeric() || b"/_.-".contains(b)) && !program.is_empty();
    let numbered = word.get(end) == Some(&b'[') && word.ends_with(b"]:");
    let listed = PROGRAMS.iter().any(|known| program.starts_with(known.as_bytes()));
    let mut message = words.start();
    if line.get(message..)?.starts_with(b"[ID ") {
        // Solaris: `[ID 197553 mail.info] `.
        message += line.get(message..)?.windows(2).position(|two| two == b"] ")? + 2;
    }
    (plain && word.ends_with(b":") && (numbered || listed || !iso)).then(|| Frame {
        host: Some(host),
        program: tag.start..tag.start + end,
        message,
        ..Frame::default()
    })
}

/// Takes the words of a stamp; whether it is one that no sentence begins with.
fn stamp(words: &mut Words<'_>) -> Option<bool> {
    let line = words.line;
    let first = line.get(words.next()?)?;
    if is_iso(first) || is_epoch(first) {
        return Some(true);
    }
    if first.len() == 10 && first.get(4) == Some(&b'-') {
        // `2026-11-24 02:47:29.123 +0100`
        let clock = line.get(words.next()?)?;
        let mut after = Words { line, at: words.at };
        let is_zone = |word: &[u8]| word.len() >= 5 && b"+-".contains(&word[0]) && word[1].is_ascii_digit();
        if after.next().and_then(|word| line.get(word)).is_some_and(is_zone) {
            words.at = after.at;
        }
        return clock.contains(&b':').then_some(true);
    }
    // A month or a weekday, abbreviated, in the language of whoever ran journalctl.
    let name = first.len() <= 12 && first.iter().all(|b| b.is_ascii_alphabetic() || *b == b'.' || *b >= 0x80);
    let second = line.get(words.next()?)?;
    let clock = line.get(words.next()?)?;
    let timed = clock.iter().filter(|&&b| b == b':').count() == 2 && clock.first().is_some_and(u8::is_ascii_digit);
    (name && timed).then_some(())?;
    if second.len() == 10 && second.get(4) == Some(&b'-') {
        // `Tue 2026-11-24 05:47:29 MSK`
        return words.next().map(|_| true);
    }
    second.iter().all(u8::is_ascii_digit).then_some(false)
}

/// `1795488449.785752`
fn is_epoch(word: &[u8]) -> bool {
    word.len() >= 12 && word.get(10) == Some(&b'.') && word.iter().all(|b| b.is_ascii_digit() || *b == b'.')
}

/// Exim's mainlog: `2026-11-24 02:26:43.148 +0000 [130] 1xVgF1-000026-0U <= …`.
fn exim(line: &[u8]) -> Option<Frame> {
    let mut words = Words { line, at: 0 };
    let (date, clock) = (words.next()?, words.next()?);
    let date = line.get(date)?;
    let dated = date.len() == 10
        && date.iter().enumerate().all(|(k, b)| if k == 4 || k == 7 { *b == b'-' } else { b.is_ascii_digit() });
    (dated && line.get(clock)?.contains(&b':')).then_some(())?;
    let mut message = words.start();
    while let Some(word) = words.next() {
        let text = line.get(word)?;
        let zone = text.len() == 5 && b"+-".contains(text.first()?);
        let pid = text.first() == Some(&b'[') && text.last() == Some(&b']');
        if !(zone || pid) {
            break;
        }
        message = words.start();
    }
    Some(Frame { message, ..Frame::default() })
}

/// A time and no more, as Haraka writes.
fn dated(line: &[u8]) -> Option<Frame> {
    let mut words = Words { line, at: 0 };
    is_iso(line.get(words.next()?)?).then(|| Frame { message: words.start(), ..Frame::default() })
}

/// Past arrows, the peer of Postfix's verbose lines, and the brackets of Haraka.
fn payload(line: &[u8], message: usize) -> (usize, bool) {
    let mut at = message + blanks(line, message);
    while line.get(at) == Some(&b'[') {
        let Some(end) = line.get(at..).and_then(|rest| rest.iter().position(|&b| b == b']')) else { break };
        at += end + 1;
        at += blanks(line, at);
    }
    let rest = line.get(at..).unwrap_or_default();
    let Some(arrow) = ARROWS.iter().find(|arrow| rest.starts_with(arrow.as_bytes())) else { return (at, false) };
    at += arrow.len();
    at += blanks(line, at);
    let rest = line.get(at..).unwrap_or_default();
    let word = rest.split(|&b| b == b' ').next().unwrap_or_default();
    let peer = word.contains(&b'[') && word.ends_with(b":");
    (if peer { at + word.len() + blanks(rest, word.len()) } else { at }, true)
}

fn blanks(line: &[u8], at: usize) -> usize {
    line.get(at..).unwrap_or_default().iter().take_while(|&&b| b == b' ' || b == b'\t').count()
}

/// `<22>`: how many bytes it takes.
fn priority(line: &[u8]) -> usize {
    if line.first() != Some(&b'<') {
        return 0;
    }
    let end = line.iter().take(6).position(|&b| b == b'>').unwrap_or(0);
    let number = line.get(1..end).is_some_and(|n| !n.is_empty() && n.iter().all(u8::is_ascii_digit));
    if number { end + 1 } else { 0 }
}

fn is_iso(word: &[u8]) -> bool {
    word.len() >= 19 && word.get(10) == Some(&b'T') && word.get(4) == Some(&b'-') && word.get(13) == Some(&b':')
}

/// The words of a line, by blanks, with their places.
pub(super) struct Words<'a> {
    pub line: &'a [u8],
    pub at: usize,
}

impl Words<'_> {
    /// Where the next word would begin.
    fn start(&self) -> usize {
        self.at + blanks(self.line, self.at)
    }
}

impl Iterator for Words<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let start = self.start();
        let rest = self.line.get(start..)?;
        let length = rest.iter().position(|&b| b == b' ' || b == b'\t').unwrap_or(rest.len());
        self.at = start + length;
        (length > 0).then_some(start..start + length)
    }
}

#[cfg(test)]
mod tests {
    use super::frame;

    fn parts(line: &str) -> (String, String, String, String) {
        let f = frame(line.as_bytes());
        let host = f.host.map_or_else(String::new, |h| line[h].to_owned());
        (host, line[f.program].to_owned(), line[f.message..].to_owned(), line[f.payload..].to_owned())
    }

    #[test]
    fn syslog_in_its_forms() {
        for line in [
            "Nov 24 02:47:29 mta1 postfix/smtp[228]: 8B1D: removed",
            "Nov  4 02:47:29 mta1 postfix/smtp[228]: 8B1D: removed",
            "<22>Nov 24 02:47:29 mta1 postfix/smtp[228]: 8B1D: removed",
            "2026-11-24T02:47:20.921421+00:00 mta1 postfix/smtp[228]: 8B1D: removed",
            "<22>1 2026-11-24T02:47:29.785752+00:00 mta1 postfix/smtp 228 - -  8B1D: removed",
            "2026-11-24 02:47:29.123 mta1 postfix/smtp[228]: 8B1D: removed",
            "2026-11-24 02:47:29 +0100 mta1 postfix/smtp[228]: 8B1D: removed",
            "Tue 2026-11-24 05:47:29 MSK mta1 postfix/smtp[228]: 8B1D: removed",
            "1795488449.785752 mta1 postfix/smtp[228]: 8B1D: removed",
            "nov. 24 03:47:33 mta1 postfix/smtp[228]: 8B1D: removed",
            "ноя 24 03:47:33 mta1 postfix/smtp[228]: 8B1D: removed",
            "Nov 24 02:47:29 <mail.info> mta1 postfix/smtp[228]: 8B1D: removed",
            "Nov 24 02:47:29 mta1 postfix/smtp[228]: [ID 197553 mail.info] 8B1D: removed",
        ] {
            let (host, program, message, _) = parts(line);
            assert_eq!(
                (host.as_str(), program.as_str(), message.as_str()),
                ("mta1", "postfix/smtp", "8B1D: removed"),
                "{line}"
            );
        }
    }

    #[test]
    fn other_lines_have_no_host() {
        for line in [
            "2026-11-24T02:43:13.776Z loglevel: INFO",
            "2026-11-24T02:43:13.776Z log format: DEFAULT",
            "2026-11-24T02:43:13.776Z Starting up Haraka version 3.1.6",
            "421 4.7.0 Try again later, closing connection.",
            "",
        ] {
            assert_eq!(parts(line).0, "", "{line}");
        }
        assert_eq!(parts("2026-11-24 02:26:43.148 +0000 [130] 1xVgF1-000026-0U <= a").2, "1xVgF1-000026-0U <= a");
    }

    #[test]
    fn the_dialogue_begins_past_the_arrows() {
        for line in [
            " -> AUTH LOGIN",
            "<-  AUTH LOGIN",
            "C: AUTH LOGIN",
            "Nov 24 02:47:29 mta1 postfix/smtpd[228]: < client.example[192.0.2.9]: AUTH LOGIN",
            "2024-01-02 03:04:05 (out 12) AUTH LOGIN",
            "2026-11-24T02:43:13.776Z [PROTOCOL] [6F96-8B.1] [outbound] C: AUTH LOGIN",
        ] {
            assert!(parts(line).3.ends_with("AUTH LOGIN") && !parts(line).3.contains("PROTOCOL"), "{line}");
        }
        assert_eq!(parts(" -> AUTH LOGIN").3, "AUTH LOGIN");
        assert_eq!(parts("Nov 24 02:47:29 mta1 postfix/smtp[2]: > mx[192.0.2.9]:25: AUTH LOGIN").3, "AUTH LOGIN");
    }
}
