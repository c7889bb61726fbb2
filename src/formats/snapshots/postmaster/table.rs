//! Tables of the dashboards' numbers: CSV with a day and the rate of user-reported spam.
//!
//! Google documents no columns of an export, so a column is told by what its name says, and a
//! number by its unit: a percentage has its sign in the cell or the header, or "percent" in the
//! header; a ratio has "ratio" there. Any other is not taken.

use csv::StringRecord;

use super::super::rows::{Row, rows};
use super::super::{Figure, Reported, Snapshot, SnapshotSetup, Topic};
use super::{TOOL, compact_day, day};
use crate::formats::Head;
use crate::intake::lines_of;
use crate::time::Minute;

/// Months as the dashboards write them.
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// How the numbers of a column are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Percent,
    Ratio,
    /// By the sign in the cell, or not at all.
    Cell,
}

#[derive(Debug)]
struct Columns {
    day: usize,
    domain: Option<usize>,
    figures: Vec<(usize, Topic, Unit)>,
}

impl Columns {
    fn find<'a>(header: impl Iterator<Item = &'a str>) -> Option<Self> {
        let (mut at, mut domain, mut figures) = (None, None, Vec::new());
        for (i, name) in header.enumerate() {
            let plain = squashed(name);
            match plain.as_str() {
                "date" | "day" => at = at.or(Some(i)),
                "domain" | "domainname" | "domainid" => domain = domain.or(Some(i)),
                _ => figures.extend(topic_of(&plain).map(|topic| (i, topic, unit_of(name, &plain)))),
            }
        }
        let speaks = figures.iter().any(|(_, topic, _)| *topic == Topic::SpamRate);
        at.filter(|_| speaks).map(|day| Self { day, domain, figures })
    }
}

