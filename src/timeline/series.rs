//! One lane, sending IP or MX host over the grid.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::{Known, MinuteCounts, MinuteState, Sight};
use crate::scan::{Egress, EgressId, Names, What};
use crate::smtp::Outcome;

/// What happened in one minute, or in several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sessions attempted; the sender's own decisions are none.
    pub attempts: u64,
    /// Those that failed by pressure, fault or loss of the connection.
    pub failed: u64,
    /// By outcome, in the order of [`Outcome::ALL`].
    pub outcomes: [u64; Outcome::ALL.len()],
}

impl Counts {
    /// Adds so many attempts of a kind.
    pub const fn add(&mut self, what: What, n: u64) {
        if what.outcome.is_attempt() {
            self.attempts += n;
        }
        if what.is_failure() {
            self.failed += n;
        }
        self.outcomes[what.outcome as usize] += n;
    }

    /// Adds other counts.
    pub fn plus(&mut self, other: Self) {
        self.attempts += other.attempts;
        self.failed += other.failed;
        for (a, b) in self.outcomes.iter_mut().zip(other.outcomes) {
            *a += b;
        }
    }

    /// How many attempts had an outcome.
    #[must_use]
    pub const fn of(&self, outcome: Outcome) -> u64 {
        self.outcomes[outcome as usize]
    }

    /// Attempts whose message was accepted.
    #[must_use]
    pub const fn delivered(&self) -> u64 {
        self.of(Outcome::Delivered)
    }
}

/// A row of the grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<K> {
    /// What it is about.
    pub of: K,
    /// One entry for each minute of the window; none where no log was running.
    pub counts: MinuteCounts,
    /// What its logs cannot show.
    pub sight: Sight,
}

impl<K> Row<K> {
    pub(super) fn empty(of: K, states: &[MinuteState], sight: Sight) -> Self {
        Self { of, counts: MinuteCounts::of(states), sight }
    }

    /// A count of some outcomes in one minute, as far as it is known: none counted is unknown
    /// where no log of the row can show any of them.
    #[must_use]
    pub fn known_at(&self, at: usize, n: u64, outcomes: &[Outcome]) -> Option<u64> {
        (n > 0 || self.sight.shows(at, outcomes)).then_some(n)
    }

    /// A count of some outcomes in the minutes at accepted positions, as far as it is known.
    pub fn known(&self, accept: impl Fn(usize) -> bool, n: u64, outcomes: &[Outcome]) -> Known {
        let minutes = || (0..self.counts.len()).filter(|at| self.counts.get(*at).is_some() && accept(*at));
        if n == 0 && minutes().next().is_some() && !minutes().any(|at| self.sight.shows(at, outcomes)) {
            Known::Nothing
        } else if minutes().all(|at| self.sight.shows_all(at, outcomes)) {
            Known::All(n)
        } else {
            Known::AtLeast(n)
        }
    }

    /// The sum over all known minutes.
    #[must_use]
    pub fn total(&self) -> Counts {
        self.sum(|_| true)
    }

    /// The sum over the minutes at accepted positions.
    pub fn sum(&self, accept: impl Fn(usize) -> bool) -> Counts {
        let mut sum = Counts::default();
        for (_, counts) in self.counts.iter().enumerate().filter(|(i, _)| accept(*i)) {
            sum.plus(counts.unwrap_or_default());
        }
        sum
    }
}

/// Where sessions leave from: an IP, or what stands for one in the log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The public sending IP, when known.
    pub ip: Option<IpAddr>,
    /// Postfix's syslog name, a transport, a binding; of the first egress by name
    /// where several share an IP.
    pub tag: String,
    /// The node, likewise.
    pub node: String,
}

impl Place {
    /// `192.0.2.11`, or `postfix-ip1 on mta1` where no IP is known, as far as the log names them.
    #[must_use]
    pub fn label(&self) -> String {
        self.label_on(&self.node)
    }

    /// The same with another name for the node.
    #[must_use]
    pub fn label_on(&self, node: &str) -> String {
        match (self.ip, self.tag.as_str(), node) {
            (Some(ip), ..) => ip.to_string(),
            (None, "", "") => "not named by the log".to_owned(),
            (None, "", node) => format!("not named by {node}"),
            (None, tag, "") => tag.to_owned(),
            (None, tag, node) => format!("{tag} on {node}"),
        }
    }
}

