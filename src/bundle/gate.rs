//! The leak gate: independent eyes on the finished bytes.
//!
//! It knows nothing of how the redactor works. It undoes each container's own
//! escaping, looks for every value that must not be there in plain and in the usual
//! encodings, and for anything that looks like an address or a secret. A hit means
//! that nothing is published; there is no override, only an explicit `allow:` in
//! case.yaml.

use super::BundleError;
use super::archive::{comment, read_zip};

/// A value that must not occur.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Forbidden {
    /// What it is: `recipient address`.
    pub class: &'static str,
    /// The value.
    pub value: String,
    /// Counts only where no letter or digit stands beside its ends.
    pub whole_word: bool,
}

/// Where something was found. Never what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// What was found: `recipient address`, `private key`.
    pub class: &'static str,
    /// Which entry; `(names)` for entry names, `(comment)` for the zip's comment.
    pub entry: String,
    /// Line in the entry, from 1.
    pub line: usize,
    /// Column in the line, from 1, in bytes.
    pub column: usize,
}

impl std::fmt::Display for Hit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in {}, line {}, column {}", self.class, self.entry, self.line, self.column)
    }
}

/// What to look for.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    /// Values that must not occur in any form.
    pub forbidden: Vec<Forbidden>,
    /// Whole addresses, or domains (`@example.com`), that may stand in plain sight.
    pub allowed: Vec<String>,
}

/// Marks of secrets that stand for themselves.
const SECRETS: &[(&str, &str)] = &[
    ("-----BEGIN PRIVATE KEY", "private key"),
    ("-----BEGIN RSA PRIVATE KEY", "private key"),
    ("-----BEGIN EC PRIVATE KEY", "private key"),
    ("-----BEGIN OPENSSH PRIVATE KEY", "private key"),
    ("AUTH PLAIN ", "SMTP credential"),
    ("AUTH LOGIN ", "SMTP credential"),
    ("password=", "password"),
    ("passwd=", "password"),
    ("/home/", "home path"),
    ("/Users/", "home path"),
    ("C:\\Users\\", "home path"),
];

/// Marks of TLS session secrets: what follows them must not be hex.
const TLS_SECRETS: &[&str] = &["Master-Key:", "Resumption PSK:", "Session-ID:", "PSK identity:"];

/// What a server may offer behind AUTH in its answer to EHLO (IANA, SASL mechanisms).
const MECHANISMS: &[&str] = &[
    "LOGIN",
    "PLAIN",
    "CRAM-MD5",
    "DIGEST-MD5",
    "NTLM",
    "GSSAPI",
    "EXTERNAL",
    "XOAUTH2",
    "OAUTHBEARER",
    "PLAIN-CLIENTTOKEN",
    "XOAUTH",
    "SCRAM-SHA-1",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-256-PLUS",
];

/// Whether a line goes on with names of mechanisms and nothing else.
fn offers_only(rest: &str) -> bool {
    let line = rest.lines().next().unwrap_or_default();
    !line.trim().is_empty() && line.split_ascii_whitespace().all(|word| MECHANISMS.contains(&word))
}

impl Gate {
    /// Looks through a finished zip.
    ///
    /// # Errors
    /// [`BundleError::Leak`] with every hit; or when the zip cannot be read.
    pub fn inspect(&self, zip: &[u8]) -> Result<(), BundleError> {
        let entries = read_zip(zip)?;
        let mut hits = Vec::new();
        self.look("(comment)", &String::from_utf8_lossy(&comment(zip)), &mut hits);
        let needles = self.needles();
        for (name, bytes) in &entries {
            self.look_for(&needles, "(names)", name, &mut hits);
            self.look("(names)", name, &mut hits);
            let text =
                if name.ends_with(".png") { png_texts(bytes) } else { String::from_utf8_lossy(bytes).into_owned() };
            self.look_for(&needles, name, &text, &mut hits);
            self.look(name, &text, &mut hits);
            let plain = unescape(name, &text);
            if plain != text {
                self.look_for(&needles, name, &plain, &mut hits);
                self.look(name, &plain, &mut hits);
            }
        }
        hits.sort();
        hits.dedup();
        if hits.is_empty() { Ok(()) } else { Err(BundleError::Leak(hits)) }
    }

