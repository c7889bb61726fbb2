//! The Postfix settings of one node, from all its files.

use super::addresses::{by_tag, leaving};
use super::defaults::version_of;
use super::instance::Instance;
use super::is_main;
use crate::formats::snapshots::{
    Basis, Cite, Component, Effective, Means, Mta, NodeSettings, Note, Part, Processes, Service, Setting, Transport,
};

/// What holds for all transports.
const WHOLE: [&str; 24] = [
    "queue_run_delay",
    "minimal_backoff_time",
    "maximal_backoff_time",
    "maximal_queue_lifetime",
    "smtp_connect_timeout",
    "smtp_helo_timeout",
    "smtp_starttls_timeout",
    "smtp_mail_timeout",
    "smtp_rcpt_timeout",
    "smtp_data_init_timeout",
    "smtp_data_xfer_timeout",
    "smtp_data_done_timeout",
    "smtp_tls_security_level",
    "smtp_tls_policy_maps",
    "smtp_tls_loglevel",
    "smtp_tls_protocols",
    "smtp_tls_connection_reuse",
    "smtp_connection_cache_on_demand",
    "smtp_connection_cache_destinations",
    "enable_long_queue_ids",
    "soft_bounce",
    "smtp_reply_filter",
    "smtp_delivery_status_filter",
    "maillog_file",
];