/// The place of each egress: by case.yaml's map (first what it says of the node), else by an address in the log, by the
/// MTA's settings, or by an address in the tag, else by the one address that Google names
/// in its limits on it.
pub(super) fn places(
    names: &Names,
    map: &BTreeMap<String, IpAddr>,
    bound: &BTreeMap<(String, String), IpAddr>,
    named: &BTreeMap<(EgressId, IpAddr), u64>,
) -> BTreeMap<EgressId, Place> {
    let named_of = |id: EgressId| {
        let mut ips = named.keys().filter(|(egress, _)| *egress == id).map(|(_, ip)| *ip);
        // Several addresses behind one tag are no address of the tag.
        ips.next().filter(|_| ips.next().is_none())
    };
    let ip_of = |e: &Egress| {
        // Nodes with one and the same set-up use a tag for different addresses: `mta1/postfix-ip1`.
        let on_node = |name: &String| map.get(&format!("{}/{name}", e.node)).copied();
        let anywhere = |name: &String| map.get(name).copied();
        let mapped = [&e.tag, &e.ip].into_iter().find_map(|name| on_node(name).or_else(|| anywhere(name)));
        // Of a log that names neither, as Sendmail's, the node's own name stands for its address.
        let of_node = || anywhere(&e.node).filter(|_| e.tag.is_empty() && e.ip.is_empty());
        let mapped = mapped.or_else(of_node);
        // `postfix-192.0.2.11/smtp`: some name the transport after the address.
        let in_tag = || e.tag.rsplit(['-', '/']).next().and_then(|t| t.parse().ok());
        let by_settings = || bound.get(&(e.node.clone(), e.tag.clone())).copied();
        mapped.or_else(|| e.ip.parse().ok()).or_else(by_settings).or_else(in_tag)
    };
    // Some logs show the address of a session only once a connection stood; a failed one
    // left from where the others of its tag do.
    // So does one that names no tag either, where the whole node has one address.
    let ip_of_tag = |e: &Egress| {
        let is_like = |o: &Egress| o.node == e.node && (o.tag == e.tag || e.tag.is_empty());
        let ips: BTreeSet<IpAddr> =
            names.egresses().filter(|(_, o)| is_like(o)).filter_map(|(_, o)| ip_of(o)).collect();
        ips.first().copied().filter(|_| ips.len() == 1)
    };
    let mut egresses: Vec<_> = names.egresses().collect();
    egresses.sort_by(|a, b| a.1.cmp(b.1));
    let mut first: BTreeMap<IpAddr, Place> = BTreeMap::new();
    let mut places = BTreeMap::new();
    for (id, egress) in egresses {
        let own = Place {
            ip: ip_of(egress).or_else(|| ip_of_tag(egress)).or_else(|| named_of(id)),
            tag: egress.tag.clone(),
            node: egress.node.clone(),
        };
        let place = match own.ip {
            Some(ip) => first.entry(ip).or_insert(own).clone(),
            None => own,
        };
        places.insert(id, place);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_connection_leaves_from_where_the_others_of_its_tag_do() {
        let mut names = Names::default();
        let known = names.egress(b"", b"source1", b"192.0.2.11");
        let failed = names.egress(b"", b"source1", b"");
        let (one, two) = (names.egress(b"", b"pool", b"192.0.2.12"), names.egress(b"", b"pool", b"192.0.2.13"));
        let either = names.egress(b"", b"pool", b"");
        let places = places(&names, &BTreeMap::new(), &BTreeMap::new(), &BTreeMap::new());
        let ip = |id| places.get(&id).and_then(|p| p.ip);
        assert_eq!(ip(failed), ip(known));
        assert!(ip(one).is_some() && ip(two).is_some());
        assert_eq!(ip(either), None);
        let mut names = Names::default();
        let (shown, silent) = (names.egress(b"mx1", b"smtp", b"192.0.2.11"), names.egress(b"mx1", b"", b""));
        names.egress(b"mx2", b"smtp", b"192.0.2.12");
        let of = |names: &Names, id| {
            super::places(names, &BTreeMap::new(), &BTreeMap::new(), &BTreeMap::new()).get(&id).and_then(|p| p.ip)
        };
        assert_eq!(of(&names, silent), of(&names, shown), "the node has one address");
        names.egress(b"mx1", b"smtp", b"192.0.2.13");
        assert_eq!(of(&names, silent), None, "it may be either");
    }

    #[test]
    fn a_place_is_called_by_what_is_known_of_it() {
        let label = |ip: &str, tag: &str, node: &str| {
            Place { ip: ip.parse().ok(), tag: tag.to_owned(), node: node.to_owned() }.label()
        };
        assert_eq!(label("192.0.2.1", "pool", "mta1"), "192.0.2.1");
        assert_eq!([label("", "pool", "mta1"), label("", "pool", "")], ["pool on mta1", "pool"]);
        assert_eq!([label("", "", "mta1"), label("", "", "")], ["not named by mta1", "not named by the log"]);
    }

    #[test]
    fn an_ip_is_taken_from_the_nearest_word() {
        let ip = |text: &str| text.parse::<IpAddr>().ok();
        let mut names = Names::default();
        let plain = names.egress(b"mta1", b"postfix", b"");
        let other = names.egress(b"mta2", b"postfix", b"");
        let shown = names.egress(b"mta1", b"postfix", b"203.0.113.9");
        let named = names.egress(b"mta1", b"postfix-192.0.2.3", b"");
        let silent = names.egress(b"mta3", b"", b"");
        let key = |node: &str, tag: &str| (node.to_owned(), tag.to_owned());
        let bound: BTreeMap<_, _> =
            [(key("mta1", "postfix"), ip("192.0.2.1")), (key("mta1", "postfix-192.0.2.3"), ip("192.0.2.4"))]
                .into_iter()
                .filter_map(|(key, ip)| Some((key, ip?)))
                .collect();
        let of = |map: &BTreeMap<String, IpAddr>, id| {
            places(&names, map, &bound, &BTreeMap::new()).get(&id).and_then(|p| p.ip)
        };
        let none = BTreeMap::new();
        assert_eq!(
            [plain, other, shown, named].map(|id| of(&none, id)),
            [ip("192.0.2.1"), None, ip("203.0.113.9"), ip("192.0.2.4"),]
        );
        let map: BTreeMap<_, _> = ip("198.51.100.1").map(|ip| ("postfix".to_owned(), ip)).into_iter().collect();
        assert_eq!(of(&map, plain), ip("198.51.100.1"), "case.yaml counts before all");
        let of_node = ip("198.51.100.2").map(|ip| ("mta2/postfix".to_owned(), ip));
        let of_silent = ip("198.51.100.3").map(|ip| ("mta3".to_owned(), ip));
        let map: BTreeMap<_, _> = map.into_iter().chain(of_node).chain(of_silent).collect();
        assert_eq!([of(&map, plain), of(&map, other)], [ip("198.51.100.1"), ip("198.51.100.2")]);
        assert_eq!(of(&map, silent), ip("198.51.100.3"));
    }
}
