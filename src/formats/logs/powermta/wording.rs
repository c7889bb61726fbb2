//! What PowerMTA's own words mean, and the replies that it quotes.
//!
//! Sources: the user's guide, "Common last errors" and `max-msg-rate`; queue events of
//! PowerMTA 4 and 4.5. The same words stand in queue events, in `dsnDiag` and in the log.

use std::sync::LazyLock;

use aho_corasick::packed::Searcher;
use memchr::{memchr, memchr_iter, memchr2_iter, memmem, memrchr_iter};

use super::host_and_ip;
use crate::smtp::{By, Outcome, Reply, Stage};

/// What became of an attempt, by its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict<'a> {
    pub(super) outcome: Outcome,
    pub(super) by: By,
    pub(super) stage: Stage,
    /// The receiver's reply.
    pub(super) reply: &'a [u8],
    /// The words that decided where it was not a reply.
    pub(super) detail: &'a [u8],
    /// The receiving host and its address, where the words name them.
    pub(super) mx: Option<(&'a [u8], &'a [u8])>,
    /// The sending address, where the words name it.
    pub(super) source_ip: &'a [u8],
    /// Whether the session failed in a way that is not told.
    pub(super) failed: bool,
}

impl<'a> Verdict<'a> {
    pub(super) const fn new(outcome: Outcome, by: By, stage: Stage) -> Self {
        Self { outcome, by, stage, reply: &[], detail: &[], mx: None, source_ip: &[], failed: false }
    }

    /// The sender's own decision.
    pub(super) const fn local(detail: &'a [u8]) -> Self {
        Self { detail, ..Self::new(Outcome::Local, By::Sender, Stage::Unknown) }
    }

    /// Nothing we know.
    pub(super) const fn unclassified(detail: &'a [u8]) -> Self {
        Self { detail, ..Self::new(Outcome::Unclassified, By::Unknown, Stage::Unknown) }
    }

    /// The connection stood and broke; what broke it, nothing tells.
    pub(super) const fn broken(detail: &'a [u8]) -> Self {
        Self { failed: true, ..Self::unclassified(detail) }
    }

    /// No session came about.
    pub(super) const fn no_connection(detail: &'a [u8]) -> Self {
        Self { detail, ..Self::new(Outcome::ConnectFailure, By::Unknown, Stage::Connect) }
    }

    /// The receiver answered.
    pub(super) fn answered(reply: &'a [u8]) -> Self {
        let outcome = match class_of(reply) {
            Some(b'4') => Outcome::Deferral,
            Some(b'5') => Outcome::Rejection,
            _ => return Self { reply, ..Self::unclassified(&[]) },
        };
        Self { reply, ..Self::new(outcome, By::Receiver, stage_in(reply)) }
    }
}

/// The class of a reply: the first digit of its last line's code (RFC 5321 §4.2.1).
pub(super) fn class_of(reply: &[u8]) -> Option<u8> {
    let first = is_coded(reply).then(|| reply.first().copied())?;
    let (code, rest) = reply.split_at_checked(3)?;
    // The last of several lines is the one with a blank after its code; it stands near the end.
    let is_last = |blank: usize| rest.get(..blank).is_some_and(|before| before.ends_with(code));
    if rest.first() != Some(&b'-') || memrchr_iter(b' ', rest).any(is_last) {
        return first;
    }
    let last = Reply::parse(&String::from_utf8_lossy(reply)).code?;
    u8::try_from(last / 100).ok().map(|n| b'0' + n)
}

/// Whether a text begins with a reply code.
pub(super) fn is_coded(text: &[u8]) -> bool {
    let code = matches!(text, [b'2'..=b'5', b, c, ..] if b.is_ascii_digit() && c.is_ascii_digit());
    code && matches!(text.get(3), None | Some(b' ' | b'-'))
}

/// Some replies name the command they answer.
fn stage_in(reply: &[u8]) -> Stage {
    // Gmail: `421-4.7.0 Try again later, closing connection. (EHLO)`.
    if memchr_iter(b'(', reply).any(|at| reply.get(at..).is_some_and(|rest| rest.starts_with(b"(EHLO)"))) {
        Stage::Ehlo
    } else if reply.starts_with(b"454") && has(reply, b"TLS") {
        // RFC 3207 §4: the answer to STARTTLS.
        Stage::Starttls
    } else {
        Stage::Unknown
    }
}

