//! What an accounting record says of its attempt: outcome, stage, who decided.
//!
//! The last `smtp;` part of `dsnDiag` is the receiver's reply; `dsnStatus` may contradict it.
//! Bounces may be PowerMTA's own: a message that expired, a queue that was deleted, a domain
//! that does not resolve. They are logged when PowerMTA gives up, hours after the attempts.

use memchr::{memchr, memrchr};

use super::columns::is_status;
use super::record::{Kind, Record};
use super::wording::{Verdict, class_of, has, is_coded, names_handshake, of_tls, of_words};
use crate::smtp::{By, Outcome, Stage, TlsUse};

/// What `detail` says of a delivery in clear text where the receiver offered STARTTLS.
pub(super) const SENT_IN_CLEAR: &[u8] = b"sent in clear although STARTTLS was offered";

/// Understands a record; nothing for deliveries that are none to a receiver.
pub(super) fn verdict<'a>(kind: Kind, record: &'a Record<'_>) -> Option<Verdict<'a>> {
    if !matches!(record.dlv_type, b"smtp" | b"") {
        return None;
    }
    Some(match kind {
        Kind::Delivered => delivered(record),
        Kind::Bounced => bounced(record),
        Kind::Transient | Kind::Queue => deferred(kind, record),
        Kind::Inbound => return None,
    })
}

fn delivered<'a>(record: &'a Record<'_>) -> Verdict<'a> {
    let reply = words_of(&record.diag);
    if matches!(class_of(reply), Some(b'4' | b'5')) {
        // A record at odds with itself.
        return Verdict { reply, ..Verdict::unclassified(&[]) };
    }
    let detail = if sent_in_clear(record) { SENT_IN_CLEAR } else { &[] };
    Verdict { reply, detail, ..Verdict::new(Outcome::Delivered, By::Receiver, Stage::EndOfData) }
}

/// A `t` or a `tq` record.
fn deferred<'a>(kind: Kind, record: &'a Record<'_>) -> Verdict<'a> {
    if let Some(own) = record.diag.strip_prefix(b"x-pmta;") {
        return Verdict::local(own);
    }
    let words = words_of(&record.diag);
    if words.is_empty() {
        let by_status = of_status(record.status);
        // A recipient's transient error is a 4xx reply by definition, even if it is not shown.
        let answered = || Verdict::new(Outcome::Deferral, By::Receiver, Stage::Unknown);
        return by_status.unwrap_or_else(|| {
            if kind == Kind::Transient { answered() } else { Verdict::unclassified(record.status) }
        });
    }
    if let Some(own) = of_own_status(words, record.mta) {
        return own;
    }
    if is_coded(words) { answered(words, record.status) } else { of_words(words) }
}

/// `450 4.4.1 (no answer from host)`, of no host: PowerMTA's own status with a code before it, as
/// the first part of two has it.
fn of_own_status<'a>(words: &'a [u8], mta: &[u8]) -> Option<Verdict<'a>> {
    let status = words.get(4..).filter(|_| mta.is_empty() && class_of(words).is_some())?;
    let text = &status[memchr::memchr(b' ', status)? + 1..];
    let is_own = text.starts_with(b"(") && memchr::memchr(b')', text) == Some(text.len() - 1);
    is_own.then(|| of_status(status)).flatten()
}

fn bounced<'a>(record: &'a Record<'_>) -> Verdict<'a> {
    let diag: &[u8] = &record.diag;
    if let Some(own) = diag.strip_prefix(b"x-pmta;") {
        // `deleted by administrator`; `bounce-queue;reply:550 …`, which another recipient got.
        return Verdict::local(own);
    }
    let words = words_of(diag);
    let class = class_of(words);
    let said_expired = class == Some(b'5') && has(words, b".4.7 ");
    let expired = record.category == b"message-expired" || is_code(record.status, b".4.7");
    if expired && !said_expired {
        return Verdict::local(if record.category.is_empty() { record.status } else { record.category });
    }
    if let Some(own) = of_own_status(words, record.mta) {
        return own;
    }
    match class {
        Some(b'4' | b'5') => answered(words, record.status),
        _ if words.is_empty() => by_category(record),
        _ => of_words(words),
    }
}

