//! Lines about one recipient: `=>`, `->`, `>>`, `==`, `**`.
//!
//! The fields stand in the order of `delivery_log`, `deferral_log` and `failure_log` of
//! deliver.c, which changed between versions; so any order is read. The text of a failure
//! follows the first colon after the fields: `CV=no: text` to 4.96, `CV=no : text` since.

use memchr::{memchr, memmem, memrchr};

use super::line::{Host, Said, host};
use crate::formats::logs::spans::span_ms;

/// What became of a recipient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Flag {
    /// `=>`, `>>`: the first of a delivery.
    #[default]
    Delivered,
    /// `->`: a further one of the same delivery.
    Further,
    /// `==`
    Deferred,
    /// `**`
    Failed,
}

/// A line about a recipient, as far as it concerns its session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Recipient<'a> {
    pub(super) flag: Flag,
    /// The domain of the final address.
    pub(super) domain: &'a [u8],
    /// `T=`: the transport.
    pub(super) transport: &'a [u8],
    /// `H=`; a line without it reports no session, or none that came about.
    pub(super) host: Option<Host<'a>>,
    /// `I=[203.0.113.10]:35637`: our end of the connection.
    pub(super) interface: &'a [u8],
    /// Its address.
    pub(super) source_ip: &'a [u8],
    /// `X=`: the session was encrypted.
    pub(super) encrypted: bool,
    /// `PS=ese`: EHLO, STARTTLS, EHLO (4.99, `+protocol_detail`).
    pub(super) commands: &'a [u8],
    /// `C="…"`: the receiver's last reply.
    pub(super) confirmation: &'a [u8],
    /// What the system said: `Connection refused`.
    pub(super) error: &'a [u8],
    /// What Exim says of the failure.
    pub(super) text: &'a [u8],
    /// `DT=`, unless it is nought: then it was not taken.
    pub(super) lasted_ms: Option<u32>,
    /// `QT=`: how long the message had been with Exim.
    pub(super) waited_ms: Option<u64>,
    /// `*` behind the host: a further message on a connection that stood.
    pub(super) reused: bool,
}

impl Recipient<'_> {
    /// Whether the receiver took the message.
    pub(super) const fn is_delivered(&self) -> bool {
        matches!(self.flag, Flag::Delivered | Flag::Further)
    }
}

/// Reads a line about a recipient after its flag.
pub(super) fn recipient<'a>(flag: &[u8], rest: &'a [u8]) -> Said<'a> {
    let flag = match flag {
        b"-> " => Flag::Further,
        b"== " => Flag::Deferred,
        b"** " => Flag::Failed,
        _ => Flag::Delivered,
    };
    let (address, rest) = address(rest);
    // Pipes, files, replies, users of this machine, what was discarded.
    let Some(at) = memrchr(b'@', address).filter(|_| !matches!(address[0], b'|' | b'/' | b'>' | b':')) else {
        return if flag == Flag::Deferred { Said::Nothing } else { Said::Settled };
    };
    let mut fields = Fields { found: Recipient { flag, ..Recipient::default() }, rest, deferred: false };
    let domain = &address[at + 1..];
    match domain.strip_suffix(b":") {
        Some(domain) => (fields.found.domain, fields.found.text) = (domain, rest.trim_ascii()),
        None => {
            fields.found.domain = domain;
            while fields.next() {}
        }
    }
    fields.understood()
}

/// The address at the beginning of a text; its local part may be quoted and hold blanks.
fn address(text: &[u8]) -> (&[u8], &[u8]) {
    let mut from = 0;
    if text.first() == Some(&b'"') {
        from = closing_quote(text, 1).unwrap_or(0);
    }
    let end = memchr(b' ', &text[from..]).map_or(text.len(), |at| from + at);
    text.split_at(end)
}

/// Where a quoted string ends whose inside begins at `from`; backslashes hide quotes.
fn closing_quote(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        match text.get(at)? {
            b'\\' => at += 2,
            b'"' => return Some(at),
            _ => at += 1,
        }
    }
}

/// The fields after an address, being read.
struct Fields<'a> {
    found: Recipient<'a>,
    rest: &'a [u8],
    deferred: bool,
}

