//! The sentences of `host`: `sender.example descriptive text "v=spf1 -all"`.

use super::answer::{Asked, Said};

/// One sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sentence<'a> {
    /// One record of a name: type and data.
    Row(&'a str, Asked, &'a str),
    /// The name is another one's.
    Alias(&'a str, &'a str),
    /// There is no such name, or no answer about it. `host` does not say what was asked for.
    NoAnswer(&'a str, Said),
    /// The name is there, such a record is not.
    NoRecord(&'a str, Asked),
    /// Which server was asked; mail exchangers.
    Other,
}

/// Reads a sentence of `host`.
pub(super) fn sentence(line: &str) -> Option<Sentence<'_>> {
    let line = line.trim_end();
    if let Some((name, why)) = line.strip_prefix("Host ").and_then(|l| l.split_once(" not found: ")) {
        let said = if why == "3(NXDOMAIN)" { Said::NoName } else { Said::Failed };
        return is_name(name).then_some(Sentence::NoAnswer(name, said));
    }
    let (name, rest) = line.split_once(' ').filter(|(name, _)| is_name(name))?;
    let data = |label: &str| rest.strip_prefix(label);
    if let Some(text) = data("descriptive text ").filter(|t| t.starts_with('"')) {
        return Some(Sentence::Row(name, Asked::Txt, text));
    }
    if let Some(to) = data("domain name pointer ") {
        return is_name(to).then_some(Sentence::Row(name, Asked::Ptr, to));
    }
    if let Some(ip) = data("has address ") {
        return Some(Sentence::Row(name, Asked::A, ip));
    }
    if let Some(ip) = data("has IPv6 address ") {
        return Some(Sentence::Row(name, Asked::Aaaa, ip));
    }
    if let Some(to) = data("is an alias for ") {
        return is_name(to).then_some(Sentence::Alias(name, to));
    }
    if let Some(kind) = data("has no ").and_then(|r| r.strip_suffix(" record")) {
        return Asked::of(kind).map_or(Some(Sentence::Other), |asked| Some(Sentence::NoRecord(name, asked)));
    }
    data("mail is handled by ").map(|_| Sentence::Other)
}

/// What `host` says of the server it asked: four lines.
pub(super) fn is_preamble(line: &str) -> bool {
    line == "Using domain server:" || ["Name: ", "Address: ", "Aliases:"].iter().any(|l| line.starts_with(l))
}

/// Whether a word may be a name of the DNS.
pub(super) fn is_name(word: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-/".contains(&b);
    word.contains('.') && word.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_those_of_host_and_no_others() {
        let none = Sentence::NoAnswer("99.2.0.192.in-addr.arpa.", Said::NoName);
        assert_eq!(sentence("Host 99.2.0.192.in-addr.arpa. not found: 3(NXDOMAIN)"), Some(none));
        let failed = Sentence::NoAnswer("a.example", Said::Failed);
        assert_eq!(sentence("Host a.example not found: 2(SERVFAIL)"), Some(failed));
        assert_eq!(sentence("a.example has no TXT record"), Some(Sentence::NoRecord("a.example", Asked::Txt)));
        assert_eq!(
            sentence("1.2.0.192.in-addr.arpa domain name pointer n.a.example."),
            Some(Sentence::Row("1.2.0.192.in-addr.arpa", Asked::Ptr, "n.a.example."))
        );
        for other in ["mta1 has address book", "We.have a note", "Host key not found: 3", ""] {
            assert_eq!(sentence(other), None, "{other}");
        }
    }
}
