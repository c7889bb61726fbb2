//! What is known before the first byte is rewritten: who is who, what is ours, what was met.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Range;

use super::RedactorConfig;
use super::addresses::is_domain_like;
use super::embedded::mechanism;
use super::hosts::is_private;
use super::idn::canonical_domain;
use super::marks::{Mark, Rule, What};
use super::needles::Needles;
use super::policy::{Action, Class, action};
use super::records::cut;
use super::tokens::Tokens;

/// Domains of public mailbox providers: they say nothing about anyone.
const CONSUMER: &[&str] = &[
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "msn.com",
    "yahoo.com",
    "aol.com",
    "icloud.com",
    "me.com",
    "gmx.net",
    "gmx.de",
    "web.de",
    "mail.ru",
    "yandex.ru",
    "proton.me",
];

/// What stands before the dash of tokens.
const PREFIXES: [&str; 7] = ["rcpt", "sndr", "mid", "q", "ip", "host", "val"];

/// What a dropped local part of the sender becomes.
pub(super) const DROPPED_LOCAL: &str = "…";

/// The state that readers of text ask. Empty but for the configuration while learning.
pub(super) struct Known {
    pub tokens: Tokens,
    pub own: Vec<String>,
    kept: Vec<String>,
    allow: Needles<()>,
    kept_ips: BTreeSet<IpAddr>,
    /// Addresses that received, and those that sent. Canonical.
    pub recipients: BTreeSet<String>,
    pub senders: BTreeSet<String>,
    /// All addresses met, whatever their place said.
    pub met: BTreeSet<String>,
    /// The same, read backwards: for lines that begin in the middle of one.
    pub backwards: BTreeSet<String>,
    pub words: Needles<(Class, String)>,
    /// Nodes and labelled domains, as parts of host names.
    pub hosts: Needles<(Class, String)>,
    /// Host names of receivers.
    pub receivers: BTreeSet<String>,
    pub clients: BTreeSet<IpAddr>,
    /// Labels of values, and of nothing else.
    pub labels: BTreeMap<(Class, String), String>,
    /// All labels, to know them again.
    pub outputs: BTreeSet<String>,
    /// The rule that a test switched off.
    pub off: Option<Rule>,
}

impl Known {
    pub(super) fn new(config: &RedactorConfig) -> Self {
        let mut allow = Needles::default();
        for word in &config.allow {
            allow.add(word.as_bytes(), ());
        }
        // Where private addresses go, those that we send from go too: outside they mean nothing.
        let hidden = action(Class::PrivateIp, config.audience) != Action::Keep;
        let sending = config.sending_ips.iter().filter(|ip| !(hidden && is_private(ip.to_canonical())));
        let domains = |list: &[String]| list.iter().map(|d| canonical_domain(d)).collect();
        Self {
            tokens: Tokens::new(&config.key, config.audience),
            own: domains(&config.own_domains),
            kept: domains(&config.keep_domains),
            allow,
            kept_ips: sending.chain(&config.kept_ips).map(IpAddr::to_canonical).collect(),
            recipients: BTreeSet::new(),
            senders: BTreeSet::new(),
            met: BTreeSet::new(),
            backwards: BTreeSet::new(),
            words: Needles::default(),
            hosts: Needles::default(),
            receivers: config.receivers.iter().map(|host| canonical_domain(host)).collect(),
            clients: BTreeSet::new(),
            labels: BTreeMap::new(),
            outputs: BTreeSet::new(),
            off: None,
        }
    }

    /// Stretches of a line that the user allowed as they are.
    pub(super) fn allowed(&self, line: &[u8]) -> Vec<Range<usize>> {
        self.allow.find(line).into_iter().map(|(span, ())| span).collect()
    }

    /// Whether a text is what the redactor writes, so that it is left alone.
    pub(super) fn is_output(&self, text: &str) -> bool {
        text == DROPPED_LOCAL
            || text.starts_with("[redacted")
            || self.outputs.contains(text)
            || self.token_in(text).is_some()
    }

