//! Lanes: which receiver a session went to, by its MX host, then by the reply's
//! tail, then by the recipient's domain.

mod families;
mod google;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::outcome::words;
use super::token::{TokenKind, google_tail};
use families::FAMILIES;
use google::Host;

/// Index of a lane in a [`Lanes`] table. `Lane::GMAIL` is always the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane(pub u8);

impl Lane {
    /// The Gmail lane: consumer and Workspace together, since limits count by MX.
    pub const GMAIL: Self = Self(0);
    /// Receivers of no named family.
    pub const OTHER: Self = Self(u8::MAX);
    /// Sessions whose receiver no line names, as where a log lost some: they may be Gmail's or
    /// another's, and stand for neither.
    pub const UNKNOWN: Self = Self(u8::MAX - 1);

    /// Whether its sessions went to another receiver than Gmail.
    #[must_use]
    pub fn is_of_others(self) -> bool {
        self != Self::GMAIL && self != Self::UNKNOWN
    }
}

words! {
    /// By what a lane was known.
    LaneEvidence {
        /// The name of the MX host: it is of the lane's family, or of none that is known.
        MxHost = "mx_host",
        /// The reverse name of the MX's address, where the log holds no other.
        ReverseName = "reverse_name",
        /// The token that Google puts at the end of its replies.
        Reply = "reply",
        /// The recipient's domain: the weakest, and the consumer domains of Gmail only.
        RecipientDomain = "recipient_domain",
        /// Nothing in the record tells.
        Nothing = "nothing",
    }
}

/// What the name of an MX host says of the lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameSays {
    /// It is of this lane, whatever a reply looks like.
    Lane(Lane),
    /// It is the reverse name of one of Google's addresses: the reply tells whether it is an MX.
    Google,
    /// It is of no family, or it is an address of the own network.
    NoFamily,
    /// There is no name.
    Nothing,
}

/// The two groups inside the Gmail lane. Google supports the first only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

