//! Rust's debug prints inside KumoMTA's texts: `Response { code: 421, … }`,
//! `ResolvedAddress { name: "H.", addr: IP }`.

use super::record::Enhanced;

/// A reply as a debug print shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Printed<'a> {
    pub(super) code: u16,
    pub(super) enhanced: Option<Enhanced>,
    /// Its text, still escaped.
    pub(super) content: &'a str,
    /// The command it answers, still escaped; empty when there is none.
    pub(super) command: &'a str,
}

/// Reads `Response { code: 421, enhanced_code: Some(EnhancedStatusCode { class: 4, subject: 7,
/// detail: 28 }), content: "…", command: None }` at the start of a text.
pub(super) fn response(text: &str) -> Option<Printed<'_>> {
    let rest = text.strip_prefix("Response { code: ")?;
    let (code, rest) = number(rest)?;
    let rest = rest.strip_prefix(", enhanced_code: ")?;
    let (enhanced, rest) = match rest.strip_prefix("Some(EnhancedStatusCode { class: ") {
        Some(rest) => {
            let (class, rest) = number(rest)?;
            let (subject, rest) = number(rest.strip_prefix(", subject: ")?)?;
            let (detail, rest) = number(rest.strip_prefix(", detail: ")?)?;
            (Some(Enhanced { class, subject, detail }), rest.strip_prefix(" })")?)
        }
        None => (None, rest.strip_prefix("None")?),
    };
    let (content, rest) = quoted(rest.strip_prefix(", content: ")?)?;
    let command = rest.strip_prefix(", command: Some(").and_then(quoted).map_or("", |(command, _)| command);
    Some(Printed { code, enhanced, content, command })
}

/// A host by name and address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Host<'a> {
    /// Without the trailing dot.
    pub(super) name: &'a str,
    pub(super) ip: &'a str,
}

/// Reads a host in any of its prints, the port after it left out:
/// `ResolvedAddress { name: "H.", addr: IP }:25`, `H./IP:25`, `IP:25`, `[IP]:25`.
pub(super) fn host(text: &str) -> Host<'_> {
    if let Some(rest) = text.strip_prefix("ResolvedAddress { name: ") {
        let Some((name, rest)) = quoted(rest) else { return Host::default() };
        let addr = rest.strip_prefix(", addr: ").unwrap_or_default();
        let addr = addr.split([',', ' ', '}']).next().unwrap_or_default();
        return Host { name: without_dot(name), ip: ip_of(addr) };
    }
    let text = match text.rsplit_once(':') {
        Some((before, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => before,
        _ => text,
    };
    match text.split_once('/') {
        Some((name, addr)) if !name.is_empty() => Host { name: without_dot(name), ip: ip_of(addr) },
        _ => Host { name: "", ip: ip_of(text) },
    }
}

/// An address without its port and brackets; nothing for the path of a socket.
pub(super) fn ip_of(addr: &str) -> &str {
    if let Some(rest) = addr.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    if addr.starts_with('/') {
        return "";
    }
    match addr.split_once(':') {
        Some((ip, port)) if !port.contains(':') => ip,
        _ => addr,
    }
}

/// A name without the dot that ends it in DNS.
pub(super) fn without_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// Writes out what stands between the quotes of a debug print. Line ends become blanks, as
/// KumoMTA itself writes replies of several lines. What is no escape of a debug print stays as
/// it is: `\u0040` without its mark would be an address that nobody knows for one.
pub(super) fn unescape(quoted: &str, out: &mut Vec<u8>) {
    let mut rest = quoted;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        let mut after = rest[at + 1..].chars();
        match after.next() {
            Some('n' | 't') => out.push(b' '),
            Some('r' | '0') | None => {}
            Some('u') => {
                let (digits, tail) =
                    after.as_str().strip_prefix('{').and_then(|t| t.split_once('}')).unwrap_or_default();
                if let Some(c) = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32) {
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    after = tail.chars();
                } else {
                    out.extend_from_slice(br"\u");
                }
            }
            Some(c @ ('\\' | '"' | '\'')) => out.push(c as u8),
            Some(c) => {
                out.push(b'\\');
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        rest = after.as_str();
    }
    out.extend_from_slice(rest.as_bytes());
}

/// What stands between the quotes at the start of a text, and what follows them.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let body = text.strip_prefix('"')?;
    let end = end_of_quotes(body.as_bytes())?;
    Some((&body[..end], &body[end + 1..]))
}

/// Where the quotes end that a text begins inside of.
pub(super) fn end_of_quotes(body: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + memchr::memchr2(b'"', b'\\', body.get(from..)?)?;
        if body.get(at) == Some(&b'"') {
            return Some(at);
        }
        from = at + 2;
    }
}

fn number(text: &str) -> Option<(u16, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    Some((text[..digits].parse().ok()?, &text[digits..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_with_quotes_commas_and_braces_in_its_text() {
        // Shape: rfc5321 `ClientError::Rejected` prints its `Response` for debugging.
        let text = r#"Response { code: 421, enhanced_code: Some(EnhancedStatusCode { class: 4, subject: 7, detail: 28 }), content: "say \"please\", {then}\nwait \u{e9}\\", command: Some("EHLO a.example\r\n") }, next"#;
        let printed = response(text);
        let enhanced = Some(Enhanced { class: 4, subject: 7, detail: 28 });
        let content = r#"say \"please\", {then}\nwait \u{e9}\\"#;
        assert_eq!(printed, Some(Printed { code: 421, enhanced, content, command: "EHLO a.example\\r\\n" }));
        let mut out = Vec::new();
        unescape(content, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), r#"say "please", {then} wait é\"#);
        out.clear();
        unescape(r"someone\u0040else.example \x{40}", &mut out);
        assert_eq!(String::from_utf8_lossy(&out), r"someone\u0040else.example \x{40}");
        assert_eq!(response("Response { code: 421, enhanced_code: None, content: \"cut"), None);
    }

    #[test]
    fn hosts_in_all_their_prints() {
        let both = Host { name: "mx.example", ip: "192.0.2.1" };
        assert_eq!(host(r#"ResolvedAddress { name: "mx.example.", addr: 192.0.2.1 }:25"#), both);
        assert_eq!(
            host(r#"ResolvedAddress { name: "mx.example.", addr: 192.0.2.1:2525, is_secure: true }:2525"#),
            both
        );
        assert_eq!(host("mx.example./192.0.2.1:25"), both);
        assert_eq!(host("mx.example./2001:db8::1:25"), Host { name: "mx.example", ip: "2001:db8::1" });
        assert_eq!(host("[2001:db8::1]:25"), Host { name: "", ip: "2001:db8::1" });
        assert_eq!(host("192.0.2.1:25"), Host { name: "", ip: "192.0.2.1" });
        assert_eq!(host("/run/sink.sock"), Host::default());
        assert_eq!(host(r#"ResolvedAddress { name: "cut"#), Host::default());
    }
}