fn squashed(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

fn topic_of(plain: &str) -> Option<Topic> {
    let has = |word: &str| plain.contains(word);
    // Bounds of an estimate, and the rates of single campaigns.
    if has("bound") && !has("inbound") || has("feedback") || has("fbl") || has("campaign") {
        return None;
    }
    let share = ["rate", "ratio", "percent", "pct", "success"].iter().any(|word| has(word));
    match plain {
        _ if has("spam") && share => Some(Topic::SpamRate),
        _ if has("spf") && share => Some(Topic::Spf),
        _ if has("dkim") && share => Some(Topic::Dkim),
        _ if has("dmarc") && share => Some(Topic::Dmarc),
        _ if has("inbound") && (has("tls") || has("encrypt")) => Some(Topic::Tls),
        _ => None,
    }
}

fn unit_of(name: &str, plain: &str) -> Unit {
    match plain {
        _ if name.contains('%') || plain.contains("percent") || plain.contains("pct") => Unit::Percent,
        _ if plain.contains("ratio") => Unit::Ratio,
        _ => Unit::Cell,
    }
}

/// The share that a cell states; nothing where its unit is not known.
fn share(cell: &str, unit: Unit) -> Option<f64> {
    let (digits, unit) = match cell.trim().strip_suffix('%') {
        Some(digits) => (digits.trim_end(), Unit::Percent),
        None => (cell.trim(), unit),
    };
    let number: f64 = digits.parse().ok()?;
    let share = match unit {
        Unit::Percent => number / 100.0,
        Unit::Ratio => number,
        Unit::Cell => return None,
    };
    (0.0..=1.0).contains(&share).then_some(share)
}

/// `2026-11-23`, `2026/11/23`, `20261123`, `Nov 23, 2026`. In `11/12/2026` day and month could be either.
fn day_of(cell: &str) -> Option<Minute> {
    let text = cell.trim();
    if let Some(found) = compact_day(text) {
        return Some(found);
    }
    let words: Vec<&str> = text.split([' ', ',', '-', '/']).filter(|w| !w.is_empty()).collect();
    let [a, b, c] = words.as_slice() else { return None };
    if a.len() == 4 {
        return day(a.parse().ok()?, b.parse().ok()?, c.parse().ok()?);
    }
    let month = a.get(..3)?.to_ascii_lowercase();
    let month = MONTHS.iter().position(|m| *m == month)?;
    day(c.parse().ok()?, u32::try_from(month).ok()? + 1, b.parse().ok()?)
}

fn delimiter(header: &[u8]) -> u8 {
    let count = |d: u8| header.iter().filter(|b| **b == d).count();
    [b',', b';', b'\t'].into_iter().max_by_key(|d| (count(*d), *d == b',')).unwrap_or(b',')
}

fn table(text: &[u8]) -> (StringRecord, Vec<Row>) {
    rows(text, delimiter(lines_of(text).next().unwrap_or_default()))
}

/// Whether a file is such a table: by its header, and the day of its first row.
pub(super) fn recognise(head: Head<'_>) -> Option<String> {
    // The header decides for nearly all files; no more of them is read for it.
    let mut header =
        csv::ReaderBuilder::new().delimiter(delimiter(lines_of(head.bytes).next()?)).from_reader(head.bytes);
    Columns::find(header.headers().ok()?.iter())?;
    let (header, found) = table(head.bytes);
    let columns = Columns::find(header.iter())?;
    day_of(found.first()?.0.get(columns.day)?)?;
    Some("line 1: a day and a rate of user-reported spam: Google Postmaster Tools".to_owned())
}

/// Reads all rows.
pub(super) fn read(text: &[u8], setup: &SnapshotSetup, snapshot: &mut Snapshot) {
    let all = lines_of(text).count() as u64;
    let (header, found) = table(text);
    let Some(columns) = Columns::find(header.iter()) else { return };
    let mut unclear = false;
    for (row, (line, _)) in &found {
        let line = setup.lines_before + line;
        let Some(day) = row.get(columns.day).and_then(day_of) else {
            snapshot.not_understood(line, 1, "no day in the form 2026-11-23".to_owned());
            continue;
        };
        unclear |= of_row(row, &columns, day, line, snapshot);
        snapshot.used(1);
    }
    if unclear {
        snapshot.notes.push(
            "numbers without a unit were not taken: write % into the cells, or name the column after a percent or a ratio"
                .to_owned(),
        );
    }
    snapshot.irrelevant(all.saturating_sub(snapshot.accounting.read));
}

/// The figures of one row; whether one of them has no unit.
fn of_row(row: &StringRecord, columns: &Columns, day: Minute, line: u64, snapshot: &mut Snapshot) -> bool {
    let domain = columns.domain.and_then(|i| row.get(i)).map(|d| d.trim().to_ascii_lowercase());
    let mut unclear = false;
    for (i, topic, unit) in &columns.figures {
        let Some(cell) = row.get(*i).filter(|cell| !cell.trim().is_empty()) else { continue };
        let Some(share) = share(cell, *unit) else {
            unclear = true;
            snapshot.left_out += 1;
            continue;
        };
        let domain = domain.clone().filter(|d| !d.is_empty());
        let figure = Figure::Share(share);
        snapshot.reports.push(Reported {
            topic: *topic,
            domain,
            figure,
            day: Some(day),
            tool: TOOL,
            lines: (line, line),
        });
    }
    unclear
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::taken;
    use super::*;

    fn told(text: &str) -> Vec<(Topic, f64, String, u64)> {
        let (format, snapshot) = taken(text.as_bytes());
        assert_eq!(format, "google-postmaster");
        let one = |r: &Reported| match r.figure {
            Figure::Share(share) => (r.topic, share, r.day.map(Minute::date).unwrap_or_default(), r.lines.0),
            Figure::Verdict(_) => panic!("a table has no verdict"),
        };
        snapshot.reports.iter().map(one).collect()
    }

    #[test]
    fn percentages_and_ratios_are_told_by_their_unit() {
        let due = |share| [(Topic::SpamRate, share, "2026-11-23".to_owned(), 2)];
        assert_eq!(told("Date,User-reported spam rate\n2026-11-23,0.25%\n"), due(0.0025));
        assert_eq!(told("date;spam_rate (%)\r\n20261123;0.25\r\n"), due(0.0025));
        assert_eq!(told("\u{feff}\"Date\",\"Spam ratio\"\n\"Nov 23, 2026\",0.0025\n"), due(0.0025));
    }

    #[test]
    fn a_number_without_a_unit_and_a_cell_without_a_number_are_not_taken() {
        let text = "date,spam_rate,dkim success %\n2026-11-22,0.2,99.5\n2026-11-23,,100\n";
        assert_eq!(
            told(text),
            [(Topic::Dkim, 0.995, "2026-11-22".to_owned(), 2), (Topic::Dkim, 1.0, "2026-11-23".to_owned(), 3)]
        );
        let (_, snapshot) = taken(text.as_bytes());
        assert!(snapshot.notes.iter().any(|n| n.contains("without a unit")) && snapshot.left_out == 1);
    }

    #[test]
    fn a_day_that_could_be_either_makes_no_table() {
        for text in ["date,spam_rate\n11/12/2026,0.2%\n", "date,cpu\n2026-11-23,5\n", "spam_rate\n0.1%\n"] {
            let head = Head { bytes: text.as_bytes(), whole: true };
            assert_eq!(recognise(head), None, "{text}");
        }
        assert_eq!(day_of("2026-02-30"), None);
    }
}