    /// Each forbidden value in the forms it might have taken, lower case.
    fn needles(&self) -> Vec<(&'static str, String, bool)> {
        let mut needles = Vec::new();
        for f in &self.forbidden {
            let value = f.value.to_lowercase();
            if value.len() < 3 {
                continue;
            }
            needles.push((f.class, value.replace('@', "%40"), f.whole_word));
            needles.push((f.class, value.replace('@', "=40"), f.whole_word));
            needles.push((f.class, value.replace('+', "+2b").replace('=', "+3d"), f.whole_word));
            needles.push((f.class, value.bytes().map(|b| format!("{b:02x}")).collect(), false));
            // The three alignments in which base64 can hold the value; case matters there.
            for skip in 0..3 {
                if let Some(middle) = base64_middle(f.value.as_bytes(), skip) {
                    needles.push((f.class, middle.to_lowercase(), false));
                }
            }
            needles.push((f.class, value, f.whole_word));
        }
        needles
    }

    fn look_for(&self, needles: &[(&'static str, String, bool)], entry: &str, text: &str, hits: &mut Vec<Hit>) {
        let lower = text.to_lowercase();
        for (class, needle, whole) in needles {
            for at in memchr::memmem::find_iter(lower.as_bytes(), needle.as_bytes()) {
                if !whole || stands_alone(&lower, at, needle.len()) {
                    hits.push(hit(class, entry, &lower, at));
                }
            }
        }
    }

    /// Addresses and secrets that nobody told us of.
    fn look(&self, entry: &str, text: &str, hits: &mut Vec<Hit>) {
        for (at, _) in text.match_indices('@') {
            if let Some(address) = address_around(text, at)
                && !is_token(address)
                && !self.is_allowed(address)
            {
                hits.push(hit("e-mail address", entry, text, at));
            }
        }
        for (mark, class) in SECRETS {
            for (at, _) in text.match_indices(mark) {
                let rest = &text[at + mark.len()..];
                let is_offer = mark.starts_with("AUTH ") && offers_only(rest);
                if !rest.starts_with("[redacted") && !is_offer {
                    hits.push(hit(class, entry, text, at));
                }
            }
        }
        for mark in TLS_SECRETS {
            for (at, _) in text.match_indices(mark) {
                let value: String = text[at + mark.len()..].trim_start_matches(' ').chars().take(16).collect();
                if value.len() == 16 && value.bytes().all(|b| b.is_ascii_hexdigit()) {
                    hits.push(hit("TLS session secret", entry, text, at));
                }
            }
        }
        for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))) {
            let jwt = word.starts_with("eyJ") && word.matches('.').count() == 2 && word.len() > 40;
            let aws = word.len() == 20
                && word.starts_with("AKIA")
                && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
            if jwt || aws {
                let at = word.as_ptr() as usize - text.as_ptr() as usize;
                hits.push(hit("credential", entry, text, at));
            }
        }
    }

    fn is_allowed(&self, address: &str) -> bool {
        self.allowed.iter().any(|a| {
            let a = a.trim();
            if a.starts_with('@') {
                address.len() > a.len() && address[address.len() - a.len()..].eq_ignore_ascii_case(a)
            } else {
                address.eq_ignore_ascii_case(a)
            }
        })
    }
}

/// Whether neither a letter nor a digit stands beside a stretch of text.
fn stands_alone(text: &str, at: usize, length: usize) -> bool {
    let before = text.get(..at).and_then(|t| t.chars().next_back());
    let after = text.get(at + length..).and_then(|t| t.chars().next());
    ![before, after].into_iter().flatten().any(char::is_alphanumeric)
}

