//! Snapshots of a case: whose they are, and which address stands behind a name in a log.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::net::IpAddr;

use super::evidence::{Evidence, ReadFile};
use super::taken::Taken;
use crate::case::Case;
use crate::findings::{Filed, FiledReport};
use crate::formats::snapshots::{self, Basis, CANNOT_SHOW, NodeSettings, Part, SendingIp, SnapshotFormat};
use crate::formats::transcripts::stamp_in_file_name;
use crate::intake::{Source, open};

/// The whole of `postconf` with a thousand transports is shorter than this.
const LONGEST: u64 = 1024 * 1024;

/// What the snapshots of a case say.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    /// Node by node.
    pub(super) nodes: Vec<NodeSettings>,
    /// Public sending IPs by node and name in its log.
    pub(super) sending_ips: BTreeMap<(String, String), IpAddr>,
}

/// Reads one file.
pub(super) fn of_snapshot(format: &dyn SnapshotFormat, source: &Source, case: &Case, file: &mut ReadFile) {
    let mut text = Vec::new();
    let opened = open(&source.path).map_err(|e| e.to_string());
    if let Err(e) = opened.and_then(|o| o.take(LONGEST).read_to_end(&mut text).map_err(|e| e.to_string())) {
        return file.problems.push(e);
    }
    if text.len() as u64 == LONGEST {
        file.problems.push("it is longer than any settings; what follows the first MiB was not read".to_owned());
    }
    file.sha256 = crate::intake::sha256_hex(&text);
    let mut snapshot = match snapshots::read(format, &text) {
        Ok(snapshot) => snapshot,
        Err(e) => return file.problems.push(e.to_string()),
    };
    file.accounting = snapshot.accounting;
    file.samples = std::mem::take(&mut snapshot.unrecognised);
    file.cannot_show = vec![CANNOT_SHOW.to_owned()];
    let stated = case.rule_for(&source.name).and_then(|r| r.taken);
    // An answer without a time of its own never has that of another in its file.
    let outer = stated.or_else(|| stamp_in_file_name(&source.name));
    snapshot.date(outer);
    file.span = snapshot.moments();
    file.taken = Some(Taken {
        exhibit: source.exhibit,
        snapshot,
        node: String::new(),
        node_by: "",
        sending_ips: Vec::new(),
        transports: Vec::new(),
        whole: Vec::new(),
    });
}

/// Finds the node of each file and lays the files of one node side by side. case.yaml's
/// word on an address stands above theirs.
pub(super) fn lay(evidence: &mut Evidence, case: &Case) {
    let logged = logged(evidence);
    let owners: Vec<_> =
        evidence.files.iter().map(|f| f.taken.as_ref().map(|t| owner(t, f, evidence, case, &logged))).collect();
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, (file, owner)) in evidence.files.iter_mut().zip(owners).enumerate() {
        let (Some(taken), Some((node, by))) = (&mut file.taken, owner) else { continue };
        if !taken.snapshot.is_of_node() {
            continue;
        }
        // Files of an unknown node are not known to be of one node.
        let key = if node.is_empty() { format!("\0{at}") } else { node.clone() };
        (taken.node, taken.node_by) = (node, by);
        groups.entry(key).or_default().push(at);
    }
    for (key, members) in groups {
        let node = if key.starts_with('\0') { "" } else { key.as_str() };
        let taken = |at: &usize| evidence.files.get(*at).and_then(|f| f.taken.as_ref());
        let parts: Vec<_> =
            members.iter().filter_map(taken).map(|t| Part { exhibit: t.exhibit, snapshot: &t.snapshot }).collect();
        let settings = NodeSettings::of(node, &parts);
        for at in &members {
            let Some(file) = evidence.files.get_mut(*at) else { continue };
            tell(file, &settings, case);
            if node.is_empty() && !logged.is_empty() {
                file.problems.push(format!(
                    "nothing tells which node it is of, so it was not used; add to case.yaml: sources: - {{path: \"{}\", node: NAME}}",
                    file.name
                ));
            }
        }
        if !node.is_empty() {
            let known = settings.sending_ips.iter().filter(|s| !s.tag.is_empty());
            let known = known.filter_map(|s| Some(((node.to_owned(), s.tag.clone()), public(s, case)?)));
            evidence.settings.sending_ips.extend(known);
            evidence.settings.nodes.push(settings);
        }
    }
}

/// What DNS tools answered, with the file of each.
pub(super) fn answers(evidence: &Evidence) -> Vec<Filed> {
    let taken = evidence.files.iter().filter_map(|f| f.taken.as_ref());
    taken.flat_map(|t| t.snapshot.answers.iter().map(|a| (t.exhibit, a.clone()))).collect()
}

