//! A file of answers: several commands, in several forms, each answer with its own time.

use std::collections::BTreeMap;

use super::super::text::{Line, is_command, lines, unshown};
use super::super::{Snapshot, SnapshotError, SnapshotFormat, SnapshotSetup, own_lines};
use super::answer::{Answer, Asked, Record, Said, plain, record};
use super::dig::{Comment, comment};
use super::host::{Sentence, is_preamble, sentence};
use super::nslookup::{self, Page};
use super::row::{Row, question, row};
use super::yaml;
use crate::formats::Head;

/// The reader of DNS answers.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct DnsAnswers;

/// Whether a line is one that only a DNS tool prints.
fn is_strong(line: &str) -> bool {
    matches!(comment(line), Some(Comment::Command | Comment::Header(_)))
        || yaml::opens(line)
        || row(line).is_some()
        || sentence(line).is_some()
        || nslookup::is_strong(line)
}

/// Whether a line may stand among answers; pages of `nslookup` say more by their lines before.
fn is_ours(page: &mut Page, line: &str) -> bool {
    let line = line.trim_end();
    let of_page = page.line(line).is_some();
    of_page || line.is_empty() || line.starts_with(';') || is_preamble(line) || is_command(line) || is_strong(line)
}

impl SnapshotFormat for DnsAnswers {
    fn name(&self) -> &'static str {
        "dns-answers"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let own = own_lines(head, self);
        let first = own.iter().find(|l| is_strong(&l.text))?;
        // A sentence or a row may stand in any text; the answers of a tool are all the text there is.
        let mut said = own.iter().filter(|l| !l.text.trim().is_empty());
        let dig = |l: &Line<'_>| {
            matches!(comment(&l.text), Some(Comment::Command | Comment::Header(_))) || yaml::opens(&l.text)
        };
        let mut page = Page::default();
        let whole = own.iter().any(dig) || said.all(|l| is_ours(&mut page, &l.text));
        whole.then(|| format!("line {}: an answer of the DNS", first.number))
    }

    fn opens(&self, line: &str) -> bool {
        is_strong(line)
    }

    fn read(&self, text: &[u8], setup: &SnapshotSetup) -> Result<Snapshot, SnapshotError> {
        let mut reading = Reading::default();
        for line in lines(text) {
            reading.line(setup.lines_before + line.number, &line.text);
        }
        reading.close();
        if reading.told == 0 {
            return Err(SnapshotError::Nothing(self.name()));
        }
        Ok(reading.snapshot)
    }
}

/// An answer of dig's that is being told.
#[derive(Debug)]
struct Open {
    /// Its question; nothing where its type is none that is kept.
    question: Option<(String, Asked)>,
    answer: Answer,
}

/// Where in an answer of dig's a row would stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Section {
    /// In none: the row stands alone.
    #[default]
    Outside,
    /// Among the records asked for.
    Answer,
    /// Among others.
    Beside,
}

/// A record over several lines (`+multiline`): its first line, and its text so far.
type Wide = (u64, String);

#[derive(Debug, Default)]
struct Reading {
    snapshot: Snapshot,
    open: Option<Open>,
    section: Section,
    wide: Option<Wide>,
    /// Whether the answer that is being told is one of `dig +yaml`.
    in_yaml: bool,
    page: Page,
    /// The name that was asked for, by the name that its aliases lead to.
    aliases: BTreeMap<String, String>,
    /// Lines that told of an answer, or that none came.
    told: u64,
}

