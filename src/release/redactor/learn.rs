//! The first pass: who and what is in everything that may reach a bundle.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use memchr::memmem;

use super::RedactorConfig;
use super::addresses::{addresses, is_domain_like, lossy};
use super::embedded::embedded;
use super::encodings::base64;
use super::hosts::{Peer, is_private, names, peers, receiver_names};
use super::idn::canonical_domain;
use super::known::{Known, canonical_address};
use super::lists::Lists;
use super::marks::{Marked, Role, What, plain_login, read};
use super::needles::Needles;
use super::policy::Class;
use super::rewrite::Redactor;
use super::tokens::letters;
use super::urls::owner;

/// Reads all texts before any is rewritten. The order of the texts does not matter.
pub struct Learner {
    config: RedactorConfig,
    known: Known,
    deny: Needles<String>,
    seen: Seen,
}

/// What was met so far; sets only, so that any order gives the same.
#[derive(Default)]
pub(super) struct Seen {
    pub senders: BTreeSet<String>,
    pub people: BTreeSet<String>,
    pub sender_domains: BTreeMap<String, u64>,
    /// Addresses as written, where that is not the canonical form.
    pub spellings: BTreeSet<String>,
    pub domains: BTreeSet<String>,
    /// Domains as written, where that is not the canonical form, with that.
    pub scripts: BTreeSet<(String, String)>,
    pub google_domains: BTreeSet<String>,
    pub values: BTreeSet<(Class, String)>,
    pub nodes: BTreeSet<String>,
    /// Host names of receivers.
    pub hosts: BTreeSet<String>,
    /// All dotted names.
    pub foreign: BTreeSet<String>,
    pub receivers: BTreeSet<IpAddr>,
    pub clients: BTreeSet<(IpAddr, String)>,
    pub denied: BTreeSet<String>,
}

impl std::fmt::Debug for Learner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Learner").field("audience", &self.config.audience).finish_non_exhaustive()
    }
}

impl Learner {
    /// Begins with what the configuration names.
    #[must_use]
    pub fn new(config: RedactorConfig) -> Self {
        let mut seen = Seen { nodes: config.nodes.iter().cloned().collect(), ..Seen::default() };
        seen.values.extend(config.names.iter().cloned());
        let mut deny = Needles::default();
        for word in &config.deny {
            deny.add(word.as_bytes(), word.clone());
        }
        Self { known: Known::new(&config), config, deny, seen }
    }

    /// This learner without one of its rules, and so the redactor that it becomes.
    #[cfg(test)]
    pub(crate) fn without(mut self, rule: super::marks::Rule) -> Self {
        self.known.off = Some(rule);
        self
    }

    /// Learns from one text: lines with their session, a reply, a transcript, a note. Linear in the text.
    pub fn learn(&mut self, text: &[u8]) {
        let Self { known, seen, deny, .. } = self;
        seen.denied.extend(deny.find(text).into_iter().map(|(_, word)| word.clone()));
        read(text, known, |marked| seen.line(&marked));
    }

    /// The domains met in places of senders, with how often, sorted. Whoever relays for
    /// others decides which of them are its own: see [`Self::own`].
    #[must_use]
    pub const fn sender_domains(&self) -> &BTreeMap<String, u64> {
        &self.seen.sender_domains
    }

    /// Adds own domains, subdomains included, to those of the configuration.
    pub fn own(&mut self, domains: &[String]) {
        self.known.own.extend(domains.iter().map(|domain| canonical_domain(domain)));
    }

    /// Ends the learning: from here on, texts are rewritten.
    #[must_use]
    pub fn finish(self) -> Redactor {
        let Self { config, mut known, mut seen, .. } = self;
        seen.unfold();
        known.recipients.clone_from(&seen.people);
        known.senders.clone_from(&seen.senders);
        known.met = seen.addresses().map(str::to_owned).collect();
        known.backwards = known.met.iter().map(|a| a.chars().rev().collect()).collect();
        known.clients = seen.client_ips(&known);
        label_all(&mut known, &seen, &config);
        let lists = Lists::of(&config, &mut known, &seen);
        known.words = lists.words;
        let unmatched = config.deny.iter().filter(|word| !seen.denied.contains(*word)).cloned().collect();
        Redactor::new(known, config.audience, lists.forbidden.into_iter().collect(), unmatched)
    }
}

