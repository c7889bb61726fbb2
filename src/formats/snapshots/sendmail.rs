//! `sendmail -d0.1 -bt </dev/null`, as 8.17.1.9 and 8.18.1 print it.

use super::text::{is_command, lines};
use super::{Component, Snapshot, SnapshotError, SnapshotFormat, SnapshotSetup, Software, own_lines};
use crate::formats::Head;

/// The reader of Sendmail's version.
#[derive(Clone, Copy, Debug)]
pub(super) struct SendmailVersion;

/// `Version 8.17.1.9`
fn version(line: &str) -> Option<&str> {
    let version = line.trim_end().strip_prefix("Version 8.")?;
    let plain = version.bytes().all(|b| b.is_ascii_alphanumeric() || b"./+-".contains(&b));
    (plain && !version.is_empty()).then(|| line.trim_end().split_at("Version ".len()).1)
}

/// ` Compiled with: DNSMAP … STARTTLS`
const COMPILED: &str = "Compiled with:";

/// `  (canonical domain name) $j = mta1.sender.example`
const HOST: &str = "(canonical domain name) $j = ";

impl SnapshotFormat for SendmailVersion {
    fn name(&self) -> &'static str {
        "sendmail-version"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let own = own_lines(head, self);
        let mut said = own.iter().filter(|l| !l.text.trim().is_empty() && !is_command(&l.text));
        let (first, second) = (said.next()?, said.next()?);
        (version(&first.text).is_some() && second.text.trim_start().starts_with(COMPILED))
            .then(|| format!("line {}: `sendmail -d0.1`", first.number))
    }

    fn opens(&self, line: &str) -> bool {
        version(line).is_some()
    }

    fn read(&self, text: &[u8], setup: &SnapshotSetup) -> Result<Snapshot, SnapshotError> {
        let mut snapshot = Snapshot::default();
        let (mut compiled, mut inside) = (Vec::new(), false);
        for line in lines(text) {
            let number = setup.lines_before + line.number;
            let words = line.text.trim();
            if let Some(version) = version(&line.text) {
                snapshot.software.push(Software {
                    component: Component::Mta,
                    name: "Sendmail".to_owned(),
                    version: version.to_owned(),
                    dated: None,
                    line: number,
                });
            } else if let Some(rest) = words.strip_prefix(COMPILED) {
                inside = true;
                compiled.extend(rest.split_ascii_whitespace().map(str::to_owned));
            } else if inside && line.text.starts_with("\t\t") {
                compiled.extend(words.split_ascii_whitespace().map(str::to_owned));
            } else if let Some(host) = words.strip_prefix(HOST).filter(|h| *h != "<null>") {
                inside = false;
                snapshot.host = Some(host.to_owned());
            } else {
                inside = false;
                snapshot.irrelevant(1);
                continue;
            }
            snapshot.used(1);
        }
        if snapshot.software.is_empty() {
            return Err(SnapshotError::Nothing(self.name()));
        }
        let tls = if compiled.iter().any(|c| c == "STARTTLS") { "with" } else { "without" };
        if !compiled.is_empty() {
            snapshot.notes.push(format!("Sendmail is built {tls} STARTTLS"));
        }
        Ok(snapshot)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{sample, taken};
    use super::*;

    #[test]
    fn the_recorded_version_host_and_build_are_read() {
        let (_, snapshot) = taken(&sample("sendmail-8.17.1.d0.1.txt"));
        assert_eq!(snapshot.software.first().map(Software::text).as_deref(), Some("Sendmail 8.17.1.9"));
        assert_eq!(snapshot.host.as_deref(), Some("mta1.sender.example"));
        assert_eq!(snapshot.notes, ["Sendmail is built with STARTTLS"]);
        // Version, five lines of options, the canonical name.
        assert_eq!((snapshot.accounting.used, snapshot.accounting.irrelevant), (7, 11));
    }

    #[test]
    fn a_version_alone_is_not_taken_for_sendmails() {
        let head = Head { bytes: b"Version 8.17.1\nof something\n", whole: true };
        assert_eq!(SendmailVersion.recognise(head), None);
    }
}