fn hit(class: &'static str, entry: &str, text: &str, at: usize) -> Hit {
    let before = &text.as_bytes()[..at.min(text.len())];
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let column = at - memchr::memrchr(b'\n', before).map_or(0, |n| n + 1) + 1;
    Hit { class, entry: entry.to_owned(), line, column }
}

/// The address around an `@`: a local part before it and a domain with a dot behind it.
fn address_around(text: &str, at: usize) -> Option<&str> {
    // RFC 5322 allows more, but what stands beside an address in prose and Markdown
    // (backticks, bars, stars) must not hide that it is an allowed one.
    let is_local = |c: char| c.is_alphanumeric() || "%+-=_.'".contains(c);
    let is_domain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-');
    let (before, after) = (&text[..at], &text[at + 1..]);
    let start = before.char_indices().rev().take_while(|(_, c)| is_local(*c)).last().map(|(i, _)| i);
    // A quoted local part ends in a quotation mark.
    let start = start.or_else(|| before.strip_suffix('"').and_then(|b| b.rfind('"')))?;
    let domain: &str = &after[..after.find(|c| !is_domain(c)).unwrap_or(after.len())];
    let domain = domain.trim_end_matches(['.', '-']);
    let dotted = domain.split('.').count() >= 2 && domain.split('.').all(|l| !l.is_empty());
    let named = domain.rsplit('.').next().is_some_and(|tld| tld.chars().any(char::is_alphabetic));
    (dotted && named).then(|| &text[start..at + 1 + domain.len()])
}

/// Whether the local part is (or ends in) a token: `rcpt-7k3q9x2mhd4w`, twelve
/// characters of Crockford's base 32, in one of the classes of tokens.
fn is_token(address: &str) -> bool {
    let local = address.rsplit_once('@').map_or(address, |(l, _)| l);
    let Some((class, code)) = local.rsplit_once('-') else { return false };
    let class = class.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or(class);
    let of_base32 = |b: u8| b.is_ascii_digit() || (b.is_ascii_lowercase() && !matches!(b, b'i' | b'l' | b'o' | b'u'));
    ["rcpt", "sndr", "addr", "user", "val"].contains(&class) && code.len() == 12 && code.bytes().all(of_base32)
}

/// The characters of base64 that depend on `value` alone when `skip` bytes stand before it.
fn base64_middle(value: &[u8], skip: usize) -> Option<String> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut padded = vec![0_u8; skip];
    padded.extend_from_slice(value);
    let whole = padded.len() / 3 * 3;
    let mut text = String::new();
    for chunk in padded[..whole].chunks(3) {
        let n = chunk.iter().fold(0_u32, |n, b| (n << 8) | u32::from(*b));
        for shift in [18, 12, 6, 0] {
            text.push(char::from(ALPHABET[(n >> shift) as usize & 63]));
        }
    }
    // The first group mixes in what stands before.
    let from = if skip == 0 { 0 } else { 4 };
    text.get(from..).filter(|t| t.len() >= 8).map(str::to_owned)
}

/// What the text says once its container's own escaping is undone.
fn unescape(name: &str, text: &str) -> String {
    let mut plain = text.to_owned();
    if name.ends_with(".html") || name.ends_with(".svg") || name.ends_with(".md") {
        for (entity, is) in [
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&#39;", "'"),
            ("&#64;", "@"),
            ("&#x40;", "@"),
            ("&commat;", "@"),
            ("&amp;", "&"),
        ] {
            plain = plain.replace(entity, is);
        }
    }
    if name.ends_with(".md") || name.ends_with(".json") {
        plain = plain.replace("\\u0040", "@").replace("\\/", "/");
        let mut out = String::with_capacity(plain.len());
        let mut chars = plain.chars().peekable();
        while let Some(c) = chars.next() {
            if c == '\\' && chars.peek().is_some_and(char::is_ascii_punctuation) {
                continue;
            }
            out.push(c);
        }
        plain = out;
    }
    if name.ends_with(".csv") {
        plain = plain.replace("\"\"", "\"");
    }
    plain
}