impl Seen {
    fn line(&mut self, marked: &Marked<'_>) {
        let line = marked.line.as_ref();
        let google = memmem::find(line, b"google").is_some() || memmem::find(line, b"gsmtp").is_some();
        for mark in &marked.marks {
            match &mark.what {
                What::Address { local, domain, role } => self.address(local, domain, *role, google),
                What::Value { class, value } => self.value(*class, value),
                What::Line(_) | What::Rest(_) => {}
            }
        }
        for peer in peers(line) {
            self.peer(line, peer);
        }
        self.hosts.extend(
            receiver_names(line).into_iter().map(|span| canonical_domain(&lossy(line.get(span).unwrap_or_default()))),
        );
        let names = names(line).into_iter().map(|span| canonical_domain(&lossy(line.get(span).unwrap_or_default())));
        self.foreign.extend(names.filter(|name| is_domain_like(name)));
    }

    fn address(&mut self, local: &str, domain: &str, role: Role, google: bool) {
        let full = canonical_address(local, domain);
        let spelled = format!("{local}@{domain}");
        if spelled != full {
            self.spellings.insert(spelled);
        }
        match role {
            Role::Sender => drop(self.senders.insert(full)),
            Role::Recipient => drop(self.people.insert(full)),
            // A place that says nothing must not make a sender of a recipient, nor the reverse.
            Role::Unsaid => drop(self.values.insert((Class::Recipient, full))),
        }
        let written = domain;
        let domain = canonical_domain(domain);
        if !written.is_ascii() {
            self.scripts.insert((domain.clone(), written.to_lowercase()));
        }
        if role == Role::Sender {
            *self.sender_domains.entry(domain.clone()).or_default() += 1;
        }
        if google && role != Role::Sender {
            self.google_domains.insert(domain.clone());
        }
        self.domains.insert(domain);
    }

    fn value(&mut self, class: Class, value: &str) {
        // Where something was taken out before, its note says nothing of anyone.
        if value.starts_with("[redacted") {
            return;
        }
        match class {
            Class::Node => drop(self.nodes.insert(value.to_owned())),
            Class::AuthData => self.secret(value),
            Class::FilePath => {
                if let Some(name) = owner(value) {
                    self.values.insert((Class::Login, name.to_owned()));
                }
                self.values.insert((class, value.to_owned()));
            }
            // Header values may hold several: `References: <a@b> <c@d>`.
            Class::MessageId => {
                let ids = value.split_ascii_whitespace().map(|id| id.trim_matches(['<', '>', ',', '"']));
                self.values.extend(ids.map(|id| (class, id.to_owned())));
            }
            Class::PrivateIp | Class::ClientIp => {
                if let Ok(ip) = value.parse::<IpAddr>() {
                    self.clients.insert((ip.to_canonical(), String::new()));
                }
            }
            _ if !value.is_empty() => drop(self.values.insert((class, value.to_owned()))),
            _ => {}
        }
    }

    /// A secret as written, and what it says when it is base64.
    fn secret(&mut self, value: &str) {
        self.values.insert((Class::AuthData, value.to_owned()));
        let decoded = if value.contains('\0') { value.as_bytes().to_vec() } else { base64(value.as_bytes()) };
        let pair = plain_login(&decoded).or_else(|| plain_login(format!("\0{}", lossy(&decoded)).as_bytes()));
        if let Some((user, secret)) = pair {
            self.values.insert((Class::Login, user));
            self.values.insert((Class::AuthData, secret));
        } else if let Ok(text) = std::str::from_utf8(&decoded)
            && text.len() >= 4
            && !text.chars().any(char::is_control)
        {
            // An answer to `Username:` may be an address; anything else may be the password.
            let found = addresses(text.as_bytes());
            for address in &found {
                self.address(&address.local, &address.domain, Role::Unsaid, false);
            }
            if found.is_empty() {
                self.values.insert((Class::AuthData, text.to_owned()));
            }
        }
    }

