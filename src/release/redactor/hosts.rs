//! Hosts, addresses and queue ids in a line: who was talked to, who connected, which message.

use std::net::IpAddr;
use std::ops::Range;

use memchr::memmem;

use super::addresses::{is_domain_like, lossy};
use super::lines::{Frame, Words, frame};

/// `name[ip]`, or Exim's `name [ip]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    pub name: Range<usize>,
    pub ip: IpAddr,
    /// It connected to us; else we connected to it.
    pub client: bool,
}

/// All peers named in a line.
pub(super) fn peers(line: &[u8]) -> Vec<Peer> {
    memchr::memchr_iter(b'[', line).filter_map(|at| peer_at(line, at)).collect()
}

fn peer_at(line: &[u8], open: usize) -> Option<Peer> {
    let close = open + line.get(open..)?.iter().take(48).position(|&b| b == b']')?;
    let ip: IpAddr = lossy(line.get(open + 1..close)?).trim_start_matches("IPv6:").parse().ok()?;
    let before = line.get(..open)?;
    let end = before.trim_ascii_end().len();
    // Exim writes what the client said of itself in between: `H=name (helo) [ip]`.
    let end = match before.get(..end) {
        Some(text) if text.ends_with(b")") => {
            memmem::rfind(text, b"(").map(|at| text.get(..at).unwrap_or_default().trim_ascii_end().len())?
        }
        _ => end,
    };
    let length = line.get(..end)?.iter().rev().take_while(|b| b.is_ascii_alphanumeric() || b"._-".contains(b)).count();
    let lead = line.get(..end - length)?;
    let exim =
        lead.ends_with(b"H=") && (memmem::find(line, b" <= ").is_some() || memmem::find(line, b"rejected").is_some());
    // Headers of messages name whom they came from.
    let received = [&b"received:"[..], b"x-originating-ip:", b"x-client-ip:"]
        .iter()
        .any(|name| line.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name)));
    let client =
        received || exim || lead.ends_with(b"client=") || lead.ends_with(b" from ") || lead.starts_with(b"from ");
    Some(Peer { name: end - length..end, ip: ip.to_canonical(), client })
}

/// Names that a line gives to the other side of a connection, without its IP.
pub(super) fn receiver_names(line: &[u8]) -> Vec<Range<usize>> {
    const LEADS: &[&[u8]] = &[
        b"onnected to ",
        b"onnecting to ",
        b"onnect to ",
        b"Trying ",
        b"relay=",
        b" H=",
        b"host=",
        b" host ",
        b"\"host\":\"",
    ];
    let greeting = frame(line).payload;
    let greets = |said: &&[u8]| [&b"220 "[..], b"220-", b"250 ", b"250-"].iter().any(|code| said.starts_with(code));
    let banner = line.get(greeting..).filter(greets).map(|_| greeting + 4);
    let starts = LEADS.iter().flat_map(|lead| memmem::find_iter(line, lead).map(|at| at + lead.len())).chain(banner);
    let name_at = |start: usize| {
        let rest = line.get(start..)?;
        let length = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || b"._-".contains(b)).count();
        let length = rest.get(..length)?.iter().rposition(u8::is_ascii_alphanumeric)? + 1;
        is_domain_like(&lossy(rest.get(..length)?)).then_some(start..start + length)
    };
    let inbound = memmem::find(line, b" <= ").is_some();
    if inbound { Vec::new() } else { starts.filter_map(name_at).collect() }
}

/// All IP addresses in a line, each as written; mapped ones as the IPv4 they are.
pub(super) fn ips(line: &[u8]) -> Vec<(Range<usize>, IpAddr)> {
    let member = |b: u8| b.is_ascii_hexdigit() || b == b'.' || b == b':';
    let mut out = Vec::new();
    let mut at = 0;
    while at < line.len() {
        let length = line.get(at..).unwrap_or_default().iter().take_while(|b| member(**b)).count();
        if length >= 3 {
            out.extend(ip_in(line, at..at + length));
        }
        at += length.max(1);
    }
    out
}

/// The address in a run of its characters, unless the run is part of a word or a version.
fn ip_in(line: &[u8], mut run: Range<usize>) -> Option<(Range<usize>, IpAddr)> {
    let tagged = line.get(..run.start)?.ends_with(b"IPv") && line.get(run.clone())?.starts_with(b"6:");
    if tagged {
        run.start += 2;
    }
    let word = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || b"_-".contains(b));
    if (!tagged && word(run.start.checked_sub(1).and_then(|k| line.get(k)))) || word(line.get(run.end)) {
        return None;
    }
    let text = lossy(line.get(run.clone())?);
    let trimmed = text.trim_end_matches(['.', ':']);
    // `192.0.2.1:25` is an address and a port.
    let host = trimmed
        .rsplit_once(':')
        .filter(|(host, _)| host.contains('.') && !host.contains(':'))
        .map_or(trimmed, |(host, _)| host);
    let ip: IpAddr = host.parse().ok()?;
    Some((run.start..run.start + host.len(), ip.to_canonical()))
}