impl Default for Lanes {
    fn default() -> Self {
        let families = FAMILIES
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

    /// Name and host patterns of each lane but Gmail's, in the order in which they are tried.
    #[must_use]
    pub fn patterns(&self) -> Vec<(String, Vec<String>)> {
        self.families.iter().map(|family| (family.name.clone(), family.patterns.clone())).collect()
    }

    /// The name of a lane: `gmail`, `microsoft`, …, `other`.
    #[must_use]
    pub fn name(&self, lane: Lane) -> &str {
        match lane {
            Lane::GMAIL => "gmail",
            Lane::UNKNOWN => "unknown",
            Lane(n) => self.families.get(usize::from(n) - 1).map_or("other", |f| &f.name),
        }
    }

    /// The name as prose and charts print it: `Gmail`, `Microsoft`; a user's lane as it was named.
    #[must_use]
    pub fn title(&self, lane: Lane) -> &str {
        match self.name(lane) {
            "gmail" => "Gmail",
            "yahoo" => "Yahoo",
            "microsoft" => "Microsoft",
            "icloud" => "iCloud",
            "fastmail" => "Fastmail",
            "other" => "all others",
            "unknown" => "receiver not named",
            name => name,
        }
    }

    /// The lane of a name, as [`Lanes::name`] gives it; `other` for a name that is none.
    #[must_use]
    pub fn named(&self, name: &str) -> Lane {
        if name.eq_ignore_ascii_case(self.name(Lane::GMAIL)) {
            return Lane::GMAIL;
        }
        if name.eq_ignore_ascii_case(self.name(Lane::UNKNOWN)) {
            return Lane::UNKNOWN;
        }
        let at = self.families.iter().position(|f| f.name.eq_ignore_ascii_case(name));
        at.and_then(|i| u8::try_from(i + 1).ok()).map_or(Lane::OTHER, Lane)
    }

    /// The lane of a session. `reply` is the raw reply text, where there is one.
    #[must_use]
    pub fn classify(&self, mx_host: &[u8], rcpt_domain: &[u8], reply: &[u8]) -> Lane {
        self.identify(mx_host, rcpt_domain, reply).0
    }

    /// The lane of a session, and by what it is known. Allocates nothing.
    ///
    /// The MX host decides; where its name says nothing, the token at the end of Google's
    /// replies; then the reverse name of its address; without a name, the recipient's domain.
    /// Google's submission and relay hosts are no lane of Gmail's: their replies end alike, but
    /// the token tells.
    #[must_use]
    pub fn identify(&self, mx_host: &[u8], rcpt_domain: &[u8], reply: &[u8]) -> (Lane, LaneEvidence) {
        self.read_name(mx_host).identify(rcpt_domain, reply)
    }

    /// What a host's name says, whatever is said there: the part of [`Lanes::identify`] that
    /// is the same for all sessions with a host, and the dearest.
    #[must_use]
    pub fn read_name(&self, mx_host: &[u8]) -> NameSays {
        let host = trim_dot(mx_host);
        match ip_of(mx_host) {
            Some(address) if is_internal(address) => return NameSays::NoFamily,
            Some(_) => return NameSays::Nothing,
            None if host.is_empty() => return NameSays::Nothing,
            None => {}
        }
        match google::host(host) {
            Host::Mx => NameSays::Lane(Lane::GMAIL),
            Host::Relay => NameSays::Lane(Lane::OTHER),
            google @ (Host::ReverseName | Host::Foreign) => match self.family_of(host) {
                Some(lane) => NameSays::Lane(lane),
                None if google == Host::ReverseName => NameSays::Google,
                None => NameSays::NoFamily,
            },
        }
    }

    fn family_of(&self, host: &[u8]) -> Option<Lane> {
        let at = self.families.iter().position(|f| f.patterns.iter().any(|p| host_matches(p, host)))?;
        u8::try_from(at + 1).ok().map(Lane)
    }
}

impl NameSays {
    /// The lane of a session with the host of this name, and by what it is known.
    #[must_use]
    pub fn identify(self, rcpt_domain: &[u8], reply: &[u8]) -> (Lane, LaneEvidence) {
        if let Self::Lane(lane) = self {
            return (lane, LaneEvidence::MxHost);
        }
        match (google_tail(reply), self) {
            (Some(TokenKind::Inbound), _) => (Lane::GMAIL, LaneEvidence::Reply),
            (Some(TokenKind::Relay), _) => (Lane::OTHER, LaneEvidence::Reply),
            (_, Self::Google) => (Lane::GMAIL, LaneEvidence::ReverseName),
            (_, Self::NoFamily | Self::Lane(_)) => (Lane::OTHER, LaneEvidence::MxHost),
            (_, Self::Nothing) if is_consumer(rcpt_domain) => (Lane::GMAIL, LaneEvidence::RecipientDomain),
            (_, Self::Nothing) if rcpt_domain.is_empty() => (Lane::UNKNOWN, LaneEvidence::Nothing),
            (_, Self::Nothing) => (Lane::OTHER, LaneEvidence::Nothing),
        }
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

fn host_matches(pattern: &str, host: &[u8]) -> bool {
    match pattern.strip_prefix('*') {
        Some(suffix) => ends_with_ignore_case(host, suffix.as_bytes()),
        None => host.eq_ignore_ascii_case(pattern.as_bytes()),
    }
}

fn ends_with_ignore_case(host: &[u8], suffix: &[u8]) -> bool {
    host.len() > suffix.len() && host[host.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
}

/// The address that a log holds where the host's name would stand.
fn ip_of(host: &[u8]) -> Option<IpAddr> {
    let host = host.strip_prefix(b"[").and_then(|h| h.strip_suffix(b"]")).unwrap_or(host);
    std::str::from_utf8(host).ok().filter(|h| h.len() <= 45)?.parse().ok()
}

/// Whether an address is the sender's own, of a filter or a smart host, and no receiver's.
const fn is_internal(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_loopback() || ip.is_unicast_link_local(),
    }
}

fn trim_dot(host: &[u8]) -> &[u8] {
    host.strip_suffix(b".").unwrap_or(host)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::*;

    #[test]
    fn mx_host_decides_then_reply_then_reverse_name_then_domain() {
        use LaneEvidence::{MxHost, Nothing, RecipientDomain, Reply, ReverseName};
        const MX: &str = "421 4.7.0 x l11si9233120wms.107 - gsmtp (in reply to RCPT TO command)";
        const RELAY: &str = "250 2.0.0 OK  1795492010 d10sm816945pfh.8 - gsmtp";
        const BARE: &str = "421 4.7.0 x - gsmtp";
        let lanes = Lanes::default();
        let rows = [
            ("ALT4.aspmx.L.google.com.", "shop.example", "", Lane::GMAIL, MxHost),
            // A proxy or smart host before Gmail: what Gmail says comes through.
            ("proxy.example", "shop.example", MX, Lane::GMAIL, Reply),
            ("proxy.example", "gmail.com", "", Lane::OTHER, MxHost),
            ("mx.filter.example", "gmail.com", BARE, Lane::OTHER, MxHost),
            // oss trap 25: the relay of a Workspace customer answers as the MX does.
            ("smtp-relay.gmail.com", "shop.example", RELAY, Lane::OTHER, MxHost),
            ("smtp.gmail.com", "gmail.com", MX, Lane::OTHER, MxHost),
            ("", "gmail.com", RELAY, Lane::OTHER, Reply),
            // oss trap 22: OpenSMTPD logs reverse names; those of the relay look alike.
            ("ws-in-f27.1e100.net", "shop.example", "", Lane::GMAIL, ReverseName),
            ("ws-in-f27.1e100.net", "shop.example", MX, Lane::GMAIL, Reply),
            ("ws-in-f28.1e100.net", "gmail.com", RELAY, Lane::OTHER, Reply),
            ("", "GoogleMail.com", "", Lane::GMAIL, RecipientDomain),
            ("173.194.76.27", "gmail.com", BARE, Lane::GMAIL, RecipientDomain),
            // A filter by its address; a proxy hands on what Gmail says.
            ("10.0.0.5", "gmail.com", "250 2.0.0 Ok: queued as 9B1DC9F6A5D", Lane::OTHER, MxHost),
            ("[fd00::5]", "gmail.com", "", Lane::OTHER, MxHost),
            ("10.0.0.5", "gmail.com", MX, Lane::GMAIL, Reply),
            ("[2a00:1450:400c:c05::1a]", "gmail.com", "", Lane::GMAIL, RecipientDomain),
            ("173.194.76.27", "shop.example", "", Lane::OTHER, Nothing),
            ("", "", "", Lane::UNKNOWN, Nothing),
            ("173.194.76.27", "", "", Lane::UNKNOWN, Nothing),
            ("", "shop.example", MX, Lane::GMAIL, Reply),
        ];
        for (host, domain, reply, lane, evidence) in rows {
            let found = lanes.identify(host.as_bytes(), domain.as_bytes(), reply.as_bytes());
            assert_eq!(found, (lane, evidence), "{host} {domain} {reply}");
            assert_eq!(lanes.classify(host.as_bytes(), domain.as_bytes(), reply.as_bytes()), lane);
        }
        assert_eq!(lanes.name(Lane::OTHER), "other");
        assert_eq!(lanes.named(lanes.name(Lane::UNKNOWN)), Lane::UNKNOWN);
    }

    #[test]
    fn other_receivers_by_their_mx() {
        let lanes = Lanes::default();
        for (host, family) in [
            ("example-com.mail.protection.outlook.com.", "microsoft"),
            ("hotmail-com.olc.protection.outlook.com", "microsoft"),
            ("example-com.b-v1.mx.microsoft", "microsoft"),
            ("example-com.mail.eo.outlook.com", "microsoft"),
            ("mta5.am0.yahoodns.net", "yahoo"),
            ("mx01.mail.icloud.com", "icloud"),
            ("in1-smtp.messagingengine.com", "fastmail"),
            ("mail.protonmail.ch", "proton"),
            ("mx2.zoho.com.au", "zoho"),
            ("mx.yandex.ru", "yandex"),
            ("mxs.mail.ru", "mailru"),
            ("mx00.emig.gmx.net", "gmx"),
            ("mx-ha01.web.de", "gmx"),
            ("mx00.kundenserver.de", "ionos"),
            ("smtp-in.orange.fr", "orange"),
            ("mx1.mxge.comcast.net", "comcast"),
            ("us-smtp-inbound-1.mimecast.com", "mimecast"),
            ("d1.a.ess.barracudanetworks.com", "barracuda"),
            ("mx1.qq.com", "tencent"),
            ("163mx01.mxmail.netease.com", "netease"),
            ("mx1.hc1-1.iphmx.com", "cisco"),
            ("mx.example", "other"),
            ("notyahoodns.net", "other"),
        ] {
            assert_eq!(lanes.name(lanes.classify(host.as_bytes(), b"", b"")), family, "{host}");
        }
    }

    #[test]
    fn consumer_and_workspace_apart() {
        assert_eq!(Sublane::of(Lane::GMAIL, b"Gmail.com"), Sublane::Consumer);
        assert_eq!(Sublane::of(Lane::GMAIL, b"googlemail.com"), Sublane::Consumer);
        assert_eq!(Sublane::of(Lane::GMAIL, b"shop.example"), Sublane::Workspace);
        assert_eq!(Sublane::of(Lane::GMAIL, b""), Sublane::None);
        assert_eq!(Sublane::of(Lane::OTHER, b"gmail.com"), Sublane::None);
    }

    #[test]
    fn every_built_in_pattern_is_one_that_a_user_could_write() {
        let own: Vec<_> = FAMILIES
            .iter()
            .map(|(name, patterns)| ((*name).to_owned(), patterns.iter().map(|p| (*p).to_owned()).collect()))
            .collect();
        assert!(Lanes::default().with(&own).is_ok());
        for (name, patterns) in FAMILIES {
            assert!(patterns.iter().all(|p| *p == p.to_ascii_lowercase()), "{name}");
            assert_eq!(FAMILIES.iter().filter(|(other, _)| other == name).count(), 1, "{name}");
        }
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
