//! checkdmarc's report on domains, JSON and CSV, as recorded (of which version, the recording
//! does not say). The errors that say what is there are those of its `spf.py` and `dmarc.py`
//! (6.0.4).
//!
//! Any other error says nothing of the domain: a resolver that is out of reach reads
//! `valid: false`, too. The report has no time, and does not look at DKIM.

use serde_json::Value;

use super::dns::{Answer, Asked, Record, Said, text_record};
use super::rows::rows;
use super::{Snapshot, SnapshotError, SnapshotFormat, SnapshotSetup};
use crate::formats::Head;
use crate::intake::lines_of;

/// The reader of checkdmarc's reports.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checkdmarc;

const TOOL: &str = "checkdmarc";

/// Keys that its JSON has for each domain, and no other document has all of.
const KEYS: [&str; 4] = ["\"base_domain\"", "\"dnssec\"", "\"spf\"", "\"dmarc\""];

/// How the header of its CSV begins, and columns that it has.
const HEADER: &str = "domain,base_domain,";
const COLUMNS: [&str; 2] = ["spf_record", "dmarc_record"];

/// What is said of one domain.
#[derive(Clone, Copy, Debug)]
struct Domain<'a> {
    name: &'a str,
    base: Option<&'a str>,
    spf: Checked<'a>,
    dmarc: Checked<'a>,
    /// The domain whose DMARC record it is.
    location: Option<&'a str>,
}

/// A record, and the error about it.
#[derive(Clone, Copy, Debug)]
struct Checked<'a> {
    record: Option<&'a str>,
    error: Option<&'a str>,
}

impl SnapshotFormat for Checkdmarc {
    fn name(&self) -> &'static str {
        TOOL
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let bytes = head.bytes.trim_ascii_start();
        if bytes.starts_with(b"{") || bytes.starts_with(b"[") {
            let has = |key: &&str| memchr::memmem::find(bytes, key.as_bytes()).is_some();
            return KEYS.iter().all(has).then(|| format!("its keys are {}", KEYS.join(", ")));
        }
        let header = lines_of(bytes).next()?;
        let has = |column: &&str| header.split(|b| *b == b',').any(|cell| cell == column.as_bytes());
        (header.starts_with(HEADER.as_bytes()) && COLUMNS.iter().all(has))
            .then(|| format!("line 1: the header has {HEADER}…, {}", COLUMNS.join(", ")))
    }

    fn opens(&self, _: &str) -> bool {
        false
    }

    fn read(&self, text: &[u8], setup: &SnapshotSetup) -> Result<Snapshot, SnapshotError> {
        let mut snapshot = Snapshot::default();
        let lines = lines_of(text).count() as u64;
        let place = (setup.lines_before + 1, setup.lines_before + lines);
        if text.trim_ascii_start().starts_with(HEADER.as_bytes()) {
            of_csv(text, setup, &mut snapshot);
            let used = snapshot.accounting.read;
            snapshot.irrelevant(lines.saturating_sub(used));
        } else {
            let report = serde_json::from_slice(text).map_err(|_| SnapshotError::Nothing(TOOL))?;
            let domains = if let Value::Array(all) = &report { all.as_slice() } else { std::slice::from_ref(&report) };
            for domain in domains.iter().filter_map(of_json) {
                domain.answers(place, &mut snapshot.answers);
            }
            snapshot.used(lines);
        }
        if snapshot.answers.is_empty() {
            return Err(SnapshotError::Nothing(TOOL));
        }
        snapshot.notes.push("checkdmarc writes no time, and does not look for DKIM keys".to_owned());
        Ok(snapshot)
    }
}

fn of_json(report: &Value) -> Option<Domain<'_>> {
    let checked = |part: &'static str| Checked {
        record: report[part]["record"].as_str(),
        error: report[part]["error"].as_str().or_else(|| faulty(report[part]["valid"].as_bool())),
    };
    Some(Domain {
        name: report["domain"].as_str()?,
        base: report["base_domain"].as_str(),
        spf: checked("spf"),
        dmarc: checked("dmarc"),
        location: report["dmarc"]["location"].as_str(),
    })
}

/// A record that is not valid, without a word on why.
fn faulty(valid: Option<bool>) -> Option<&'static str> {
    (valid == Some(false)).then_some("")
}

/// A row is a domain; its cells may hold line ends.
fn of_csv(text: &[u8], setup: &SnapshotSetup, snapshot: &mut Snapshot) {
    let (header, all) = rows(text, b',');
    for (row, lines) in &all {
        let cell = |name: &str| {
            let at = header.iter().position(|h| h == name)?;
            row.get(at).filter(|text| !text.is_empty())
        };
        let Some(name) = cell("domain") else { continue };
        let checked = |record: &str, valid: &str, error: &str| Checked {
            record: cell(record),
            error: cell(error).or_else(|| faulty(cell(valid).map(|v| v == "True"))),
        };
        let domain = Domain {
            name,
            base: cell("base_domain"),
            spf: checked("spf_record", "spf_valid", "spf_error"),
            dmarc: checked("dmarc_record", "dmarc_valid", "dmarc_error"),
            location: cell("dmarc_record_location"),
        };
        domain.answers((setup.lines_before + lines.0, setup.lines_before + lines.1), &mut snapshot.answers);
        snapshot.used(lines.1 + 1 - lines.0);
    }
}

