//! Lanes: which receiver a session went to, by its MX host, then by the reply's
//! tail, then by the recipient's domain.

use serde::Serialize;
use thiserror::Error;

use super::token::{TokenKind, google_tail};

/// Index of a lane in a [`Lanes`] table. `Lane::GMAIL` is always the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane(pub u8);

impl Lane {
    /// The Gmail lane: consumer and Workspace together, since limits count by MX.
    pub const GMAIL: Self = Self(0);
    /// Receivers of no named family.
    pub const OTHER: Self = Self(u8::MAX);
}

/// The two groups inside the Gmail lane. Google supports the first only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sublane {
    /// gmail.com and googlemail.com.
    Consumer,
    /// Any other domain hosted by Google.
    Workspace,
    /// Another lane, or no recipient domain in the record.
    None,
}

/// Why a user's lane was not accepted.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LaneError {
    /// More lanes than the table holds.
    #[error("more than {} lanes", u8::MAX - 1)]
    TooMany,
    /// A pattern that can match nothing.
    #[error("`{0}` is no host pattern; use a name, or `*.` and a suffix")]
    Pattern(String),
}

#[derive(Clone, Debug)]
struct Family {
    name: String,
    /// Lower-case host patterns: exact names, or `*.suffix`.
    patterns: Vec<String>,
}

/// The table of lanes: built-in families, and those of case.yaml before them.
#[derive(Clone, Debug)]
pub struct Lanes {
    families: Vec<Family>,
}

/// MX families of large receivers, from their published MX records.
const BUILT_IN: &[(&str, &[&str])] = &[
    ("microsoft", &["*.protection.outlook.com", "*.olc.protection.outlook.com", "*.mx.microsoft", "*.hotmail.com"]),
    ("yahoo", &["*.yahoodns.net"]),
    ("icloud", &["*.icloud.com", "*.mail.icloud.com"]),
    ("fastmail", &["*.messagingengine.com"]),
    ("proton", &["*.protonmail.ch"]),
    ("zoho", &["*.zoho.com", "*.zoho.eu", "*.zoho.in"]),
    ("yandex", &["*.yandex.ru", "*.yandex.net"]),
    ("mailru", &["*.mail.ru"]),
    ("gmx", &["*.gmx.net", "*.gmx.com", "*.web.de", "*.kundenserver.de"]),
    ("orange", &["*.orange.fr", "*.wanadoo.fr"]),
    ("comcast", &["*.comcast.net"]),
    ("proofpoint", &["*.pphosted.com", "*.ppe-hosted.com"]),
    ("mimecast", &["*.mimecast.com", "*.mimecast.co.za"]),
    ("barracuda", &["*.barracudanetworks.com"]),
];

impl Default for Lanes {
    fn default() -> Self {
        let families = BUILT_IN
            .iter()
            .map(|(name, patterns)| Family {
                name: (*name).to_owned(),
                patterns: patterns.iter().map(|p| (*p).to_owned()).collect(),
            })
            .collect();
        Self { families }
    }
}

impl Lanes {
    /// Adds lanes of the user's; they are tried before the built-in families,
    /// and a name of a built-in family replaces it.
    ///
    /// # Errors
    /// When a pattern cannot match a host, or there are too many lanes.
    pub fn with(mut self, lanes: &[(String, Vec<String>)]) -> Result<Self, LaneError> {
        for (name, patterns) in lanes {
            for p in patterns {
                let body = p.strip_prefix("*.").unwrap_or(p);
                if body.is_empty() || body.contains('*') || body.contains(char::is_whitespace) {
                    return Err(LaneError::Pattern(p.clone()));
                }
            }
            self.families.retain(|f| &f.name != name);
        }
        let own = lanes.iter().map(|(name, patterns)| Family {
            name: name.clone(),
            patterns: patterns.iter().map(|p| p.to_ascii_lowercase()).collect(),
        });
        self.families = own.chain(std::mem::take(&mut self.families)).collect();
        if self.families.len() >= usize::from(u8::MAX) - 1 { Err(LaneError::TooMany) } else { Ok(self) }
    }

    /// The name of a lane: `gmail`, `microsoft`, …, `other`.
    #[must_use]
    pub fn name(&self, lane: Lane) -> &str {
        match lane {
            Lane::GMAIL => "gmail",
            Lane(n) => self.families.get(usize::from(n) - 1).map_or("other", |f| &f.name),
        }
    }

    /// The lane of a session. `reply` is the raw reply text, where there is one.
    ///
    /// The MX host decides; where it says nothing, the tail that Google puts on its replies;
    /// without a host, the recipient's domain. Replies of Google's submission and relay
    /// hosts end alike, but their token tells.
    #[must_use]
    pub fn classify(&self, mx_host: &[u8], rcpt_domain: &[u8], reply: &[u8]) -> Lane {
        let host = trim_dot(mx_host);
        if !host.is_empty() {
            if is_gmail_mx(host) {
                return Lane::GMAIL;
            }
            if let Some(lane) = self.family_of(host) {
                return lane;
            }
        }
        match google_tail(reply) {
            Some(TokenKind::Relay) => return Lane::OTHER,
            Some(TokenKind::Inbound | TokenKind::Other) => return Lane::GMAIL,
            None => {}
        }
        if host.is_empty() && is_consumer(rcpt_domain) {
            return Lane::GMAIL;
        }
        Lane::OTHER
    }