impl Reading {
    fn line(&mut self, number: u64, line: &str) {
        let words = line.trim_end();
        if let Some((first, text)) = self.wide.take()
            && !words.is_empty()
            && !words.starts_with(';')
        {
            self.snapshot.used(1);
            let text = format!("{text} {}", words.trim());
            return self.row_or_wide(first, number, text);
        }
        if (self.in_yaml || yaml::opens(words))
            && let Some(told) = yaml::line(words)
        {
            return self.yaml(number, told);
        }
        if let Some(said) = comment(words) {
            return self.comment(number, said);
        }
        if row(words).is_some() {
            self.told += 1;
            self.snapshot.used(1);
            return self.row_or_wide(number, number, words.to_owned());
        }
        if let Some(said) = sentence(words) {
            self.told += 1;
            self.snapshot.used(1);
            return self.sentence(number, said, "host");
        }
        if let Some(told) = self.page.line(words) {
            let Some(said) = told.sentence() else { return self.snapshot.irrelevant(1) };
            self.told += 1;
            self.snapshot.used(1);
            return self.sentence(number, said, "nslookup");
        }
        if words.is_empty() || is_preamble(words) || is_command(words) {
            self.snapshot.irrelevant(1);
        } else {
            self.snapshot.not_understood(number, 1, unshown(words));
        }
    }

    fn yaml(&mut self, number: u64, told: yaml::Line<'_>) {
        match told {
            yaml::Line::Said(said) => {
                self.comment(number, said);
                self.in_yaml = true;
            }
            yaml::Line::Item(item) => match question(item) {
                Some((name, kind)) => self.comment(number, Comment::Question(name, kind)),
                None => {
                    self.snapshot.used(1);
                    self.row_or_wide(number, number, item.to_owned());
                }
            },
            yaml::Line::Other => self.snapshot.irrelevant(1),
        }
    }

    fn comment(&mut self, number: u64, said: Comment<'_>) {
        self.snapshot.used(u64::from(said != Comment::Other));
        self.snapshot.irrelevant(u64::from(said == Comment::Other));
        match said {
            Comment::Command => {
                self.told += 1;
                self.close();
            }
            Comment::Header(status) => {
                self.told += 1;
                self.close();
                self.open = Some(Open { question: None, answer: begun(number, status) });
                self.section = Section::Beside;
            }
            Comment::Unreached => {
                self.told += 1;
                self.close();
                self.snapshot.notes.push(format!("line {number}: no server answered; what is there is not known"));
            }
            Comment::Answer => self.section = Section::Answer,
            Comment::Beside => self.section = Section::Beside,
            Comment::Footer => self.section = Section::Outside,
            Comment::Question(..) | Comment::Status(_) | Comment::Cut | Comment::When(..) => {
                self.of_open(number, said);
            }
            Comment::Other => {}
        }
    }

    /// What a comment says of the answer that is being told.
    fn of_open(&mut self, number: u64, said: Comment<'_>) {
        let Some(open) = &mut self.open else { return };
        open.answer.lines.1 = number;
        match said {
            Comment::Question(name, kind) => {
                open.question = Asked::of(kind).map(|asked| (plain(name), asked));
            }
            Comment::Status(status) => open.answer.said = begun(number, status).said,
            Comment::Cut => open.answer.said = Said::Failed,
            Comment::When(at, words) => {
                open.answer.taken = at;
                self.snapshot.taken = self.snapshot.taken.or(at);
                if at.is_none() {
                    let zone =
                        words.split_ascii_whitespace().nth(4).filter(|w| w.bytes().all(|b| b.is_ascii_alphabetic()));
                    let why = zone.map_or("it names no zone".to_owned(), |z| format!("{z} is no one zone"));
                    self.snapshot.notes.push(format!(
                        "line {number}: the answer has no date, since {why}; case.yaml can give one (sources: taken)"
                    ));
                }
            }
            _ => {}
        }
    }

    fn row_or_wide(&mut self, first: u64, last: u64, text: String) {
        let Some(found) = row(&text) else { return };
        let bare = outside_quotes(found.data);
        if bare.contains('(') && !bare.contains(')') {
            self.wide = Some((first, text));
            return;
        }
        let data = found.data.trim_start_matches('(').trim_end_matches(')').trim();
        self.row(first, last, Row { data: if bare.contains('(') { data } else { found.data }, ..found });
    }