impl Domain<'_> {
    fn answers(&self, lines: (u64, u64), all: &mut Vec<Answer>) {
        let name = super::dns::plain(self.name);
        let said = match self.spf {
            Checked { record: Some(text), error: None } => records(text_record(&name, text)),
            Checked { record: Some(_), error: Some(_) } => records(Some(Record::Faulty)),
            Checked { record: None, error } => absent(error),
        };
        let answer = |name: String, said| Answer { name, asked: Asked::Txt, said, taken: None, tool: TOOL, lines };
        all.push(answer(name.clone(), said));
        let owner = |domain: &str| format!("_dmarc.{}", super::dns::plain(domain));
        let said = match self.dmarc.record {
            Some(text) => records(text_record(&owner(&name), text)),
            None => absent(self.dmarc.error),
        };
        // Where no record is, it looked at the organisation's domain as well.
        let base = self.base.filter(|b| *b != self.name && said == Said::Records(Vec::new()));
        all.extend(base.map(|base| answer(owner(base), said.clone())));
        all.push(answer(owner(self.location.unwrap_or(&name)), said));
    }
}

fn records(found: Option<Record>) -> Said {
    Said::Records(vec![found.unwrap_or(Record::Faulty)])
}

/// What an error says of a record that is not there.
fn absent(error: Option<&str>) -> Said {
    let Some(error) = error else { return Said::Failed };
    let begins = |with: &str| error.starts_with(with);
    if begins("An SPF record does not exist.") || begins("A DMARC record does not exist") {
        return Said::Records(Vec::new());
    }
    if begins("The domain ") && error.ends_with("does not exist.") {
        return Said::NoName;
    }
    let several = begins("The domain has multiple SPF TXT records") || begins("Multiple DMARC policy records");
    if several { records(Some(Record::Several)) } else { Said::Failed }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{sample, taken};
    use super::*;

    fn told(text: &[u8]) -> Vec<(String, Said)> {
        let (format, snapshot) = taken(text);
        assert_eq!(format, TOOL);
        snapshot.answers.iter().map(|a| (a.name.clone(), a.said.clone())).collect()
    }

    fn of(name: &str, record: Option<Record>) -> (String, Said) {
        (name.to_owned(), Said::Records(record.into_iter().collect()))
    }

    #[test]
    fn recorded_reports_give_the_records_or_their_absence() {
        let policy = Some("quarantine");
        let both =
            [of("sender.example", Some(Record::Spf)), of("_dmarc.sender.example", Some(Record::Dmarc { policy }))];
        assert_eq!(told(&sample("checkdmarc/sender.example.json")), both);
        assert_eq!(told(&sample("checkdmarc/sender.example.csv")), both);
        assert_eq!(
            told(&sample("checkdmarc/softfail.example.json")),
            [of("softfail.example", Some(Record::Spf)), of("_dmarc.softfail.example", None)]
        );
        assert_eq!(
            told(&sample("checkdmarc/twospf.example.json")),
            [of("twospf.example", Some(Record::Several)), of("_dmarc.twospf.example", None)]
        );
    }

    #[test]
    fn rows_and_reports_have_their_lines_and_no_time() {
        let (_, csv) = taken(&sample("checkdmarc/sender.example.csv"));
        assert_eq!(csv.answers.first().map(|a| (a.lines, a.taken)), Some(((2, 2), None)));
        let (_, json) = taken(&sample("checkdmarc/twospf.example.json"));
        assert_eq!(json.answers.first().map(|a| a.lines), Some((1, json.accounting.read)));
    }

    /// auth trap 42: an error of the resolver reads as `valid: false` and is no finding.
    #[test]
    fn an_error_that_does_not_say_what_is_there_is_no_finding() {
        let report = |spf: &str, dmarc: &str| {
            format!(r#"{{"domain":"a.example","base_domain":"a.example","dnssec":false,"spf":{spf},"dmarc":{dmarc}}}"#)
        };
        let timeout = r#"{"record":null,"valid":false,"error":"The DNS operation timed out."}"#;
        assert_eq!(
            told(report(timeout, timeout).as_bytes()),
            [("a.example".to_owned(), Said::Failed), ("_dmarc.a.example".to_owned(), Said::Failed)]
        );
        let faulty = r#"{"record":"v=spf1 include:a include:b -all","valid":false,"error":"too many lookups"}"#;
        let gone = r#"{"record":null,"location":null,"valid":false,"error":"The domain a.example does not exist."}"#;
        assert_eq!(
            told(report(faulty, gone).as_bytes()),
            [of("a.example", Some(Record::Faulty)), ("_dmarc.a.example".to_owned(), Said::NoName)]
        );
    }

    #[test]
    fn the_record_of_the_organisation_stands_in_and_where_none_is_both_are_told() {
        let report = |dmarc: &str| {
            format!(
                r#"[{{"domain":"news.a.example","base_domain":"a.example","dnssec":false,"spf":{{"record":"v=spf1 -all","valid":true}},"dmarc":{dmarc}}}]"#
            )
        };
        let policy = Some("none");
        let there = r#"{"record":"v=DMARC1; p=none","location":"a.example","valid":true}"#;
        assert_eq!(told(report(there).as_bytes())[1..], [of("_dmarc.a.example", Some(Record::Dmarc { policy }))]);
        let none = r#"{"record":null,"location":null,"valid":false,"error":"A DMARC record does not exist for this domain or its parent domains."}"#;
        assert_eq!(
            told(report(none).as_bytes())[1..],
            [of("_dmarc.a.example", None), of("_dmarc.news.a.example", None)]
        );
    }
}
