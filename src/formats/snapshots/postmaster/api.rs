//! Answers of the API: `trafficStats` of v1, `domainStats` and `complianceStatus` of v2, as
//! Google's reference describes them (2026). One file may hold several answers, one after the
//! other or in lists.
//!
//! In v2 a statistic has the name that the question gave it; only such names as say what they
//! are of are taken.

use serde_json::Value;

use super::super::{Figure, Reported, Snapshot, SnapshotSetup, Topic};
use super::{TOOL, compact_day, day, is_json};
use crate::formats::Head;
use crate::intake::lines_of;
use crate::time::Minute;

/// What each kind of answer has, of which any makes the file one of them.
const MARKS: [[&str; 2]; 3] =
    [["\"name\"", "/trafficStats/"], ["\"domainStats\"", "\"metric\""], ["\"complianceData\"", "\"rowData\""]];

/// Ratios of v1. `outboundEncryptionRatio` is of mail from Gmail, and says nothing here.
const RATIOS: [(&str, Topic); 5] = [
    ("userReportedSpamRatio", Topic::SpamRate),
    ("spfSuccessRatio", Topic::Spf),
    ("dkimSuccessRatio", Topic::Dkim),
    ("dmarcSuccessRatio", Topic::Dmarc),
    ("inboundEncryptionRatio", Topic::Tls),
];

/// Rows of v2's compliance status.
const ROWS: [(&str, Topic); 8] = [
    ("SPF", Topic::Spf),
    ("DKIM", Topic::Dkim),
    ("DMARC_POLICY", Topic::Dmarc),
    ("DMARC_ALIGNMENT", Topic::FromAligned),
    ("DNS_RECORDS", Topic::Ptr),
    ("ENCRYPTION", Topic::Tls),
    ("USER_REPORTED_SPAM_RATE", Topic::SpamRate),
    ("ONE_CLICK_UNSUBSCRIBE", Topic::OneClickUnsubscribe),
];

/// Whether a file holds answers of the API.
pub(super) fn recognise(head: Head<'_>) -> Option<String> {
    let has = |word: &str| memchr::memmem::find(head.bytes, word.as_bytes()).is_some();
    let marks = MARKS.iter().find(|marks| is_json(head.bytes) && marks.iter().all(|m| has(m)))?;
    Some(format!("JSON with {}: Google Postmaster Tools", marks.join(" and ")))
}

/// Reads all answers of a file.
pub(super) fn read(text: &[u8], setup: &SnapshotSetup, snapshot: &mut Snapshot) {
    let all = lines_of(text).count() as u64;
    let mut answers = serde_json::Deserializer::from_slice(text).into_iter::<Value>();
    let line_at = |offset: usize| lines_of(text.get(..offset).unwrap_or(text)).count().max(1) as u64;
    let mut told = 0;
    while let Some(Ok(answer)) = answers.next() {
        let last = line_at(answers.byte_offset());
        let mut found = Found { place: (setup.lines_before + told + 1, setup.lines_before + last), snapshot };
        found.place.0 = found.place.0.min(found.place.1);
        found.walk(&answer, "");
        told = told.max(last);
    }
    snapshot.used(told);
    if told < all {
        snapshot.not_understood(setup.lines_before + told + 1, all - told, "the JSON breaks off".to_owned());
    }
}

/// Where an answer stands, and what takes its statements.
struct Found<'a> {
    place: (u64, u64),
    snapshot: &'a mut Snapshot,
}

