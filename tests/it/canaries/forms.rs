//! The forms in which an address hides.

/// A form by name, and what it makes of an address.
type Form = (&'static str, fn(&str) -> String);

pub(super) const FORMS: &[Form] = &[
    ("plain", str::to_owned),
    ("upper case", |a| a.to_uppercase()),
    ("angle", |a| format!("<{a}>: Recipient address rejected")),
    ("verp", |a| format!("bounce+{}@news.sender.example", a.replace('@', "="))),
    ("srs", |a| a.split_once('@').map(|(l, d)| format!("SRS0=HHH=TT={d}={l}@fwd.sender.example")).unwrap_or_default()),
    ("batv", |a| format!("prvs=0123456789={a}")),
    ("percent hack", |a| format!("{}@relay.example.org", a.replace('@', "%"))),
    ("source route", |a| format!("<@a.example.org,@b.example.org:{a}>")),
    ("xtext", |a| format!("ORCPT=rfc822;{}", each(a, |b| format!("+{b:02X}")))),
    ("utf-8 xtext", |a| format!("ORCPT=utf-8;{}", a.replace('@', "\\x{40}"))),
    ("percent", |a| format!("https://track.sender.example/u?e={}&c=9", each(a, |b| format!("%{b:02X}")))),
    ("twice percent", |a| format!("click={}", a.replace('@', "%2540"))),
    ("quoted-printable", |a| each(a, |b| format!("={b:02X}"))),
    ("json", |a| a.replace('@', "\\u0040")),
    ("entity", |a| a.replace('@', "&#64;")),
    ("rfc 2047 q", |a| format!("=?utf-8?Q?{}?=", each(a, |b| format!("={b:02X}")))),
    ("rfc 2047 b", |a| format!("=?utf-8?B?{}?=", base64(a.as_bytes()))),
    ("hex", |a| a.bytes().map(|b| format!("{b:02x}")).collect()),
    ("base64", |a| base64(a.as_bytes())),
    ("base64 + 1", |a| base64(format!(">{a}").as_bytes())),
    ("base64 + 2", |a| base64(format!("> {a}").as_bytes())),
    ("base64url in a path", |a| {
        format!("https://track.sender.example/u/{}", base64(a.as_bytes()).replace('+', "-").replace('/', "_"))
    }),
    ("base64 twice", |a| base64(base64(a.as_bytes()).as_bytes())),
    ("base64 of percent", |a| base64(a.replace('@', "%40").as_bytes())),
    ("auth plain", |a| format!("AUTH PLAIN {}", base64(format!("\0{a}\0s3cr3tPw!").as_bytes()))),
    ("maildir", |a| {
        a.split_once('@').map(|(l, d)| format!("/var/mail/vhosts/{d}/{l}/Maildir/new/1795.M1")).unwrap_or_default()
    }),
    ("home", |a| format!("/home/{}/notes.txt", a.split('@').next().unwrap_or_default())),
    ("login", |a| format!("sasl_username={a}")),
];

/// Each byte that is no letter, digit or dot, as `escape` writes it.
fn each(text: &str, escape: fn(u8) -> String) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'.';
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { escape(b) }).collect()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0_usize, |bits, k| bits << 8 | usize::from(*group.get(k).unwrap_or(&0)));
        let digits = (0..=group.len()).map(|k| char::from(DIGITS[bits >> (18 - 6 * k) & 63]));
        out.extend(digits.chain(std::iter::repeat_n('=', 3 - group.len())));
    }
    out
}
