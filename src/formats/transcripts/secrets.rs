//! Where a transcript holds what must never leave: session keys, tickets, AUTH data, private keys,
//! and messages.

use std::ops::Range;

use super::dialogue::{Side, reply_code, spoken};
use super::dump::{Dump, hex_line, message_line};
use super::lines::Line;

/// Labels whose value is a secret, to the end of the line.
const LABELS: [&str; 14] = [
    "Session-ID:",
    "Session-ID-ctx:",
    "Master-Key:",
    "Resumption PSK:",
    "PSK identity:",
    "PSK identity hint:",
    "SRP username:",
    "Keying material:",
    "session_id (len=",
    "verify_data (len=",
    "PreMasterSecret",
    // `gnutls-cli`: its session, its channel bindings, and what `-d 9` prints of its keys.
    "- Session ID:",
    "- Channel binding 'tls-",
    "SECRET[",
];

/// Lines of an NSS key log, as `-keylogfile /dev/stderr` prints them.
const KEY_LOG: [&str; 5] =
    ["CLIENT_", "SERVER_HANDSHAKE_TRAFFIC_SECRET ", "SERVER_TRAFFIC_SECRET_0 ", "EXPORTER_", "RSA "];

/// Options whose argument is a secret, by the tool that has them. Who logs in is as much AUTH
/// data as the password.
const OPTIONS: [(&str, &[&str]); 4] = [
    ("s_client", &["-pass", "-psk", "-psk_identity", "-psk_session", "-proxy_pass", "-srppass", "-srpuser", "-k"]),
    ("swaks", &["-ap", "-au", "--auth-password", "--auth-user", "-auth-password", "-auth-user", "--proxy-password"]),
    ("curl", &["-u", "--user", "--oauth2-bearer", "--pass", "-U", "--proxy-user", "--tlspassword", "--sasl-authzid"]),
    ("gnutls-cli", &["--pskkey", "--pskusername", "--srppasswd", "--srpusername"]),
];

/// Byte ranges of the file, in order and apart from each other.
///
/// A hex dump stays only where it is plain SMTP text without AUTH: any other
/// may hold a session id or a ticket, and nobody reads it.
pub(super) fn secrets(run: &[Line<'_>], dumps: &[Dump]) -> Vec<Range<usize>> {
    let kept = |at: usize| {
        dumps.iter().any(|d| d.lines.contains(&at) && d.plain().is_some_and(|text| !text.lines().any(authenticates)))
    };
    let mut found = Vec::new();
    let (mut server_certificate, mut pem) = (false, false);
    let (mut auth, mut message) = (None, Message::None);
    for (at, line) in run.iter().enumerate() {
        let text = line.text.trim();
        match text {
            "Certificate chain" | "Server certificate" => server_certificate = true,
            "---" => (server_certificate, pem, auth) = (false, false, None),
            "DONE" | "closed" => auth = None,
            _ => {}
        }
        if let Some(kind) = text.split("-----BEGIN ").nth(1) {
            pem = !(server_certificate && kind.starts_with("CERTIFICATE-----"));
        }
        if pem || KEY_LOG.iter().any(|k| text.starts_with(k)) {
            found.push(line.place.clone());
            pem &= !text.contains("-----END ");
        } else if (hex_line(text).is_some() && !kept(at)) || message_line(&line.text) || tls_dump(text) {
            found.push(line.place.clone());
        } else {
            found.extend(auth_data(line, text, &mut auth));
            found.extend(message.content(line, text));
            found.extend(labelled(line, text));
            found.extend(arguments(line));
            found.extend(credentials_in_url(line));
        }
    }
    apart(found)
}

/// Where the dialogue stands about DATA, of tools that print what they send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message {
    None,
    Announced,
    Sent,
}