impl Found<'_> {
    fn say(&mut self, topic: Topic, domain: &str, figure: Figure, day: Option<Minute>) {
        let domain = Some(domain.to_ascii_lowercase()).filter(|d| !d.is_empty());
        self.snapshot.reports.push(Reported { topic, domain, figure, day, tool: TOOL, lines: self.place });
    }

    /// Looks for statements in a value; `domain` is the one that stands around it.
    fn walk(&mut self, value: &Value, domain: &str) {
        match value {
            Value::Array(all) => all.iter().for_each(|one| self.walk(one, domain)),
            Value::Object(all) => {
                let name = value["name"].as_str().unwrap_or_default();
                let own = name.strip_prefix("domains/").and_then(|n| n.split('/').next());
                let domain = value["domainId"].as_str().or(own).unwrap_or(domain);
                if let Some((_, date)) = name.rsplit_once("/trafficStats/") {
                    return self.traffic(value, domain, compact_day(date));
                }
                if let (Some(metric), Some(number)) = (value["metric"].as_str(), number(&value["value"])) {
                    return self.statistic(metric, number, domain, date(&value["date"]));
                }
                if value["rowData"].is_array() {
                    return self.compliance(value, domain);
                }
                all.values().for_each(|one| self.walk(one, domain));
            }
            _ => {}
        }
    }

    fn traffic(&mut self, value: &Value, domain: &str, day: Option<Minute>) {
        for (key, topic) in RATIOS {
            if let Some(share) = value[key].as_f64().and_then(share) {
                self.say(topic, domain, share, day);
            }
        }
    }

    fn statistic(&mut self, metric: &str, number: f64, domain: &str, day: Option<Minute>) {
        match (topic_of(metric), share(number)) {
            (Some(topic), Some(share)) => self.say(topic, domain, share, day),
            _ => self.snapshot.left_out += 1,
        }
    }

    fn compliance(&mut self, value: &Value, domain: &str) {
        let rows = value["rowData"].as_array().map_or(&[][..], Vec::as_slice);
        for row in rows {
            let topic = ROWS.iter().find(|(name, _)| row["requirement"] == *name).map(|(_, topic)| *topic);
            match (topic, verdict(&row["status"])) {
                (Some(topic), Some(figure)) => self.say(topic, domain, figure, None),
                _ => self.snapshot.left_out += 1,
            }
        }
        for (key, topic) in [
            ("oneClickUnsubscribeVerdict", Topic::OneClickUnsubscribe),
            ("honorUnsubscribeVerdict", Topic::Unsubscribe48h),
        ] {
            if let Some(figure) = verdict(&value[key]["status"]) {
                self.say(topic, domain, figure, None);
            }
        }
    }
}

/// `{"status": "COMPLIANT"}`
fn verdict(status: &Value) -> Option<Figure> {
    match status["status"].as_str()? {
        "COMPLIANT" => Some(Figure::Verdict(true)),
        "NEEDS_WORK" => Some(Figure::Verdict(false)),
        _ => None,
    }
}

/// `{"doubleValue": 0.0021}`
fn number(value: &Value) -> Option<f64> {
    ["doubleValue", "floatValue"].iter().find_map(|key| value[*key].as_f64())
}

/// `{"year": 2026, "month": 11, "day": 23}`
fn date(value: &Value) -> Option<Minute> {
    let part = |key: &str| value[key].as_u64().and_then(|n| u32::try_from(n).ok());
    day(value["year"].as_i64()?, part("month")?, part("day")?)
}

fn share(number: f64) -> Option<Figure> {
    (0.0..=1.0).contains(&number).then_some(Figure::Share(number))
}

