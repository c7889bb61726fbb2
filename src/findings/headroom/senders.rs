//! The nodes that mail left: metrics of other hosts limit nothing.

use std::collections::BTreeSet;

use crate::findings::Evident;

/// The sending nodes, as far as logs, case.yaml or the names of log files tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::findings) struct Senders<'a> {
    /// Their names; empty where nothing names them.
    pub(in crate::findings) nodes: BTreeSet<&'a str>,
    /// Nothing names them, and metrics are of several hosts: any of them may be another's.
    are_any: bool,
}

impl<'a> Senders<'a> {
    /// Who sent, in a case.
    pub(in crate::findings) fn of(evident: &Evident<'a>) -> Self {
        let logged = evident.timeline.nodes.iter().map(|n| n.node.as_str());
        let named = logged.chain(evident.case.nodes.keys().map(String::as_str)).filter(|node| !node.is_empty());
        let hosts = evident.timeline.metrics.iter().map(|m| m.node.as_str()).filter(|host| !host.is_empty());
        let logs = evident.files.iter().filter(|f| f.kind == "log").map(|f| f.file.as_str());
        Self::among(named.collect(), hosts.collect(), logs.collect())
    }

    fn among(named: BTreeSet<&'a str>, hosts: BTreeSet<&'a str>, logs: BTreeSet<&str>) -> Self {
        if !named.is_empty() || hosts.len() < 2 {
            return Self { nodes: named, are_any: false };
        }
        let nodes: BTreeSet<_> = hosts.into_iter().filter(|host| logs.iter().any(|log| mentions(log, host))).collect();
        Self { are_any: nodes.is_empty(), nodes }
    }

    /// Whether metrics are of a host that is none of the nodes, or may be none.
    pub(in crate::findings) fn are_not(&self, host: &str) -> bool {
        let is_another = || !self.nodes.is_empty() && self.nodes.iter().all(|node| !is_same_host(node, host));
        !host.is_empty() && (self.are_any || is_another())
    }
}

/// Whether two names are of one host, by their first labels: one file says `mta1`, the next
/// `mta1.sender.example`.
pub(super) fn is_same_host(a: &str, b: &str) -> bool {
    first_label(a).eq_ignore_ascii_case(first_label(b))
}

fn first_label(name: &str) -> &str {
    name.split('.').next().unwrap_or_default()
}

/// Whether a host's name stands as a word in a file's name or in those of its folders:
/// `mta1.acct.csv`, `mta1/mainlog`.
fn mentions(file: &str, host: &str) -> bool {
    let words = file.split(|c: char| !c.is_alphanumeric() && c != '-');
    words.into_iter().any(|word| word.eq_ignore_ascii_case(first_label(host)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_no_log_is_of_is_another() {
        let senders = Senders::among(["mta1", "mta2.sender.example"].into(), ["vm", "mta1"].into(), BTreeSet::new());
        for host in ["mta1", "MTA1.sender.example", "mta2", ""] {
            assert!(!senders.are_not(host), "{host}");
        }
        assert!(senders.are_not("vm") && senders.are_not("mta11"));
    }

    #[test]
    fn where_no_log_names_a_node_one_host_is_it_and_of_several_none() {
        let unnamed = |hosts: &[&'static str], log: &'static str| {
            Senders::among(BTreeSet::new(), hosts.iter().copied().collect(), [log].into())
        };
        assert!(!unnamed(&["vm"], "logs/mainlog").are_not("vm"));
        let any = unnamed(&["exim1", "vm"], "logs/mainlog");
        assert!(any.are_not("vm") && any.are_not("exim1") && !any.are_not(""));
        // The log's own name tells.
        for log in ["logs/exim1.exim_mainlog", "EXIM1/mainlog", "mainlog_exim1"] {
            let known = unnamed(&["exim1.sender.example", "vm"], log);
            assert_eq!((known.are_not("exim1"), known.are_not("vm")), (false, true), "{log}");
        }
        assert!(unnamed(&["exim1", "vm"], "logs/exim11.log").are_not("exim1"));
    }
}
