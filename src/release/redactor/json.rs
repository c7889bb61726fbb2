//! Records of JSON: a text under a name that says nothing to us is somebody's, and goes.
//!
//! Exports and webhooks carry what their owner added: variables of a campaign, names, tags. A
//! member stays where its name is that of evidence, or where what it says can be nobody's.

use super::addresses::{is_domain_like, lossy};
use super::fields::{is_named, quoted_name_before, value_after};
use super::marks::Mark;
use super::policy::Class;
use super::words::is_common;

/// Names of members that are evidence, in small letters without dashes and underscores: those
/// that the readers and the shipped mappings read, and those of journals.
const EVIDENCE: &[&str] = &[
    "addr",
    "address",
    "attempt",
    "attemptno",
    "binding",
    "body",
    "bouncecat",
    "bounceclassification",
    "bouncetype",
    "bouncesubtype",
    "channel",
    "cipher",
    "class",
    "classification",
    "code",
    "command",
    "connectionlocalip",
    "connectionremoteip",
    "connectionremotemx",
    "content",
    "cursor",
    "delivery",
    "deliveryprotocol",
    "deliverytype",
    "description",
    "detail",
    "details",
    "diagnostic",
    "diagnosticcode",
    "dlvesmtpavailable",
    "dlvtlscipher",
    "dlvtlsprotocol",
    "dlvtype",
    "domain",
    "dsn",
    "dsnaction",
    "dsndiag",
    "dsnmessage",
    "dsnmta",
    "dsnstatus",
    "egresspool",
    "egresssource",
    "email",
    "emailaddress",
    "enhanced",
    "enhancedcode",
    "envelope",
    "error",
    "errorcode",
    "errormessage",
    "event",
    "eventid",
    "eventtime",
    "eventtype",
    "flags",
    "from",
    "host",
    "hostname",
    "id",
    "ip",
    "ipaddress",
    "ippool",
    "level",
    "localip",
    "loglevel",
    "mail",
    "message",
    "mta",
    "mtatime",
    "mxhost",
    "mxhostname",
    "mxip",
    "nodeid",
    "notificationtype",
    "originalmessage",
    "outboundtls",
    "output",
    "outmtaid",
    "outmtaidhostname",
    "outmtaidip",
    "payload",
    "peeraddress",
    "pid",
    "priority",
    "program",
    "protocol",
    "protocolversion",
    "providername",
    "queue",
    "rawrcptto",
    "rawreason",
    "rcptto",
    "reason",
    "receptionprotocol",
    "recipient",
    "recipientdomain",
    "recipients",
    "remoteip",
    "remotemx",
    "remotemta",
    "remotemtaip",
    "reply",
    "reportingmta",
    "response",
    "result",
    "resultcode",
    "resultenhanced",
    "resultreason",
    "resultstate",
    "routingdomain",
    "sender",
    "sendingip",
    "sendingstream",
    "server",
    "session",
    "sessionid",
    "severity",
    "site",
    "smtphost",
    "smtpip",
    "smtpresponse",
    "source",
    "sourceaddress",
    "srctype",
    "state",
    "stage",
    "status",
    "stream",
    "syslogfacility",
    "syslogidentifier",
    "syslogpid",
    "syslogtimestamp",
    "systemdunit",
    "tag",
    "time",
    "timestamp",
    "tls",
    "tlscipher",
    "tlspeersubjectname",
    "tlsprotocolversion",
    "tlsversion",
    "to",
    "token",
    "transmissionid",
    "transport",
    "ts",
    "type",
    "undeliveredreason",
    "unit",
    "uuid",
    "version",
    "vmta",
    "log",
    "msg",
];

/// Texts of a record whose names are none of these.
pub(super) fn unnamed(line: &[u8]) -> Vec<Mark> {
    let said = line.trim_ascii_start();
    if !said.starts_with(b"{") && !said.starts_with(b"[{") {
        return Vec::new();
    }
    let mut out = Vec::new();
    for colon in memchr::memchr_iter(b':', line) {
        let Some(name) = quoted_name_before(line, colon) else { continue };
        if EVIDENCE.contains(&name.as_str()) || is_named(&name) {
            continue;
        }
        let blanks = line.get(colon + 1..).unwrap_or_default().iter().take_while(|b| b.is_ascii_whitespace()).count();
        let start = colon + 1 + blanks;
        match line.get(start) {
            Some(b'"' | b'\\') => out.extend(text(line, start)),
            Some(b'[') => out.extend(texts(line, start + 1)),
            _ => {}
        }
    }
    out
}

/// The texts of a flat list.
fn texts(line: &[u8], start: usize) -> Vec<Mark> {
    let mut out = Vec::new();
    let mut at = start;
    while let Some(byte) = line.get(at) {
        match byte {
            b'"' | b'\\' => {
                let Some(span) = value_after(line, at, false) else { break };
                out.extend(text(line, at));
                at = span.end + 1;
            }
            b',' | b' ' => at += 1,
            _ => break,
        }
    }
    out
}

fn text(line: &[u8], start: usize) -> Option<Mark> {
    let span = value_after(line, start, false)?;
    let value = lossy(line.get(span.clone())?);
    (!is_nobodys(&value)).then(|| Mark::value(span, Class::Other, ""))
}

/// Whether a text can be nobody's: a number, a time, an address of a host, words of everyone, a
/// reply, or what stands where something was taken out.
fn is_nobodys(value: &str) -> bool {
    let plain = |c: char| !c.is_alphabetic() || matches!(c, 'T' | 'Z');
    let reply = value.get(..4).is_some_and(|code| {
        code.bytes().take(3).all(|b| b.is_ascii_digit())
            && code.starts_with(['2', '4', '5'])
            && code.ends_with([' ', '-'])
    });
    let mut words = value.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().any(char::is_alphabetic));
    value.chars().all(plain)
        || value.chars().count() <= 3
        || value.parse::<std::net::IpAddr>().is_ok()
        || value.starts_with(['{', '['])
        || reply
        || value.contains(" - gsmtp")
        || words.all(is_common)
        || (value.ends_with('.') && is_domain_like(value.trim_end_matches('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(line: &str) -> Vec<String> {
        unnamed(line.as_bytes()).into_iter().map(|mark| line[mark.span].to_owned()).collect()
    }

    #[test]
    fn what_has_no_name_of_evidence_goes() {
        let line = r#"{"event":"deferred","first_name":"Zq","user":{"full":"Zq Kalinka"},"tags":["kalinka-a", "vip"],"response":"421 x","attempt":"3","note":"421-4.7.0 try again","at":"2026-11-24T02:47:29Z","n":12,"mx":"aspmx.l.google.com.","unique":"{\"tenant_label\":\"Kalinka\"}"}"#;
        assert_eq!(taken(line), ["Zq Kalinka", "kalinka-a", "Kalinka"]);
    }

    #[test]
    fn other_lines_have_no_members() {
        for line in ["421 4.7.0 \"name\": \"Kalinka\"", "[NOTICE] x \"a\":\"Kalinka\"", "", "{}", "{\"a\":\"Kal"] {
            assert!(taken(line).len() <= usize::from(line.contains("Kal") && line.starts_with('{')), "{line}");
        }
    }
}