/// What a statistic is of, where its name leaves no doubt.
fn topic_of(metric: &str) -> Option<Topic> {
    let plain: String =
        metric.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase() as char).collect();
    let is = |names: &[&str]| names.contains(&plain.as_str());
    if is(&["spamrate", "userreportedspamrate", "userreportedspamratio"]) {
        return Some(Topic::SpamRate);
    }
    if is(&["tlsinbound", "tlsencryptionrateinbound", "inboundtlsencryptionrate", "inboundencryptionratio"]) {
        return Some(Topic::Tls);
    }
    [("spf", Topic::Spf), ("dkim", Topic::Dkim), ("dmarc", Topic::Dmarc)].into_iter().find_map(|(name, topic)| {
        let forms = [
            format!("{name}successrate"),
            format!("{name}successratio"),
            format!("auth{name}"),
            format!("authsuccessrate{name}"),
        ];
        forms.contains(&plain).then_some(topic)
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{sample, taken};
    use super::*;

    fn told(text: &[u8]) -> Vec<(Topic, Option<String>, Figure, Option<String>)> {
        let (format, snapshot) = taken(text);
        assert_eq!(format, "google-postmaster");
        snapshot.reports.into_iter().map(|r| (r.topic, r.domain, r.figure, r.day.map(Minute::date))).collect()
    }

    fn of(topic: Topic, figure: Figure, day: Option<&str>) -> (Topic, Option<String>, Figure, Option<String>) {
        (topic, Some("sender.example".to_owned()), figure, day.map(str::to_owned))
    }

    #[test]
    fn traffic_of_a_day_gives_its_ratios() {
        let day = Some("2026-11-23");
        assert_eq!(
            told(&sample("postmaster/trafficStats.v1.json")),
            [
                of(Topic::SpamRate, Figure::Share(0.0021), day),
                of(Topic::Spf, Figure::Share(0.998), day),
                of(Topic::Dkim, Figure::Share(0.999), day),
                of(Topic::Dmarc, Figure::Share(0.997), day),
                of(Topic::Tls, Figure::Share(0.913), day),
            ]
        );
    }

    #[test]
    fn statistics_and_verdicts_of_the_second_api_are_told_by_their_names() {
        let day = Some("2026-11-23");
        assert_eq!(
            told(&sample("postmaster/domainStats.v2.json")),
            [of(Topic::SpamRate, Figure::Share(0.0004), day), of(Topic::Dkim, Figure::Share(0.999), day)]
        );
        assert_eq!(
            told(&sample("postmaster/complianceStatus.v2.json")),
            [
                of(Topic::Spf, Figure::Verdict(true), None),
                of(Topic::Dkim, Figure::Verdict(true), None),
                of(Topic::Dmarc, Figure::Verdict(true), None),
                of(Topic::Ptr, Figure::Verdict(true), None),
                of(Topic::SpamRate, Figure::Verdict(false), None),
                of(Topic::OneClickUnsubscribe, Figure::Verdict(true), None),
            ]
        );
    }

    #[test]
    fn several_answers_in_a_file_each_have_their_lines() {
        let one = String::from_utf8_lossy(&sample("postmaster/trafficStats.v1.json")).into_owned();
        let two = format!("{one}\n{}", one.replace("20261123", "20261122"));
        let (_, snapshot) = taken(two.as_bytes());
        let spam: Vec<_> = snapshot.reports.iter().filter(|r| r.topic == Topic::SpamRate).collect();
        let lines = one.lines().count() as u64;
        assert_eq!(spam.iter().map(|r| r.lines).collect::<Vec<_>>(), [(1, lines), (lines + 1, 2 * lines)]);
        let cut = two.get(..two.len() - 40).unwrap_or_default();
        let (_, snapshot) = taken(cut.as_bytes());
        assert_eq!(snapshot.reports.len(), 5);
        assert!(snapshot.accounting.unrecognised > 0);
    }

    #[test]
    fn what_is_absent_or_no_share_is_not_zero() {
        let with = |ratio: &str| {
            format!(r#"{{"name":"domains/a.example/trafficStats/20261123","spfSuccessRatio":1.0{ratio}}}"#)
        };
        for ratio in ["", r#","userReportedSpamRatio":null"#, r#","userReportedSpamRatio":1.7"#] {
            assert_eq!(told(with(ratio).as_bytes()).len(), 1, "{ratio}");
        }
        assert_eq!(topic_of("feedback_loop_spam_rate"), None);
        assert_eq!(topic_of("my_metric"), None);
    }
}
