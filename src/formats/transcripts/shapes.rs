//! The shapes of single lines of `s_client`, its errors left out (see `verdict`).

/// Words that only `s_client` prints, at the start of a line.
pub(super) fn own_words(text: &str) -> Option<&'static str> {
    const STARTS: [&str; 7] = [
        "Didn't find STARTTLS in server response",
        "SSL handshake has read ",
        "CONNECTION ESTABLISHED",
        "s_client: ",
        "New, (NONE), Cipher is (NONE)",
        "SSL_connect:before SSL initialization",
        "verify return:",
    ];
    if let Some(words) = STARTS.iter().find(|s| text.starts_with(**s)) {
        return Some(words.trim_end());
    }
    if text.strip_prefix("CONNECTED(").and_then(|t| t.strip_suffix(')')).is_some_and(is_hex) {
        return Some("CONNECTED(");
    }
    if let Some((step, _)) = errno(text).filter(|(step, _)| text.starts_with(step)) {
        return Some(step);
    }
    // The error queue as the command prints it: the thread stands before it, nothing else.
    let (thread, _) = text.split_once(":error:")?;
    ((8..=20).contains(&thread.len()) && is_hex(thread) && openssl_shape(text)).then_some(":error:")
}

fn openssl_shape(text: &str) -> bool {
    ["SSL routines", "BIO routines", "system library", "x509 certificate routines"].iter().any(|l| text.contains(l))
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// `write:errno=32` at the end of a line; standard output can stand before it.
pub(super) fn errno(text: &str) -> Option<(&'static str, u32)> {
    let (before, number) = text.rsplit_once(":errno=")?;
    let step = ["connect", "write", "read"].into_iter().find(|s| before.ends_with(s))?;
    Some((step, number.parse().ok()?))
}

/// `New, TLSv1.3, Cipher is X`; also `Reused, …`.
pub(super) fn new_session(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("New, ").or_else(|| text.strip_prefix("Reused, "))?;
    rest.split_once(", Cipher is ")
}

/// `SSL handshake has read R bytes and written W bytes`
pub(super) fn handshake_bytes(text: &str) -> Option<(u64, u64)> {
    let (read, written) = text.strip_prefix("SSL handshake has read ")?.split_once(" bytes and written ")?;
    Some((read.parse().ok()?, written.strip_suffix(" bytes")?.parse().ok()?))
}

/// A fatal alert that the other side sent; our own reaction to a close is none.
pub(super) fn fatal_alert(text: &str) -> Option<&str> {
    if text.starts_with("SSL3 alert read:fatal:") {
        return Some(text);
    }
    let message = text.strip_prefix("<<< ")?;
    message.contains(" Alert ").then_some(message)?.contains(", fatal ").then_some(message)
}

/// The version that a tool printed before the test, as loops that record it do: `openssl version`,
/// `curl -V`, `gnutls-cli -v`, `swaks --version`, `postconf mail_version`.
pub(super) fn version_of(tool: &str, text: &str) -> Option<String> {
    let (label, name) = match tool {
        "openssl s_client" => ("OpenSSL ", tool),
        "posttls-finger" => ("mail_version = ", tool),
        "swaks" => ("swaks version ", tool),
        "curl" | "gnutls-cli" => (tool, " "),
        _ => return None,
    };
    let rest = text.strip_prefix(label)?;
    let rest = if name == " " { rest.strip_prefix(' ')? } else { rest };
    let version = rest.split_ascii_whitespace().next()?;
    version.starts_with(|c: char| c.is_ascii_digit()).then(|| version.to_owned())
}

/// `\t0m1.220s` of bash's `time`, in milliseconds.
pub(super) fn real_time(text: &str) -> Option<u64> {
    let (minutes, seconds) = text.trim().strip_suffix('s')?.split_once('m')?;
    let (whole, fraction) = seconds.split_once(['.', ','])?;
    let millis: u64 = fraction.get(..3)?.parse().ok()?;
    let whole: u64 = whole.parse().ok()?;
    minutes.parse::<u64>().ok()?.checked_mul(60_000)?.checked_add(whole.checked_mul(1000)?)?.checked_add(millis)
}

/// The word after an option of the command.
pub(super) fn option<'c>(command: &'c str, name: &str) -> Option<&'c str> {
    let mut words = command.split(|c: char| c.is_ascii_whitespace() || matches!(c, '"' | '\'' | ';' | '|' | ')'));
    words.find(|w| *w == name)?;
    words.find(|w| !w.is_empty())
}

/// `mx.example:25`, `[2001:db8::1]:25`, `192.0.2.1:0` without the port.
pub(super) fn without_port(target: &str) -> &str {
    if let Some((inside, _)) = target.strip_prefix('[').and_then(|t| t.split_once(']')) {
        return inside;
    }
    match target.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() && !host.contains(':') => host,
        _ => target,
    }
}
