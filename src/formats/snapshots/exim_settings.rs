//! `exim -bP` and `exim -bP transports`, as 4.96 prints them: `name = value`, and
//! `name` or `no_name` for yes and no.
//!
//! Only names on a list are taken. Exim shows values marked `hide` to its admins, so
//! the rest is counted and dropped.

use super::node::index;
use super::text::{is_command, lines, unshown};
use super::{
    Means, Mta, NodeSettings, Part, Processes, SendingIp, Service, Setting, Snapshot, SnapshotError, SnapshotFormat,
    SnapshotSetup, own_lines,
};
use crate::formats::Head;

/// The reader of `exim -bP`.
#[derive(Clone, Copy, Debug)]
pub(super) struct EximSettings;

/// Options that are taken, and the unit of a number.
const KEPT: [(&str, &str); 36] = [
    ("primary_hostname", ""),
    ("log_selector", ""),
    ("log_timezone", ""),
    ("timezone", ""),
    ("local_interfaces", ""),
    ("disable_ipv6", ""),
    ("queue_run_max", "processes"),
    ("remote_max_parallel", "deliveries"),
    ("retry_interval_max", "time"),
    ("deliver_queue_load_max", ""),
    ("openssl_options", ""),
    ("driver", ""),
    ("interface", ""),
    ("port", ""),
    ("protocol", ""),
    ("helo_data", ""),
    ("connect_timeout", "time"),
    ("command_timeout", "time"),
    ("data_timeout", "time"),
    ("final_timeout", "time"),
    ("connection_max_messages", "messages"),
    ("hosts_max_try", "hosts"),
    ("hosts_max_try_hardlimit", "hosts"),
    ("max_parallel", "deliveries"),
    ("max_rcpt", "recipients"),
    ("multi_domain", ""),
    ("serialize_hosts", ""),
    ("hosts_avoid_tls", ""),
    ("hosts_require_tls", ""),
    ("hosts_try_dane", ""),
    ("hosts_require_dane", ""),
    ("hosts_nopass_tls", ""),
    ("tls_require_ciphers", ""),
    ("tls_tempfail_tryclear", ""),
    ("tls_verify_hosts", ""),
    ("tls_try_verify_hosts", ""),
];

/// Options that `-bP` alone has, by which it is told from other lists of `name = value`.
const OURS: [&str; 4] = ["accept_8bitmime", "log_selector", "primary_hostname", "acl_smtp_rcpt"];

/// What one line says.
enum Statement<'a> {
    /// `remote_smtp transport:`
    Section(&'a str, &'a str),
    Option(&'a str, &'a str),
    Blank,
    Other,
}

fn statement(line: &str) -> Statement<'_> {
    let text = line.trim();
    if text.is_empty() || is_command(text) {
        return Statement::Blank;
    }
    if let Some((name, kind)) = text.strip_suffix(':').and_then(|t| t.rsplit_once(' '))
        && matches!(kind, "transport" | "router" | "authenticator")
    {
        return Statement::Section(name, kind);
    }
    let plain = |n: &str| {
        n.starts_with(|c: char| c.is_ascii_lowercase()) && n.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    match text.split_once('=') {
        Some((name, value)) if plain(name.trim()) => Statement::Option(name.trim(), value.trim()),
        None if plain(text) => match text.strip_prefix("no_") {
            Some(name) => Statement::Option(name, "no"),
            None => Statement::Option(text, "yes"),
        },
        _ => Statement::Other,
    }
}

impl SnapshotFormat for EximSettings {
    fn name(&self) -> &'static str {
        "exim-settings"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let (mut ours, mut options, mut other) = (false, 0, 0);
        let (mut in_section, mut drivers) = (false, 0);
        for line in own_lines(head, self) {
            // The configuration file itself has parts that begin so; it is not read.
            if line.text.starts_with("begin ") {
                return None;
            }
            match statement(&line.text) {
                Statement::Section(..) => in_section = true,
                Statement::Option(name, _) => {
                    options += 1;
                    ours |= OURS.contains(&name);
                    drivers += u32::from(in_section && name == "driver");
                }
                Statement::Blank => {}
                Statement::Other => other += 1,
            }
        }
        if !(ours || drivers > 0) || other * 10 > options {
            return None;
        }
        Some(format!("`exim -bP`: {options} options, {drivers} transports"))
    }

    fn opens(&self, line: &str) -> bool {
        match statement(line) {
            Statement::Section(_, kind) => kind == "transport",
            Statement::Option(name, _) => OURS.contains(&name),
            Statement::Blank | Statement::Other => false,
        }
    }

    fn read(&self, text: &[u8], setup: &SnapshotSetup) -> Result<Snapshot, SnapshotError> {
        let mut snapshot = Snapshot::default();
        // The options of routers and authenticators say nothing of sessions, and may hold secrets.
        let (mut section, mut skipped) = (String::new(), false);
        for line in lines(text) {
            let number = setup.lines_before + line.number;
            match statement(&line.text) {
                Statement::Section(name, kind) => {
                    (section, skipped) = (name.to_owned(), kind != "transport");
                    if skipped {
                        snapshot.irrelevant(1);
                    } else {
                        let (program, processes) = (String::new(), Processes::Unknown);
                        let name = section.clone();
                        snapshot.services.push(Service { mta: Mta::Exim, name, program, processes, line: number });
                        snapshot.used(1);
                    }
                }
                Statement::Option(name, value) => {
                    let unit = KEPT.iter().find(|(n, _)| *n == name && !skipped).map(|(_, unit)| *unit);
                    let Some(unit) = unit else {
                        snapshot.left_out += 1;
                        snapshot.irrelevant(1);
                        continue;
                    };
                    match name {
                        "primary_hostname" => snapshot.host = Some(value.to_owned()).filter(|h| !h.is_empty()),
                        "driver" => {
                            if let Some(open) = snapshot.services.last_mut() {
                                value.clone_into(&mut open.program);
                            }
                        }
                        _ => {}
                    }
                    snapshot.settings.push(Setting {
                        mta: Mta::Exim,
                        service: section.clone(),
                        name: name.to_owned(),
                        value: value.to_owned(),
                        means: meaning(unit, value),
                        line: number,
                    });
                    snapshot.used(1);
                }
                Statement::Blank => snapshot.irrelevant(1),
                Statement::Other => snapshot.not_understood(number, 1, unshown(&line.text)),
            }
        }
        if snapshot.is_empty() { Err(SnapshotError::Nothing(self.name())) } else { Ok(snapshot) }
    }
}