impl<'a> Fields<'a> {
    /// Takes one field. False at the end of the line, and where the text of a failure begins.
    fn next(&mut self) -> bool {
        let rest = self.rest.trim_ascii_start();
        self.rest = &[];
        match rest {
            [] => return false,
            [b':', text @ ..] => {
                self.found.text = text.trim_ascii();
                return false;
            }
            [b'<', ..] => self.rest = after_closing(rest, b'>'),
            [b'(', ..] => self.rest = after_closing(rest, b')'),
            [b'F' | b'P', b'=', b'<', ..] => self.rest = after_closing(rest, b'>'),
            [b'D', b'N', b'=', b'"', ..] => self.rest = after_closing(rest.get(4..).unwrap_or_default(), b'"'),
            [b'C', b'=', b'"', ..] => self.confirmation(rest),
            [b'H', b'=', ..] => match host(rest) {
                Some((host, after)) => {
                    self.found.host = Some(host);
                    let reused = after.strip_prefix(b"*");
                    (self.found.reused, self.rest) = (reused.is_some(), reused.unwrap_or(after));
                }
                None => self.word(rest),
            },
            [b'I', b'=', b'[', ..] => self.interface(&rest[2..]),
            [b'd', b'e', b'f', b'e', b'r', after @ ..] if !self.deferred && self.found.flag == Flag::Deferred => {
                self.deferred = true;
                self.defer(after);
            }
            // `** x@a.example routing yielded a local delivery`: of mua_wrapper, without a colon.
            _ if self.found.flag == Flag::Failed
                && (rest.starts_with(b"routing yielded") || rest.starts_with(b"mua_wrapper ")) =>
            {
                self.found.text = rest;
            }
            _ => self.word(rest),
        }
        true
    }

    /// A field without blanks. At the last of them the text of a failure may follow a colon.
    fn word(&mut self, rest: &'a [u8]) {
        let end = memchr(b' ', rest).unwrap_or(rest.len());
        let (mut word, after) = rest.split_at(end);
        self.rest = after;
        if let Some(before) = word.strip_suffix(b":").filter(|_| !self.found.is_delivered()) {
            (word, self.rest) = (before, &rest[end - 1..]);
        }
        match word {
            [b'T', b'=', name @ ..] => self.found.transport = name,
            [b'X', b'=', ..] => self.found.encrypted = true,
            [b'D', b'T', b'=', time @ ..] => self.found.lasted_ms = duration_ms(time),
            [b'Q', b'T', b'=', time @ ..] => self.found.waited_ms = span_ms(time),
            [b'P', b'S', b'=', commands @ ..] => self.found.commands = commands,
            _ => {}
        }
    }

    /// `C="250 OK"`, quotes and backslashes escaped; cut lines lack the end.
    fn confirmation(&mut self, rest: &'a [u8]) {
        let end = closing_quote(rest, 3).unwrap_or(rest.len());
        self.found.confirmation = rest.get(3..end).unwrap_or_default();
        self.rest = rest.get(end + 1..).unwrap_or_default();
    }

    /// `[203.0.113.10]:35637`
    fn interface(&mut self, rest: &'a [u8]) {
        let Some(close) = memchr(b']', rest) else { return };
        let digits = rest.get(close + 2..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count();
        let end = if rest.get(close + 1) == Some(&b':') && digits > 0 { close + 2 + digits } else { close + 1 };
        self.found.source_ip = &rest[1..close];
        (self.found.interface, self.rest) = rest.split_at(end);
    }

    /// ` (110): Connection timed out`, ` (-18)`, ` (Connection refused)` of 4.100, or nothing.
    fn defer(&mut self, after: &'a [u8]) {
        self.rest = after;
        let Some(inside) = after.strip_prefix(b" (") else { return };
        let Some(close) = memchr(b')', inside) else { return };
        let (code, after) = (&inside[..close], &inside[close + 1..]);
        self.rest = after;
        if code.iter().any(|b| !b.is_ascii_digit() && *b != b'-') {
            self.found.error = code;
        } else if code.first().is_some_and(|b| (b'1'..=b'9').contains(b))
            && let Some(error) = after.strip_prefix(b": ")
        {
            let ends: [&[u8]; 3] = [b" H=", b" DT=", b": "];
            let end = ends.iter().filter_map(|e| memmem::find(error, e)).min().unwrap_or(error.len());
            (self.found.error, self.rest) = error.split_at(end);
        }
    }

    fn understood(mut self) -> Said<'a> {
        match self.found.flag {
            Flag::Delivered | Flag::Further if self.found.host.is_some() => {}
            // On this machine.
            Flag::Delivered | Flag::Further if !self.found.transport.is_empty() => return Said::Settled,
            Flag::Deferred if self.deferred => {}
            Flag::Failed if !self.found.text.is_empty() => self.split_time(),
            _ => return Said::Unreadable,
        }
        self.found.host = self.found.host.or_else(|| host_in_text(self.found.text));
        Said::Recipient(self.found)
    }