    fn row(&mut self, first: u64, last: u64, row: Row<'_>) {
        match (self.section, &mut self.open) {
            (Section::Beside, Some(_)) => {}
            (Section::Answer, Some(open)) => {
                open.answer.lines.1 = last;
                let Some((name, asked)) = &open.question else { return };
                // An alias in between is no record that was asked for.
                if Asked::of(row.kind) == Some(*asked) {
                    keep(&mut self.snapshot.left_out, &mut open.answer.said, record(name, *asked, row.data));
                }
            }
            _ if row.kind == "CNAME" => self.alias(row.owner, row.data),
            _ => {
                self.close();
                let Some(asked) = Asked::of(row.kind) else { return };
                self.listed((first, last), row.owner, asked, row.data, "dig +noall +answer");
            }
        }
    }

    fn sentence(&mut self, number: u64, said: Sentence<'_>, tool: &'static str) {
        self.close();
        let whole = |name: &str, asked, said| {
            let (name, lines) = (plain(name), (number, number));
            Answer { name, asked, said, taken: None, tool, lines }
        };
        match said {
            Sentence::Row(name, asked, data) => self.listed((number, number), name, asked, data, tool),
            Sentence::Alias(name, to) => self.alias(name, to),
            Sentence::NoRecord(name, asked) => {
                self.snapshot.answers.push(whole(name, asked, Said::Records(Vec::new())));
            }
            // No such name is no record of any type; who asks for a reverse name asks for PTR.
            Sentence::NoAnswer(name, said) if plain(name).ends_with(".arpa") => {
                self.snapshot.answers.push(whole(name, Asked::Ptr, said));
            }
            Sentence::NoAnswer(name, said) => {
                let types = [Asked::Txt, Asked::A, Asked::Aaaa];
                self.snapshot.answers.extend(types.map(|asked| whole(name, asked, said.clone())));
            }
            Sentence::Other => {}
        }
    }

    fn alias(&mut self, owner: &str, to: &str) {
        let owner = plain(owner);
        let first = self.aliases.get(&owner).cloned().unwrap_or(owner);
        self.aliases.insert(plain(to), first);
    }

    /// A row without a question: rows of one name and type that stand together are one answer.
    fn listed(&mut self, lines: (u64, u64), owner: &str, asked: Asked, data: &str, tool: &'static str) {
        let owner = plain(owner);
        let name = self.aliases.get(&owner).cloned().unwrap_or(owner);
        let found = record(&name, asked, data);
        let left_out = &mut self.snapshot.left_out;
        let goes_on =
            |a: &&mut Answer| a.name == name && a.asked == asked && a.tool == tool && a.lines.1 + 1 == lines.0;
        if let Some(answer) = self.snapshot.answers.last_mut().filter(goes_on) {
            answer.lines.1 = lines.1;
            keep(left_out, &mut answer.said, found);
        } else {
            let mut said = Said::Records(Vec::new());
            keep(left_out, &mut said, found);
            self.snapshot.answers.push(Answer { name, asked, said, taken: None, tool, lines });
        }
    }

    /// Ends the answer that is being told.
    fn close(&mut self) {
        self.section = Section::Outside;
        self.in_yaml = false;
        if let Some(Open { question: Some((name, asked)), answer }) = self.open.take() {
            self.snapshot.answers.push(Answer { name, asked, ..answer });
        }
    }
}

fn begun(line: u64, status: &str) -> Answer {
    let said = match status {
        "NOERROR" => Said::Records(Vec::new()),
        "NXDOMAIN" => Said::NoName,
        _ => Said::Failed,
    };
    Answer { name: String::new(), asked: Asked::Txt, said, taken: None, tool: "dig", lines: (line, line) }
}

fn keep(left_out: &mut u64, said: &mut Said, found: Option<Record>) {
    match (said, found) {
        (Said::Records(records), Some(record)) => records.push(record),
        _ => *left_out += 1,
    }
}

fn outside_quotes(text: &str) -> String {
    text.split('"').step_by(2).collect()
}