/// A bounce that quotes no reply.
fn by_category<'a>(record: &'a Record<'_>) -> Verdict<'a> {
    match record.category {
        // Given up after attempts that failed before.
        b"no-answer-from-host" | b"bad-connection" => return Verdict::local(record.category),
        b"bad-domain" | b"routing-errors" => return Verdict::no_connection(record.category),
        _ => {}
    }
    if let Some(verdict) = of_status(record.status) {
        return verdict;
    }
    let rejection = Verdict::new(Outcome::Rejection, By::Receiver, Stage::Unknown);
    match record.category {
        // By the user's guide, "messages rejected" or "refused".
        b"bad-configuration" | b"bad-mailbox" | b"content-related" | b"inactive-mailbox" | b"policy-related"
        | b"protocol-errors" | b"quota-issues" | b"relaying-issues" | b"spam-related" | b"virus-related" => {
            Verdict { detail: record.category, ..rejection }
        }
        _ if record.status.starts_with(b"5.") && !record.mta.is_empty() => {
            Verdict { detail: record.status, ..rejection }
        }
        _ => Verdict::unclassified(if record.category.is_empty() { record.status } else { record.category }),
    }
}

/// A text with a reply code: the receiver's reply, or PowerMTA's own words in its dress.
fn answered<'a>(text: &'a [u8], status: &[u8]) -> Verdict<'a> {
    if memchr(b'"', text).is_some() && has(text, b"recipient is in suppression list \"") {
        return Verdict::local(text);
    }
    let own = of_words(text);
    // The error names of a socket are no words of a receiver.
    if own.reply.is_empty() {
        return own;
    }
    let transient = class_of(text) == Some(b'4');
    // Google's verdict on an earlier message in clear (4.7.29), and 454, the answer to STARTTLS,
    // speak of TLS and are no failure of it.
    let of_receiver = text.ends_with(b"gsmtp") || has(text, b".7.29") || text.starts_with(b"454");
    let security = |code: &[u8]| has(code, b"4.7.") || has(code, b"4.4.");
    if transient
        && !of_receiver
        && (security(text) || security(status))
        && names_handshake(text)
        && let Some(tls) = of_tls(text)
    {
        return tls;
    }
    own
}

/// What follows the last `smtp;`; texts without any are taken as they stand.
fn words_of(diag: &[u8]) -> &[u8] {
    let mut before = diag;
    while let Some(at) = memrchr(b';', before) {
        before = diag.get(..at).unwrap_or_default();
        // A reply may hold the word itself; a further part follows a semicolon.
        if before.strip_suffix(b"smtp").is_some_and(|before| before.is_empty() || before.ends_with(b";")) {
            return diag.get(at + 1..).unwrap_or_default().trim_ascii();
        }
    }
    diag.trim_ascii()
}

/// What a status alone tells (RFC 3463 §3.5).
fn of_status(status: &[u8]) -> Option<Verdict<'_>> {
    if !is_status(status) {
        return None;
    }
    let is = |tail: &[u8]| is_code(status, tail);
    if is(b".4.1") || is(b".4.3") || is(b".4.4") || is(b".1.2") {
        Some(Verdict::no_connection(status))
    } else if is(b".4.2") {
        // "Bad connection": it stood and broke, by a time-out or for its quality.
        Some(Verdict::broken(status))
    } else if is(b".4.7") {
        Some(Verdict::local(status))
    } else {
        None
    }
}

/// Whether the last two parts of a status are these.
fn is_code(status: &[u8], tail: &[u8]) -> bool {
    let code = status.split(|b| *b == b' ').next().unwrap_or(status);
    code.len() > 1 && code.get(1..) == Some(tail)
}

/// What a record shows of TLS. Before 4.5, or if `record-fields` leaves it out, there is no
/// column for it, and nothing is known.
pub(super) fn tls_of(kind: Kind, record: &Record<'_>, verdict: &Verdict<'_>) -> TlsUse {
    match (record.tls, verdict.outcome, verdict.stage) {
        (Some(protocol), ..) if !protocol.is_empty() => TlsUse::Established,
        (_, Outcome::TlsFailure, Stage::Handshake) => TlsUse::Failed,
        (_, Outcome::ConnectFailure, _) => TlsUse::None,
        (Some(_), Outcome::Delivered, _) if kind == Kind::Delivered && !record.esmtp.is_empty() => TlsUse::None,
        _ => TlsUse::Unknown,
    }
}