    /// `text DT=0.093s`: on these lines the time stands last.
    fn split_time(&mut self) {
        let text = self.found.text;
        let Some(at) = memmem::rfind(text, b" DT=").filter(|at| !text[at + 4..].contains(&b' ')) else { return };
        self.found.lasted_ms = duration_ms(&text[at + 4..]);
        self.found.text = &text[..at];
    }
}

/// `SMTP error from remote mail server after RCPT TO:<…>: host mx.example [192.0.2.1]: 450 …`, as
/// older versions name the host.
fn host_in_text(text: &[u8]) -> Option<Host<'_>> {
    let named = text.strip_prefix(b"SMTP error from remote mail")?;
    let named = &named[memmem::find(named, b": host ")? + 7..];
    let (name, rest) = named.split_at(memmem::find(named, b" [")?);
    let (ip, rest) = rest[2..].split_at(memchr(b']', &rest[2..])?);
    (!name.contains(&b' ') && rest.starts_with(b"]: ")).then_some(Host { name, ip })
}

/// What follows the first closing bracket or quote that ends a field.
fn after_closing(text: &[u8], close: u8) -> &[u8] {
    let ends = |at: &usize| matches!(text.get(at + 1), None | Some(b' ' | b':'));
    memchr::memchr_iter(close, text).find(ends).and_then(|at| text.get(at + 1..)).unwrap_or_default()
}

