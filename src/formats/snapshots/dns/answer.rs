//! What one DNS answer says, as far as a sender's requirements go.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::Serialize;

use crate::time::Stamp;

/// What was asked for. Other types say nothing of a requirement and are not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Asked {
    /// Text: SPF, DKIM, DMARC.
    Txt,
    /// The name of an address.
    Ptr,
    /// The IPv4 addresses of a name.
    A,
    /// Its IPv6 addresses.
    Aaaa,
}

impl Asked {
    /// By the word of DNS tools.
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "TXT" => Self::Txt,
            "PTR" => Self::Ptr,
            "A" => Self::A,
            "AAAA" => Self::Aaaa,
            _ => return None,
        })
    }
}

/// One record that is kept. Of a text only its kind is: other texts at a sender's domain
/// are tokens of third parties, and a DMARC record holds mailboxes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// `v=spf1 …`
    Spf,
    /// `v=DMARC1 …`, and its `p=`.
    Dmarc {
        /// `none`, `quarantine` or `reject`; nothing where the record states no such word.
        policy: Option<&'static str>,
    },
    /// A DKIM key.
    Dkim {
        /// Its `p=` is empty.
        revoked: bool,
    },
    /// More than one record where one may stand, of a tool that does not tell how many.
    Several,
    /// A record in which the tool that looked it up found a fault.
    Faulty,
    /// `v=STSv1 …`: mail to this domain has an MTA-STS policy.
    MtaSts,
    /// `v=TLSRPTv1 …`: senders may report on TLS of mail to this domain.
    TlsReports,
    /// The name that a PTR record leads to.
    Name(String),
    /// The address that a name leads to.
    Address(IpAddr),
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// These records; none is "the name is there, such a record is not" where the answer is whole.
    Records(Vec<Record>),
    /// NXDOMAIN: there is no such name.
    NoName,
    /// SERVFAIL, REFUSED, a cut answer: it is not known what is there.
    Failed,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The name that was asked for, in small letters, without the last dot.
    pub name: String,
    /// What was asked for.
    pub asked: Asked,
    /// What came back.
    pub said: Said,
    /// When, by the answer's own word or case.yaml's.
    pub taken: Option<Stamp>,
    /// `dig`, `host`, …
    pub tool: &'static str,
    /// First and last line of the file that tell it.
    pub lines: (u64, u64),
}

impl Answer {
    /// One line for the inspector: `TXT of sender.example: one SPF record (dig, 2026-11-24T02:43:07Z, line 6)`.
    #[must_use]
    pub fn words(&self) -> String {
        let said = match &self.said {
            Said::NoName => "there is no such name".to_owned(),
            Said::Failed => "not known: no whole answer came".to_owned(),
            Said::Records(records) if records.is_empty() => "no record of a kind that is read".to_owned(),
            Said::Records(records) => records.iter().map(Record::words).collect::<Vec<_>>().join(", "),
        };
        let when = self.taken.map_or_else(|| "undated".to_owned(), Stamp::to_second);
        format!("{} of {}: {said} ({}, {when}, line {})", self.asked.word(), self.name, self.tool, self.lines.0)
    }
}

impl Asked {
    /// The word of DNS tools.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Txt => "TXT",
            Self::Ptr => "PTR",
            Self::A => "A",
            Self::Aaaa => "AAAA",
        }
    }
}

impl Record {
    fn words(&self) -> String {
        match self {
            Self::Spf => "an SPF record".to_owned(),
            Self::Dmarc { policy: Some(policy) } => format!("a DMARC record with p={policy}"),
            Self::Dmarc { policy: None } => "a DMARC record without a known p=".to_owned(),
            Self::Dkim { revoked: true } => "a DKIM key that is revoked".to_owned(),
            Self::Dkim { revoked: false } => "a DKIM key".to_owned(),
            Self::Several => "several records where one may stand".to_owned(),
            Self::Faulty => "a record in which the tool found a fault".to_owned(),
            Self::MtaSts => "an MTA-STS record, which is about mail to this domain".to_owned(),
            Self::TlsReports => "a TLS-RPT record, which is about mail to this domain".to_owned(),
            Self::Name(name) => name.clone(),
            Self::Address(ip) => ip.to_string(),
        }
    }
}

/// The record that a row's data is, or nothing where it is not on the list.
pub(super) fn record(owner: &str, asked: Asked, data: &str) -> Option<Record> {
    Some(match asked {
        Asked::Txt => return text_record(owner, &joined(data)?),
        Asked::Ptr => Record::Name(plain(data)),
        Asked::A => Record::Address(IpAddr::V4(data.parse::<Ipv4Addr>().ok()?)),
        Asked::Aaaa => Record::Address(IpAddr::V6(data.parse::<Ipv6Addr>().ok()?)),
    })
}

