//! What must never leave: AUTH exchanges, passwords, keys of TLS sessions, message bodies.
//! Some of it spans lines, so a reader of lines keeps a little state.

use std::ops::Range;

use memchr::memmem;

use super::addresses::lossy;
use super::lines::{Frame, Words};
use super::marks::Mark;
use super::options::options;
use super::policy::Class;

const MECHANISMS: &[&str] = &[
    "PLAIN",
    "LOGIN",
    "CRAM-MD5",
    "DIGEST-MD5",
    "XOAUTH2",
    "XOAUTH",
    "OAUTHBEARER",
    "NTLM",
    "GSSAPI",
    "EXTERNAL",
    "SCRAM-SHA-1",
    "SCRAM-SHA-256",
    "PLAIN-CLIENTTOKEN",
];

/// What s_client, gnutls-cli and key logs print of a session's keys.
const TLS_SECRETS: &[&str] = &[
    "session-id:",
    "session-id-ctx:",
    "master-key:",
    "resumption psk:",
    "psk:",
    "psk identity:",
    "psk identity hint:",
    "srp username:",
    "tls session ticket:",
    "session id:",
    "master secret:",
    "client_random ",
    "client_early_traffic_secret ",
    "client_handshake_traffic_secret ",
    "server_handshake_traffic_secret ",
    "client_traffic_secret_0 ",
    "server_traffic_secret_0 ",
    "exporter_secret ",
    "early_exporter_secret ",
    "rsa session-id:",
];

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Plain,
    /// After AUTH or 334: what the client says next is a secret.
    Auth,
    /// After 354: a message, until its lone dot or an answer.
    Body,
    /// Inside a private key.
    Key,
    /// Inside the hex dump of a ticket.
    Ticket,
}

/// Follows a text from line to line.
#[derive(Clone, Debug, Default)]
pub(super) struct Dialogue {
    mode: Mode,
}

impl Dialogue {
    /// The secrets of the next line; a mark over the whole line where all of it goes.
    pub(super) fn read(&mut self, line: &[u8], frame: &Frame) -> Vec<Mark> {
        let said = line.get(frame.payload..).unwrap_or_default();
        let text = lossy(said.trim_ascii());
        if let Some(class) = self.whole_line(&text, frame.is_logged()) {
            return vec![Mark::line(0..line.len(), class)];
        }
        let mut out = Vec::new();
        if self.mode == Mode::Auth {
            match (answer(&text), is_blob(&text)) {
                (Some(334), _) => out.extend(argument(line, frame.payload + 3)),
                (Some(_), _) => self.mode = Mode::Plain,
                (None, true) => out.push(Mark::value(trimmed(line, frame.payload), Class::AuthData, &text)),
                (None, false) => {}
            }
        } else if answer(&text) == Some(334) {
            self.mode = Mode::Auth;
            out.extend(argument(line, frame.payload + 3));
        }
        if let Some(mark) = auth_command(line) {
            self.mode = Mode::Auth;
            out.extend(mark);
        }
        out.extend(options(line));
        out.extend(quoted(line));
        out.extend(exchanged(line));
        out.extend(bearers(line));
        out
    }

    /// Whether all of a line goes, by what came before it and what it is.
    fn whole_line(&mut self, text: &str, logged: bool) -> Option<Class> {
        let lower = text.to_ascii_lowercase();
        if lower.starts_with("-----begin ") && lower.contains("private key") {
            self.mode = Mode::Key;
            return Some(Class::TlsSecret);
        }
        match self.mode {
            Mode::Key => {
                if lower.starts_with("-----end ") {
                    self.mode = Mode::Plain;
                }
                return Some(Class::TlsSecret);
            }
            Mode::Ticket if is_dump(text) => return Some(Class::TlsSecret),
            // Dumps split addresses over lines and spell them twice: no reader needs them.
            _ if is_dump(text) => return Some(Class::Capture),
            Mode::Body if text == "." || answer(text).is_some() || logged => self.mode = Mode::Plain,
            Mode::Body => return Some(Class::Body),
            _ => {}
        }
        if let Some(found) = TLS_SECRETS.iter().find(|known| lower.starts_with(*known)) {
            // An empty value and `None` tell that there was none.
            let value = text.get(found.len()..).unwrap_or_default().trim();
            self.mode = if found.contains("ticket") { Mode::Ticket } else { self.mode };
            return (!matches!(value, "" | "None" | "none")).then_some(Class::TlsSecret);
        }
        if self.mode == Mode::Ticket {
            self.mode = Mode::Plain;
        }
        if answer(text) == Some(354) && !logged {
            self.mode = Mode::Body;
        }
        None
    }
}

