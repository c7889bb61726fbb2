//! Takes off a logged reply what the logging software put around it, and puts line feeds
//! where the reply had them.
//!
//! Wrappings, and where each is written down: Postfix `(in reply to … command)` (smtp_proto.c);
//! Exim's two characters `\n`, three inside `C="…"`, and `DT=` after the text; DSN fields
//! `smtp;` (RFC 3464 §2.3.6: PowerMTA's dsnDiag, SES, Postmark), of which a source may chain
//! several; qmail's `Remote_host_said:_…` (qmail-remote.c, qmail-send.c); `sent (…)` and
//! `soft bounce (…)` of ESP webhooks; KumoMTA's note of a rewritten status; rsyslog's `#012`
//! and hMailServer's `[nl]` for line feeds, and rsyslog's `#011` for tabs.

use std::borrow::Cow;

/// The reply inside its wrapping.
pub(super) struct Unwrapped<'a> {
    /// The reply; lines are kept apart by line feeds where the log tells.
    pub(super) text: Cow<'a, str>,
    /// The code that the receiver sent, where the sender logs another in its place.
    pub(super) code: Option<u16>,
}

/// Takes the wrapping off.
pub(super) fn unwrap(raw: &str) -> Unwrapped<'_> {
    let raw = raw.trim();
    if let Some(text) = out_of_qmail(raw) {
        return Unwrapped { text: Cow::Owned(text), code: None };
    }
    let (text, code) = without_rewriting(without_notes(raw));
    let text = out_of_quotes(out_of_parentheses(last_of_dsn(text)));
    Unwrapped { text: with_line_feeds(without_notes(text)), code }
}

/// `192.0.2.27_does_not_like_recipient./Remote_host_said:_550-5.1.1_…/550_5.1.1_…/Giving_up_on_192.0.2.27./`,
/// or the reply alone. A blank is an underscore there and a line feed a slash, as are real
/// underscores and slashes: a slash before a reply code is a line feed, any other is a slash.
fn out_of_qmail(raw: &str) -> Option<String> {
    let (reply, is_mangled) = match raw.split_once("Remote_host_said:_") {
        Some((_, reply)) => (reply, true),
        None if is_mangled(raw) => (raw, true),
        None => (raw.strip_prefix("Remote host said: ")?, false),
    };
    let giving_up = if is_mangled { "/Giving_up_on_" } else { "/Giving up on " };
    let reply = reply.find(giving_up).map_or(reply, |at| &reply[..at]).trim_end_matches('/');
    let mut text = String::with_capacity(reply.len());
    for (at, c) in reply.char_indices() {
        text.push(match c {
            '_' if is_mangled => ' ',
            '/' if code_of_line(&reply[at + 1..]).is_some() => '\n',
            c => c,
        });
    }
    Some(text)
}

/// Whether all of it is a reply in qmail's writing: a code, and underscores where blanks were.
fn is_mangled(raw: &str) -> bool {
    code_of_line(raw).is_some() && raw.contains('_') && !raw.contains(|c: char| c.is_ascii_whitespace())
}

/// The code in front of a line: `421-`, `421 ` or `421_`.
fn code_of_line(line: &str) -> Option<u16> {
    super::lines::code_of(line).filter(|_| matches!(line.as_bytes().get(3), Some(b'-' | b' ' | b'_')))
}

/// What the MTA says behind the reply: how long delivery took (Exim), what it answered (Postfix).
fn without_notes(mut text: &str) -> &str {
    while let Some((reply, word)) = text.rsplit_once(' ')
        && (word.starts_with("DT=") || word.starts_with("QT="))
        && word.ends_with('s')
    {
        text = reply.trim_end();
    }
    let Some((reply, note)) = text.rsplit_once(" (in reply to ") else { return text };
    // The log may have cut the note, or hold all of it in parentheses of its own.
    let is_note = !note.trim_end_matches(')').contains(')');
    if is_note { reply.trim_end() } else { text }
}

/// KumoMTA's ` (kumomta: status was rewritten from 421 -> 250)`; the first is the receiver's.
fn without_rewriting(text: &str) -> (&str, Option<u16>) {
    text.rsplit_once(" (kumomta: status was rewritten from ")
        .and_then(|(reply, note)| Some((reply.trim_end(), Some(super::lines::code_of(note)?))))
        .unwrap_or((text, None))
}

/// What stands behind the last `smtp;` of a text that begins with one.
fn last_of_dsn(text: &str) -> &str {
    const TYPE: &[u8] = b"smtp;";
    let is_type = |at: usize| text.as_bytes()[at..].get(..5).is_some_and(|w| w.eq_ignore_ascii_case(TYPE));
    if !is_type(0) {
        return text;
    }
    memchr::memrchr_iter(b';', text.as_bytes())
        .filter_map(|semicolon| semicolon.checked_sub(4))
        .find(|at| is_type(*at) && text[..*at].trim_end().bytes().next_back().is_none_or(|b| b == b';'))
        .map_or(text, |at| text[at + 5..].trim_start())
}

