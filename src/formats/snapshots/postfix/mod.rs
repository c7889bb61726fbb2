//! Postfix: `postconf` (`-n`, all, single names, `-M`, `-Mf`, `-P`), main.cf and master.cf.
//!
//! The grammar is that of postconf(5) and master(5); shapes are recordings of Postfix
//! 3.7.11 and 3.10.13, which print alike. Both kinds of line may stand in one file.

mod addresses;
mod defaults;
mod instance;
mod kept;
mod lay;
mod macros;
mod services;

pub(super) use lay::lay;

use std::collections::BTreeMap;

use kept::take;

use super::text::{Logical, is_command, lines, logical, unshown};
use super::{
    Component, Mta, Processes, Service, Setting, Snapshot, SnapshotError, SnapshotFormat, SnapshotSetup, Software,
    own_lines,
};
use crate::formats::Head;
use services::{Entry, entry, option_of_service};

/// The reader of Postfix's settings.
#[derive(Clone, Copy, Debug)]
pub(super) struct PostfixSettings;

/// Whether a file holds parameters of main.cf, beyond the version.
fn is_main(snapshot: &Snapshot) -> bool {
    let of_main = |s: &Setting| s.mta == Mta::Postfix && s.service.is_empty() && s.name != "mail_version";
    snapshot.settings.iter().any(of_main)
}

/// Programs whose entries say something of deliveries.
const PROGRAMS: [&str; 5] = ["smtp", "qmgr", "oqmgr", "tlsproxy", "scache"];

/// What a logical line is.
enum Statement<'a> {
    Parameter(&'a str, &'a str),
    /// As `postconf -P` prints: service, parameter, value.
    Option(&'a str, &'a str, &'a str),
    Service(Entry<'a>),
    Command,
    Other,
}

fn statement(line: &str) -> Statement<'_> {
    if let Some(entry) = entry(line) {
        return Statement::Service(entry);
    }
    if is_command(line) {
        return Statement::Command;
    }
    let Some((name, value)) = line.split_once('=') else { return Statement::Other };
    let (name, value) = (name.trim(), value.trim());
    if let Some((service, name)) = option_of_service(name) {
        return Statement::Option(service, name, value);
    }
    let is_name = name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    if is_name { Statement::Parameter(name, value) } else { Statement::Other }
}

impl SnapshotFormat for PostfixSettings {
    fn name(&self) -> &'static str {
        "postfix-settings"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let (all, _) = logical(own_lines(head, self).into_iter());
        let (mut known, mut services, mut other) = (0, 0, 0);
        for line in &all {
            match statement(&line.text) {
                Statement::Parameter(name, _) if kept::is_ours(name) => known += 1,
                Statement::Service(_) | Statement::Option(..) => services += 1,
                Statement::Other => other += 1,
                Statement::Parameter(..) | Statement::Command => {}
            }
        }
        // Prose and scripts quote settings too, between lines that are none.
        if known + services == 0 || other * 10 > known + services {
            return None;
        }
        Some(match (known, services) {
            (known, 0) => format!("parameters of Postfix: {known} known names"),
            (0, services) => format!("master.cf of Postfix: {services} services or options"),
            (known, services) => format!("Postfix: {known} known parameters, {services} services or options"),
        })
    }

    fn opens(&self, line: &str) -> bool {
        if line.starts_with(|c: char| c.is_ascii_whitespace()) {
            return false;
        }
        match statement(line) {
            Statement::Parameter(name, _) => kept::is_ours(name),
            Statement::Service(_) => true,
            Statement::Option(..) | Statement::Command | Statement::Other => false,
        }
    }

    fn read(&self, text: &[u8], setup: &SnapshotSetup) -> Result<Snapshot, SnapshotError> {
        let (all, silent) = logical(lines(text));
        let mut snapshot = Snapshot::default();
        snapshot.irrelevant(silent);
        for line in &all {
            take_line(line, setup.lines_before, &mut snapshot);
        }
        keep_last(&mut snapshot);
        if snapshot.is_empty() { Err(SnapshotError::Nothing(self.name())) } else { Ok(snapshot) }
    }
}

/// Of two entries for one service master(8) takes the last, with its options alone.
fn keep_last(snapshot: &mut Snapshot) {
    let mut last: BTreeMap<(String, String), u64> = BTreeMap::new();
    for service in &snapshot.services {
        last.insert((service.name.clone(), service.program.clone()), service.line);
    }
    let is_last = |s: &Service| last.get(&(s.name.clone(), s.program.clone())) == Some(&s.line);
    let replaced: BTreeMap<String, u64> = snapshot
        .services
        .iter()
        .filter(|s| !is_last(s) && PROGRAMS.contains(&s.program.as_str()))
        .filter_map(|s| Some((s.name.clone(), *last.get(&(s.name.clone(), s.program.clone()))?)))
        .collect();
    snapshot.settings.retain(|s| replaced.get(&s.service).is_none_or(|from| s.line >= *from));
    snapshot.services.retain(is_last);
}

fn take_line(line: &Logical, before: u64, snapshot: &mut Snapshot) {
    let at = |place| before + line.line_at(place);
    let taken = match statement(&line.text) {
        Statement::Parameter(name, value) => take_parameter(snapshot, "", name, value, at(0)),
        Statement::Option(service, name, value) => {
            // Without `-M` nothing tells the program; an option of the SMTP client does.
            push_service(snapshot, service, "", Processes::Unknown, at(0));
            take_parameter(snapshot, service, name, value, at(0))
        }
        Statement::Service(entry) => {
            let ours = PROGRAMS.contains(&entry.program);
            push_service(snapshot, entry.name, entry.program, entry.processes, at(0));
            // `smtp` is a server's name too: its options are not the client's.
            for (place, name, value) in entry.options.iter().filter(|_| ours) {
                take_parameter(snapshot, entry.name, name, value, at(*place));
            }
            ours
        }
        Statement::Command => false,
        Statement::Other => return snapshot.not_understood(at(0), line.lines(), unshown(&line.text)),
    };
    if taken { snapshot.used(line.lines()) } else { snapshot.irrelevant(line.lines()) }
}

fn push_service(snapshot: &mut Snapshot, name: &str, program: &str, processes: Processes, line: u64) {
    let (name, program) = (name.to_owned(), program.to_owned());
    snapshot.services.push(Service { mta: Mta::Postfix, name, program, processes, line });
}

/// Takes one parameter if it is on the list. A name of the user's own is remembered
/// where it holds an address: `smtp_bind_address = $out1`.
fn take_parameter(snapshot: &mut Snapshot, service: &str, name: &str, value: &str, line: u64) -> bool {
    let Some(take) = take(name) else {
        snapshot.left_out += 1;
        if let Ok(address) = value.trim_matches(['[', ']']).parse() {
            snapshot.addresses.insert(name.to_owned(), address);
        }
        return false;
    };
    let (value, means) = kept::kept(take, name, value);
    match name {
        "mail_version" if service.is_empty() => snapshot.software.push(Software {
            component: Component::Mta,
            name: "Postfix".to_owned(),
            version: value.clone(),
            dated: None,
            line,
        }),
        "myhostname" if service.is_empty() && !value.contains('$') => snapshot.host = Some(value.clone()),
        _ => {}
    }
    snapshot.settings.push(Setting {
        mta: Mta::Postfix,
        service: service.to_owned(),
        name: name.to_owned(),
        value,
        means,
        line,
    });
    true
}

#[cfg(test)]
mod tests;