impl Message {
    /// The place of a line of the message; headers and bodies are nobody's evidence.
    fn content(&mut self, line: &Line<'_>, text: &str) -> Option<Range<usize>> {
        let (side, mark, said) = spoken(text);
        match (*self, side) {
            (_, Side::Tester) if said.eq_ignore_ascii_case("DATA") => *self = Self::Announced,
            (Self::Announced, Side::Receiver) => {
                *self = if reply_code(said) == Some(354) { Self::Sent } else { Self::None };
            }
            (Self::Sent, Side::Tester) if said == "." => *self = Self::None,
            (Self::Sent, Side::Tester) => return line.place_after(mark.trim()),
            _ => {}
        }
        None
    }
}

/// The secret part of one line of an AUTH dialogue. `auth` is the mark that the tester's lines
/// bear, while one is under way: where there is one, other lines are the tool's own notes.
fn auth_data<'a>(line: &'a Line<'_>, text: &'a str, auth: &mut Option<&'a str>) -> Option<Range<usize>> {
    let (side, mark, said) = spoken(text);
    if side != Side::Receiver && said.get(..5).is_some_and(|w| w.eq_ignore_ascii_case("AUTH ")) {
        *auth = Some(mark);
        let mechanism = said.split_ascii_whitespace().nth(1)?;
        return line.place_after(mechanism);
    }
    // Settings as `swaks --dump` prints them.
    if let Some(value) = text.strip_prefix("password ").and_then(|t| t.trim_start().strip_prefix("= ")) {
        return line.place_after("= ").filter(|_| !value.is_empty());
    }
    match reply_code(said) {
        Some(334) => {
            *auth = auth.or(Some(""));
            line.place_after("334").filter(|p| !p.is_empty())
        }
        Some(_) if side != Side::Tester => {
            *auth = None;
            None
        }
        _ => match *auth {
            Some("") if !text.is_empty() => Some(line.place.clone()),
            Some(mark) if side == Side::Tester => line.place_after(mark.trim()),
            _ => None,
        },
    }
}

fn labelled(line: &Line<'_>, text: &str) -> Option<Range<usize>> {
    // `ticket (len=208): …` of -trace, but not `session_ticket(35), length=0`.
    let label = LABELS
        .iter()
        .find(|l| text.contains(*l))
        .or_else(|| ["ticket (len=", "ticket_nonce (len="].iter().find(|l| text.starts_with(*l)))?;
    let value = text.split(label).nth(1).map(str::trim).unwrap_or_default();
    (value != "None").then(|| line.place_after(label)).flatten()
}

/// Arguments of a command that is echoed: `-ap secret`, `--auth-password=secret`, `--user 'a:b'`.
fn arguments(line: &Line<'_>) -> Vec<Range<usize>> {
    let text = String::from_utf8_lossy(line.raw);
    let tools = OPTIONS.iter().filter(|(tool, _)| text.contains(tool));
    let mut found = Vec::new();
    for option in tools.flat_map(|(_, options)| *options) {
        for end in [" ", "="] {
            let marker = format!(" {option}{end}");
            let Some(place) = line.place_after(&marker) else { continue };
            let raw = line.raw.get(place.start - line.place.start..).unwrap_or_default();
            found.push(place.start..place.start + argument_length(raw));
        }
    }
    found
}

/// To the closing quote, else to the next blank.
fn argument_length(raw: &[u8]) -> usize {
    let quote = raw.first().copied().filter(|b| matches!(b, b'"' | b'\''));
    let end = match quote {
        Some(quote) => raw.iter().skip(1).position(|b| *b == quote).map(|at| at + 2),
        None => raw.iter().position(u8::is_ascii_whitespace),
    };
    end.unwrap_or(raw.len())
}

/// `smtp://user:password@host`
fn credentials_in_url(line: &Line<'_>) -> Option<Range<usize>> {
    let place = line.place_after("smtp://").or_else(|| line.place_after("smtps://"))?;
    let raw = line.raw.get(place.start - line.place.start..)?;
    let authority = raw.split(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'"' | b'\'')).next()?;
    let at = memchr::memrchr(b'@', authority)?;
    Some(place.start..place.start + at)
}

