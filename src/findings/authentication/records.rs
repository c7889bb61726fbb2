//! SPF, DMARC and DKIM: what stands at the sender's names.

use super::{Answers, Filed, Measured, Shown};
use crate::formats::snapshots::{Answer, Record, Said};

impl Answers<'_> {
    /// Exactly one SPF record: receivers take two for none.
    pub(in crate::findings) fn spf(&self) -> Option<Measured> {
        let asked = self.texts(|name| name.split('.').all(|label| !label.starts_with('_')));
        let speaks = [Record::Spf, Record::Several, Record::Faulty];
        let of = |f: &&Filed| matches!(&f.1.said, Said::Records(r) if r.iter().any(|one| speaks.contains(one)));
        let with: Vec<_> = asked.iter().copied().filter(of).collect();
        let judged = if with.is_empty() { &asked } else { &with };
        self.judge(judged, "SPF", |answer| match &answer.said {
            Said::Records(records) if records.contains(&Record::Several) => several("SPF", &answer.name),
            Said::Records(records) if records.contains(&Record::Faulty) => faulty("SPF", answer),
            Said::Records(records) => match records.iter().filter(|r| **r == Record::Spf).count() {
                0 => (Shown::NotMet, format!("no SPF record at {}", answer.name)),
                1 => (
                    Shown::Met,
                    format!("one SPF record at {} (which addresses it covers was not evaluated)", answer.name),
                ),
                n => (Shown::NotMet, format!("{n} SPF records at {}, where only one may stand", answer.name)),
            },
            Said::NoName => (Shown::NotMet, format!("{} does not exist", answer.name)),
            Said::Failed => (Shown::Open, format!("no answer came for {}", answer.name)),
        })
    }

    /// One DMARC record with a policy. A subdomain without one has that of its organisation.
    pub(in crate::findings) fn dmarc(&self) -> Option<Measured> {
        let asked = self.texts(|name| name.starts_with("_dmarc."));
        let of = |f: &&Filed| matches!(&f.1.said, Said::Records(r) if !r.is_empty());
        let with: Vec<_> = asked.iter().copied().filter(of).collect();
        let judged = if with.is_empty() { &asked } else { &with };
        self.judge(judged, "DMARC", |answer| {
            let name = &answer.name;
            let absent = if name.split('.').count() > 3 {
                (
                    Shown::Open,
                    format!("no record at {name}; that of the organisation's domain may stand in, and is not here"),
                )
            } else {
                (Shown::NotMet, format!("no DMARC record at {name}"))
            };
            match &answer.said {
                Said::Records(records) => match records.as_slice() {
                    [] => absent,
                    [Record::Several] => several("DMARC", name),
                    [Record::Faulty] => faulty("DMARC", answer),
                    [Record::Dmarc { policy: Some(policy) }] => (Shown::Met, format!("p={policy} at {name}")),
                    [_] => (Shown::NotMet, format!("the record at {name} states no policy (p=)")),
                    more => {
                        (Shown::NotMet, format!("{} DMARC records at {name}, where only one may stand", more.len()))
                    }
                },
                Said::NoName => absent,
                Said::Failed => (Shown::Open, format!("no answer came for {name}")),
            }
        })
    }

    /// A key under some selector. That one is absent or revoked shows nothing: selectors change.
    pub(in crate::findings) fn dkim(&self) -> Option<Measured> {
        let asked = self.texts(|name| name.contains("._domainkey."));
        let is_key = |f: &&Filed| matches!(&f.1.said, Said::Records(r) if r.contains(&Record::Dkim { revoked: false }));
        let with: Vec<_> = asked.iter().copied().filter(is_key).collect();
        let judged = if with.is_empty() { &asked } else { &with };
        self.judge(judged, "DKIM", |answer| {
            let name = &answer.name;
            match &answer.said {
                Said::Records(records) if records.contains(&Record::Dkim { revoked: false }) => {
                    (Shown::Met, format!("a key at {name} (that mail is signed with it, the DNS does not show)"))
                }
                Said::Records(records) if !records.is_empty() => (Shown::Open, format!("the key at {name} is revoked")),
                Said::Records(_) | Said::NoName => {
                    (Shown::Open, format!("no key at {name}; whether that selector is in use is not known"))
                }
                Said::Failed => (Shown::Open, format!("no answer came for {name}")),
            }
        })
    }
}

fn several(what: &str, name: &str) -> (Shown, String) {
    (Shown::NotMet, format!("more than one {what} record at {name}, where only one may stand"))
}

/// The tool's word on a fault may be about its own network.
fn faulty(what: &str, answer: &Answer) -> (Shown, String) {
    (Shown::Open, format!("{} finds a fault in the {what} record at {}", answer.tool, answer.name))
}
