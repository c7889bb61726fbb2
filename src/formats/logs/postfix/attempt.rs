//! What the lines that end a try say of it, each by itself.

use super::line::{Delivery, Host, Relay, Statement, is_socket};
use super::reason::{Kind, Reason, code_of, reason};
use super::verdict::Verdict;
use crate::formats::logs::Event;
use crate::formats::logs::text::Entry;
use crate::smtp::{By, Outcome, Stage};

/// What a delivery line says of an attempt over the network, and at which host; nothing when
/// there was none: local delivery, a discarded message, an address probe.
pub(super) fn attempt_of<'a>(delivery: &Delivery<'a>) -> Option<(Reason<'a>, Host<'a>)> {
    let relay = match delivery.relay {
        Relay::Host(host) => host,
        Relay::None if delivery.status != b"sent" => Host::default(),
        Relay::None | Relay::Elsewhere => return None,
    };
    match delivery.status {
        b"sent" => Some((delivered(delivery.reason), relay)),
        // oss trap 31
        b"deliverable" | b"undeliverable" | b"undeliverable-but-not-cached" => None,
        _ => Some((reason(delivery.reason), relay)).filter(|(r, _)| !r.host.is_some_and(|h| is_socket(h.ip))),
    }
}

const fn delivered(reply: &[u8]) -> Reason<'_> {
    Reason {
        outcome: Outcome::Delivered,
        by: By::Receiver,
        stage: Stage::EndOfData,
        host: None,
        reply,
        detail: &[],
        kind: Kind::Plain,
    }
}

pub(super) fn event_of<'a>(verdict: &Verdict<'a>, delivery: &Delivery<'a>, current: &Entry<'a>) -> Event<'a> {
    let event = verdict.event(current);
    let is_delivered = event.outcome == Outcome::Delivered;
    let spans = spans_ms(delivery.delays);
    Event {
        queue_id: delivery.queue_id,
        rcpt_domain: delivery.rcpt_domain,
        lasted_ms: lasted_ms(spans, delivery.delays),
        waited_ms: spans.filter(|_| is_delivered).map(|spans| spans.into_iter().map(u64::from).sum()),
        opened: is_delivered.then_some(!delivery.conn_use),
        ..event
    }
}

/// `host H said: 450 … (in reply to RCPT TO command)`: the transaction may go on with others.
pub(super) fn is_refused_recipient(reason: &Reason<'_>) -> bool {
    reason.kind == Kind::Said && reason.stage == Stage::Rcpt
}

/// The reason that a line gives.
pub(super) fn reason_in(said: Statement<'_>) -> Reason<'_> {
    match said {
        Statement::Delivery(delivery) => reason(delivery.reason),
        Statement::Failure { reason: text, .. } => reason(text),
        _ => reason(&[]),
    }
}

/// The code of the answer that a line quotes.
pub(super) fn answer_in(said: Statement<'_>) -> Option<u16> {
    code_of(reason_in(said).reply)
}

pub(super) fn key_of(queue_id: &[u8], host: Host<'_>) -> u64 {
    digest(&(queue_id, host))
}

pub(super) fn set_up_of(delays: &[u8]) -> u64 {
    digest(&memchr::memrchr(b'/', delays).map_or(delays, |at| &delays[..at]))
}

fn digest(of: &impl std::hash::Hash) -> u64 {
    use std::hash::Hasher as _;
    let mut hasher = rustc_hash::FxHasher::default();
    of.hash(&mut hasher);
    hasher.finish()
}

/// Connection set-up plus transfer, the last two of `delays=A/B/C/D`, in milliseconds.
fn lasted_ms(spans: Option<[u32; 4]>, delays: &[u8]) -> Option<u32> {
    let lasted = spans.map(|[_, _, set_up, transfer]| set_up + transfer).or_else(|| {
        let mut parts = delays.split(|b| *b == b'/').skip(2);
        let number = |text| std::str::from_utf8(text).ok()?.parse::<f64>().ok();
        let seconds = number(parts.next()?)? + number(parts.next()?)?;
        (0.0..=86_400.0).contains(&seconds).then(|| (seconds * 1000.0).round() as u32)
    })?;
    (lasted <= 86_400_000).then_some(lasted)
}

/// `delays=A/B/C/D` in milliseconds: together from arrival to the end of the delivery.
fn spans_ms(delays: &[u8]) -> Option<[u32; 4]> {
    let mut parts = delays.split(|b| *b == b'/');
    let mut spans = [0; 4];
    for span in &mut spans {
        *span = thousandths(parts.next()?)?;
    }
    Some(spans)
}

/// Thousandths of a number of less than a million with at most three digits behind its point,
/// as Postfix writes its delays unless it is told otherwise (`delay_logging_resolution_limit`).
fn thousandths(number: &[u8]) -> Option<u32> {
    let point = number.iter().position(|b| *b == b'.').unwrap_or(number.len());
    let (whole, decimals) = (&number[..point], number.get(point + 1..).unwrap_or_default());
    if !(1..=6).contains(&whole.len()) || decimals.len() > 3 {
        return None;
    }
    let zeros = &b"000"[decimals.len()..];
    let mut digits = whole.iter().chain(decimals).chain(zeros);
    digits.try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_a_session_lasted() {
        let rows: [(&[u8], _); 8] = [
            (b"0.02/0/0.36/0.92", Some(1280)),
            (b"3.1/0/0/0", Some(0)),
            (b"0.01/0.03/12/1.1", Some(13_100)),
            (b"1/2/0.001/0.0004", Some(1)),
            (b"1/2/0.123456/0.000044", Some(124)),
            (b"1/2/86400/0.001", None),
            (b"1/2/-1/3", Some(2000)),
            (b"1/2/3", None),
        ];
        for (delays, expected) in rows {
            assert_eq!(lasted_ms(spans_ms(delays), delays), expected, "{}", String::from_utf8_lossy(delays));
        }
    }

    #[test]
    fn how_long_a_message_waited() {
        assert_eq!(spans_ms(b"0.02/0/0.36/0.92"), Some([20, 0, 360, 920]));
        assert_eq!(spans_ms(b"12345/0.13/2/0.05"), Some([12_345_000, 130, 2000, 50]));
        assert_eq!((spans_ms(b"1/2/3"), spans_ms(b"")), (None, None));
    }
}
