//! The reviewed tables: for each attempt what the log tells of it, what the receiver recorded,
//! and why the two differ where they do.
//!
//! `tests/data/told/VARIANT.tsv` has a row for each event of the log and each thing that the
//! receiver did, side by side; `-` where one of the two has nothing. `reasons.tsv` names the
//! reasons: each says which words of which MTA it excuses.

use std::fmt;
use std::path::Path;

use casefile::smtp::{By, Outcome, Stage, TlsUse};

/// `deferral receiver banner none 421`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) outcome: Outcome,
    pub(super) by: By,
    pub(super) stage: Stage,
    pub(super) tls: TlsUse,
    pub(super) code: Option<u16>,
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {} ", self.outcome, self.by, self.stage, self.tls)?;
        match self.code {
            Some(code) => write!(f, "{code}"),
            None => f.write_str("-"),
        }
    }
}

/// One row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) scenario: String,
    /// What the log tells; empty where it tells nothing.
    pub(super) log: String,
    pub(super) weight: String,
    /// Which of the scenario's things the receiver did, from 1; none where it did nothing.
    pub(super) number: Option<usize>,
    /// What that was.
    pub(super) receiver: String,
    pub(super) why: Vec<String>,
}

/// Why a log may differ from the receiver's record.
#[derive(Clone, Debug)]
pub(super) struct Reason {
    pub(super) name: String,
    /// Beginnings of the variants that it holds for.
    of: Vec<String>,
    /// `stage=unknown`: what the log may say; `log=-`, `receiver=-`: which side may be silent.
    excuses: Vec<String>,
}

fn lines(name: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/told").join(format!("{name}.tsv"));
    let text = std::fs::read_to_string(&path).expect("a table");
    text.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn words(cell: &str) -> Vec<String> {
    cell.split_whitespace().map(str::to_owned).collect()
}

pub(super) fn rows(variant: &str) -> Vec<Row> {
    let of = |cells: Vec<String>| {
        let [scenario, log, weight, receiver, why] = <[String; 5]>::try_from(cells).expect("five columns");
        let (number, receiver) = match receiver.split_once(": ") {
            Some((number, words)) => (Some(number.parse().expect("a number")), words.to_owned()),
            None => (None, receiver),
        };
        Row { scenario, log, weight, number, receiver, why: words(&why) }
    };
    lines(variant).into_iter().map(of).collect()
}

pub(super) fn reasons() -> Vec<Reason> {
    let of = |cells: Vec<String>| {
        let [name, of, excuses, sentence] = <[String; 4]>::try_from(cells).expect("four columns");
        assert!(sentence.ends_with('.'), "{name}: a reason is a sentence");
        Reason { name, of: words(&of), excuses: words(&excuses) }
    };
    lines("reasons").into_iter().map(of).collect()
}

/// Where a row's two sides differ, as the log has it: `stage=unknown`.
fn differences(row: &Row) -> Vec<String> {
    match (row.log.as_str(), row.receiver.as_str()) {
        ("-", _) => return vec!["log=-".to_owned()],
        (_, "-") => return vec!["receiver=-".to_owned()],
        _ => {}
    }
    let names = ["outcome", "by", "stage", "tls", "code"];
    let pairs = row.log.split(' ').zip(row.receiver.split(' '));
    names.iter().zip(pairs).filter(|(_, (told, was))| told != was).map(|(n, (told, _))| format!("{n}={told}")).collect()
}

/// What is wrong with a row: a difference without a reason, or a reason without a difference.
pub(super) fn unexcused(variant: &str, row: &Row, reasons: &[Reason]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut differences = differences(row);
    for name in &row.why {
        let known = reasons.iter().find(|r| r.name == *name);
        let Some(reason) = known.filter(|r| r.of.iter().any(|of| variant.starts_with(of.as_str()))) else {
            faults.push(format!("{name} is no reason of {variant}"));
            continue;
        };
        let before = differences.len();
        differences.retain(|d| !reason.excuses.contains(d));
        if differences.len() == before {
            faults.push(format!("{name} excuses nothing"));
        }
    }
    faults.extend(differences.into_iter().map(|d| format!("{d} without a reason")));
    faults
}
