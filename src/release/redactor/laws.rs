//! Laws that hold for any address, encoding and text.

#![expect(clippy::expect_used, reason = "tests")]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::suite::leaks;
use super::{CaseKey, Class, Counts, Learner, Redactor, RedactorConfig};
use crate::release::Audience;

fn config(audience: Audience) -> RedactorConfig {
    RedactorConfig {
        own_domains: vec!["sender.example".into()],
        ..RedactorConfig::new(audience, CaseKey::new([9; 32]))
    }
}

fn redactor<'a>(audience: Audience, texts: impl IntoIterator<Item = &'a [u8]>) -> Redactor {
    let mut learner = Learner::new(config(audience));
    for text in texts {
        learner.learn(text);
    }
    learner.finish()
}

fn rewrite(redactor: &Redactor, text: &[u8]) -> String {
    redactor.rewrite(text, &mut Counts::default()).expect("no collision").as_str().to_owned()
}

fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let at = |k: usize| u32::from(group.get(k).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for k in 0..=group.len() {
            out.push(char::from(alphabet[(bits >> (18 - 6 * k) & 63) as usize]));
        }
    }
    out
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Encodes as the name says; all but the blobs leave letters and digits as they are.
fn encode(text: &str, how: &str) -> String {
    let each = |escape: &dyn Fn(u8) -> String| {
        text.bytes()
            .map(|b| if b.is_ascii_alphanumeric() || b == b'.' { char::from(b).to_string() } else { escape(b) })
            .collect::<String>()
    };
    match how {
        "percent" => each(&|b| format!("%{b:02X}")),
        "percent lower" => each(&|b| format!("%{b:02x}")),
        "quoted-printable" => each(&|b| format!("={b:02X}")),
        "xtext" => each(&|b| format!("+{b:02X}")),
        "json" => text
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_string()
                } else {
                    c.encode_utf16(&mut [0; 2]).iter().map(|u| format!("\\u{u:04x}")).collect()
                }
            })
            .collect(),
        "decimal entity" => text
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("&#{};", u32::from(c)) })
            .collect(),
        "hex entity" => text
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("&#x{:x};", u32::from(c)) })
            .collect(),
        "hex" => text.bytes().map(|b| format!("{b:02x}")).collect(),
        "HEX" => text.bytes().map(|b| format!("{b:02X}")).collect(),
        "base64" => base64(text.as_bytes(), STANDARD),
        "base64 +1" => base64(format!(">{text}").as_bytes(), STANDARD),
        "base64 +2" => base64(format!("> {text}").as_bytes(), STANDARD),
        "base64url" => base64(text.as_bytes(), URL),
        "rfc2047 b" => format!("=?utf-8?B?{}?=", base64(text.as_bytes(), STANDARD)),
        "rfc2047 q" => format!("=?utf-8?Q?{}?=", each(&|b| format!("={b:02X}"))),
        _ => text.to_owned(),
    }
}

const ENCODINGS: &[&str] = &[
    "plain",
    "percent",
    "percent lower",
    "quoted-printable",
    "xtext",
    "json",
    "decimal entity",
    "hex entity",
    "hex",
    "HEX",
    "base64",
    "base64 +1",
    "base64 +2",
    "base64url",
    "rfc2047 b",
    "rfc2047 q",
];

/// Places in which an address stands whole.
const PLACES: &[(&str, &str)] = &[
    ("to=<", ">, relay=none"),
    ("550 5.1.1 <", ">: unknown"),
    ("for ", " ok"),
    ("{\"rcpt\":\"", "\",\"code\":421}"),
    ("a,b,\"", "\",c"),
    ("", ""),
];

fn local() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9]{3,9}\\.[a-z]{2,8}",
        "[A-Za-z0-9]{2,8}[+_-][a-z0-9]{2,8}",
        "[a-z]{4,8}=[a-z]{2,6}",
        "[а-я]{3,8}",
        "\"[a-z]{3,6} [a-z]{3,6}\"",
    ]
}

fn domain() -> impl Strategy<Value = String> {
    prop_oneof![Just("gmail.com".to_owned()), "[a-z]{3,9}\\.(com|example|co\\.uk)", Just("пример.рф".to_owned())]
}

fn audience() -> impl Strategy<Value = Audience> {
    select(vec![Audience::Esp, Audience::Google])
}