/// A line of `posttls-finger -L ssl-debug`: bytes of records in hex, behind the tool's name.
fn tls_dump(text: &str) -> bool {
    let Some((offset, bytes)) = text.strip_prefix("posttls-finger: ").and_then(|t| t.split_once(' ')) else {
        return false;
    };
    let pair = |p: &str| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit());
    offset.len() == 4 && offset.bytes().all(|b| b.is_ascii_hexdigit()) && bytes.split([' ', '-']).take(3).all(pair)
}

fn authenticates(text: &str) -> bool {
    text.get(..5).is_some_and(|w| w.eq_ignore_ascii_case("AUTH ")) || text.starts_with("334 ")
}

/// The ranges in order, those that touch as one.
pub(super) fn apart(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.retain(|r| !r.is_empty());
    ranges.sort_by_key(|r| (r.start, r.end));
    let mut out: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::dump::dumps;
    use super::super::lines::lines;
    use super::*;

    fn without(text: &str) -> String {
        let run = lines(text.as_bytes());
        let mut left = String::new();
        let mut at = 0;
        for range in secrets(&run, &dumps(&run)) {
            left.push_str(&text[at..range.start]);
            left.push('#');
            at = range.end;
        }
        left + &text[at..]
    }

    #[test]
    fn session_blocks_lose_their_keys_and_keep_the_rest() {
        let text = "SSL-Session:\n    Protocol  : TLSv1.3\n    Session-ID: D75BE64F\n    Session-ID-ctx: \n    Resumption PSK: A6FA\n    PSK identity: None\n    TLS session ticket:\n    0000 - 7a 04 43 e9 2e   z.C..\n\n    Start Time: 1795486602\n    Master-Key: 849E\n        ticket (len=4): 93C0B73A\n";
        let left = without(text);
        assert_eq!(
            left,
            "SSL-Session:\n    Protocol  : TLSv1.3\n    Session-ID: #\n    Session-ID-ctx: \n    Resumption PSK: #\n    PSK identity: None\n    TLS session ticket:\n#\n\n    Start Time: 1795486602\n    Master-Key: #\n        ticket (len=#\n"
        );
    }

    #[test]
    fn auth_dialogues_lose_every_word_of_the_client() {
        let text = "250-AUTH LOGIN PLAIN\nAUTH LOGIN dXNlcg==\n334 UGFzc3dvcmQ6\nc2VjcmV0\n235 2.7.0 Accepted\nquit\nauth plain AGEAYg==\n535 5.7.8 no\n";
        assert_eq!(
            without(text),
            "250-AUTH LOGIN PLAIN\nAUTH LOGIN #\n334 #\n#\n235 2.7.0 Accepted\nquit\nauth plain #\n535 5.7.8 no\n"
        );
    }

    #[test]
    fn only_the_servers_certificate_stays() {
        let text = "$ openssl s_client -psk 1a2b -connect mx:25\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\nServer certificate\n-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----\n---\n-----BEGIN PRIVATE KEY-----\nCCCC\n-----END PRIVATE KEY-----\nCLIENT_RANDOM aa bb\n";
        assert_eq!(
            without(text),
            "$ openssl s_client -psk # -connect mx:25\n#\n#\n#\nServer certificate\n-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----\n---\n#\n#\n#\n#\n"
        );
    }

    #[test]
    fn dumps_of_plain_smtp_stay_and_all_others_go() {
        let text = "read from 0x5 [0x5] (4096 bytes => 5 (0x5))\n0000 - 34 32 31 20 34   421 4\nwrite to 0x5 [0x5] (7 bytes => 7 (0x7))\n0000 - 16 03 01 01 3c   ....<\n>>> TLS 1.3, Handshake [length 0002], ClientHello\n    02 28\n";
        assert_eq!(
            without(text),
            "read from 0x5 [0x5] (4096 bytes => 5 (0x5))\n0000 - 34 32 31 20 34   421 4\nwrite to 0x5 [0x5] (7 bytes => 7 (0x7))\n#\n>>> TLS 1.3, Handshake [length 0002], ClientHello\n#\n"
        );
    }
}