pub(super) fn has(text: &[u8], words: &[u8]) -> bool {
    memmem::find(text, words).is_some()
}

/// Understands words of PowerMTA's own: a queue event, an error in a log, or what stands in
/// `dsnDiag` where no receiver answered.
pub(super) fn of_words(text: &[u8]) -> Verdict<'_> {
    if let Some(verdict) = of_error(text) {
        return verdict;
    }
    if let Some(rest) = text.strip_prefix(b"EHLO failed") {
        let coded = (0..rest.len()).find_map(|at| rest.get(at..).filter(|r| is_coded(r)));
        return match coded {
            Some(reply) => Verdict { stage: Stage::Ehlo, ..Verdict::answered(reply) },
            None => Verdict { stage: Stage::Ehlo, ..Verdict::unclassified(text) },
        };
    }
    if is_coded(text) {
        return Verdict::answered(text);
    }
    of_tls(text).unwrap_or_else(|| Verdict::unclassified(text))
}

/// Understands the errors that PowerMTA words in a form of their own.
pub(super) fn of_error(text: &[u8]) -> Option<Verdict<'_>> {
    let has_own_words = OWN_WORDS.as_ref().is_none_or(|words| words.find(text).is_some());
    if is_own_decision(text) || has_own_words && has(text, NO_SOURCE) {
        return Some(Verdict::local(text));
    }
    of_quote(text).or_else(|| has_own_words.then(|| of_connection(text))?)
}

const NO_SOURCE: &[u8] = b"no compatible source IP configured";
const RESOLVING: &[u8] = b" resolving ";
const CONNECTING: &[u8] = b" connecting to ";
const CONNECTED: &[u8] = b" in connection to ";

/// Replies hold none of these, and one look at the text tells it of all. There is none where
/// the processor lacks what it takes.
static OWN_WORDS: LazyLock<Option<Searcher>> =
    LazyLock::new(|| Searcher::new([NO_SOURCE, RESOLVING, CONNECTING, CONNECTED]));

/// Limits that the sender set, and what follows from them.
fn is_own_decision(text: &[u8]) -> bool {
    const OPENINGS: &[&[u8]] =
        &[b"connect rate limit reached", b"message rate limit reached", b"deleted by administrator"];
    OPENINGS.iter().any(|o| text.starts_with(o)) || text.starts_with(b"All SMTP sources ") && has(text, b"disabled")
}

/// `skip of MX requested: "REPLY" received from H (IP) while connected from S (IP) to H (IP)`
/// and `Error: "REPLY" while connected from S (IP) to H (IP)`. Quotes inside the reply are
/// not escaped, so the last one that fits ends it.
fn of_quote(text: &[u8]) -> Option<Verdict<'_>> {
    let rest = text.strip_prefix(b"skip of MX requested: \"").or_else(|| text.strip_prefix(b"Error: \""))?;
    let end = memmem::rfind(rest, b"\" received from ").or_else(|| memmem::rfind(rest, b"\" while connected from "))?;
    let (reply, rest) = rest.split_at_checked(end)?;
    let ends = memmem::find(rest, b" while connected from ").and_then(|at| rest.get(at + 22..));
    let (from, to) = ends.and_then(|ends| memmem::rfind(ends, b" to ").map(|at| ends.split_at(at))).unzip();
    let source_ip = from.and_then(host_and_ip).map_or(&[][..], |(_, ip)| ip);
    let mx = to.and_then(|to| host_and_ip(to.get(4..)?));
    Some(Verdict { mx, source_ip, ..Verdict::answered(reply) })
}

