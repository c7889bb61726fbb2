//! Names and addresses in one form, whichever MTA wrote them.
//!
//! `ASPMX.L.GOOGLE.com.` and `aspmx.l.google.com` are one host, `2001:db8:77:0:0:0:0:1` and
//! `2001:db8:77::1` one address (RFC 5952). Every reader's events pass here, on their way out
//! of a file and out of the join of its edges; most need no change and are handed on as they are.
//! So do times, where case.yaml says by how much a log's clock was wrong.
//!
//! What went to the machine itself went to a filter, or from one queue to the next: the message
//! that leaves has an attempt of its own, so such a delivery is none, and a failure is the sender's.

use std::borrow::Cow;
use std::io::Write as _;
use std::net::Ipv6Addr;

use super::{Done, Edge, Event, KeptLine, LogReader, Note, Pulse, Sink, near};
use crate::formats::Accounting;
use crate::smtp::{By, Outcome, Stage};
use crate::time::Minute;

/// A reader whose events name hosts and addresses in one form.
pub(super) struct Uniform {
    pub(super) reader: Box<dyn LogReader + Send>,
    /// Milliseconds added to its times.
    pub(super) moved_ms: i64,
}

impl LogReader for Uniform {
    fn read(&mut self, block: &[u8], sink: &mut dyn Sink) {
        self.reader.read(block, &mut InOneForm { sink, moved_ms: self.moved_ms });
    }

    fn edge(&self) -> Edge {
        self.reader.edge()
    }

    fn pass(&mut self, lines: u64, edge: Edge) {
        self.reader.pass(lines, edge);
    }

    fn end_of_file(&mut self, sink: &mut dyn Sink) {
        self.reader.end_of_file(&mut InOneForm { sink, moved_ms: self.moved_ms });
    }

    fn replay(&mut self, before: &[KeptLine], head: &[KeptLine], sink: &mut dyn Sink) {
        self.reader.replay(before, head, &mut InOneForm { sink, moved_ms: self.moved_ms });
    }

    fn conclude(&mut self, sink: &mut dyn Sink) {
        self.reader.conclude(&mut InOneForm { sink, moved_ms: self.moved_ms });
    }

    fn finish(self: Box<Self>) -> Done {
        self.reader.finish()
    }

    fn accounting(&self) -> Accounting {
        self.reader.accounting()
    }
}

/// Hands events on with their names and addresses in one form.
pub(super) struct InOneForm<'a> {
    pub(super) sink: &'a mut dyn Sink,
    pub(super) moved_ms: i64,
}

impl Sink for InOneForm<'_> {
    fn event(&mut self, event: &Event<'_>) {
        let (host, ip, source) = (name(event.mx_host), address(event.mx_ip), address(event.source_ip));
        let handed_on;
        let event = if is_this_machine(&host, &ip) {
            let Some(event) = hand_on(event) else { return };
            handed_on = event;
            &handed_on
        } else {
            event
        };
        if let (Cow::Borrowed(mx_host), Cow::Borrowed(_), Cow::Borrowed(_)) = (&host, &ip, &source)
            && mx_host.len() == event.mx_host.len()
            && self.moved_ms == 0
        {
            return self.sink.event(event);
        }
        let at = event.at.plus_millis(self.moved_ms);
        self.sink.event(&Event { at, mx_host: &host, mx_ip: &ip, source_ip: &source, ..event.clone() });
    }

    fn heard(&mut self, minute: Minute, pulse: Pulse) {
        self.sink.heard(minute, pulse);
    }

    fn lacks(&mut self, minute: Minute) {
        self.sink.lacks(minute);
    }

    fn unrecognised(&mut self, number: u64, text: &[u8]) {
        self.sink.unrecognised(number, text);
    }

    fn note(&mut self, note: Note, number: u64, amount: u64) {
        self.sink.note(note, number, amount);
    }
}

/// Whether a host is this machine by its address, and by its name too: the MX host of a domain
/// may have an address that leads nowhere else.
fn is_this_machine(host: &[u8], ip: &[u8]) -> bool {
    (ip.starts_with(b"127.") || ip == b"::1") && (host.is_empty() || host == ip || host.starts_with(b"localhost"))
}

/// A message handed on inside the machine; nothing where that went well. What was answered was
/// answered by the sender's own software.
fn hand_on<'a>(event: &Event<'a>) -> Option<Event<'a>> {
    if event.outcome == Outcome::Delivered {
        return None;
    }
    let detail = if event.reply.is_empty() { event.detail } else { event.reply };
    Some(Event { outcome: Outcome::Local, by: By::Sender, stage: Stage::Unknown, reply: &[], detail, ..event.clone() })
}

/// A host's name in small letters, without the dot of the root.
fn name(host: &[u8]) -> Cow<'_, [u8]> {
    let host = host.strip_suffix(b".").unwrap_or(host);
    // Looking at all of it, and not up to the first, is done many bytes at a time.
    let has_capitals = host.iter().fold(false, |any, b| any | b.is_ascii_uppercase());
    if has_capitals { host.to_ascii_lowercase().into() } else { host.into() }
}