/// `0.100s`, `6s`, `1m2s`, `2h5m` (`readconf_printtime`), in milliseconds; nothing for nought.
fn duration_ms(text: &[u8]) -> Option<u32> {
    span_ms(text).filter(|ms| (1..=86_400_000).contains(ms)).and_then(|ms| u32::try_from(ms).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::logs::exim::line::said;

    /// Flag, domain, transport, host, our end, TLS, reply, error, text and time.
    fn told(line: &str) -> String {
        let t = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        match said(line.as_bytes()) {
            Said::Recipient(r) => {
                let h = r.host.unwrap_or_default();
                format!(
                    "{:?} {} {} {}[{}] {}{} {} {}|{}|{} {:?}",
                    r.flag,
                    t(r.domain),
                    t(r.transport),
                    t(h.name),
                    t(h.ip),
                    t(r.interface),
                    if r.encrypted { " tls" } else { "" },
                    t(r.commands),
                    t(r.confirmation),
                    t(r.error),
                    t(r.text),
                    r.lasted_ms
                )
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn deliveries_in_both_orders_of_fields() {
        // Recorded: 4.96 with +all, 4.100 with its own order (facts), a second message on a connection.
        let rows = [
            (
                r#"=> user@ok-tls.example F=<news@sender.example> P=<news@sender.example> R=dnslookup T=remote_smtp S=360 H=mx.ok-tls.example [10.77.0.1]:25 I=[203.0.113.10]:35637 X=TLS1.3:ECDHE_SECP256R1__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=no DN="CN=mx.google.com" L C="250 2.0.0 OK  1795487203 ffacd0b85a97d-3a5b1c2f4e1si123 - gsmtp" QT=0.194s DT=0.111s"#,
                "Delivered ok-tls.example remote_smtp mx.ok-tls.example[10.77.0.1] [203.0.113.10]:35637 tls  250 2.0.0 OK  1795487203 ffacd0b85a97d-3a5b1c2f4e1si123 - gsmtp|| Some(111)",
            ),
            (
                r#"=> user@ok-tls.example F=<news@sender.example> R=dnslookup T=remote_smtp H=mx.ok-tls.example [10.77.0.1]:25 I=[203.0.113.10]:55327 PS=ese X=TLS1.3:X:256 CV=no L C="250 2.0.0 OK  1795489604 ffacd0b85a97d-3a5b1c2f4e1si123 - gsmtp" QT=0.214s DT=0.100s"#,
                "Delivered ok-tls.example remote_smtp mx.ok-tls.example[10.77.0.1] [203.0.113.10]:55327 tls ese 250 2.0.0 OK  1795489604 ffacd0b85a97d-3a5b1c2f4e1si123 - gsmtp|| Some(100)",
            ),
            (
                r#"-> b@ok-tls.example <"a = b" @x.example> R=dnslookup T=remote_smtp H=mx.ok-tls.example [2001:db8:77::1]* K PRDR C="250 \"x\" \\n250 OK""#,
                r#"Further ok-tls.example remote_smtp mx.ok-tls.example[2001:db8:77::1]   250 \"x\" \\n250 OK|| None"#,
            ),
            (
                r#">> userx@domain.com R=all T=smtp H=127.0.0.1 [127.0.0.1] X=TLS1.2:X:256 CV=no C="250 OK id=10HmaY-000000005vi-0000""#,
                "Delivered domain.com smtp 127.0.0.1[127.0.0.1]  tls  250 OK id=10HmaY-000000005vi-0000|| None",
            ),
            (
                r#"=> "a b @c"@gmail.com R=r T=remote_smtp H=mx. [10.0.0.1] C="250 cut of"#,
                "Delivered gmail.com remote_smtp mx[10.0.0.1]   250 cut of|| None",
            ),
            // Of Exim's test suite: on this machine, or to nobody.
            ("=> userx <userx@test.ex> R=localuser T=local_delivery", "Settled"),
            ("=> |/bin/cat <userx@test.ex> R=pipe T=address_pipe", "Settled"),
            ("=> x@test.ex R=all T=lmtp_socket", "Settled"),
            ("=> :blackhole: <x@test.ex> R=r", "Settled"),
            ("=> blackhole (DATA ACL discarded recipients)", "Settled"),
            ("=> cut@gmail.com R=dnslo", "Unreadable"),
        ];
        for (line, expected) in rows {
            assert_eq!(told(line), expected, "{line}");
        }
    }

    #[test]
    fn failures_of_all_versions() {
        // oss trap 19: 4.100 has no numbers and a blank before the colon.
        let rows = [
            (
                "== u@a.example R=dnslookup T=remote_smtp defer (0) H=mx.a.example [10.77.0.3]:25 I=[203.0.113.10]:55385 DT=0.000s: SMTP error from remote mail server after initial connection: 421 4.7.0 Try",
                "Deferred a.example remote_smtp mx.a.example[10.77.0.3] [203.0.113.10]:55385  ||SMTP error from remote mail server after initial connection: 421 4.7.0 Try None",
            ),
            (
                "== u@a.example R=dnslookup T=remote_smtp defer H=mx.a.example [10.77.0.3]: SMTP error from",
                "Deferred a.example remote_smtp mx.a.example[10.77.0.3]   ||SMTP error from None",
            ),
            (
                "== u@a.example R=dnslookup T=remote_smtp defer (110): Connection timed out H=mx.a.example [10.77.0.8]:25 I=[203.0.113.10]:57105 DT=6s: SMTP timeout after initial connection",
                "Deferred a.example remote_smtp mx.a.example[10.77.0.8] [203.0.113.10]:57105  |Connection timed out|SMTP timeout after initial connection Some(6000)",
            ),
            // Shapes of published lines of 2012 and of 2026 (cPanel).
            (
                "== u@a.example R=dnslookup T=remote_smtp defer (-44): SMTP error from remote mail server after RCPT TO:<u@a.example>: host mx.a.example [10.77.0.9]: 450 4.3.2 Too many mails",
                "Deferred a.example remote_smtp mx.a.example[10.77.0.9]   ||SMTP error from remote mail server after RCPT TO:<u@a.example>: host mx.a.example [10.77.0.9]: 450 4.3.2 Too many mails None",
            ),
            (
                "== u@gmail.com (info@own.example) <info@own.example> R=dkim_lookuphost T=dkim_remote_forwarded_smtp defer (-46) H=alt3.gmail-smtp-in.l.google.com [192.0.2.26]: SMTP error from remote mail server after end of data: 421-4.7.28 Gmail has",
                "Deferred gmail.com dkim_remote_forwarded_smtp alt3.gmail-smtp-in.l.google.com[192.0.2.26]   ||SMTP error from remote mail server after end of data: 421-4.7.28 Gmail has None",
            ),
            (
                "== u@a.example R=dnslookup T=remote_smtp defer (111): Connection refused DT=1m2s",
                "Deferred a.example remote_smtp []   |Connection refused| Some(62000)",
            ),
            (
                "== u@a.example R=dnslookup T=remote_smtp defer (Connection refused)",
                "Deferred a.example remote_smtp []   |Connection refused| None",
            ),
            (
                "== u@a.example R=t1 T=smtp defer (110): Connection timed out: SMTP timeout after RCPT TO:<u@a.example>",
                "Deferred a.example smtp []   |Connection timed out|SMTP timeout after RCPT TO:<u@a.example> None",
            ),
            (
                "== u@a.example R=dnslookup defer: host lookup did not complete",
                "Deferred a.example  []   ||host lookup did not complete None",
            ),
            (
                "== u@a.example routing defer (-52): retry time not reached",
                "Deferred a.example  []   ||retry time not reached None",
            ),
            (
                "== deferral@defer.example R=r T=t defer (-54) DT=0.000s: retry time not reached for any host for 'a'",
                "Deferred defer.example t []   ||retry time not reached for any host for 'a' None",
            ),
            (
                "** u@a.example F=<news@s.example> R=dnslookup T=remote_smtp H=mx.a.example [10.77.0.29]:25 I=[203.0.113.10]:48627 X=TLS1.3:X:256 CV=no DN=\"CN=mx: x\": SMTP error from remote mail server after RCPT TO:<u@a.example>: 550 5.1.1 no DT=0.093s",
                "Failed a.example remote_smtp mx.a.example[10.77.0.29] [203.0.113.10]:48627 tls  ||SMTP error from remote mail server after RCPT TO:<u@a.example>: 550 5.1.1 no Some(93)",
            ),
            (
                "** u@a.example R=dnslookup T=remote_smtp H=mx.a.example [10.77.0.30] X=TLS1.3:X:256 CV=no: SMTP error x",
                "Failed a.example remote_smtp mx.a.example[10.77.0.30]  tls  ||SMTP error x None",
            ),
            (
                "** u@a.example R=dnslookup T=remote_smtp H=mx.a.example [10.77.0.30] X=TLS1.3:X:256:X25519 CV=no : SMTP error x",
                "Failed a.example remote_smtp mx.a.example[10.77.0.30]  tls  ||SMTP error x None",
            ),
            (
                "** x@nullmx.example : an MX or SRV record indicated no SMTP service",
                "Failed nullmx.example  []   ||an MX or SRV record indicated no SMTP service None",
            ),
            (
                "** x@nxdomain.example: Unrouteable address DT=0s",
                "Failed nxdomain.example  []   ||Unrouteable address DT=0s None",
            ),
            (
                "** badport2@z.example mua_wrapper forced failure for deferred delivery",
                "Failed z.example  []   ||mua_wrapper forced failure for deferred delivery None",
            ),
            ("** |/p/q/r <x@test.ex> R=notallowed : delivery to pipe forbidden", "Settled"),
            (
                "== |/non/existing/file <x@test.ex> R=userforward defer (-30): pipe_transport unset in userforward router",
                "Nothing",
            ),
            ("== cut@gmail.com R=dnslookup T=remo", "Unreadable"),
            ("** cut@gmail.com R=dnslookup T=remo", "Unreadable"),
        ];
        for (line, expected) in rows {
            assert_eq!(told(line), expected.replace(" DT=0s None", " None"), "{line}");
        }
    }
}