/// `ETIMEDOUT connecting to H (IP)`, `EDISCON in connection to H (IP)`, `StatusDnsQueryFailed
/// resolving D`. On Windows the names begin with `WSA`.
fn of_connection(text: &[u8]) -> Option<Verdict<'_>> {
    let names = |at: usize| {
        let before = text.get(..at).unwrap_or_default();
        let from = before.iter().rposition(|b| !b.is_ascii_alphanumeric()).map_or(0, |n| n + 1);
        before.get(from..).unwrap_or_default()
    };
    let is_error = |name: &[u8]| {
        let name = name.strip_prefix(b"WSA").unwrap_or(name);
        name.len() > 3 && name.starts_with(b"E") && name.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    if let Some(at) = memmem::find(text, RESOLVING).filter(|at| names(*at).starts_with(b"Status")) {
        return text.get(at..).map(|_| Verdict::no_connection(text));
    }
    if let Some(at) = memmem::find(text, CONNECTING).filter(|at| is_error(names(*at))) {
        let mx = text.get(at + 15..).and_then(host_and_ip);
        // The machine ran out of something before any packet was sent.
        let own = [&b"EMFILE"[..], b"ENFILE", b"ENOBUFS", b"EADDRNOTAVAIL"].iter().any(|e| names(at).ends_with(e));
        let by = if own { By::Sender } else { By::Unknown };
        return Some(Verdict { by, mx, ..Verdict::no_connection(text) });
    }
    let at = memmem::find(text, CONNECTED).filter(|at| is_error(names(*at)))?;
    let name = names(at);
    let (outcome, by) = if name.ends_with(b"ETIMEDOUT") {
        (Outcome::Timeout, By::Unknown)
    } else if [&b"EDISCON"[..], b"ECONNRESET", b"EPIPE"].iter().any(|e| name.ends_with(e)) {
        (Outcome::RemoteClose, By::Receiver)
    } else {
        (Outcome::Unclassified, By::Unknown)
    };
    let mx = text.get(at + 18..).and_then(host_and_ip);
    let stage = if of_tls(text).is_some() { Stage::Handshake } else { Stage::Unknown };
    Some(Verdict { mx, detail: text, ..Verdict::new(outcome, by, stage) })
}

/// The words of a TLS error. No text of PowerMTA's for one is public, so any that names TLS
/// and quotes no reply is taken for one; who decided is not said.
pub(super) fn of_tls(text: &[u8]) -> Option<Verdict<'_>> {
    let of_handshake = names_handshake(text);
    if !of_handshake && !has_word(text, b"tls") && !has_word(text, b"starttls") {
        return None;
    }
    let absent = [&b"not offered"[..], b"not advertised", b"not available", b"not supported"];
    if !of_handshake && absent.iter().any(|words| has_word(text, words)) {
        return Some(Verdict { detail: text, ..Verdict::new(Outcome::TlsFailure, By::Sender, Stage::Ehlo) });
    }
    Some(Verdict { detail: text, ..Verdict::new(Outcome::TlsFailure, By::Unknown, Stage::Handshake) })
}

/// Whether a text speaks of the handshake itself.
pub(super) fn names_handshake(text: &[u8]) -> bool {
    [&b"handshake"[..], b"certificate", b"ssl"].iter().any(|word| has_word(text, word))
}

/// Whether a word in small letters stands in a text, in any case, with no letter or digit
/// beside it.
fn has_word(text: &[u8], word: &[u8]) -> bool {
    let Some(first) = word.first() else { return false };
    let beside = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    memchr2_iter(*first, first.to_ascii_uppercase(), text).any(|at| {
        let end = at + word.len();
        text.get(at..end).is_some_and(|found| found.eq_ignore_ascii_case(word))
            && !beside(at.checked_sub(1).and_then(|n| text.get(n)))
            && !beside(text.get(end))
    })
}