/// The record that a text is, by the name it stands at.
pub(in super::super) fn text_record(owner: &str, text: &str) -> Option<Record> {
    let first = text.split([' ', ';']).next().unwrap_or_default();
    if first.eq_ignore_ascii_case("v=spf1") {
        return Some(Record::Spf);
    }
    if owner.starts_with("_dmarc.") && first == "v=DMARC1" {
        let stated = tag(text, "p")?.to_ascii_lowercase();
        let policy = ["none", "quarantine", "reject"].into_iter().find(|p| *p == stated);
        return Some(Record::Dmarc { policy });
    }
    for (prefix, version, found) in
        [("_mta-sts.", "v=STSv1", Record::MtaSts), ("_smtp._tls.", "v=TLSRPTv1", Record::TlsReports)]
    {
        if owner.starts_with(prefix) {
            return (first == version).then_some(found);
        }
    }
    let is_key = owner.contains("._domainkey.");
    is_key.then(|| tag(text, "p").map(|p| Record::Dkim { revoked: p.is_empty() }))?
}

/// The value of a tag in `v=DMARC1; p=none`; empty where the record lacks it but is of the kind.
fn tag<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut tags = text.split(';').filter_map(|t| t.split_once('='));
    let found = tags.find(|(n, _)| n.trim() == name).map(|(_, value)| value.trim());
    // A DMARC record without p= is one all the same; a text without p= is no key.
    found.or_else(|| text.starts_with("v=DMARC1").then_some(""))
}

/// The strings of a TXT record as one: `"v=DKIM1; p=MII" "Bq"` holds no blank in its key.
pub(super) fn joined(data: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = data.trim();
    while let Some(inner) = rest.strip_prefix('"') {
        let mut end = None;
        let mut escaped = false;
        for (at, c) in inner.char_indices() {
            match c {
                '"' if !escaped => {
                    end = Some(at);
                    break;
                }
                '\\' if !escaped => escaped = true,
                _ => {
                    escaped = false;
                    text.push(c);
                }
            }
        }
        rest = inner.get(end? + 1..)?.trim_start();
    }
    rest.is_empty().then_some(text)
}

/// A name as it is compared: small letters, no last dot.
pub(in super::super) fn plain(name: &str) -> String {
    name.trim().trim_end_matches('.').to_ascii_lowercase()
}

/// The name under which the PTR record of an address stands.
#[must_use]
pub fn reverse_name(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(ip) => {
            let nibbles = ip.octets().into_iter().rev().map(|b| format!("{:x}.{:x}.", b & 15, b >> 4));
            nibbles.collect::<String>() + "ip6.arpa"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// auth trap 42: the strings of a TXT record are joined without a blank.
    #[test]
    fn strings_of_one_record_are_joined_as_they_stand() {
        assert_eq!(joined(r#""v=DKIM1; p=MII" "Bq" "#).as_deref(), Some("v=DKIM1; p=MIIBq"));
        assert_eq!(joined(r#""v=DKIM1\; p=\"x""#).as_deref(), Some(r#"v=DKIM1; p="x"#));
        assert_eq!((joined(r#""open"#), joined("bare"), joined("\"a\" b")), (None, None, None));
        assert_eq!(
            record("s1._domainkey.sender.example", Asked::Txt, r#""v=DKIM1; k=rsa; p" "=" "AB""#),
            Some(Record::Dkim { revoked: false })
        );
    }

    #[test]
    fn of_texts_only_the_kind_is_kept() {
        let of = |owner: &str, text: &str| record(owner, Asked::Txt, &format!("\"{text}\""));
        assert_eq!(of("a.example", "v=spf1 -all"), Some(Record::Spf));
        assert_eq!(of("a.example", "v=spf10 -all"), None);
        assert_eq!(of("a.example", "google-site-verification=x"), None);
        assert_eq!(of("_dmarc.a.example", "v=DMARC1; p=Reject"), Some(Record::Dmarc { policy: Some("reject") }));
        assert_eq!(of("_dmarc.a.example", "v=DMARC1; sp=none"), Some(Record::Dmarc { policy: None }));
        assert_eq!(of("a.example", "v=DMARC1; p=none"), None, "not where receivers look");
        assert_eq!(of("s._domainkey.a.example", "v=DKIM1; p="), Some(Record::Dkim { revoked: true }));
        assert_eq!(of("s._domainkey.a.example", "hello"), None);
    }

    #[test]
    fn reverse_names_are_those_that_dig_asks_for() {
        let of = |ip: &str| ip.parse().map(reverse_name).unwrap_or_default();
        assert_eq!(of("192.0.2.10"), "10.2.0.192.in-addr.arpa");
        assert_eq!(of("2001:db8::1"), format!("1.{}8.b.d.0.1.0.0.2.ip6.arpa", "0.".repeat(23)));
    }
}
