//! `dig +short`: records without the name they are of, without a status, without a time.
//!
//! Nothing rests on it: an empty answer is "no record" or "no answer", and a record is
//! of any name at all. It is recognised so that it can be said what to take instead.

use super::super::text::{is_command, lines, unshown};
use super::super::{Snapshot, SnapshotError, SnapshotFormat, SnapshotSetup};
use super::answer::joined;
use crate::formats::Head;

/// The reader of `dig +short`.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct DnsShort;

/// Texts that make a file one of `dig +short`.
const TEXTS: [&str; 3] = ["v=spf1", "v=DMARC1", "v=DKIM1"];

/// What a line holds: the kind of a text, or a name or address.
fn kind(line: &str) -> Option<&'static str> {
    let line = line.trim();
    if line.starts_with('"') {
        let text = joined(line)?;
        return Some(TEXTS.into_iter().find(|t| text.starts_with(t)).unwrap_or("another text"));
    }
    let is_host = line.ends_with('.')
        && line.trim_end_matches('.').contains('.')
        && line.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if is_host {
        return Some("a name");
    }
    line.parse::<std::net::IpAddr>().is_ok().then_some("an address")
}

impl SnapshotFormat for DnsShort {
    fn name(&self) -> &'static str {
        "dns-short"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        if !head.whole {
            return None;
        }
        let all: Vec<_> = lines(head.bytes).filter(|l| !l.text.trim().is_empty() && !is_command(&l.text)).collect();
        let kinds: Option<Vec<_>> = all.iter().map(|l| kind(&l.text)).collect();
        // A list of addresses is no answer, and quoted words are no records.
        let speaks = |k: &&str| TEXTS.contains(k) || *k == "a name";
        kinds?.iter().find(|k| speaks(k)).map(|k| format!("every line is a bare record, {k} among them: `dig +short`"))
    }

    fn opens(&self, _: &str) -> bool {
        false
    }

    fn read(&self, text: &[u8], setup: &SnapshotSetup) -> Result<Snapshot, SnapshotError> {
        let mut snapshot = Snapshot::default();
        for line in lines(text) {
            if line.text.trim().is_empty() || is_command(&line.text) {
                snapshot.irrelevant(1);
            } else if kind(&line.text).is_some() {
                snapshot.left_out += 1;
                snapshot.used(1);
            } else {
                snapshot.not_understood(setup.lines_before + line.number, 1, unshown(&line.text));
            }
        }
        if snapshot.left_out == 0 {
            return Err(SnapshotError::Nothing(self.name()));
        }
        let said =
            "`dig +short` names neither what was asked nor when; nothing rests on it (take it again without +short)";
        snapshot.notes.push(said.to_owned());
        Ok(snapshot)
    }
}
