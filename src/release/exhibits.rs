//! Exact lines and transcripts for a reader: which, and why these.

use std::collections::BTreeMap;

use super::{Audience, ExcerptFile, ExcerptRow, Redacted, TranscriptFile};
use crate::findings::{Findings, FoundWave, StarttlsTest, condition_word};
use crate::formats::transcripts::{Condition, Verdict};
use crate::intake::Exhibit;
use crate::scan::{Excerpt, Tally};
use crate::time::Minute;

/// Sessions shown of one minute.
const SESSIONS: usize = 8;

/// Waves with exact lines; beyond that the tables have to do.
const WAVES: usize = 6;

/// Transcripts whose text an ESP gets, for each condition.
const TRANSCRIPTS: usize = 4;

/// Lines chosen before they are redacted.
pub(super) struct Chosen<'a> {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) excerpts: Vec<&'a Excerpt>,
}

/// The first, the peak and the last failed minute of each wave: the earliest failed
/// session of each outcome and sending IP in that minute.
pub(super) fn chosen<'a>(findings: &Findings, tally: &'a Tally) -> Vec<Chosen<'a>> {
    let mut files = Vec::new();
    for (i, wave) in findings.incident.waves.iter().take(WAVES).enumerate() {
        for (part, minute) in minutes_of(wave) {
            let of_minute = tally.excerpts.iter().filter(|((m, ..), _)| *m == minute).map(|(_, e)| e);
            let mut excerpts: Vec<_> = of_minute.collect();
            excerpts.sort();
            excerpts.truncate(SESSIONS);
            if !excerpts.is_empty() {
                let about = format!(
                    "Wave {}, {part} minute {minute}: the earliest failed session of each outcome and sending IP.",
                    i + 1
                );
                files.push(Chosen { name: format!("wave-{}-{part}.log", i + 1), about, excerpts });
            }
        }
    }
    files
}

fn minutes_of(wave: &FoundWave) -> Vec<(&'static str, Minute)> {
    let mut minutes = vec![("first", wave.first)];
    minutes.extend(wave.peak.filter(|p| *p != wave.first).map(|p| ("peak", p)));
    let last = wave.end.plus(-1);
    if last != wave.first && Some(last) != wave.peak {
        minutes.push(("last", last));
    }
    minutes
}

/// Chosen lines, redacted by `rewrite`: the lines of a session together, since one may say what
/// the next one is. A line of two sessions is shown once.
pub(super) fn excerpts(chosen: &[Chosen<'_>], rewrite: &dyn Fn(&str, &[u8]) -> Redacted) -> Vec<ExcerptFile> {
    let file = |c: &Chosen<'_>| {
        let mut lines = BTreeMap::new();
        for excerpt in &c.excerpts {
            let shown = rewrite(&c.name, &excerpt.text());
            for (line, text) in excerpt.lines.iter().zip(shown.lines()) {
                lines.entry((line.exhibit, line.number)).or_insert(text);
            }
        }
        let row = |((exhibit, number), text): ((Exhibit, u64), Redacted)| ExcerptRow {
            exhibit: exhibit.to_string(),
            number,
            text,
        };
        ExcerptFile { name: c.name.clone(), about: c.about.clone(), lines: lines.into_iter().map(row).collect() }
    };
    chosen.iter().map(file).collect()
}

/// A transcript's text with the secrets cut out that its reader marked.
pub(super) fn without_secrets(test: &StarttlsTest, text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    for range in &test.transcript.secrets {
        let (start, end) = (range.start.clamp(at, text.len()), range.end.clamp(at, text.len()));
        out.extend_from_slice(&text[at..start]);
        out.extend_from_slice(b"[redacted: secret]");
        at = end.max(start);
    }
    out.extend_from_slice(&text[at..]);
    out
}

/// Which transcripts a reader gets as text: Google one idle and one loaded, an ESP
/// some of each condition; failed tests first, since they are what is asked about.
pub(super) fn shown(tests: &[StarttlsTest], audience: Audience) -> Vec<&StarttlsTest> {
    let most = if audience == Audience::Google { 1 } else { TRANSCRIPTS };
    let conditions: &[Condition] = if audience == Audience::Google {
        &[Condition::Idle, Condition::Loaded]
    } else {
        &[Condition::Idle, Condition::Loaded, Condition::Recovered, Condition::Unknown]
    };
    let mut shown = Vec::new();
    for condition in conditions {
        let mut mine: Vec<_> = tests.iter().filter(|t| t.condition == *condition).collect();
        mine.sort_by_key(|t| {
            (matches!(t.transcript.verdict, Verdict::Ok | Verdict::OkCert), t.transcript.started, t.exhibit.clone())
        });
        shown.extend(mine.into_iter().take(most));
    }
    shown
}

/// The name of a transcript's file: `S14-loaded.txt`.
pub(super) fn transcript_name(test: &StarttlsTest) -> String {
    format!("{}-{}.txt", test.exhibit, condition_word(test.condition))
}

/// A transcript as it is shown.
pub(super) fn transcript(test: &StarttlsTest, name: String, text: Redacted) -> TranscriptFile {
    let condition = condition_word(test.condition);
    let about = format!("{} test, {condition}: {}", test.transcript.tool, test.transcript.verdict.word());
    TranscriptFile { name, about, text }
}