/// What Google reports of the sender's mail, with the file of each statement.
pub(super) fn reports(evidence: &Evidence) -> Vec<FiledReport> {
    let taken = evidence.files.iter().filter_map(|f| f.taken.as_ref());
    taken.flat_map(|t| t.snapshot.reports.iter().map(|r| (t.exhibit, r.clone()))).collect()
}

/// The names under which each node logs.
fn logged(evidence: &Evidence) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for node in evidence.nodes.values().filter(|n| !n.is_empty()) {
        found.entry(node.clone()).or_default();
    }
    for (_, egress) in evidence.tally.names.egresses().filter(|(_, e)| !e.node.is_empty()) {
        found.entry(egress.node.clone()).or_default().insert(egress.tag.clone());
    }
    found
}

/// Whose settings a file holds, by the first of: case.yaml; its own host name; the only node
/// there is; the names under which its transports log.
fn owner(
    taken: &Taken,
    file: &ReadFile,
    evidence: &Evidence,
    case: &Case,
    logged: &BTreeMap<String, BTreeSet<String>>,
) -> (String, &'static str) {
    if let Some(node) = case.rule_for(&file.name).and_then(|r| r.node.clone()) {
        return (node, "stated in case.yaml");
    }
    let hosts: BTreeSet<&str> =
        evidence.files.iter().filter_map(|f| f.taken.as_ref()?.snapshot.host.as_deref()).map(first_label).collect();
    let host = taken.snapshot.host.as_deref();
    if let Some(host) = host {
        let mut same = logged.keys().filter(|node| first_label(node) == first_label(host));
        if let (Some(node), None) = (same.next(), same.next()) {
            return (node.clone(), "by its host name");
        }
    }
    let of_others = |node: &String| hosts.contains(first_label(node));
    match logged.keys().collect::<Vec<_>>().as_slice() {
        // The settings of another machine are not laid beside those of this one.
        [only] if host.is_none() || !of_others(only) => return ((*only).clone(), "the only node of the logs"),
        [] => {
            return match (host, hosts.iter().next().filter(|_| hosts.len() == 1)) {
                (Some(host), _) => (first_label(host).to_owned(), "by its host name; there is no log"),
                (None, Some(host)) => ((*host).to_owned(), "the only host of the snapshots; there is no log"),
                (None, None) => (String::new(), ""),
            };
        }
        _ => {}
    }
    let part = Part { exhibit: taken.exhibit, snapshot: &taken.snapshot };
    let own: BTreeSet<_> = NodeSettings::of("", &[part])
        .sending_ips
        .into_iter()
        .map(|s| s.tag)
        .filter(|tag| !tag.is_empty() && tag != "postfix")
        .collect();
    let mut same = logged.iter().filter(|(_, tags)| !own.is_disjoint(tags));
    match (same.next(), same.next()) {
        (Some((node, _)), None) => (node.clone(), "the only node whose log has the names of its transports"),
        _ => (String::new(), ""),
    }
}

fn first_label(host: &str) -> &str {
    host.split('.').next().unwrap_or(host)
}

/// The address that receivers see: bound, or what case.yaml says stands before it.
fn public(sending: &SendingIp, case: &Case) -> Option<IpAddr> {
    let by_service = || sending.services.iter().find_map(|s| case.sending_ips.get(s)).copied();
    let translated = || case.sending_ips.get(&sending.address?.to_string()).copied();
    by_service().or_else(translated).or_else(|| sending.public())
}

/// What a file's own lines gave, and where case.yaml says otherwise.
fn tell(file: &mut ReadFile, settings: &NodeSettings, case: &Case) {
    let Some(taken) = &mut file.taken else { return };
    let exhibit = taken.exhibit;
    for sending in settings.sending_ips.iter().filter(|s| s.cite.exhibit == exhibit) {
        taken.sending_ips.push(sending.clone());
        let keys = sending.services.iter().chain([&sending.tag]);
        let stated = keys.filter_map(|key| Some((key, *case.sending_ips.get(key)?)));
        for (key, ip) in stated {
            if let Some(own) = sending.public().filter(|own| *own != ip) {
                file.problems.push(format!(
                    "case.yaml says that {key} leaves from {ip}, and line {} binds it to {own}; case.yaml was followed",
                    sending.cite.line
                ));
            }
        }
    }
    taken.transports = settings.transports.iter().filter(|t| t.cite.exhibit == exhibit).cloned().collect();
    if settings.whole.iter().any(|e| matches!(e.basis, Basis::Stated(at) if at.exhibit == exhibit)) {
        taken.whole.clone_from(&settings.whole);
    }
    let of_file = settings.notes.iter().filter(|n| n.cite.exhibit == exhibit);
    for note in of_file {
        let says = format!("line {}: {}", note.cite.line, note.says);
        if note.warns { file.problems.push(says) } else { taken.snapshot.notes.push(says) }
    }
}
