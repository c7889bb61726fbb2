//! What the snapshots of one node say together: versions, limits, addresses.
//!
//! A main.cf may come in one file and its master.cf in another; a node may run several
//! instances, or the files may be of two moments. What differs between files is not
//! known, and said so.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::{Component, Means, Mta, Setting, Snapshot, Software, exim_settings, postfix};
use crate::intake::Exhibit;

/// Where a statement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cite {
    /// The file.
    pub exhibit: Exhibit,
    /// The line.
    pub line: u64,
}

impl std::fmt::Display for Cite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.exhibit, self.line)
    }
}

/// One file's snapshot, with its number.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The file.
    pub exhibit: Exhibit,
    /// What it gives.
    pub snapshot: &'a Snapshot,
}

impl Part<'_> {
    pub(super) const fn cite(&self, line: u64) -> Cite {
        Cite { exhibit: self.exhibit, line }
    }
}

/// The settings of one MTA in a file by service and name; of two lines the last counts.
pub(super) type Index<'a> = BTreeMap<(&'a str, &'a str), (Cite, &'a Setting)>;

/// Makes the index of a file.
pub(super) fn index<'a>(part: Part<'a>, mta: Mta) -> Index<'a> {
    let ours = part.snapshot.settings.iter().filter(|s| s.mta == mta);
    ours.map(|s| ((s.service.as_str(), s.name.as_str()), (part.cite(s.line), s))).collect()
}

/// How a value is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// A line states it.
    Stated(Cite),
    /// No line states it, and this is the default: of which versions.
    Default(&'static str),
    /// It is not known: why.
    Unknown(String),
}

/// A setting that is in force, as far as the files tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// `destination_concurrency_limit`, `queue_run_delay`
    pub name: &'static str,
    /// With references replaced; empty where it is not known, or where empty is the value.
    pub value: String,
    /// What the value means.
    pub means: Means,
    /// How it is known.
    pub basis: Basis,
}

/// A transport of the SMTP client, with what limits it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transport {
    /// Its name: `ip1`.
    pub name: String,
    /// The name under which it logs, where known: `postfix-ip1`.
    pub tag: Option<String>,
    /// Where it is stated.
    pub cite: Cite,
    /// Its limits, in a fixed order.
    pub limits: Vec<Effective>,
}

impl Transport {
    /// One of its limits.
    #[must_use]
    pub fn limit(&self, name: &str) -> Option<&Effective> {
        self.limits.iter().find(|l| l.name == name)
    }
}

/// The address behind a name in the log, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendingIp {
    /// The name in the log (Postfix: `syslog_name`; Exim: the transport); empty where it is not known.
    pub tag: String,
    /// The services or transports that log under it.
    pub services: Vec<String>,
    /// The address to which they bind, public or private.
    pub address: Option<IpAddr>,
    /// How it is known, or why it is not: a clause.
    pub why: String,
    /// Where it is stated, or the service of which it is said.
    pub cite: Cite,
}

impl SendingIp {
    /// The address, where it is one that receivers can see.
    #[must_use]
    pub fn public(&self) -> Option<IpAddr> {
        self.address.filter(|ip| !is_private(*ip))
    }
}

/// Whether an address is translated on its way out: RFC 1918, RFC 6598, link-local, ULA, loopback.
pub(super) fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// What the reader of the logs must know of a setting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// Where the setting is stated.
    pub cite: Cite,
    /// A clause.
    pub says: String,
    /// Whether the log may say something else than happened.
    pub warns: bool,
}

/// What the snapshots of one node say together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSettings {
    /// The node; empty where it is not known.
    pub node: String,
    /// Versions, each once.
    pub software: Vec<(Cite, Software)>,
    /// All settings that were taken, in order of file and line.
    pub stated: Vec<(Cite, Setting)>,
    /// Postfix: what holds for all transports.
    pub whole: Vec<Effective>,
    /// The transports of the SMTP client.
    pub transports: Vec<Transport>,
    /// Addresses by name in the log, ordered.
    pub sending_ips: Vec<SendingIp>,
    /// What the reader of the logs must know of these settings.
    pub notes: Vec<Note>,
}

impl NodeSettings {
    /// Lays the files of one node side by side.
    #[must_use]
    pub fn of(node: &str, parts: &[Part<'_>]) -> Self {
        let mut found = Self { node: node.to_owned(), ..Self::default() };
        let mut known = BTreeSet::new();
        for part in parts {
            for software in &part.snapshot.software {
                if known.insert((software.component, &software.name, &software.version)) {
                    found.software.push((part.cite(software.line), software.clone()));
                }
            }
            found.stated.extend(part.snapshot.settings.iter().map(|s| (part.cite(s.line), s.clone())));
        }
        postfix::lay(parts, &mut found);
        exim_settings::lay(parts, &mut found);
        found.sending_ips.sort_by(|a, b| (&a.tag, a.cite).cmp(&(&b.tag, b.cite)));
        found
    }

    /// The version of a component; nothing where none or several are stated.
    #[must_use]
    pub fn version(&self, component: Component) -> Option<&(Cite, Software)> {
        let mut all = self.software.iter().filter(|(_, s)| s.component == component);
        all.next().filter(|_| all.next().is_none())
    }

    /// A setting that holds for all transports.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&Effective> {
        self.whole.iter().find(|e| e.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_behind_a_translation_are_private() {
        for ip in [
            "10.0.0.9",
            "172.16.1.1",
            "192.168.3.4",
            "100.64.0.1",
            "127.0.0.1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(ip.parse().is_ok_and(is_private), "{ip}");
        }
        for ip in ["192.0.2.11", "100.128.0.1", "172.32.0.1", "2001:db8::1"] {
            assert!(!ip.parse().is_ok_and(is_private), "{ip}");
        }
    }
}
