//! What to look for as bare words while rewriting, and what the gate refuses.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;

use super::hosts::reverse_forms;
use super::idn::canonical_domain;
use super::known::Known;
use super::learn::Seen;
use super::needles::{Needles, SHORTEST};
use super::policy::{Action, Class, action};
use super::words::{is_common, is_telling};
use super::{Forbidden, RedactorConfig};
use crate::release::Audience;

/// The two lists that must agree: what the rewriter looks for as bare words, and what the
/// gate refuses.
pub(super) struct Lists {
    audience: Audience,
    pub words: Needles<(Class, String)>,
    pub forbidden: BTreeSet<Forbidden>,
}

impl Lists {
    /// The lists of everything met; host names go to `known`, which tells whose they are.
    pub(super) fn of(config: &RedactorConfig, known: &mut Known, seen: &Seen) -> Self {
        let mut lists = Self { audience: config.audience, words: Needles::default(), forbidden: BTreeSet::new() };
        lists.people(known, seen);
        lists.values(seen);
        lists.clients(known, seen);
        lists.hosts(known, seen);
        for word in &config.deny {
            lists.add(Class::Denied, word, word);
        }
        lists
    }

    /// Adds a word that stands for a value, unless its class stays for this reader.
    fn add(&mut self, class: Class, word: &str, value: &str) {
        if action(class, self.audience) != Action::Keep && word.len() >= SHORTEST {
            self.words.add(word.as_bytes(), (class, value.to_owned()));
            self.forbidden.insert(Forbidden { class, value: word.to_owned(), whole_word: true });
        }
    }

    fn people(&mut self, known: &Known, seen: &Seen) {
        let mut locals: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for full in seen.addresses() {
            let Some((local, domain)) = full.rsplit_once('@') else { continue };
            let class = if known.is_sender(local, domain) { Class::SenderLocal } else { Class::Recipient };
            if action(class, self.audience) == Action::Keep {
                continue;
            }
            self.forbidden.insert(Forbidden { class, value: full.to_owned(), whole_word: false });
            if class == Class::Recipient {
                for form in [
                    format!("{local}={domain}"),
                    format!("{domain}={local}"),
                    format!("{local}%{domain}"),
                    format!("{domain}/{local}"),
                ] {
                    self.words.add(form.as_bytes(), (class, full.to_owned()));
                }
                locals.entry(local).or_default().insert(full);
            }
        }
        for spelling in &seen.spellings {
            let Some((local, domain)) = spelling.rsplit_once('@') else { continue };
            let class = if known.is_sender(local, domain) { Class::SenderLocal } else { Class::Recipient };
            if action(class, self.audience) != Action::Keep {
                self.forbidden.insert(Forbidden { class, value: spelling.clone(), whole_word: false });
            }
        }
        for (local, holders) in locals {
            // A bare name stands for its address where only one address has it.
            let only = if holders.len() == 1 { holders.first().copied() } else { None };
            let bare = local.trim_matches('"');
            if is_telling(bare) && !known.is_kept_domain(bare) && !seen.hosts.contains(bare) {
                self.add(Class::Recipient, bare, only.unwrap_or(local));
            }
        }
    }

    fn values(&mut self, seen: &Seen) {
        for (class, value) in &seen.values {
            let mixed = value.bytes().any(|b| b.is_ascii_digit()) && value.bytes().any(|b| b.is_ascii_alphabetic());
            let told = match class {
                Class::AuthData => value.len() >= 4 && !is_common(value) && (value.len() >= 6 || mixed),
                Class::MessageId | Class::EspMessageId | Class::FilePath => value.len() >= 8,
                Class::QueueId => value.len() >= 6 && mixed,
                Class::Subject => value.len() >= 12 && value.contains(' ') && is_telling(value),
                Class::Login | Class::PersonName => is_telling(value),
                Class::Campaign | Class::Customer | Class::ProviderId | Class::Staff => {
                    value.len() >= 4 && !is_common(value)
                }
                _ => false,
            };
            if told && !value.contains('\0') {
                self.add(*class, value, value);
            }
        }
    }

    /// Clients, and the names that the reverse tree gives them.
    fn clients(&mut self, known: &Known, seen: &Seen) {
        for (ip, host) in seen.clients.iter().filter(|(ip, _)| known.clients.contains(ip)) {
            for form in reverse_forms(*ip) {
                self.add(Class::ClientIp, &form, &ip.to_string());
            }
            if action(Class::ClientIp, self.audience) != Action::Keep {
                self.forbidden.insert(Forbidden { class: Class::ClientIp, value: ip.to_string(), whole_word: true });
            }
            self.client_host(host, known, seen);
        }
        for (_, host) in seen.values.iter().filter(|(class, _)| *class == Class::ClientHost) {
            self.client_host(host, known, seen);
        }
    }

    fn client_host(&mut self, host: &str, known: &Known, seen: &Seen) {
        let name = canonical_domain(host);
        if name.contains('.') && !known.is_own(&name) && !seen.hosts.contains(&name) {
            self.add(Class::ClientHost, host, &name);
        }
    }

    /// Nodes and labelled domains. What a receiver's host name shows anyway is no secret.
    fn hosts(&mut self, known: &mut Known, seen: &Seen) {
        known.receivers.extend(seen.hosts.iter().cloned());
        let parts = |hosts: &BTreeSet<String>| -> FxHashSet<String> {
            hosts
                .iter()
                .filter(|host| !known.is_own(host))
                .flat_map(|host| stretches(host))
                .map(str::to_owned)
                .collect()
        };
        let (of_receivers, of_others) = (parts(&known.receivers), parts(&seen.foreign));
        for ((class, value), label) in &known.labels {
            let (bare, shown) = match class {
                Class::Node => (is_node_name(value), of_others.contains(value)),
                Class::WorkspaceDomain | Class::CustomerDomain => (value.contains('.'), of_receivers.contains(value)),
                _ => continue,
            };
            if action(*class, self.audience) == Action::Keep || !bare {
                continue;
            }
            let scripts = seen.scripts.iter().filter(|(canonical, _)| canonical == value).map(|(_, written)| written);
            for written in scripts.chain([value]) {
                known.hosts.add(written.as_bytes(), (*class, value.clone()));
                if value != label && !shown {
                    self.forbidden.insert(Forbidden { class: *class, value: written.clone(), whole_word: true });
                }
            }
        }
    }
}

/// All stretches of a host name between the edges of its words: few, since names are short.
fn stretches(host: &str) -> Vec<&str> {
    let joint = |c: &char| !c.is_alphanumeric();
    let starts: Vec<usize> =
        std::iter::once(0).chain(host.char_indices().filter(|(_, c)| joint(c)).map(|(k, _)| k + 1)).collect();
    let ends: Vec<usize> = host.char_indices().filter(|(_, c)| joint(c)).map(|(k, _)| k).chain([host.len()]).collect();
    starts.iter().flat_map(|&from| ends.iter().filter_map(move |&to| host.get(from..to))).collect()
}

/// Whether a node's name can be looked for outside the host field: `mta1`, not `mail`.
fn is_node_name(name: &str) -> bool {
    let marked = name.bytes().any(|b| b.is_ascii_digit() || b == b'-' || b == b'.');
    name.len() >= SHORTEST
        && !is_common(name)
        && name.bytes().any(|b| b.is_ascii_alphabetic())
        && (marked || is_telling(name))
}