/// Whether an address is of an internal network: RFC 1918, RFC 6598, RFC 4193, link-local.
pub(super) const fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_link_local() || matches!(ip.octets(), [100, 64..=127, _, _]),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// The ways in which names of hosts write an address: dashed, padded, reversed, as one number
/// of hex, and as the reverse tree does (RFC 1035 3.5, RFC 3596 2.5).
pub(super) fn reverse_forms(ip: IpAddr) -> Vec<String> {
    let v4 = match ip {
        IpAddr::V4(ip) => ip,
        IpAddr::V6(ip) => {
            let hex: Vec<String> = ip.octets().iter().map(|o| format!("{o:02x}")).collect();
            let nibbles: Vec<String> = hex.concat().chars().rev().map(String::from).collect();
            let groups: Vec<String> = ip.segments().iter().map(|s| format!("{s:04x}")).collect();
            let short: Vec<String> = ip.segments().iter().map(|s| format!("{s:x}")).collect();
            return vec![
                nibbles.join("."),
                groups.join("-"),
                short.join("-"),
                ip.to_string().replace(':', "-"),
                hex.concat(),
            ];
        }
    };
    let [a, b, c, d] = v4.octets();
    vec![
        format!("{a}-{b}-{c}-{d}"),
        format!("{d}-{c}-{b}-{a}"),
        format!("{d}.{c}.{b}.{a}"),
        format!("{a:03}-{b:03}-{c:03}-{d:03}"),
        format!("{a:02x}{b:02x}{c:02x}{d:02x}"),
    ]
}

/// All runs that can be host names, with at least one letter.
pub(super) fn names(line: &[u8]) -> Vec<Range<usize>> {
    let member = |b: &u8| b.is_ascii_alphanumeric() || b"._-".contains(b) || *b >= 0x80;
    let mut out = Vec::new();
    let mut at = 0;
    while at < line.len() {
        let rest = line.get(at..).unwrap_or_default();
        let length = rest.iter().take_while(|b| member(b)).count();
        let run = rest.get(..length).unwrap_or_default();
        let lead = run.iter().take_while(|b| b"._-".contains(b)).count();
        let tail = run.iter().rev().take_while(|b| b"._-".contains(b)).count();
        if lead + tail < length && run.iter().any(|b| b.is_ascii_alphabetic() || *b >= 0x80) {
            out.push(at + lead..at + length - tail);
        }
        at += length.max(1);
    }
    out
}

/// Whether a name is written as the host of a connection: `name[ip]`.
pub(super) fn is_peer_name(line: &[u8], name: &Range<usize>) -> bool {
    let rest = line.get(name.end..).unwrap_or_default();
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    rest.first() == Some(&b'[') && rest.get(1).is_some_and(|b| b.is_ascii_hexdigit() || *b == b':')
}

/// The queue id that opens a message, and session ids that logs put in brackets.
pub(super) fn queue_ids(line: &[u8], frame: &Frame) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = opening_id(line, frame).into_iter().collect();
    let mut at = 0;
    for run in line.split(|b| !b.is_ascii_alphanumeric() && *b != b'-') {
        if is_uuid(run) {
            out.push(at..at + run.len());
        }
        at += run.len() + 1;
    }
    out
}

fn opening_id(line: &[u8], frame: &Frame) -> Option<Range<usize>> {
    let word = Words { line, at: frame.message }.next()?;
    let text = line.get(word.clone())?;
    let program = lossy(line.get(frame.program.clone())?);
    if let Some(id) = text.strip_suffix(b":") {
        let sendmail = ["sendmail", "sm-mta", "sm-msp"].iter().any(|p| program.starts_with(p));
        let fits = is_postfix_id(id) || is_exim_id(id) || (sendmail && is_sendmail_id(id));
        return fits.then_some(word.start..word.end - 1);
    }
    // OpenSMTPD's id of no session at all is sixteen noughts.
    let smtpd = program == "smtpd"
        && text.len() == 16
        && text.iter().all(u8::is_ascii_hexdigit)
        && text.iter().any(|b| *b != b'0');
    (smtpd || is_exim_id(text)).then_some(word)
}

/// Short ids are upper-case hex, long ids an alphabet without vowels.
fn is_postfix_id(id: &[u8]) -> bool {
    let short = id.len() >= 6 && id.iter().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(b));
    let long = id.len() >= 10 && id.iter().all(|b| b.is_ascii_alphanumeric() && !b"aeiouAEIOU".contains(b));
    short || (long && id.iter().any(u8::is_ascii_digit))
}

fn is_sendmail_id(id: &[u8]) -> bool {
    (8..=20).contains(&id.len()) && id.iter().all(u8::is_ascii_alphanumeric) && id.iter().any(u8::is_ascii_digit)
}

