//! What one reader may see: the only door to the floors above.

mod error;
mod exhibits;
mod figure;
mod measured;
mod notes;
mod packed;
mod pictures;
mod redacted;
pub mod redactor;
mod rows;
mod sheet;
mod sight;
mod slim;
mod visible;

use std::cell::RefCell;

pub use error::ReleaseError;

pub use crate::findings::{Evidence, Fact, Node, Value};
pub use figure::{Band, Figure, Line, Mark, MarkKind, Panel, PanelKind, Series, Tint};
pub use notes::NoteFault;
pub use packed::Rows;
pub use redacted::Redacted;
pub use rows::facts_of;
pub use sheet::{Cell, Column, ColumnKind, Table};
pub use visible::visible;

use serde::Serialize;

use crate::case::Case;
use crate::findings::{Evident, Findings};
use crate::formats::transcripts::Verdict;
use crate::time::{Stamp, Window};
use crate::timeline::Timeline;
use redactor::{CaseKey, Class, Counts, Learner, RedactionReport, Redactor, RedactorConfig};

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The support desk of the ESP or hosting provider.
    Esp,
    /// Google's sender support.
    Google,
    /// The sender's own team: the postmortem. Never leaves the house.
    Internal,
}

impl Audience {
    /// `esp`, `google`, `internal`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Esp => "esp",
            Self::Google => "google",
            Self::Internal => "internal",
        }
    }
}

/// Everything one reader may see. Only this room can make one.
#[derive(Clone, Debug)]
pub struct Release {
    audience: Audience,
    name: String,
    when: Stamp,
    facts: Node,
    figures: Vec<Figure>,
    tables: Vec<Table>,
    excerpts: Vec<ExcerptFile>,
    transcripts: Vec<TranscriptFile>,
    withheld: Vec<Withheld>,
    /// The waves with an hour before and after each.
    near: Vec<Window>,
    png: bool,
    allowed: Vec<String>,
    report: RedactionReport,
    forbidden: Vec<redactor::Forbidden>,
    published: Vec<(String, String)>,
}

/// What a release is made from.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The evidence.
    pub evident: &'a Evident<'a>,
    /// What was found in it.
    pub findings: &'a Findings,
    /// The text of each transcript, in the order of `evident.tests`.
    pub transcripts: &'a [Vec<u8>],
    /// Key of the case.
    pub key: &'a CaseKey,
}

/// Makes what one reader may see: learns everything that could reach the bundle,
/// then rewrites it, then composes tables and pictures from what is left.
///
/// # Errors
/// When two values would share a token, or a note of case.yaml would have to be rewritten.
pub fn release(source: &Source<'_>, audience: Audience) -> Result<Release, ReleaseError> {
    let evident = source.evident;
    let chosen = exhibits::chosen(source.findings, evident.tally);
    let redactor = learn(source, audience, &chosen);
    let pen = Pen {
        redactor: &redactor,
        outside: audience != Audience::Internal,
        places: places(evident.timeline, &redactor)?,
        report: RefCell::new(RedactionReport::new(audience, evident.case.redact.allow.len())),
        fault: RefCell::new(None),
    };
    if let Some(fault) = notes::fault(evident.case, audience, &redactor, &|note| pen.tell("notes", note))? {
        return Err(fault.into());
    }
    let facts = sight::visible(&source.findings.facts, audience, &mut |t| pen.tell("facts.json", t));
    let text = |t: &str| pen.tell("charts and tables", t);
    let studio = pictures::Studio {
        audience,
        case: evident.case,
        lanes: evident.lanes,
        timeline: evident.timeline,
        findings: source.findings,
        rewrite: &text,
    };
    let figures = studio.figures();
    let connections = studio.connections();
    let line = |t: &[u8]| pen.write("tables/sessions.csv", t);
    let desk = rows::Desk {
        audience,
        timeline: evident.timeline,
        lanes: evident.lanes,
        incident: &source.findings.incident,
        connections: connections.as_ref(),
        facts: &facts,
        chosen: &chosen,
        rewrite: &text,
        write: &line,
        cut: RefCell::default(),
    };
    let mut tables = desk.tables();
    if audience == Audience::Internal {
        // The house reads the others in the bundles: here their titles are enough.
        tables.iter_mut().filter(|table| table.name != "timeline").for_each(|table| table.rows = Rows::default());
    }
    let excerpts = exhibits::excerpts(&chosen, &|file, lines| pen.write(&format!("excerpts/{file}"), lines));
    let (transcripts, mut withheld) = transcripts(source, audience, &pen);
    withheld.extend(desk.cut.into_inner());
    if let Some(fault) = pen.fault.into_inner() {
        return Err(fault.into());
    }
    let name = match audience {
        Audience::Internal => evident.case.name.clone(),
        outside => format!("{}-{}", evident.case.name, outside.word()),
    };
    Ok(Release {
        audience,
        name,
        when: evident.timeline.window.to.start(),
        facts,
        figures,
        tables,
        excerpts,
        transcripts,
        withheld,
        near: rows::span::near(&source.findings.incident.windows()),
        png: true,
        allowed: allowed(evident.case),
        report: pen.report.into_inner(),
        forbidden: redactor.forbidden().to_vec(),
        published: redactor.published(),
    })
}

