//! The address from which a service's sessions leave.
//!
//! `smtp_connect.c`: a session binds to `smtp_bind_address` (or `…6`, by the family of the MX
//! address); without one, to the only address of that family in `inet_interfaces` unless it
//! is a loopback; else the kernel chooses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use super::instance::{Instance, Main};
use crate::formats::snapshots::{Cite, SendingIp, Service};

/// What is known of one family.
enum Bound {
    To(IpAddr, Option<Cite>),
    /// The kernel chooses.
    Free,
    Unknown(String),
}

/// Where a service's sessions leave from.
pub(super) fn leaving(instance: &Instance<'_>, service: &Service, cite: Cite) -> SendingIp {
    let tag = instance.text(&service.name, "syslog_name");
    let (address, why, at) = match address(instance, &service.name) {
        Ok((address, why, at)) => (Some(address), why, at.unwrap_or(cite)),
        Err(why) => (None, why, cite),
    };
    let (tag, why) = match tag {
        Ok(tag) if tag.assumed => {
            (tag.value, format!("{why}; the log name is Postfix's default, main.cf is not there"))
        }
        Ok(tag) => (tag.value, why),
        Err(unknown) => (String::new(), format!("the name in the log is not known: {unknown}")),
    };
    SendingIp { tag, services: vec![service.name.clone()], address, why, cite: at }
}

type Known = (IpAddr, String, Option<Cite>);

fn address(instance: &Instance<'_>, service: &str) -> Result<Known, String> {
    let (four, six) = families(instance, service)?;
    let v4 = if four { bound(instance, service, false) } else { Bound::Free };
    let v6 = if six == Some(false) { Bound::Free } else { bound(instance, service, true) };
    match (v4, v6) {
        (Bound::Unknown(why), _) if four => Err(why),
        (_, Bound::Unknown(why)) if six != Some(false) => Err(why),
        (Bound::To(a, _), Bound::To(b, _)) => {
            Err(format!("it depends on the family of the MX address: {a} for IPv4, {b} for IPv6"))
        }
        (Bound::To(a, cite), _) if six == Some(false) => Ok((a, "bound".to_owned(), cite)),
        (Bound::To(a, cite), _) => {
            Ok((a, "bound for IPv4; an IPv6 session would leave from another address".to_owned(), cite))
        }
        (_, Bound::To(b, cite)) if !four => Ok((b, "bound".to_owned(), cite)),
        (_, Bound::To(b, _)) => Err(format!("only IPv6 sessions are bound, to {b}")),
        _ => Err("no address is bound, so the kernel chooses".to_owned()),
    }
}

/// Whether IPv4 is used, and whether IPv6 is, where that is known.
fn families(instance: &Instance<'_>, service: &str) -> Result<(bool, Option<bool>), String> {
    let protocols = instance.text(service, "inet_protocols")?;
    if protocols.assumed {
        return Ok((true, None));
    }
    let named = |word: &str| words(&protocols.value).any(|w| w == word || w == "all");
    Ok((named("ipv4"), Some(named("ipv6"))))
}

fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', ' ', '\t']).filter(|w| !w.is_empty())
}

fn bound(instance: &Instance<'_>, service: &str, six: bool) -> Bound {
    let name = if six { "smtp_bind_address6" } else { "smtp_bind_address" };
    let stated = match instance.text(service, name) {
        Ok(stated) => stated,
        Err(why) => return Bound::Unknown(why),
    };
    if stated.value.is_empty() {
        return by_interfaces(instance, service, six);
    }
    match stated.value.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(ip) if ip.is_unspecified() => Bound::Free,
        Ok(ip) if ip.is_ipv6() == six => Bound::To(ip, stated.cite),
        _ => Bound::Unknown(format!("{name} is no address of its family")),
    }
}

fn by_interfaces(instance: &Instance<'_>, service: &str, six: bool) -> Bound {
    let interfaces = match instance.text(service, "inet_interfaces") {
        Ok(interfaces) => interfaces,
        Err(why) => return Bound::Unknown(why),
    };
    if interfaces.assumed && instance.main() == Main::Part {
        // For IPv6 this must not hide an address that is bound for IPv4.
        return if six {
            Bound::Free
        } else {
            Bound::Unknown("no address is bound, and main.cf is not there".to_owned())
        };
    }
    let mut mine = Vec::new();
    for word in words(&interfaces.value) {
        match word {
            "all" | "loopback-only" => return Bound::Free,
            "localhost" => mine.push(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            word => match word.trim_matches(['[', ']']).parse::<IpAddr>() {
                Ok(ip) => mine.push(ip),
                Err(_) => return Bound::Unknown("inet_interfaces names a host, not an address".to_owned()),
            },
        }
    }
    mine.retain(|ip| ip.is_ipv6() == six);
    match mine.as_slice() {
        [only] if !only.is_loopback() => Bound::To(*only, interfaces.cite),
        _ => Bound::Free,
    }
}

/// Services that log under one name count as one; where they differ, nothing is known.
pub(super) fn by_tag(all: Vec<SendingIp>) -> Vec<SendingIp> {
    let mut found: Vec<SendingIp> = Vec::new();
    let mut at: BTreeMap<String, usize> = BTreeMap::new();
    for next in all {
        let known = at.get(&next.tag).and_then(|i| found.get_mut(*i));
        let Some(known) = known else {
            if !next.tag.is_empty() {
                at.insert(next.tag.clone(), found.len());
            }
            found.push(next);
            continue;
        };
        let names = |ip: &SendingIp| {
            let address = ip.address.map_or_else(|| "no bound address".to_owned(), |a| a.to_string());
            format!("{} ({address}, {})", ip.services.join(", "), ip.cite)
        };
        if known.address != next.address {
            known.why = format!("several services log under this name: {}; {}", names(known), names(&next));
            known.address = None;
        }
        known.services.extend(next.services);
    }
    for sending in &mut found {
        let mut said = BTreeSet::new();
        sending.services.retain(|s| said.insert(s.clone()));
    }
    found
}