/// The code of an SMTP answer at the start of a text.
fn answer(text: &str) -> Option<u16> {
    let code = text.get(..3)?;
    let ends = matches!(text.as_bytes().get(3), None | Some(b' ' | b'-'));
    let code: u16 = code.bytes().all(|b| b.is_ascii_digit()).then(|| code.parse().ok())??;
    (ends && (200..600).contains(&code)).then_some(code)
}

/// One word of base64, as a client answers a challenge.
fn is_blob(text: &str) -> bool {
    text.len() >= 2 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=-_".contains(&b))
}

/// `0000 - aa bb cc …` as OpenSSL dumps, `0x0010:  4500 0034 …` as tcpdump does, `00000010: 4d41 494c` as xxd.
fn is_dump(text: &str) -> bool {
    let Some((at, rest)) = text.split_once(" - ").or_else(|| text.split_once(": ")) else { return false };
    let at = at.strip_prefix("0x").unwrap_or(at);
    let hex =
        |word: &str, lengths: &[usize]| lengths.contains(&word.len()) && word.bytes().all(|b| b.is_ascii_hexdigit());
    let mut groups = rest.split([' ', '-']).filter(|word| !word.is_empty());
    let first = groups.next().is_some_and(|word| hex(word, &[2, 4]));
    first && groups.next().is_none_or(|word| hex(word, &[2, 4])) && hex(at, &[4, 5, 6, 7, 8])
}

fn trimmed(line: &[u8], start: usize) -> Range<usize> {
    let end = line.trim_ascii_end().len();
    start.min(end)..end
}

fn argument(line: &[u8], after: usize) -> Option<Mark> {
    let word = Words { line, at: after }.next()?;
    let text = lossy(line.get(word.clone())?);
    is_blob(&text).then(|| Mark::value(word, Class::AuthData, &text))
}

/// `AUTH PLAIN <blob>`: some if the line has the command, with a mark if it has an argument.
/// `250-AUTH PLAIN LOGIN` offers mechanisms and stays.
fn auth_command(line: &[u8]) -> Option<Option<Mark>> {
    let mut words = Words { line, at: 0 };
    while let Some(word) = words.next() {
        let verb = line.get(word.clone())?;
        if !verb.eq_ignore_ascii_case(b"AUTH") && !verb.to_ascii_uppercase().ends_with(b":AUTH") {
            continue;
        }
        let mechanism = words.next().and_then(|w| line.get(w)).map(|m| lossy(m).to_ascii_uppercase())?;
        if !MECHANISMS.contains(&mechanism.trim_end_matches(['"', '\'', ','])) {
            continue;
        }
        let Some(argument) = words.next() else { return Some(None) };
        let text = lossy(line.get(argument.clone())?);
        let offered = MECHANISMS.contains(&text.to_ascii_uppercase().as_str());
        let blob = text.trim_end_matches(['"', '\'', ',', ')', '>']);
        let span = argument.start..argument.start + blob.len();
        return (!offered).then(|| is_blob(blob).then(|| Mark::value(span, Class::AuthData, blob)));
    }
    None
}

/// Postfix's verbose SASL lines: ``user `alice' pass `secret'``.
fn quoted(line: &[u8]) -> Vec<Mark> {
    const LEADS: &[(&[u8], Class)] = &[
        (b"pass `", Class::AuthData),
        (b"passwd `", Class::AuthData),
        (b"password `", Class::AuthData),
        (b"user `", Class::Login),
    ];
    LEADS
        .iter()
        .filter_map(|(lead, class)| {
            let start = memmem::find(line, lead)? + lead.len();
            let rest = line.get(start..)?;
            // A password may hold quotes: it ends at the last one, a user at the first.
            let quote = |b: &u8| *b == b'\'';
            let end = if *class == Class::Login { rest.iter().position(quote) } else { rest.iter().rposition(quote) };
            let span = start..start + end.unwrap_or(rest.len());
            Some(Mark::value(span.clone(), *class, &lossy(line.get(span)?)))
        })
        .collect()
}

/// What Postfix's verbose lines print of a SASL exchange, and passwords in its maps.
fn exchanged(line: &[u8]) -> Option<Mark> {
    const LEADS: &[&[u8]] = &[
        b"ncoded initial reply: ",
        b"ncoded client response: ",
        b"decoded challenge: ",
        b"decoded initial response ",
        b"decoded response: ",
        b"ncoded server challenge: ",
        b"password_maps = static:",
        b"password_maps = inline:",
    ];
    let start = LEADS.iter().find_map(|lead| Some(memmem::find(line, lead)? + lead.len()))?;
    let span = trimmed(line, start);
    let text = lossy(line.get(span.clone())?);
    (!span.is_empty() && !text.starts_with("[redacted")).then(|| Mark::value(span, Class::AuthData, &text))
}