/// Adds the addresses that the transports of a node's Exim bind to.
pub(super) fn lay(parts: &[Part<'_>], found: &mut NodeSettings) {
    for part in parts {
        let stated = index(*part, Mta::Exim);
        for service in part.snapshot.services.iter().filter(|s| s.mta == Mta::Exim && s.program == "smtp") {
            let interface = stated.get(&(service.name.as_str(), "interface"));
            let (address, why) = match interface.map(|(_, s)| (s.means, s.value.as_str())) {
                Some((Means::Address(ip), _)) => (Some(ip), "bound"),
                Some((_, "")) => (None, "no interface is set, so the kernel chooses"),
                Some(_) => (None, "its interface is an expression"),
                None => (None, "its interface is not stated"),
            };
            found.sending_ips.push(SendingIp {
                tag: service.name.clone(),
                services: vec![service.name.clone()],
                address,
                why: why.to_owned(),
                cite: interface.map_or(part.cite(service.line), |(cite, _)| *cite),
            });
        }
    }
}

fn meaning(unit: &'static str, value: &str) -> Means {
    let found = match (unit, value) {
        ("", "yes") => Some(Means::Flag(true)),
        ("", "no") => Some(Means::Flag(false)),
        ("", address) => address.parse().ok().map(Means::Address),
        ("time", span) => seconds(span).map(Means::Seconds),
        (unit, number) => number.parse().ok().map(|n| Means::Count(n, unit)),
    };
    found.unwrap_or(Means::Text)
}

/// `1d2h`, `5m`, `0s`: parts with their units.
fn seconds(span: &str) -> Option<u64> {
    let mut total: u64 = 0;
    let mut rest = span;
    while let Some(end) = rest.find(|c: char| !c.is_ascii_digit()) {
        let (digits, tail) = rest.split_at(end);
        let unit = match tail.chars().next()? {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        total = total.checked_add(digits.parse::<u64>().ok()?.checked_mul(unit)?)?;
        rest = tail.get(1..)?;
    }
    (rest.is_empty() && !span.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::super::tests::{sample, taken};
    use super::*;

    #[test]
    fn recorded_transports_give_their_limits_and_time_outs() {
        let (_, snapshot) = taken(&sample("exim-4.96.bP-transports.txt"));
        let service = snapshot.services.first().expect("a transport");
        assert_eq!((service.name.as_str(), service.program.as_str()), ("remote_smtp", "smtp"));
        let means = |name: &str| snapshot.settings.iter().find(|s| s.name == name).map(|s| (s.means, s.line));
        assert_eq!(means("connect_timeout"), Some((Means::Seconds(4), 34)));
        assert_eq!(means("connection_max_messages"), Some((Means::Count(500, "messages"), 35)));
        assert_eq!(means("tls_tempfail_tryclear"), Some((Means::Flag(false), 101)));
        assert!(snapshot.settings.iter().all(|s| s.service == "remote_smtp"));
        assert!(!snapshot.settings.iter().any(|s| s.name.contains("private")));
    }

    #[test]
    fn the_recorded_main_part_gives_what_the_log_shows() {
        let (_, snapshot) = taken(&sample("exim-4.96.bP.txt"));
        assert_eq!(snapshot.host.as_deref(), Some("mta1.sender.example"));
        let value = |name: &str| snapshot.settings.iter().find(|s| s.name == name).map(|s| s.value.as_str());
        assert_eq!(value("log_selector"), Some("+outgoing_port +incoming_interface +deliver_time"));
        assert_eq!(value("log_timezone"), Some("no"));
        assert!(snapshot.left_out > 200, "{}", snapshot.left_out);
    }

    #[test]
    fn spans_add_up() {
        assert_eq!(
            [seconds("1d2h"), seconds("0s"), seconds("5m"), seconds("5"), seconds("")],
            [Some(93_600), Some(0), Some(300), None, None]
        );
    }
}