/// Every way to read a text that the test knows, two layers deep: its own decoder, not the redactor's.
fn layers(text: &str, needle: &str) -> Vec<String> {
    let mut out = Vec::new();
    for outer in ENCODINGS {
        for inner in ENCODINGS {
            let form = encode(&encode(needle, inner), outer);
            if text.contains(&form) {
                out.push(format!("{inner} in {outer}"));
            }
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_address_goes_through_any_two_encodings(
        local in local(), domain in domain(), outer in select(ENCODINGS), inner in select(ENCODINGS),
        place in select(PLACES), audience in audience(),
    ) {
        let address = format!("{local}@{domain}");
        let form = encode(&encode(&address, inner), outer);
        let text = format!("{}{form}{}", place.0, place.1);
        let redactor = redactor(audience, [text.as_bytes()]);
        let out = rewrite(&redactor, text.as_bytes());
        prop_assert!(!out.contains(&form), "{form} of {address} in {out}");
        prop_assert_eq!(layers(&out, &address), Vec::<String>::new(), "{} of {} in {}", form, address, out);
        prop_assert_eq!(&rewrite(&redactor, out.as_bytes()), &out);
    }

    #[test]
    fn a_known_address_keeps_its_token_in_any_encoding(
        local in "[a-z]{3,8}\\.[a-z]{3,8}", outer in select(ENCODINGS), inner in select(ENCODINGS), audience in audience(),
    ) {
        let address = format!("{local}@gmail.com");
        let form = encode(&encode(&address, inner), outer);
        let first = format!("to=<{address}>");
        let redactor = redactor(audience, [first.as_bytes(), form.as_bytes()]);
        let token = rewrite(&redactor, first.as_bytes());
        let token = token.trim_start_matches("to=<").split('@').next().expect("a token").to_owned();
        let out = rewrite(&redactor, form.as_bytes());
        prop_assert!(out.contains(&token), "{form}: no {token} in {out}");
    }

    #[test]
    fn any_verp_loses_its_recipient(
        local in "[a-z]{3,8}\\.[a-z]{3,8}", lead in select(vec!['+', '-', '=', '_', '.', '#']),
        joint in select(vec!['=', '-', '+', '#', '%', '_']), audience in audience(),
    ) {
        let text = format!("from=<bounce{lead}{local}{joint}example.com@news.sender.example>, to=<{local}@example.com>");
        let redactor = redactor(audience, [text.as_bytes()]);
        let out = rewrite(&redactor, text.as_bytes());
        prop_assert!(!out.contains(&local), "{out}");
        if audience == Audience::Esp {
            let token = out.split_once("to=<").and_then(|(_, rest)| rest.split('@').next()).expect("a token");
            prop_assert_eq!(out.matches(token).count(), 2, "{}", out);
        }
    }

    // A comma before the address may make a row of an accounting file of it, of which texts of several words go.
    #[test]
    fn bytes_outside_the_spans_are_unchanged(
        before in "[ -~&&[^@=%\\\\&+:/\\[\\]\"',]]{0,40}", after in "[ -~&&[^@=%\\\\&+:/\\[\\]\"']]{0,40}", audience in audience(),
    ) {
        let text = format!("{before} to=<alice.b@gmail.com>, {after}");
        let redactor = redactor(audience, [text.as_bytes()]);
        let out = rewrite(&redactor, text.as_bytes());
        let token = redactor.published().into_iter().map(|(token, _)| token).find(|t| t.starts_with("rcpt-")).expect("a token");
        prop_assert_eq!(out, text.replacen("alice.b@", &format!("{token}@"), 1));
    }

    #[test]
    fn any_bytes_are_rewritten_once(texts in vec(vec(any::<u8>(), 0..200), 1..4), audience in audience()) {
        let redactor = redactor(audience, texts.iter().map(Vec::as_slice));
        for text in &texts {
            let once = rewrite(&redactor, text);
            prop_assert_eq!(&rewrite(&redactor, once.as_bytes()), &once);
        }
    }

    #[test]
    fn any_log_like_text_settles(
        pieces in vec(select(vec![
            "to=<", "alice.b@gmail.com", ">", " ", "\n", "%40", "=40", "AUTH PLAIN ", "YWxpY2UuYkBnbWFpbC5jb20=", "\"", "Subject: ", "https://",
            "/", "sasl_username=", "alice.b", "334 ", "354 ", "[", "]", "192.0.2.1", "10.0.0.1", "from ", "client=x", "=?utf-8?Q?", "?=", "@",
            "gmail.com", "\\", "u0040", "+", "pass `", "'", "message-id=<", "Session-ID: ", "-----BEGIN PRIVATE KEY-----", ".", ",", "T=\"",
        ]), 0..30), audience in audience(),
    ) {
        let text = pieces.concat();
        let redactor = redactor(audience, [&b"to=<alice.b@gmail.com>"[..], text.as_bytes()]);
        let once = rewrite(&redactor, text.as_bytes());
        prop_assert_eq!(&rewrite(&redactor, once.as_bytes()), &once, "from {}", text);
        for value in redactor.forbidden() {
            prop_assert!(!leaks(&once, value), "{text:?}: {value:?} {} in {once}", value.value);
        }
        prop_assert!(!once.contains("withheld"), "{text:?}: {once}");
        prop_assert_eq!(once.split('\n').count(), text.split('\n').count());
    }

    #[test]
    fn tokens_do_not_depend_on_what_else_there_is(others in vec("[a-z]{3,8}@[a-z]{3,8}\\.com", 0..6), audience in audience()) {
        let alone = redactor(audience, [&b"to=<alice.b@gmail.com>"[..]]);
        let all: Vec<String> = others.iter().map(|o| format!("to=<{o}>")).chain(["to=<alice.b@gmail.com>".to_owned()]).collect();
        let among = redactor(audience, all.iter().map(String::as_bytes));
        let value = |r: &Redactor| r.value(Class::Recipient, "alice.b@gmail.com").expect("no collision");
        prop_assert_eq!(value(&alone), value(&among));
    }
}
