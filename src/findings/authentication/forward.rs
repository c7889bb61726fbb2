//! Whether each sending IP has a name that leads back to it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{Answers, Filed, Measured, Shown, dates, lines};
use crate::formats::snapshots::{Asked, Record, Said, reverse_name};

/// How an address and its name stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Back {
    Leads,
    NoName,
    Elsewhere,
    Undated,
    NotHere,
}

impl<'a> Answers<'a> {
    /// Each sending IP of the logs has a name that leads back to it.
    /// `unknown` sending IPs are behind names that nothing resolves.
    pub(in crate::findings) fn ptr(&self, sending: &BTreeSet<IpAddr>, unknown: usize) -> Option<Measured> {
        if !self.newest.keys().any(|(_, asked)| *asked == Asked::Ptr) || sending.is_empty() {
            return None;
        }
        let of_each: Vec<_> = sending.iter().map(|ip| (ip, self.back_to(*ip))).collect();
        let ips = |state: Back| {
            of_each.iter().filter(|(_, b)| b.0 == state).map(|(ip, _)| ip.to_string()).collect::<Vec<_>>()
        };
        let (met, open) = (ips(Back::Leads), ips(Back::NotHere));
        let mut said = Vec::new();
        for (state, words) in [
            (Back::NoName, "no PTR record"),
            (Back::Elsewhere, "the name does not lead back to it"),
            (Back::Undated, "the answers have no date"),
        ] {
            let mine = ips(state);
            if !mine.is_empty() {
                said.push(format!("{words}: {}", mine.join(", ")));
            }
        }
        if !open.is_empty() {
            said.push(format!(
                "not to be told, since the PTR or the name's addresses are not here: {}",
                open.join(", ")
            ));
        }
        if unknown > 0 {
            said.push(format!("{unknown} sending IPs are not known"));
        }
        said.insert(0, format!("{} of {} sending IPs with PTR and forward match", met.len(), sending.len()));
        let broken = of_each.iter().any(|(_, b)| matches!(b.0, Back::NoName | Back::Elsewhere));
        let shown = match (broken, met.len() == sending.len() && unknown == 0) {
            (true, _) => Shown::NotMet,
            (false, true) => Shown::Met,
            (false, false) => Shown::Open,
        };
        let cited: Vec<&Filed> = of_each.iter().flat_map(|(_, (_, cited))| cited.iter().copied()).collect();
        Some(Measured { shown, detail: format!("{} ({})", said.join("; "), dates(&cited)), evidence: lines(&cited) })
    }

    /// What the answers say of one address, and which.
    fn back_to(&self, ip: IpAddr) -> (Back, Vec<&'a Filed>) {
        let reverse = reverse_name(ip);
        let Some(ptr) = self.newest.get(&(reverse.as_str(), Asked::Ptr)).copied() else {
            return (Back::NotHere, Vec::new());
        };
        let mut cited = vec![ptr];
        let names = match &ptr.1.said {
            Said::Failed => return (Back::NotHere, cited),
            Said::Records(records) => {
                records.iter().filter_map(|r| if let Record::Name(n) = r { Some(n) } else { None }).collect()
            }
            Said::NoName => Vec::new(),
        };
        let asked = if ip.is_ipv4() { Asked::A } else { Asked::Aaaa };
        let forward = |name: &&String| self.newest.get(&(name.as_str(), asked)).copied();
        let known: Vec<&Filed> = names.iter().filter_map(forward).filter(|f| f.1.said != Said::Failed).collect();
        let leads = |f: &&&Filed| matches!(&f.1.said, Said::Records(r) if r.contains(&Record::Address(ip)));
        let found = known.iter().find(leads).copied();
        let state = match found {
            _ if names.is_empty() => Back::NoName,
            Some(_) => Back::Leads,
            None if known.len() == names.len() => Back::Elsewhere,
            None => Back::NotHere,
        };
        cited.extend(found.map_or(known, |f| vec![f]));
        let dated = cited.iter().all(|f| f.1.taken.is_some());
        (if dated || state == Back::NotHere { state } else { Back::Undated }, cited)
    }
}
