//! An MTA-STS policy (RFC 8461, section 3.2): how mail *to* a domain must be delivered.
//!
//! It measures no requirement on mail that the domain sends. That of a receiver matters: a
//! sender that honours it delivers over no connection whose certificate it does not trust.

use serde::Serialize;

use super::text::{is_command, lines, unshown};
use super::{Snapshot, SnapshotError, SnapshotFormat, SnapshotSetup, own_lines};
use crate::formats::Head;

/// The reader of MTA-STS policies.
#[derive(Clone, Copy, Debug)]
pub(super) struct MtaSts;

/// What a policy states.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StsPolicy {
    /// `enforce`, `testing` or `none`; nothing where it states no such word.
    pub mode: Option<&'static str>,
    /// Names of MX hosts, in small letters; `*.` stands for one label.
    pub mx: Vec<String>,
    /// How long it may be kept.
    pub max_age_seconds: Option<u64>,
    /// First and last line of the file that state it.
    pub lines: (u64, u64),
}

impl StsPolicy {
    /// One line for the inspector.
    #[must_use]
    pub fn words(&self) -> String {
        let mode = self.mode.unwrap_or("of no known mode");
        let kept = self.max_age_seconds.map_or_else(String::new, |s| format!(", to be kept for {s} seconds"));
        let google = self.mx.iter().any(|mx| mx.ends_with(".google.com") || mx.ends_with(".googlemail.com"));
        let about = match (google, self.mode) {
            (true, Some("enforce")) => {
                "Google takes this mail: a sender that honours it delivers over no connection whose certificate it does not trust"
            }
            (true, _) => "Google takes this mail; certificates are not enforced by it",
            (false, _) => "it is about mail to that domain and measures no requirement on mail from it",
        };
        format!("an MTA-STS policy, {mode}, for {}{kept}: {about}", self.mx.join(", "))
    }
}

const OPENS: &str = "version: STSv1";

/// `mode: enforce`: the field and its value.
fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.trim().split_once(':')?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
    (!name.is_empty() && name.bytes().all(plain)).then_some((name, value.trim()))
}

impl SnapshotFormat for MtaSts {
    fn name(&self) -> &'static str {
        "mta-sts-policy"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let own = own_lines(head, self);
        let mut said = own.iter().filter(|l| !l.text.trim().is_empty() && !is_command(&l.text));
        let version = own.iter().find(|l| field(&l.text) == Some(("version", "STSv1")))?;
        said.all(|l| field(&l.text).is_some()).then(|| format!("line {}: {OPENS}", version.number))
    }

    fn opens(&self, line: &str) -> bool {
        line.trim() == OPENS
    }

    fn read(&self, text: &[u8], setup: &SnapshotSetup) -> Result<Snapshot, SnapshotError> {
        let mut snapshot = Snapshot::default();
        let mut policy = StsPolicy::default();
        for line in lines(text) {
            let number = setup.lines_before + line.number;
            let known = match field(&line.text) {
                Some(("mode", mode)) => {
                    policy.mode = ["enforce", "testing", "none"].into_iter().find(|m| *m == mode);
                    true
                }
                Some(("mx", name)) => {
                    policy.mx.push(name.trim_end_matches('.').to_ascii_lowercase());
                    true
                }
                Some(("max_age", seconds)) => {
                    policy.max_age_seconds = seconds.parse().ok();
                    true
                }
                Some(("version", _)) => true,
                // Fields of later versions are to be passed over.
                Some(_) => {
                    snapshot.irrelevant(1);
                    continue;
                }
                None if line.text.trim().is_empty() || is_command(&line.text) => {
                    snapshot.irrelevant(1);
                    continue;
                }
                None => false,
            };
            if known {
                let first = if policy.lines.0 == 0 { number } else { policy.lines.0 };
                policy.lines = (first, number);
                snapshot.used(1);
            } else {
                snapshot.not_understood(number, 1, unshown(&line.text));
            }
        }
        if policy.lines.0 == 0 {
            return Err(SnapshotError::Nothing(self.name()));
        }
        snapshot.policies.push(policy);
        Ok(snapshot)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{sample, taken};
    use super::*;

    #[test]
    fn a_policy_is_about_mail_to_its_domain_and_measures_nothing() {
        let (_, snapshot) = taken(&sample("mta-sts.txt"));
        let mx = vec!["mx1.sender.example".to_owned(), "*.mail.sender.example".to_owned()];
        let due = StsPolicy { mode: Some("enforce"), mx, max_age_seconds: Some(604_800), lines: (1, 5) };
        assert_eq!(snapshot.policies, [due]);
        assert!(snapshot.policies.iter().all(|p| p.words().contains("measures no requirement")));
        assert!(snapshot.answers.is_empty() && snapshot.reports.is_empty() && !snapshot.is_of_node());
    }

    /// The shape of Google's own; the fields may stand in any order.
    #[test]
    fn that_of_a_receiver_says_what_a_sender_must_trust() {
        let text = "mode: enforce\nmx: gmail-smtp-in.l.google.com\nmx: *.gmail-smtp-in.l.google.com\nmax_age: 86400\nversion: STSv1\n";
        let (format, snapshot) = taken(text.as_bytes());
        assert_eq!(format, "mta-sts-policy");
        assert!(snapshot.policies.iter().all(|p| p.words().contains("Google takes this mail")), "{snapshot:?}");
        let unknown = text.replace("enforce", "strict");
        let (_, snapshot) = taken(unknown.as_bytes());
        assert_eq!(snapshot.policies.first().map(|p| p.mode), Some(None));
    }
}