/// The redactor at work on one release, counting what it takes out of each document.
struct Pen<'a> {
    redactor: &'a Redactor,
    outside: bool,
    /// What places are called, and what this reader may call them.
    places: Vec<(String, String)>,
    report: RefCell<RedactionReport>,
    fault: RefCell<Option<redactor::Collision>>,
}

impl Pen<'_> {
    /// Text of our own: places are called as this reader may call them.
    fn tell(&self, document: &str, text: &str) -> String {
        let mut text = text.to_owned();
        for (label, shown) in self.places.iter().filter(|_| self.outside) {
            text = text.replace(label, shown);
        }
        self.write(document, text.as_bytes()).to_string()
    }

    fn write(&self, document: &str, text: &[u8]) -> Redacted {
        if !self.outside {
            return Redacted::new(String::from_utf8_lossy(text).into_owned());
        }
        let mut counts = Counts::default();
        match self.redactor.rewrite(text, &mut counts) {
            Ok(redacted) => {
                self.report.borrow_mut().add(document, &counts);
                redacted
            }
            Err(collision) => {
                // Nothing of this release will be used: the fault is returned at the end.
                *self.fault.borrow_mut() = Some(collision);
                Redacted::new(String::new())
            }
        }
    }
}

/// Labels of places that name a node, longest first, each with the label for this reader. A
/// node may be called by a word like any other, which no search would know for a name.
fn places(timeline: &Timeline, redactor: &Redactor) -> Result<Vec<(String, String)>, redactor::Collision> {
    let mut places = Vec::new();
    for place in timeline.egresses.iter().map(|row| &row.of).filter(|p| p.ip.is_none() && !p.node.is_empty()) {
        let node = redactor.value(Class::Node, &place.node)?.map(|node| node.to_string()).unwrap_or_default();
        places.push((place.label(), place.label_on(&node)));
    }
    places.sort_by_key(|(label, _)| std::cmp::Reverse(label.len()));
    Ok(places)
}

/// What may stand in plain sight by the user's word: `allow:` and the contact.
fn allowed(case: &Case) -> Vec<String> {
    case.redact.allow.iter().chain(&case.sender.contact).cloned().collect()
}

/// The first pass: everything that could reach this reader's bundle.
fn learn(source: &Source<'_>, audience: Audience, chosen: &[exhibits::Chosen<'_>]) -> Redactor {
    let evident = source.evident;
    let case = evident.case;
    let mut config = RedactorConfig::new(audience, source.key.clone());
    config.own_domains = case.redact.own_domains.iter().chain(&case.sender.domains).cloned().collect();
    // What Gmail limits as the sender's is the sender's, and what its desk asks for first.
    let limited = evident.tally.replies.values().flat_map(|reply| reply.domains.kept.keys());
    config.own_domains.extend(limited.map(|domain| domain.to_string()));
    config.keep_domains.clone_from(&case.redact.keep_workspace_domains);
    config.allow = allowed(case);
    config.deny.clone_from(&case.redact.deny);
    config.nodes = evident.timeline.nodes.iter().map(|n| n.node.clone()).chain(case.nodes.keys().cloned()).collect();
    // Metrics, settings and tests name nodes that no log does.
    config.nodes.extend(source.findings.facts.leaves().into_iter().filter_map(|(id, fact)| match &fact.value {
        Value::Text(name) if id.ends_with(".node") || (id.starts_with("nodes.") && id.ends_with(".name")) => {
            Some(name.clone())
        }
        _ => None,
    }));
    config.nodes.retain(|name| !name.is_empty());
    config.nodes.sort();
    config.nodes.dedup();
    config.names =
        case.nodes.values().filter_map(|n| n.provider_id.clone()).map(|id| (Class::ProviderId, id)).collect();
    config.sending_ips = evident.timeline.egresses.iter().filter_map(|r| r.of.ip).collect();
    let mut learner = Learner::new(config);
    for (_, fact) in source.findings.facts.leaves() {
        if let Value::Text(text) | Value::Sentence(text) = &fact.value {
            learner.learn(text.as_bytes());
        }
    }
    for excerpt in chosen.iter().flat_map(|c| &c.excerpts) {
        learner.learn(&excerpt.text());
    }
    for (test, text) in evident.tests.iter().zip(source.transcripts) {
        learner.learn(&exhibits::without_secrets(test, text));
    }
    learner.finish()
}