/// A delivery whose TLS column is there and empty though the receiver offered STARTTLS:
/// PowerMTA falls back to clear text, silently, unless `require-starttls` is on.
pub(super) fn sent_in_clear(record: &Record<'_>) -> bool {
    let offered = || record.esmtp.split(|b| *b == b',').any(|word| word.trim_ascii() == b"STARTTLS");
    record.tls.is_some_and(<[u8]>::is_empty) && offered()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[test]
    fn the_last_part_is_the_reply() {
        let of = |d: &str| String::from_utf8_lossy(words_of(d.as_bytes())).into_owned();
        assert_eq!(of("smtp;250 DATA ok"), "250 DATA ok");
        // User's guide, `show queue`; esp trap 7
        assert_eq!(
            of("smtp;450 4.0.0 (undefined status);smtp;421 Refused. Your reverse DNS entry does not resolve."),
            "421 Refused. Your reverse DNS entry does not resolve."
        );
        assert_eq!(of("smtp;550 5.7.1 use smtp; not this"), "550 5.7.1 use smtp; not this");
        assert_eq!(of(""), "");
        assert_eq!(of("EDISCON in connection to x (192.0.2.1)"), "EDISCON in connection to x (192.0.2.1)");
    }

    /// The shape is the first part's in the user's guide, `show queue`.
    #[test]
    fn a_status_in_brackets_is_no_reply() {
        let no_answer = "4.4.1 (no answer from host)|no-answer-from-host";
        let unanswered = (Outcome::ConnectFailure, By::Unknown, Stage::Connect);
        assert_eq!(of(Kind::Transient, &format!("{no_answer}||smtp;451 4.4.1 (no answer from host)")), unanswered);
        assert_eq!(
            of(Kind::Bounced, "5.4.4 (unable to route)|routing-errors||smtp;554 5.4.4 (unable to route)"),
            unanswered
        );
        // A host that answers in brackets answers.
        let answered = (Outcome::Deferral, By::Receiver, Stage::Unknown);
        assert_eq!(of(Kind::Transient, &format!("{no_answer}|mx.example (192.0.2.1)|smtp;451 4.4.1 (busy)")), answered);
        assert_eq!(of(Kind::Transient, "4.0.0 (undefined status)|other||smtp;450 4.0.0 (undefined status)"), answered);
    }

    /// Outcome, decider and stage of a record: `KIND STATUS|CATEGORY|MTA|DIAG`.
    fn of(kind: Kind, values: &str) -> (Outcome, By, Stage) {
        let mut parts = values.splitn(4, '|').map(str::as_bytes);
        let mut next = || parts.next().unwrap_or_default();
        let (status, category, mta) = (next(), next(), next());
        let record = Record { status, category, mta, diag: Cow::Borrowed(next()), ..Record::default() };
        verdict(kind, &record).map_or((Outcome::Unclassified, By::Unknown, Stage::Quit), |v| (v.outcome, v.by, v.stage))
    }

    #[test]
    fn bounces_of_the_sender_are_told_apart() {
        use {By::*, Outcome::*};
        // Statuses and categories: the user's guide; `x-pmta;` texts: as operators quote them.
        let rows = [
            (
                "5.7.1 (delivery not authorized)|spam-related|mx.example (192.0.2.9)|smtp;554 5.7.1 Denied - Spam Suspected",
                (Rejection, Receiver, Stage::Unknown),
            ),
            // esp trap 16
            (
                "4.4.7 (delivery time expired)|message-expired|mx.example (192.0.2.9)|smtp;421 4.7.0 later",
                (Local, Sender, Stage::Unknown),
            ),
            ("5.0.0 (undefined status)|other||x-pmta;deleted by administrator", (Local, Sender, Stage::Unknown)),
            (
                "5.7.1|policy-related|mx.example (192.0.2.9)|x-pmta;bounce-queue;reply:550 5.7.1 Unfortunately, messages from [192.0.2.7] weren't sent.",
                (Local, Sender, Stage::Unknown),
            ),
            (
                r#"5.7.1 (delivery not authorized)|||smtp;550 5.7.1 recipient is in suppression list "a1": <foo@bar.com>"#,
                (Local, Sender, Stage::Unknown),
            ),
            ("5.1.2 (bad destination system: no such domain)|bad-domain||", (ConnectFailure, Unknown, Stage::Connect)),
            ("5.4.4 (unable to route)|routing-errors||", (ConnectFailure, Unknown, Stage::Connect)),
            ("4.4.1 (no answer from host)|no-answer-from-host||", (Local, Sender, Stage::Unknown)),
            ("4.4.2 (bad connection)|bad-connection||", (Local, Sender, Stage::Unknown)),
            ("|policy-related||", (Rejection, Receiver, Stage::Unknown)),
            (
                "5.1.1 (bad destination mailbox address)|my-own-word|mx1.example (192.0.2.2)|",
                (Rejection, Receiver, Stage::Unknown),
            ),
            ("|other||", (Unclassified, Unknown, Stage::Unknown)),
            (
                "5.4.7 (delivery time expired)|message-expired|mx.example (192.0.2.9)|smtp;550 5.4.7 Delivery expired here",
                (Rejection, Receiver, Stage::Unknown),
            ),
        ];
        for (values, expected) in rows {
            assert_eq!(of(Kind::Bounced, values), expected, "{values}");
        }
    }

    #[test]
    fn a_connection_that_broke_failed_and_nothing_tells_how() {
        let failed = |kind, status: &'static str, category: &'static str| {
            let record = Record { status: status.as_bytes(), category: category.as_bytes(), ..Record::default() };
            verdict(kind, &record).map(|v| (v.outcome, v.by, v.failed))
        };
        let broken = Some((Outcome::Unclassified, By::Unknown, true));
        assert_eq!(failed(Kind::Queue, "4.4.2 (bad connection)", ""), broken);
        assert_eq!(failed(Kind::Transient, "4.4.2 (bad connection)", ""), broken);
        // Given up after attempts that were told before; a status that says nothing.
        assert_eq!(
            failed(Kind::Bounced, "4.4.2 (bad connection)", "bad-connection"),
            Some((Outcome::Local, By::Sender, false))
        );
        assert_eq!(failed(Kind::Queue, "", ""), Some((Outcome::Unclassified, By::Unknown, false)));
    }

    #[test]
    fn transient_errors_of_recipients_and_of_queues() {
        use {By::*, Outcome::*};
        let rows = [
            // esp trap 7
            (
                Kind::Transient,
                "4.0.0 (undefined status)|other||smtp;421 4.7.0 [TS01] Messages from 192.0.2.100 temporarily deferred",
                (Deferral, Receiver, Stage::Unknown),
            ),
            (Kind::Transient, "4.2.2 (mailbox full)|||", (Deferral, Receiver, Stage::Unknown)),
            (Kind::Queue, "4.4.1 (no answer from host)|||", (ConnectFailure, Unknown, Stage::Connect)),
            (Kind::Queue, "4.4.2 (bad connection)|||", (Unclassified, Unknown, Stage::Unknown)),
            (
                Kind::Queue,
                "4.4.2 (bad connection)|||smtp;EDISCON in connection to mx.example (192.0.2.9)",
                (RemoteClose, Receiver, Stage::Unknown),
            ),
            // A local verdict in the dress of a reply.
            (
                Kind::Queue,
                "4.4.2|||smtp;421 4.4.2 EDISCON in connection to mx.example (192.0.2.9)",
                (RemoteClose, Receiver, Stage::Unknown),
            ),
            (
                Kind::Queue,
                "4.7.0|||smtp;421-4.7.0 Try again later, closing connection. (EHLO) 421 4.7.0 About SMTP error messages ab7si1234567.8 - gsmtp",
                (Deferral, Receiver, Stage::Ehlo),
            ),
            (Kind::Queue, "4.7.0|||connect rate limit reached", (Local, Sender, Stage::Unknown)),
            (
                Kind::Queue,
                "4.7.0|||smtp;421 4.7.0 connection rate limit reached, go away",
                (Deferral, Receiver, Stage::Unknown),
            ),
            // esp trap 43
            (
                Kind::Queue,
                "4.7.0|||smtp;454 4.7.0 TLS not available due to local problem",
                (Deferral, Receiver, Stage::Starttls),
            ),
            (Kind::Queue, "4.7.5|||smtp;TLS handshake failed", (TlsFailure, Unknown, Stage::Handshake)),
            (Kind::Queue, "4.7.5|||smtp;451 4.7.5 certificate verify failed", (TlsFailure, Unknown, Stage::Handshake)),
            // esp trap 44
            (
                Kind::Transient,
                "4.7.29|||smtp;421-4.7.29 Your email has been rate limited because this message wasn't sent over a TLS connection. Gmail requires all bulk email senders to use TLS/SSL for SMTP connections.",
                (Deferral, Receiver, Stage::Unknown),
            ),
            (Kind::Transient, "4.3.0|||smtp;550 5.1.1 no", (Rejection, Receiver, Stage::Unknown)),
            (Kind::Transient, "4.3.0|||smtp;250 ok", (Unclassified, Unknown, Stage::Unknown)),
            (Kind::Queue, "|||", (Unclassified, Unknown, Stage::Unknown)),
        ];
        for (kind, values, expected) in rows {
            assert_eq!(of(kind, values), expected, "{values}");
        }
    }
}