/// The domain of a queue and its VirtualMTA: `domain/vmta`. A roll-up's name is no domain.
pub(super) fn queue_parts(queue: &[u8]) -> (&[u8], &[u8]) {
    let (domain, vmta) = match memchr(b'/', queue) {
        Some(at) => (queue.get(..at).unwrap_or_default(), queue.get(at + 1..).unwrap_or_default()),
        None => (queue, &[][..]),
    };
    let is_domain = memchr(b'.', domain).is_some() && !domain.ends_with(b".rollup");
    (if is_domain { domain } else { &[] }, vmta)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        let v = of_words(text.as_bytes());
        let t = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        let (host, ip) = v.mx.map_or_else(Default::default, |(h, i)| (t(h), t(i)));
        format!("{} {} {} {}[{}] from {}: {}", v.outcome, v.by, v.stage, host, ip, t(v.source_ip), t(v.reply))
    }

    #[test]
    fn the_catalogue() {
        // Texts: queue events of PowerMTA 4.0 and 4.5, hosts and addresses replaced, and the
        // user's guide ("Common last errors", `backoff-max-msg-rate`).
        let rows = [
            // esp trap 15
            ("connect rate limit reached", "local sender unknown [] from : "),
            (
                "message rate limit reached (based on queue's max-msg-rate in configuration)",
                "local sender unknown [] from : ",
            ),
            (
                "message rate limit reached (based on backoff-max-msg-rate in configuration)",
                "local sender unknown [] from : ",
            ),
            ("All SMTP sources for queue example.net/192.0.2.7 are now disabled.", "local sender unknown [] from : "),
            (
                r#"skip of MX requested: "421 4.2.1 :  (DYN:T1)  http://postmaster.info.aol.com/errors/421dynt1.html" received from mailin-04.mx.example.net (198.51.100.131) while connected from out7.example.com (192.0.2.7) to mailin-04.mx.example.net (198.51.100.131)"#,
                "deferral receiver unknown mailin-04.mx.example.net[198.51.100.131] from 192.0.2.7: 421 4.2.1 :  (DYN:T1)  http://postmaster.info.aol.com/errors/421dynt1.html",
            ),
            (
                r#"Error: "521 5.2.1 :  AOL will not accept delivery of this message." while connected from out7.example.com (192.0.2.7) to mailin-04.mx.example.net (198.51.100.196)"#,
                "rejection receiver unknown mailin-04.mx.example.net[198.51.100.196] from 192.0.2.7: 521 5.2.1 :  AOL will not accept delivery of this message.",
            ),
            // esp trap 14
            (
                r#"Error: "421 said "no" to you" while connected from a.example (192.0.2.7) to b.example (198.51.100.1)"#,
                r#"deferral receiver unknown b.example[198.51.100.1] from 192.0.2.7: 421 said "no" to you"#,
            ),
            (
                "ETIMEDOUT connecting to mail.example.net (198.51.100.241)",
                "connect_failure unknown connect mail.example.net[198.51.100.241] from : ",
            ),
            (
                "ECONNREFUSED connecting to mail.example.net (198.51.100.241)",
                "connect_failure unknown connect mail.example.net[198.51.100.241] from : ",
            ),
            (
                "WSAECONNREFUSED connecting to mail.example.net (198.51.100.241)",
                "connect_failure unknown connect mail.example.net[198.51.100.241] from : ",
            ),
            (
                "ETIMEDOUT in connection to mail.example.net (198.51.100.241)",
                "timeout unknown unknown mail.example.net[198.51.100.241] from : ",
            ),
            (
                "EDISCON in connection to mail.example.net (198.51.100.241)",
                "remote_close receiver unknown mail.example.net[198.51.100.241] from : ",
            ),
            ("StatusDnsQueryFailed resolving example.net", "connect_failure unknown connect [] from : "),
            (
                "EHLO failed: 421 example.net Service not available - too busy",
                "deferral receiver ehlo [] from : 421 example.net Service not available - too busy",
            ),
            ("the moon is full", "unclassified unknown unknown [] from : "),
            ("Attempt connecting to the moon", "unclassified unknown unknown [] from : "),
        ];
        for (text, expected) in rows {
            assert_eq!(of(text), expected, "{text}");
        }
    }

    #[test]
    fn words_about_tls() {
        let of = |text: &str| of_tls(text.as_bytes()).map(|v| (v.outcome, v.by, v.stage));
        let failed = Some((Outcome::TlsFailure, By::Unknown, Stage::Handshake));
        assert_eq!(of("TLS handshake failed"), failed);
        assert_eq!(of("certificate verify failed"), failed);
        assert_eq!(of("STARTTLS not offered"), Some((Outcome::TlsFailure, By::Sender, Stage::Ehlo)));
        assert_eq!(of("subtlssystem"), None);
        assert_eq!(of("mailbox full"), None);
    }

    #[test]
    fn queues() {
        let of = |q: &str| {
            let (d, v) = queue_parts(q.as_bytes());
            (String::from_utf8_lossy(d).into_owned(), String::from_utf8_lossy(v).into_owned())
        };
        let pair = |d: &str, v: &str| (d.to_owned(), v.to_owned());
        assert_eq!(of("b\u{fc}cher.de/vmta29"), pair("b\u{fc}cher.de", "vmta29"));
        // esp trap 9
        assert_eq!(of("gmail.rollup/vmta1"), pair("", "vmta1"));
        assert_eq!(of("aol.com/192.0.2.100"), pair("aol.com", "192.0.2.100"));
        assert_eq!(of("premium-queue/v1"), pair("", "v1"));
    }
}
