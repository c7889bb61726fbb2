//! What was taken from one snapshot, as `inspect` shows it.

use serde_json::{Value, json};

use crate::formats::snapshots::{Answer, Basis, Effective, Reported, SendingIp, Snapshot, StsPolicy, Transport};
use crate::intake::Exhibit;
use crate::time::{Minute, Stamp};

/// Transports and addresses of one file that are printed; `--json` has all.
const SHOWN: usize = 12;

/// What was taken from one file.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    /// The file.
    pub(super) exhibit: Exhibit,
    /// What it gives.
    pub(super) snapshot: Snapshot,
    /// Whose settings they are, and how that is known; empty where it is not.
    pub(super) node: String,
    pub(super) node_by: &'static str,
    /// Addresses that its lines state, with the files of the same node beside it.
    pub(super) sending_ips: Vec<SendingIp>,
    /// Transports that its lines state, likewise.
    pub(super) transports: Vec<Transport>,
    /// What holds for all transports, where its lines state any of it.
    pub(super) whole: Vec<Effective>,
}

impl Taken {
    /// The part of `inspect --json`.
    pub(super) fn json(&self) -> Value {
        let snapshot = &self.snapshot;
        let software = snapshot.software.iter().map(|s| {
            json!({"component": s.component, "name": s.name, "version": s.version, "dated": s.dated, "line": s.line})
        });
        let settings = snapshot.settings.iter().map(|s| {
            json!({"mta": s.mta, "service": s.service, "name": s.name, "value": s.value, "number": s.means.number(),
                "unit": s.means.unit(), "line": s.line})
        });
        let sending_ips = self.sending_ips.iter().map(|s| {
            json!({"tag": s.tag, "services": s.services, "address": s.address,
                "private": s.address.map(|_| s.public().is_none()), "why": s.why, "line": s.cite.line})
        });
        let transports = self.transports.iter().map(|t| {
            let limits: Vec<_> = t.limits.iter().map(in_force).collect();
            json!({"name": t.name, "tag": t.tag, "line": t.cite.line, "limits": limits})
        });
        let answers = snapshot.answers.iter().map(|a| {
            json!({"name": a.name, "asked": a.asked, "said": a.said, "taken": a.taken.map(Stamp::to_second),
                "tool": a.tool, "from_line": a.lines.0, "to_line": a.lines.1})
        });
        let reports = snapshot.reports.iter().map(|r| {
            json!({"topic": r.topic, "domain": r.domain, "figure": r.figure, "day": r.day.map(Minute::date),
                "tool": r.tool, "from_line": r.lines.0, "to_line": r.lines.1})
        });
        json!({
            "answers": answers.collect::<Vec<_>>(),
            "reports": reports.collect::<Vec<_>>(),
            "mta_sts": snapshot.policies,
            "node": if self.node.is_empty() { None } else { Some(&self.node) },
            "node_by": if self.node.is_empty() { None } else { Some(self.node_by) },
            "taken": snapshot.taken.map(Stamp::to_second),
            "host": snapshot.host,
            "software": software.collect::<Vec<_>>(),
            "settings": settings.collect::<Vec<_>>(),
            "sending_ips": sending_ips.collect::<Vec<_>>(),
            "transports": transports.collect::<Vec<_>>(),
            "in_force": self.whole.iter().map(in_force).collect::<Vec<_>>(),
            "left_out": snapshot.left_out,
            "notes": snapshot.notes,
        })
    }

    /// What `inspect` prints of it, line by line.
    pub(super) fn words(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.snapshot.is_of_node() {
            lines.push(if self.node.is_empty() {
                "of an unknown node".to_owned()
            } else {
                format!("of node {} ({})", self.node, self.node_by)
            });
        }
        let answers: Vec<_> = self.snapshot.answers.iter().map(Answer::words).collect();
        let reports: Vec<_> = self.snapshot.reports.iter().map(Reported::words).collect();
        for (all, what) in [(answers, "answers"), (reports, "figures")] {
            let more = all.len().saturating_sub(SHOWN);
            lines.extend(all.into_iter().take(SHOWN));
            if more > 0 {
                lines.push(format!("and {more} more {what} (--json lists them)"));
            }
        }
        lines.extend(self.snapshot.policies.iter().map(StsPolicy::words));
        lines.extend(self.snapshot.software.iter().take(SHOWN).map(|s| {
            let dated = s.dated.as_deref().map(|d| format!(" of {d}")).unwrap_or_default();
            format!("{}{dated} (line {})", s.text(), s.line)
        }));
        if !self.snapshot.settings.is_empty() {
            lines.push(format!(
                "{} settings taken, {} others only counted",
                self.snapshot.settings.len(),
                self.snapshot.left_out
            ));
        }
        for sending in self.sending_ips.iter().take(SHOWN) {
            let whose = if sending.tag.is_empty() { sending.services.join(", ") } else { sending.tag.clone() };
            lines.push(match sending.address {
                Some(ip) if sending.public().is_none() => format!(
                    "{whose} leaves from {ip}, which is private; its public address is not here (case.yaml: sending_ips)"
                ),
                Some(ip) => format!("{whose} leaves from {ip}: {} (line {})", sending.why, sending.cite.line),
                None => format!("sending IP of {whose} is not known: {}", sending.why),
            });
        }
        let limit = |t: &Transport, name: &str, what: &str| {
            t.limit(name).filter(|l| l.means.number().is_some()).map(|l| {
                let default = if matches!(l.basis, Basis::Default(_)) { " by default" } else { "" };
                format!("{} {what}{default}", l.value)
            })
        };
        for transport in self.transports.iter().take(SHOWN) {
            let parts = [
                limit(transport, "destination_concurrency_limit", "deliveries at a time to one destination"),
                limit(transport, "processes", "processes"),
            ];
            let parts: Vec<_> = parts.into_iter().flatten().collect();
            if !parts.is_empty() {
                lines.push(format!("transport {}: at most {}", transport.name, parts.join(", ")));
            }
        }
        let more = self.sending_ips.len().max(self.transports.len()).saturating_sub(SHOWN);
        if more > 0 {
            lines.push(format!("and {more} more transports (--json lists them)"));
        }
        lines.extend(self.snapshot.notes.iter().cloned());
        lines
    }
}

fn in_force(setting: &Effective) -> Value {
    let (basis, why) = match &setting.basis {
        Basis::Stated(at) => ("stated", at.to_string()),
        Basis::Default(versions) => ("default", format!("default of {versions}")),
        Basis::Unknown(why) => ("unknown", why.clone()),
    };
    let value = if basis == "unknown" { None } else { Some(&setting.value) };
    json!({"name": setting.name, "value": value, "number": setting.means.number(), "unit": setting.means.unit(),
        "basis": basis, "why": why})
}