    fn family_of(&self, host: &[u8]) -> Option<Lane> {
        let at = self.families.iter().position(|f| f.patterns.iter().any(|p| host_matches(p, host)))?;
        u8::try_from(at + 1).ok().map(Lane)
    }
}

impl Sublane {
    /// The group of a recipient domain inside a lane.
    #[must_use]
    pub fn of(lane: Lane, rcpt_domain: &[u8]) -> Self {
        if lane != Lane::GMAIL || rcpt_domain.is_empty() {
            Self::None
        } else if is_consumer(rcpt_domain) {
            Self::Consumer
        } else {
            Self::Workspace
        }
    }
}

fn is_consumer(domain: &[u8]) -> bool {
    domain.eq_ignore_ascii_case(b"gmail.com") || domain.eq_ignore_ascii_case(b"googlemail.com")
}

/// The MX hosts of Google, consumer and Workspace: `gmail-smtp-in.l.google.com` and its
/// `alt` hosts, `aspmx…`, `smtp.google.com`, `mx1.smtp.goog`; the name in their greeting,
/// and the reverse names of their addresses, for logs that hold no other. Submission and
/// relay hosts (`smtp.gmail.com`, `smtp-relay.gmail.com`) are not MX hosts.
fn is_gmail_mx(host: &[u8]) -> bool {
    if ends_with_ignore_case(host, b".l.google.com") {
        return contains_ignore_case(host, b"smtp-in") || contains_ignore_case(host, b"aspmx");
    }
    if ends_with_ignore_case(host, b".googlemail.com") {
        return contains_ignore_case(host, b"aspmx");
    }
    host.eq_ignore_ascii_case(b"smtp.google.com")
        || host.eq_ignore_ascii_case(b"mx.google.com")
        || ends_with_ignore_case(host, b".smtp.goog")
        || ends_with_ignore_case(host, b".1e100.net")
}

fn contains_ignore_case(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|w| w.eq_ignore_ascii_case(word))
}

fn host_matches(pattern: &str, host: &[u8]) -> bool {
    match pattern.strip_prefix('*') {
        Some(suffix) => ends_with_ignore_case(host, suffix.as_bytes()),
        None => host.eq_ignore_ascii_case(pattern.as_bytes()),
    }
}

fn ends_with_ignore_case(host: &[u8], suffix: &[u8]) -> bool {
    host.len() > suffix.len() && host[host.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
}

fn trim_dot(host: &[u8]) -> &[u8] {
    host.strip_suffix(b".").unwrap_or(host)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::*;

    #[test]
    fn mx_host_decides_then_reply_then_domain() {
        let lanes = Lanes::default();
        for host in [
            "gmail-smtp-in.l.google.com",
            "ALT4.aspmx.L.google.com.",
            "aspmx3.googlemail.com",
            "smtp.google.com",
            "mx2.smtp.goog",
            "alt3.gmr-smtp-in.l.google.com",
            "mx.google.com",
            "ws-in-f27.1e100.net",
        ] {
            assert_eq!(lanes.classify(host.as_bytes(), b"shop.example", b""), Lane::GMAIL, "{host}");
        }
        assert_eq!(lanes.classify(b"mx.filter.example", b"gmail.com", b""), Lane::OTHER);
        let tail = b"421 4.7.0 x l11si9233120wms.107 - gsmtp (in reply to RCPT TO command)";
        assert_eq!(lanes.classify(b"proxy.example", b"gmail.com", tail), Lane::GMAIL);
        // oss trap 25: the relay of a Workspace customer answers in the same way.
        assert_eq!(
            lanes.classify(b"smtp-relay.gmail.com", b"a.example", b"250 2.0.0 OK d10sm816945pfh.8 - gsmtp"),
            Lane::OTHER
        );
        assert_eq!(lanes.classify(b"", b"GoogleMail.com", b""), Lane::GMAIL);
        assert_eq!(lanes.classify(b"smtp-relay.gmail.com", b"a.example", b""), Lane::OTHER);
        assert_eq!(lanes.name(lanes.classify(b"mta5.am0.yahoodns.net", b"yahoo.com", b"")), "yahoo");
        assert_eq!(lanes.name(Lane::OTHER), "other");
    }

    #[test]
    fn users_lanes_come_first_and_replace() {
        let lanes = Lanes::default()
            .with(&[
                ("ours".into(), vec!["*.example.net".into()]),
                ("yahoo".into(), vec!["*.yahoodns.net".into(), "*.aol.example".into()]),
            ])
            .expect("valid");
        assert_eq!(lanes.name(lanes.classify(b"mx1.mail.example.net", b"", b"")), "ours");
        assert_eq!(lanes.name(lanes.classify(b"mx.aol.example", b"", b"")), "yahoo");
        assert!(Lanes::default().with(&[("x".into(), vec!["*".into()])]).is_err());
    }
}