fn transcripts(source: &Source<'_>, audience: Audience, pen: &Pen<'_>) -> (Vec<TranscriptFile>, Vec<Withheld>) {
    let tests = source.evident.tests;
    let shown = exhibits::shown(tests, audience);
    let mut files = Vec::new();
    let mut left_out = Vec::new();
    for (test, text) in tests.iter().zip(source.transcripts) {
        if shown.iter().any(|s| std::ptr::eq(*s, test)) {
            let name = exhibits::transcript_name(test);
            let shown = pen.write(&format!("transcripts/{name}"), &exhibits::without_secrets(test, text));
            files.push(exhibits::transcript(test, name, shown));
        } else if test.transcript.verdict != Verdict::Inconclusive {
            left_out.push(test.exhibit.to_string());
        }
    }
    let withheld = (!left_out.is_empty()).then(|| Withheld {
        item: format!("text of transcripts {}", left_out.join(", ")),
        why: "a few of each kind are enough; all results are in tables/transcripts.csv".to_owned(),
    });
    files.dedup_by(|a, b| a.name == b.name);
    (files, withheld.into_iter().collect())
}

/// Exact lines that belong together, redacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExcerptFile {
    /// File name in `excerpts/`: `wave-1-first.log`.
    pub name: String,
    /// What the lines show, one sentence.
    pub about: String,
    /// The lines, in order.
    pub lines: Vec<ExcerptRow>,
}

/// One exact line, redacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExcerptRow {
    /// Its file: `S01`.
    pub exhibit: String,
    /// Its number in the file.
    pub number: u64,
    /// The line.
    pub text: Redacted,
}

/// One STARTTLS transcript, redacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranscriptFile {
    /// File name in `transcripts/`: `S14-loaded.txt`.
    pub name: String,
    /// What it shows, one sentence.
    pub about: String,
    /// The text.
    pub text: Redacted,
}

/// Something left out, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Withheld {
    /// What.
    pub item: String,
    /// Why.
    pub why: String,
}

#[cfg(test)]
impl Release {
    /// A release without a redactor, for tests of the rooms above.
    /// An excerpt is (file, about, exhibit, line number, line).
    pub(crate) fn for_tests(
        audience: Audience,
        name: &str,
        when: crate::time::Stamp,
        facts: Node,
        tables: Vec<Table>,
        excerpts: &[(&str, &str, &str, u64, &str)],
    ) -> Self {
        let excerpts = excerpts
            .iter()
            .map(|&(name, about, exhibit, number, text)| ExcerptFile {
                name: name.to_owned(),
                about: about.to_owned(),
                lines: vec![ExcerptRow { exhibit: exhibit.to_owned(), number, text: Redacted::new(text.to_owned()) }],
            })
            .collect();
        let withheld = vec![Withheld { item: "a line of S01".to_owned(), why: "it could not be redacted".to_owned() }];
        let name = name.to_owned();
        Self {
            audience,
            name,
            when,
            facts,
            figures: vec![],
            tables,
            excerpts,
            transcripts: vec![],
            withheld,
            near: vec![],
            png: true,
            allowed: vec![],
            report: RedactionReport::new(audience, 0),
            forbidden: vec![],
            published: vec![],
        }
    }

    /// A citation of lines, for tests of rooms that may not name an exhibit's type.
    pub(crate) const fn cite_for_tests(exhibit: u16, from: u64, to: u64) -> Evidence {
        Evidence::Lines(crate::intake::Exhibit(exhibit), from, to)
    }
}

impl Release {
    /// Who reads.
    #[must_use]
    pub const fn audience(&self) -> Audience {
        self.audience
    }

    /// The bundle's name: `gmail-2026-11-03-esp`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The moment stamped on everything: the end of the evidence, never the clock.
    #[must_use]
    pub const fn when(&self) -> Stamp {
        self.when
    }

    /// The facts this reader may see.
    #[must_use]
    pub const fn facts(&self) -> &Node {
        &self.facts
    }

    /// The pictures.
    #[must_use]
    pub fn figures(&self) -> &[Figure] {
        &self.figures
    }

    /// The tables.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Exact lines.
    #[must_use]
    pub fn excerpts(&self) -> &[ExcerptFile] {
        &self.excerpts
    }

    /// Transcripts.
    #[must_use]
    pub fn transcripts(&self) -> &[TranscriptFile] {
        &self.transcripts
    }

    /// What was left out.
    #[must_use]
    pub fn withheld(&self) -> &[Withheld] {
        &self.withheld
    }

    /// Whether pictures are given as PNG too.
    #[must_use]
    pub const fn has_png(&self) -> bool {
        self.png
    }

    /// What may stand in plain sight by the user's word: whole words, addresses, `@domains`.
    #[must_use]
    pub fn allowed(&self) -> &[String] {
        &self.allowed
    }

    /// What the redactor did, by class and document; no values.
    #[must_use]
    pub const fn report(&self) -> &RedactionReport {
        &self.report
    }

    /// Values that must not occur in what is made from this release, for the leak gate.
    #[must_use]
    pub fn forbidden(&self) -> &[redactor::Forbidden] {
        &self.forbidden
    }

    /// The tokens given out, with their values, for the sender's own keeping.
    #[must_use]
    pub fn published(&self) -> &[(String, String)] {
        &self.published
    }
}