/// `1xVgF1-000026-0U`, since 4.97 `1xVgF1-00000000026-0U2g`.
fn is_exim_id(id: &[u8]) -> bool {
    let lengths: Vec<usize> = id.split(|&b| b == b'-').map(<[u8]>::len).collect();
    matches!(lengths.as_slice(), [6, 6, 2] | [6, 11, 4]) && id.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
}

/// `6F9619FF-8B86-D011-B42D-00CF4FC964FF`, which Haraka's `.1.1` for its transactions may follow.
fn is_uuid(id: &[u8]) -> bool {
    let lengths: Vec<usize> = id.split(|&b| b == b'-').map(<[u8]>::len).collect();
    lengths == [8, 4, 4, 4, 12] && id.iter().all(|b| b.is_ascii_hexdigit() || *b == b'-')
}

#[cfg(test)]
mod tests {
    use super::super::lines::frame;
    use super::*;

    fn peer(line: &str) -> Option<(String, String, bool)> {
        peers(line.as_bytes()).into_iter().next().map(|p| (line[p.name].to_owned(), p.ip.to_string(), p.client))
    }

    fn some(name: &str, ip: &str, client: bool) -> Option<(String, String, bool)> {
        Some((name.into(), ip.into(), client))
    }

    #[test]
    fn who_connected_to_whom() {
        assert_eq!(peer("relay=mx.example[192.0.2.1]:25, delay=0.2"), some("mx.example", "192.0.2.1", false));
        assert_eq!(peer("SSL_connect error to mx.example[2001:db8::1]:25"), some("mx.example", "2001:db8::1", false));
        assert_eq!(peer("connect from unknown[::ffff:203.0.113.9]"), some("unknown", "203.0.113.9", true));
        assert_eq!(
            peer("8B1D: client=a.example[203.0.113.9], sasl_method=PLAIN"),
            some("a.example", "203.0.113.9", true)
        );
        assert_eq!(
            peer("1xVgF1-000026-0U <= a@b H=a.example (me) [203.0.113.9] P=esmtp"),
            some("a.example", "203.0.113.9", true)
        );
        assert_eq!(
            peer("1xVgF1-000026-0U => a@b H=mx.example [203.0.113.9]:25"),
            some("mx.example", "203.0.113.9", false)
        );
    }

    #[test]
    fn addresses_and_what_only_looks_like_one() {
        let found = |line: &str| {
            ips(line.as_bytes()).into_iter().map(|(r, ip)| (line[r].to_owned(), ip.to_string())).collect::<Vec<_>>()
        };
        assert_eq!(found("from 203.0.113.9:4711."), [("203.0.113.9".into(), "203.0.113.9".into())]);
        assert_eq!(found("[::ffff:203.0.113.9]"), [("::ffff:203.0.113.9".into(), "203.0.113.9".into())]);
        assert_eq!(found("[IPv6:2001:db8:0:1::9]"), [("2001:db8:0:1::9".into(), "2001:db8:0:1::9".into())]);
        for none in
            ["02:47:20", "trusted_ca::ca", "postfix-3.8.6.1", "SHA256 AB:CD:EF:01:23", "4.7.28", "dh 10.0.0.1.2"]
        {
            assert_eq!(found(none), [], "{none}");
        }
    }

    #[test]
    fn ids_of_messages() {
        let ids = |line: &str| {
            queue_ids(line.as_bytes(), &frame(line.as_bytes()))
                .into_iter()
                .map(|r| line[r].to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(ids("Nov 24 02:47:29 mta1 postfix-ip1/smtp[123]: 0FCF81CADA: to=<a@b>"), ["0FCF81CADA"]);
        assert_eq!(ids("Nov 24 02:47:29 mta1 postfix/smtp[123]: 4jYS5l3P3tz1Wkdv: removed"), ["4jYS5l3P3tz1Wkdv"]);
        assert_eq!(ids("2026-11-24 02:26:43.148 +0000 [130] 1xVgF1-000026-0U Completed"), ["1xVgF1-000026-0U"]);
        assert_eq!(
            ids("2026-11-24T02:43:13.763Z [INFO] [6F9619FF-8B86-D011-B42D-00CF4FC964FF.1] x"),
            ["6F9619FF-8B86-D011-B42D-00CF4FC964FF"]
        );
        assert_eq!(ids("Nov 24 02:47:29 mta1 smtpd[136]: 336d0288069f35ac mta connected"), ["336d0288069f35ac"]);
        for none in [
            "Nov 24 02:47:29 mta1 postfix/smtp[123]: warning: x",
            "Nov 24 02:47:29 mta1 postfix/smtpd[123]: NOQUEUE: reject",
            "Nov 24 02:47:29 mta1 postfix/smtp[123]: connect to x",
            "Nov 24 02:47:29 mta1 smtpd[136]: 0000000000000000 mta delivery",
        ] {
            assert_eq!(ids(none), Vec::<String>::new(), "{none}");
        }
    }
}