/// An address as RFC 5952 has it; what is none stays as it is.
fn address(text: &[u8]) -> Cow<'_, [u8]> {
    if near::find(b':', text).is_none() {
        return text.into();
    }
    let Some(ip) = std::str::from_utf8(text).ok().and_then(|t| t.parse::<Ipv6Addr>().ok()) else { return text.into() };
    // `::ffff:192.0.2.1` is how a socket of both families names an IPv4 address.
    let ip = ip.to_canonical();
    let mut written = [0; 45];
    let mut rest = &mut written[..];
    let room = rest.len();
    // The longest address fits.
    let left = write!(rest, "{ip}").map_or(room, |()| rest.len());
    let canonical = &written[..room - left];
    if canonical.is_empty() || canonical == text { text.into() } else { canonical.to_vec().into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_have_one_form() {
        let rows = [
            // oss trap 25.
            ("ALT2.GMAIL-SMTP-IN.L.GOOGLE.COM.", "alt2.gmail-smtp-in.l.google.com"),
            ("aspmx.l.google.com.", "aspmx.l.google.com"),
            ("mx.a.example", "mx.a.example"),
            ("", ""),
            (".", ""),
        ];
        for (host, expected) in rows {
            assert_eq!(String::from_utf8_lossy(&name(host.as_bytes())), expected, "{host}");
        }
        let rows = [
            ("2001:db8:77:0:0:0:0:1", "2001:db8:77::1"),
            ("2001:DB8:77::0001", "2001:db8:77::1"),
            ("2607:f8b0:400e:c07::1a", "2607:f8b0:400e:c07::1a"),
            ("0000:0000:0000:0000:0000:0000:0000:0000", "::"),
            ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("192.0.2.1", "192.0.2.1"),
            ("fe80::1%eth0", "fe80::1%eth0"),
            ("private:/run/lmtp", "private:/run/lmtp"),
            ("", ""),
        ];
        for (ip, expected) in rows {
            assert_eq!(String::from_utf8_lossy(&address(ip.as_bytes())), expected, "{ip}");
        }
    }

    #[test]
    fn events_of_a_log_and_of_its_edges_have_it() {
        use crate::formats::logs::postfix::Postfix;
        use crate::formats::logs::testing::events;
        let line = |n| {
            format!(
                "2026-11-24T03:12:2{n}Z mta1 postfix/smtp[7]: AAAAAA{n}: to=<u@a.example>, relay=ALT2.Gmail-SMTP-In.L.Google.com.[2607:F8B0:400e:c07:0:0:0:1a]:25, delay=1, delays=0/0/1/0, dsn=2.0.0, status=sent (250 ok)\n"
            )
        };
        let told = events(&Postfix, &(0..4).map(line).collect::<String>());
        assert_eq!(told.len(), 4);
        let one = " mx=alt2.gmail-smtp-in.l.google.com[2607:f8b0:400e:c07::1a] ";
        assert!(told.iter().all(|e| e.contains(one)), "{told:?}");
    }

    #[test]
    fn what_goes_to_a_filter_of_the_machine_is_no_attempt() {
        use crate::formats::logs::postfix::Postfix;
        use crate::formats::logs::sendmail::Sendmail;
        use crate::formats::logs::testing::events;
        let told = |all: Vec<String>| -> Vec<String> {
            all.iter().map(|e| e.split(' ').skip(2).take(5).collect::<Vec<_>>().join(" ")).collect()
        };
        // amavisd-new's README.postfix: each message passes smtp twice, to the filter and to its MX.
        let line = |process: u32, rest: &str| {
            format!(
                "2026-11-24T02:47:29Z mta1 postfix/smtp[{process}]: {process}BDC9F6A5D: to=<user@gmail.com>, {rest}\n"
            )
        };
        let log = [
            line(
                101,
                "relay=127.0.0.1[127.0.0.1]:10024, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 9B1DC9F6A5D)",
            ),
            line(
                102,
                "relay=gmail-smtp-in.l.google.com[142.250.27.26]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 OK)",
            ),
            line(
                103,
                "relay=localhost[::1]:10024, delay=1, delays=0/0/0/1, dsn=5.7.0, status=bounced (host localhost[::1] said: 554 5.7.0 Reject, id=1 - spam (in reply to end of DATA command))",
            ),
        ];
        assert_eq!(
            told(events(&Postfix, &log.concat())),
            ["delivered by receiver at end_of_data", "local by sender at unknown"]
        );
        // The submission queue hands to the daemon, which sends.
        let handed = "Nov 24 03:06:25 mta1 sendmail[24679]: 6AO36Phd024670: to=user@gmail.com, ctladdr=news (1000/1000), delay=00:00:01, xdelay=00:00:01, mailer=relay, pri=30077, relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (6AO36Phd024671 Message accepted for delivery)\n";
        let sent = "Nov 24 03:06:26 mta1 sm-mta[24680]: 6AO36Phd024671: to=<user@gmail.com>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=120077, relay=gmail-smtp-in.l.google.com. [142.250.27.26], dsn=2.0.0, stat=Sent (OK  1795489586 x - gsmtp)\n";
        assert_eq!(told(events(&Sendmail, &[handed, sent].concat())), ["delivered by receiver at end_of_data"]);
    }

    #[test]
    fn what_has_its_form_already_is_handed_on_without_a_copy() {
        assert!(matches!(name(b"mx.a.example"), Cow::Borrowed(_)));
        assert!(matches!(address(b"2001:db8:77::1"), Cow::Borrowed(_)));
        assert!(matches!(address(b"192.0.2.1"), Cow::Borrowed(_)));
    }
}