/// The text chunks of a PNG (`tEXt`, `iTXt`, `zTXt`, `eXIf`); ours has none.
fn png_texts(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut at = 8;
    while let Some(head) = bytes.get(at..at + 8) {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let Some(data) = bytes.get(at + 8..at + 8 + length) else { break };
        if matches!(&head[4..8], b"tEXt" | b"iTXt" | b"zTXt" | b"eXIf") {
            text.push_str(&String::from_utf8_lossy(data));
            text.push('\n');
        }
        at += 12 + length;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::{Entry, write_zip};
    use crate::time::Stamp;

    fn hits(gate: &Gate, path: &str, text: &str) -> Vec<String> {
        let entry = Entry::new(path, text.as_bytes()).into_iter().collect::<Vec<_>>();
        let zip = write_zip("c-esp", &entry, Stamp::from_seconds(1_795_492_607)).unwrap_or_default();
        match gate.inspect(&zip) {
            Err(BundleError::Leak(hits)) => hits.iter().map(ToString::to_string).collect(),
            Err(other) => vec![other.to_string()],
            Ok(()) => Vec::new(),
        }
    }

    #[test]
    fn each_kind_of_leak_is_seen_and_its_value_never_told() {
        let gate = Gate {
            forbidden: vec![Forbidden { class: "local part", value: "alice.benson".into(), whole_word: false }],
            allowed: vec!["ops@example.com".into()],
        };
        for leak in [
            "to alice.benson here",
            "ALICE.BENSON",
            "YWxpY2UuYmVuc29uQGV4YW1wbGUuY29t",
            "eGFsaWNlLmJlbnNvbkA=",
            "eHhhbGljZS5iZW5zb25A",
            "616c6963652e62656e736f6e",
            "someone@gmail.com",
            "\"a b\"@example.net",
            "AUTH PLAIN AGFsaWNl",
            "AUTH LOGIN PLAIN AGFsaWNl",
            "-----BEGIN RSA PRIVATE KEY-----",
            "    Master-Key: 0123456789ABCDEF0123",
            "/home/joe/logs",
            "password=x",
            "AKIAIOSFODNN7EXAMPLE",
        ] {
            let found = hits(&gate, "data/a.txt", leak);
            assert!(!found.is_empty(), "{leak}");
            assert!(found.iter().all(|h| !h.to_lowercase().contains("alice")), "{found:?}");
        }
        assert!(!hits(&gate, "data/a.html", "someone&#64;gmail.com").is_empty());
        assert!(!hits(&gate, "data/a.json", "\"someone\\u0040gmail.com\"").is_empty());
        assert!(!hits(&gate, "data/a.md", "someone\\@gmail.com").is_empty());
        assert_eq!(
            hits(&gate, "data/a.txt", "one\nto alice.benson"),
            ["local part in c-esp/data/a.txt, line 2, column 4"]
        );
    }

    #[test]
    fn what_must_stay_is_not_flagged() {
        let gate = Gate {
            forbidden: vec![Forbidden { class: "local part", value: "alice.b".into(), whole_word: true }],
            allowed: vec!["ops@example.com".into(), "@bounce.example.com".into()],
        };
        for fine in [
            "root cause",
            "postfix-3.8.6.1",
            "5.7.26",
            "rcpt-7k3q9x2mhd4w@gmail.com",
            "`ops@example.com`",
            "bounce+rcpt-7k3q9x2mhd4w=gmail.com@bounce.example.com",
            "ops@example.com",
            "ffacd0b85a97d-4324eab2651si10575209f8f.183 - gsmtp",
            "trusted_ca::ca",
            "@media print",
            "2026-11-24T03:56Z",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  data/x.csv",
            "AUTH=PLAIN offered",
            "250-AUTH LOGIN PLAIN XOAUTH2",
            "AUTH PLAIN [redacted: secret]",
            "Session-ID: ",
        ] {
            assert_eq!(hits(&gate, "data/a.txt", fine), Vec::<String>::new(), "{fine}");
        }
    }
}