/// The reply in `sent (250 …)`, `Sent (OK …)`, `soft bounce (450 …)`.
fn out_of_parentheses(text: &str) -> &str {
    let inside = text.split_once(" (").and_then(|(event, rest)| {
        let is_event = event.len() <= 16 && event.bytes().all(|b| b.is_ascii_alphabetic() || b == b' ');
        rest.strip_suffix(')').filter(|_| is_event)
    });
    inside.filter(|reply| code_of_line(reply).is_some() || reply.starts_with("OK ")).unwrap_or(text)
}

fn out_of_quotes(text: &str) -> &str {
    text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text)
}

/// Line feeds in place of the ways in which logs write them; a tab parts words as a blank does.
fn with_line_feeds(text: &str) -> Cow<'_, str> {
    const WRITTEN: [(&str, char); 4] = [("#015", '\n'), ("#012", '\n'), ("[nl]", '\n'), ("#011", ' ')];
    if memchr::memchr3(b'\\', b'#', b'[', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr3(b'\\', b'#', b'[', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some((behind, stands_for)) = WRITTEN.iter().find_map(|(w, c)| Some((rest.strip_prefix(w)?, *c))) {
            out.push(stands_for);
            rest = behind;
            continue;
        }
        let escaped = rest.trim_start_matches('\\');
        let behind = match escaped.as_bytes().first() {
            Some(b'n' | b'r') if escaped.len() < rest.len() => 1,
            _ => 0,
        };
        if behind > 0 {
            out.push('\n');
            rest = &escaped[behind..];
        } else if escaped.len() + 1 == rest.len() && escaped.starts_with('"') {
            rest = escaped;
        } else {
            let end = (rest.len() - escaped.len()).max(1);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrapping_comes_off() {
        let rows = [
            ("421 4.7.0 x (in reply to end of DATA command)", "421 4.7.0 x"),
            // Inside `status=deferred (…)`, and cut at 2000 characters (oss trap 39).
            ("421 4.7.0 x (in reply to RCPT TO command))", "421 4.7.0 x"),
            ("421 4.7.0 x (in reply to RCPT", "421 4.7.0 x"),
            ("421 4.7.0 (in reply to you) x", "421 4.7.0 (in reply to you) x"),
            ("554 5.7.1 No SMTP service here DT=0.000s", "554 5.7.1 No SMTP service here"),
            ("550-a\\n550 b", "550-a\n550 b"),
            ("550-a\\\\n550 b", "550-a\n550 b"),
            // oss trap 41: bytes that rsyslog wrote in digits are not the receiver's.
            ("550-a#012550 b", "550-a\n550 b"),
            ("550-5.7.1#011a#015#012550 5.7.1 b", "550-5.7.1 a\n\n550 5.7.1 b"),
            ("550-a\\r\\n550 b", "550-a\n\n550 b"),
            ("550-a[nl]550 b", "550-a\n550 b"),
            ("550 say \\\"please\\\" # [x] \\ \\t", "550 say \"please\" # [x] \\ \\t"),
            ("smtp;450 4.0.0 (undefined status);smtp;421 Refused.", "421 Refused."),
            ("SMTP; 421 4.4.1 Unable to connect", "421 4.4.1 Unable to connect"),
            ("smtp;550 use smtp; not lmtp", "550 use smtp; not lmtp"),
            ("550 use smtp;421", "550 use smtp;421"),
            ("sent (250 2.0.0 OK 1498093527 a - gsmtp)", "250 2.0.0 OK 1498093527 a - gsmtp"),
            ("soft bounce (450 4.2.0 x (y) - gsmtp)", "450 4.2.0 x (y) - gsmtp"),
            ("Blocked (see our page)", "Blocked (see our page)"),
            ("\"250 2.0.0 OK\"", "250 2.0.0 OK"),
            (
                "142.250.27.26_does_not_like_recipient./Remote_host_said:_550-5.1.1_a/550_5.1.1_http://b.example/c/Giving_up_on_142.250.27.26./",
                "550-5.1.1 a\n550 5.1.1 http://b.example/c",
            ),
            ("421-4.7.28_Gmail_has/421_4.7.28_review/", "421-4.7.28 Gmail has\n421 4.7.28 review"),
            ("Remote host said: 421-a_b/421 c/", "421-a_b\n421 c"),
            ("421 a_b/c", "421 a_b/c"),
            ("", ""),
            ("\\", "\\"),
            ("smtp;", ""),
        ];
        for (raw, text) in rows {
            assert_eq!(unwrap(raw).text, text, "{raw}");
        }
    }

    #[test]
    fn a_rewritten_status_is_the_senders() {
        let found = unwrap("4.7.28 slow down (kumomta: status was rewritten from 421 -> 550)");
        assert_eq!((&*found.text, found.code), ("4.7.28 slow down", Some(421)));
    }
}