/// Adds what the files of a node say of its Postfix.
pub(in crate::formats::snapshots) fn lay(parts: &[Part<'_>], found: &mut NodeSettings) {
    let ours = |s: &&Service| s.mta == Mta::Postfix;
    let mains: Vec<_> = parts.iter().copied().filter(|p| is_main(p.snapshot)).collect();
    let masters: Vec<_> = parts.iter().copied().filter(|p| p.snapshot.services.iter().any(|s| ours(&s))).collect();
    let version = match found.version(Component::Mta) {
        Some((_, software)) if software.name == "Postfix" => version_of(&software.version),
        _ => None,
    };
    let mut addresses = Vec::new();
    for master in &masters {
        let instance = Instance::new(Some(*master), &mains, version);
        // `postconf -P` names no program; only the client's options are taken from it.
        let is_client = |s: &&Service| ours(s) && matches!(s.program.as_str(), "smtp" | "");
        for service in master.snapshot.services.iter().filter(is_client) {
            let cite = master.cite(service.line);
            let leaves = leaving(&instance, service, cite);
            found.transports.push(transport(&instance, service, &leaves.tag, cite));
            addresses.push(leaves);
        }
    }
    // Without a master.cf, or with one for several instances, main.cf alone speaks of `smtp`.
    if masters.is_empty() || mains.len() > 1 {
        for main in mains.iter().filter(|m| !masters.iter().any(|o| o.exhibit == m.exhibit)) {
            let instance = Instance::new(None, &[*main], version);
            let (mta, name, program) = (Mta::Postfix, "smtp".to_owned(), "smtp".to_owned());
            let line = main.snapshot.settings.first().map_or(1, |s| s.line);
            let service = Service { mta, name, program, processes: Processes::Unknown, line };
            let leaves = leaving(&instance, &service, main.cite(line));
            if masters.is_empty() {
                found.transports.push(transport(&instance, &service, &leaves.tag, main.cite(line)));
            }
            addresses.push(leaves);
        }
    }
    found.sending_ips.extend(by_tag(addresses));
    if !mains.is_empty() {
        let instance = Instance::new(None, &mains, version);
        found.whole = WHOLE.iter().map(|name| instance.effective(name, &[], &[name])).collect();
    }
    notes(found);
}

fn transport(instance: &Instance<'_>, service: &Service, tag: &str, cite: Cite) -> Transport {
    let own = |rest: &str| format!("{}_{rest}", service.name);
    // The queue manager reads limits, so its own options count, not the client's.
    let limit =
        |shown: &'static str, default: &str| instance.effective(shown, instance.managers(), &[&own(shown), default]);
    let processes = match service.processes {
        Processes::Default => instance.effective("processes", &[], &["default_process_limit"]),
        Processes::Limit(n) => Effective {
            name: "processes",
            value: n.to_string(),
            means: Means::Count(n, "processes"),
            basis: Basis::Stated(cite),
        },
        Processes::Unknown => Effective {
            name: "processes",
            value: String::new(),
            means: Means::Text,
            basis: Basis::Unknown("master.cf is not there".to_owned()),
        },
    };
    let of_client = |name: &'static str| instance.effective(name, &[&service.name], &[name]);
    Transport {
        name: service.name.clone(),
        tag: Some(tag.to_owned()).filter(|t| !t.is_empty()),
        cite,
        limits: vec![
            limit("destination_concurrency_limit", "default_destination_concurrency_limit"),
            limit("initial_destination_concurrency", "initial_destination_concurrency"),
            limit("destination_rate_delay", "default_destination_rate_delay"),
            limit("transport_rate_delay", "default_transport_rate_delay"),
            limit("destination_recipient_limit", "default_destination_recipient_limit"),
            processes,
            of_client("smtp_tls_security_level"),
            of_client("smtp_helo_name"),
        ],
    }
}

/// What the reader of the logs must know.
fn notes(found: &mut NodeSettings) {
    let ours: Vec<_> = found.stated.iter().filter(|(_, s)| s.mta == Mta::Postfix).collect();
    let mut said: Vec<Note> = ours.iter().filter_map(|(cite, setting)| note(*cite, setting)).collect();
    if let Some(Effective { means: Means::Count(0, _), basis, .. }) = found.setting("smtp_tls_loglevel") {
        let cite = match basis {
            Basis::Stated(cite) => Some(*cite),
            _ => ours.first().map(|(cite, _)| *cite),
        };
        let says = "smtp_tls_loglevel is 0: the log shows no TLS sessions, so a session without a TLS line is no sign of plaintext".to_owned();
        said.extend(cite.map(|cite| Note { cite, says, warns: false }));
    }
    // Before 3.7 nothing could enforce it.
    let enforced = ours.iter().any(|(_, s)| s.name == "smtp_bind_address_enforce" && s.value == "yes");
    let bound = ours
        .iter()
        .find(|(_, s)| matches!(s.name.as_str(), "smtp_bind_address" | "smtp_bind_address6") && !s.value.is_empty());
    if let (false, Some((cite, _))) = (enforced, bound) {
        let says =
            "smtp_bind_address_enforce is not on: where binding fails, Postfix warns and leaves from another address"
                .to_owned();
        said.push(Note { cite: *cite, says, warns: false });
    }
    said.sort();
    said.dedup_by(|a, b| a.says == b.says);
    found.notes.extend(said);
}

/// What a setting does to the log, or to the way of the mail.
fn note(cite: Cite, setting: &Setting) -> Option<Note> {
    let (name, value) = (setting.name.as_str(), setting.value.as_str());
    let is_set = !value.is_empty() && !value.starts_with('$');
    let (says, warns) = match name {
        "soft_bounce" if value == "yes" => {
            ("soft_bounce is on: the log turns rejections into deferrals".to_owned(), true)
        }
        "smtp_reply_filter" if is_set => {
            ("smtp_reply_filter is set: replies in the log may not be the receiver's words".to_owned(), true)
        }
        "smtp_delivery_status_filter" | "default_delivery_status_filter" if is_set => {
            (format!("{name} is set: codes and texts in the log may not be the receiver's"), true)
        }
        "relayhost" if is_set => (
            "relayhost is set: mail may leave through another host, and only its log would show the receivers"
                .to_owned(),
            true,
        ),
        "smtp_tls_connection_reuse" if value == "yes" => (
            "smtp_tls_connection_reuse is on: TLS lines stand under tlsproxy, and failures without the host's name"
                .to_owned(),
            false,
        ),
        "proxy_interfaces" if is_set => {
            ("proxy_interfaces is set: addresses are translated on the way out".to_owned(), false)
        }
        _ => return None,
    };
    let whose = if setting.service.is_empty() { String::new() } else { format!(" (transport {})", setting.service) };
    Some(Note { cite, says: format!("{says}{whose}"), warns })
}