    /// Whether a local part is what the redactor writes: tokens, and beside them nothing but words
    /// of mechanisms and domains that may be shown.
    pub(super) fn is_made(&self, local: &str) -> bool {
        if local == DROPPED_LOCAL || local.starts_with("[redacted") || self.outputs.contains(local) {
            return true;
        }
        let mut rest = local.to_owned();
        while let Some(token) = self.token_in(&rest) {
            rest.replace_range(token, " ");
        }
        let shown = |word: &str| {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric());
            word.is_empty() || mechanism(word) == Some(word) || self.outputs.contains(word) || self.is_kept_domain(word)
        };
        rest != local && rest.split(['+', '=', '%', '#', '~', '!', '$', '_', ' ']).all(shown)
    }

    /// The first token of ours in a text.
    fn token_in(&self, text: &str) -> Option<Range<usize>> {
        let starts = text.match_indices('-').flat_map(|(dash, _)| PREFIXES.map(|p| (dash, p)));
        starts.into_iter().find_map(|(dash, prefix)| {
            let span = dash.checked_sub(prefix.len())?..dash + 13;
            let token = text.get(span.clone())?;
            (token.starts_with(prefix) && self.tokens.is_issued(token)).then_some(span)
        })
    }

    /// Whether an address was met in the learning.
    pub(super) fn is_known(&self, local: &str, domain: &str) -> bool {
        self.met.contains(&canonical_address(local, domain))
    }

    /// The part of a bare local part that an address of a plain place has: `alice` of
    /// `click=alice`, `alice` of `u/alice`. The whole must go, but the name is the same.
    pub(super) fn named_in<'a>(&self, local: &'a str, domain: &str) -> &'a str {
        let cuts = local.char_indices().filter(|(_, c)| "=/?&:;|!".contains(*c)).map(|(at, _)| at + 1);
        let said = |name: &&str| {
            let full = canonical_address(name, domain);
            self.recipients.contains(&full) || self.senders.contains(&full)
        };
        let whole = std::iter::once(0);
        whole.chain(cuts).filter_map(|at| local.get(at..)).find(said).unwrap_or(local)
    }

    /// Whether an address is one of the sender's: it only ever sent; or it is at an own domain
    /// and sent, since bounces go to it; or it is there and nothing says that it received.
    pub(super) fn is_sender(&self, local: &str, domain: &str) -> bool {
        let full = canonical_address(local, domain);
        let (sent, received) = (self.senders.contains(&full), self.recipients.contains(&full));
        if self.is_own(&canonical_domain(domain)) { sent || !received } else { sent && !received }
    }

    pub(super) fn is_own(&self, domain: &str) -> bool {
        self.own.iter().any(|own| is_under(domain, own))
    }

    /// Whether a domain stays as it is.
    pub(super) fn is_kept_domain(&self, domain: &str) -> bool {
        CONSUMER.contains(&domain) || self.is_own(domain) || self.kept.iter().any(|kept| is_under(domain, kept))
    }

    /// Which class of IP must be looked at; none for those that are evidence.
    pub(super) fn ip_class(&self, ip: IpAddr) -> Option<Class> {
        if self.is_kept_ip(ip) {
            None
        } else if is_private(ip) {
            Some(Class::PrivateIp)
        } else {
            self.clients.contains(&ip).then_some(Class::ClientIp)
        }
    }

    pub(super) fn is_kept_ip(&self, ip: IpAddr) -> bool {
        ip.is_loopback() || ip.is_unspecified() || self.kept_ips.contains(&ip)
    }

    /// Known values in a text, each with its class and what it stands for.
    pub(super) fn words(&self, text: &[u8]) -> Vec<(Range<usize>, Class, &str)> {
        self.words.find(text).into_iter().map(|(span, (class, value))| (span, *class, value.as_str())).collect()
    }

    /// Whether a mark is of a client's name that is ours, or a receiver's.
    pub(super) fn is_shown_host(&self, mark: &Mark) -> bool {
        let What::Value { class: Class::ClientHost, value } = &mark.what else { return false };
        let name = canonical_domain(value);
        self.is_own(&name) || self.receivers.contains(&name)
    }

    /// A node or a labelled domain in a host name: which part of it, and what it is. Receivers
    /// keep their names, and so do all others where a label merely equals one of our nodes.
    pub(super) fn host(&self, name: &str, peer: bool) -> Option<(Range<usize>, Class, String)> {
        let lower = canonical_domain(name);
        let foreign =
            is_domain_like(&lower) && !self.is_own(&lower) && !self.labels.contains_key(&(Class::Node, lower.clone()));
        if foreign && (peer || self.receivers.contains(&lower)) {
            return None;
        }
        let mut hits = self.hosts.find(name.as_bytes()).into_iter();
        let (span, (class, value)) = hits.find(|(_, (class, _))| !foreign || *class != Class::Node)?;
        Some((span, *class, value.clone()))
    }

    /// The ends of a line that a logger split (`[2/3]`, `[2\3]`), where they are a part of something known.
    pub(super) fn split_ends(&self, line: &[u8]) -> Vec<(Range<usize>, String)> {
        let Some(start) = cut(line).map(|cut| cut.start) else { return Vec::new() };
        let member = |b: &u8| !b.is_ascii_whitespace() && !b"<>,;()\"".contains(b);
        let mut out = Vec::new();
        let head = line.get(start..).unwrap_or_default().iter().take_while(|b| member(b)).count();
        let piece = |span: Range<usize>| String::from_utf8_lossy(line.get(span).unwrap_or_default()).into_owned();
        let backwards: String = piece(start..start + head).chars().rev().collect();
        if let Some(whole) = begins(&self.backwards, &backwards) {
            out.push((start..start + head, whole.chars().rev().collect()));
        }
        let end = line.trim_ascii_end().len();
        let tail = line.get(start..end).unwrap_or_default().iter().rev().take_while(|b| member(b)).count();
        if let Some(whole) = begins(&self.met, &piece(end - tail..end)) {
            out.push((end - tail..end, whole));
        }
        out
    }
}

/// The first member that begins with a piece of at least two characters.
fn begins(set: &BTreeSet<String>, piece: &str) -> Option<String> {
    if piece.chars().count() < 2 {
        return None;
    }
    set.range(piece.to_owned()..).next().filter(|whole| whole.starts_with(piece)).cloned()
}

fn is_under(domain: &str, parent: &str) -> bool {
    domain.strip_suffix(parent).is_some_and(|head| head.is_empty() || head.ends_with('.'))
}

/// One spelling of an address: the domain in one form, the local part exactly as written,
/// since folding it would claim what we do not know.
pub(super) fn canonical_address(local: &str, domain: &str) -> String {
    format!("{local}@{}", canonical_domain(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_a_whole_label() {
        assert!(is_under("bounce.example.com", "example.com") && is_under("example.com", "example.com"));
        assert!(!is_under("notexample.com", "example.com"));
    }
}
