//! One row of a protocol log.

use memchr::{memchr, memrchr};

use crate::time::{Stamp, parse_rfc3339};

/// One row: `date-time,connector-id,session-id,sequence-number,local-endpoint,
/// remote-endpoint,event,data,context`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row<'a> {
    pub(super) at: Stamp,
    pub(super) session: &'a [u8],
    pub(super) sequence: &'a [u8],
    pub(super) local: &'a [u8],
    pub(super) remote: &'a [u8],
    pub(super) event: u8,
    pub(super) data: &'a [u8],
    pub(super) context: &'a [u8],
}

impl<'a> Row<'a> {
    pub(super) fn of(line: &'a [u8]) -> Option<Self> {
        let (time, rest) = cell(line)?;
        let at = parse_rfc3339(std::str::from_utf8(time).ok()?).ok()?;
        let (_connector, rest) = cell(rest)?;
        let (session, rest) = cell(rest)?;
        let (sequence, rest) = cell(rest)?;
        let (local, rest) = cell(rest)?;
        let (remote, rest) = cell(rest)?;
        let (event, rest) = cell(rest)?;
        let (data, context) = cell(rest)?;
        let [event @ (b'+' | b'-' | b'>' | b'<' | b'*')] = *event else { return None };
        let shaped = !session.is_empty() && sequence.iter().all(u8::is_ascii_digit);
        shaped.then_some(Row { at, session, sequence, local, remote, event, data, context: unquoted(context) })
    }

    /// Its place in its session.
    pub(super) fn place(&self) -> Option<u64> {
        std::str::from_utf8(self.sequence).ok()?.parse().ok()
    }

    /// Whether the other side is a server of the same organisation.
    pub(super) fn is_internal(&self) -> bool {
        let port = memrchr(b':', self.remote).map_or(&[][..], |at| &self.remote[at + 1..]);
        matches!(port, b"2525" | b"475" | b"717" | b"465")
    }
}

/// A cell of a CSV row without its quotes, and what follows its comma.
fn cell(text: &[u8]) -> Option<(&[u8], &[u8])> {
    if text.first() != Some(&b'"') {
        let end = memchr(b',', text)?;
        return Some((&text[..end], &text[end + 1..]));
    }
    let mut from = 1;
    loop {
        let quote = from + memchr(b'"', text.get(from..)?)?;
        match text.get(quote + 1) {
            Some(b'"') => from = quote + 2,
            Some(b',') => return Some((&text[1..quote], &text[quote + 2..])),
            _ => return None,
        }
    }
}

fn unquoted(cell: &[u8]) -> &[u8] {
    cell.strip_prefix(b"\"").and_then(|c| c.strip_suffix(b"\"")).unwrap_or(cell)
}

/// `192.0.2.7:25` or `[2001:db8::1]:25` without its port.
pub(super) fn address_of(endpoint: &[u8]) -> &[u8] {
    let address = memrchr(b':', endpoint).map_or(endpoint, |at| &endpoint[..at]);
    address.strip_prefix(b"[").and_then(|a| a.strip_suffix(b"]")).unwrap_or(address)
}