/// JSON web tokens, keys of AWS, SendGrid and Mailgun, bearer tokens.
fn bearers(line: &[u8]) -> Vec<Mark> {
    let mut out = Vec::new();
    const LEADS: &[(&[u8], usize)] = &[
        (b"eyJ", 40),
        (b"AKIA", 20),
        (b"ASIA", 20),
        (b"SG.", 50),
        (b"key-", 36),
        (b"Bearer ", 12),
        (b"bearer ", 12),
        (b"Basic ", 12),
    ];
    for &(lead, whole) in LEADS {
        for at in memmem::find_iter(line, lead) {
            let start = if lead.ends_with(b" ") { at + lead.len() } else { at };
            let rest = line.get(start..).unwrap_or_default();
            let length = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || b"-_.~+/=".contains(b)).count();
            let dotted = lead != b"eyJ" || rest.get(..length).is_some_and(|token| token.contains(&b'.'));
            if length >= whole && dotted && super::needles::is_edge(line, at) {
                out.push(Mark::value(
                    start..start + length,
                    Class::AuthData,
                    &lossy(rest.get(..length).unwrap_or_default()),
                ));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::lines::frame;
    use super::*;

    fn read(text: &str) -> Vec<(usize, String, Class)> {
        let mut dialogue = Dialogue::default();
        let mut out = Vec::new();
        for (k, line) in text.lines().enumerate() {
            for mark in dialogue.read(line.as_bytes(), &frame(line.as_bytes())) {
                out.push((k, line[mark.span.clone()].to_owned(), mark.class()));
            }
        }
        out
    }

    #[test]
    fn both_halves_of_a_login_go() {
        let found = read(
            "<-  250-AUTH LOGIN PLAIN\n -> AUTH LOGIN\n<-  334 VXNlcm5hbWU6\n -> YWxpY2UuYg==\n<-  334 UGFzc3dvcmQ6\n -> czNjcjN0UHch\n<-  235 ok\n -> QUIT",
        );
        let lines: Vec<_> = found.iter().map(|(k, text, _)| (*k, text.as_str())).collect();
        assert_eq!(lines, [(2, "VXNlcm5hbWU6"), (3, "YWxpY2UuYg=="), (4, "UGFzc3dvcmQ6"), (5, "czNjcjN0UHch")]);
    }

    #[test]
    fn offers_and_prose_stay() {
        for line in [
            "250-AUTH LOGIN PLAIN XOAUTH2",
            "250 AUTH PLAIN",
            "<-  250-AUTH=LOGIN PLAIN",
            "auth failure",
            "530 5.7.0 Must issue AUTH first",
        ] {
            assert_eq!(read(line), [], "{line}");
        }
    }

    #[test]
    fn passwords_in_logs_and_commands() {
        assert_eq!(read("smtp_sasl_authenticate: user `alice' pass `it's'")[0].1, "it's");
        assert_eq!(read("Authorization: Bearer abcdefghijklmnop")[0].1, "abcdefghijklmnop");
    }

    #[test]
    fn keys_of_a_session_go_with_their_lines() {
        let text = "    Protocol  : TLSv1.3\n    Session-ID: 0A1B\n    Session-ID-ctx: \n    Resumption PSK: FF00\n    PSK identity: None\n    TLS session ticket:\n    0000 - aa bb cc   ...\n    0010 - dd ee      ..\n    Verify return code: 0 (ok)";
        let lines: Vec<_> = read(text).into_iter().map(|m| m.0).collect();
        assert_eq!(lines, [1, 3, 6, 7]);
        assert_eq!(read("-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\nok").len(), 3);
    }

    #[test]
    fn dumps_go() {
        for line in [
            "0020 - 46 cd 54 de 40 47 20 32-dc ac c4 02 a5 f3 4c 4f   F.T.@G 2......LO",
            "\t0x0010:  4500 0034 8d1e",
            "00000010: 4d41 494c",
            "0030 - 7a",
        ] {
            assert_eq!(read(line).len(), 1, "{line}");
        }
        for line in ["2026: ok 34", "421 - 4.7.0", "dead - beef or not", "0000 - nothing"] {
            assert_eq!(read(line), [], "{line}");
        }
    }

    #[test]
    fn a_message_goes_until_its_dot() {
        let text = " -> DATA\n<-  354 Go ahead\n -> From: x\n -> \n -> hello\n -> .\n<-  250 2.0.0 OK";
        assert_eq!(read(text).into_iter().map(|m| m.0).collect::<Vec<_>>(), [2, 3, 4]);
        let log = "2026-11-24T02:43:13.776Z [PROTOCOL] [A1] [outbound] S: 354 Go ahead\n2026-11-24T02:43:13.776Z [INFO] [A2] [core] connect";
        assert_eq!(read(log), []);
        assert_eq!(read("S: 354 Go ahead x.1 - gsmtp\nS: 550-5.7.26 Your email has been blocked"), []);
    }
}