    fn peer(&mut self, line: &[u8], peer: Peer) {
        let name = lossy(line.get(peer.name).unwrap_or_default());
        if peer.client {
            self.clients.insert((peer.ip, name));
        } else {
            self.receivers.insert(peer.ip);
            self.hosts.insert(canonical_domain(&name));
        }
    }

    /// Recipients that other addresses carry; and addresses of places that said nothing.
    fn unfold(&mut self) {
        let met: BTreeSet<String> = self.addresses().map(str::to_owned).collect();
        for full in &met {
            let Some((local, domain)) = full.rsplit_once('@') else { continue };
            let is_met = |a: &str| a.rsplit_once('@').is_some_and(|(l, d)| met.contains(&canonical_address(l, d)));
            if let Some(inner) = embedded(local, &is_met) {
                let inner_domain = canonical_domain(inner.domain.as_deref().unwrap_or(domain));
                self.people.insert(canonical_address(&inner.local, &inner_domain));
                self.domains.insert(inner_domain);
            }
        }
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = &str> {
        let unsaid = self.values.iter().filter(|(class, _)| *class == Class::Recipient).map(|(_, full)| full);
        self.senders.iter().chain(&self.people).chain(unsaid).map(String::as_str)
    }

    /// Clients are those that connected to us and are neither ours nor receivers.
    fn client_ips(&self, known: &Known) -> BTreeSet<IpAddr> {
        let mail = |ip: &IpAddr| self.receivers.contains(ip) || known.is_kept_ip(*ip) || is_private(*ip);
        self.clients.iter().map(|(ip, _)| *ip).filter(|ip| !mail(ip)).collect()
    }
}

/// Labels in sorted order over all values known, so that the order of reading leaves no trace.
fn label_all(known: &mut Known, seen: &Seen, config: &RedactorConfig) {
    let mut labels = BTreeMap::new();
    let fqdn = |node: &str| {
        node.split('.').next().map(str::to_owned).filter(|short| short != node && seen.nodes.contains(short))
    };
    let nodes: Vec<&String> = seen.nodes.iter().filter(|node| fqdn(node).is_none()).collect();
    for (k, node) in nodes.iter().enumerate() {
        labels.insert((Class::Node, (*node).clone()), format!("node-{}", letters(k)));
    }
    // A name with its domain is the node of that name.
    for node in &seen.nodes {
        if let Some(label) = fqdn(node).and_then(|short| labels.get(&(Class::Node, short)).cloned()) {
            labels.insert((Class::Node, node.clone()), label);
        }
    }
    let mut count = BTreeMap::new();
    let is_ip = |d: &str| d.starts_with('[') || d.parse::<IpAddr>().is_ok();
    let outside = seen.domains.iter().filter(|d| !known.is_kept_domain(d) && !seen.nodes.contains(*d) && !is_ip(d));
    for domain in outside {
        let class = if seen.google_domains.contains(domain) { Class::WorkspaceDomain } else { Class::CustomerDomain };
        let number = count.entry(class).and_modify(|n| *n += 1).or_insert(1);
        labels.insert((class, domain.clone()), format!("{}-{number}", class.word()));
    }
    let launches = config.names.iter().filter(|(class, _)| *class == Class::Campaign);
    for (k, (class, name)) in launches.enumerate() {
        labels.insert((*class, name.clone()), format!("launch {}", k + 1));
    }
    let private: BTreeSet<IpAddr> =
        config.sending_ips.iter().map(IpAddr::to_canonical).filter(|ip| is_private(*ip)).collect();
    for (k, ip) in private.into_iter().enumerate() {
        labels.insert((Class::PrivateIp, ip.to_string()), format!("sending-ip-{}", letters(k)));
    }
    known.outputs = labels.values().cloned().collect();
    known.labels = labels;
}
