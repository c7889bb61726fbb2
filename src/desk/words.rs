//! Every sentence that is printed. Text from files is shown, never obeyed.

use super::claims::NotTurned;
use super::evidence::{Evidence, ReadFile};
use super::store::Built;
use crate::case::Case;
use crate::formats::logs::Note;
use crate::formats::{Accounting, Kind};
use crate::intake::{Exhibit, OneWay};
use crate::scan::{Elsewhere, Kinship, LeftOut, Noted, Repetition};
use crate::smtp::Lane;
use crate::time::{Window, Zone};

/// Share of candidate lines that may stay unrecognised before it is said.
const MANY_UNRECOGNISED: f64 = 0.02;

/// Control and bidirectional characters as what they are, so that no file steers a terminal.
pub(super) fn shown(text: &str) -> String {
    let is_steering = |c: char| {
        c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}'..='\u{200f}')
    };
    text.chars().map(|c| if is_steering(c) { format!("\\u{{{:x}}}", c as u32) } else { c.to_string() }).collect()
}

/// What went wrong or is odd, file by file and for the case as a whole.
pub(super) fn problems(evidence: &Evidence) -> Vec<String> {
    let mut problems = Vec::new();
    for file in &evidence.files {
        problems.extend(file.problems.iter().map(|p| format!("{} ({}): {p}.", file.exhibit, file.name)));
        if file.kind.is_none() {
            problems.push(format!("{} ({}): {}; it was left out.", file.exhibit, file.name, file.why));
        }
    }
    let gmail = evidence.tally.cells.keys().any(|k| k.lane == Lane::GMAIL);
    let others = evidence.tally.cells.keys().any(|k| k.lane.is_of_others());
    if !gmail && others {
        problems.push("The logs hold no session to Gmail.".to_owned());
    }
    if gmail && !others {
        problems
            .push("The logs hold sessions to Gmail only, so there is no other receiver to compare with.".to_owned());
    }
    problems
}

/// Something odd about a log; nothing for what only tells what the log can show.
pub(super) fn note(note: Note, told: &Noted) -> Option<String> {
    let Noted { times, amount, most, first } = told;
    let lines = if *times == 1 { format!("at line {first}") } else { format!("{times} times, first at line {first}") };
    Some(match note {
        Note::ClockBack => format!(
            "its times go back by up to {} ({lines}){}",
            length(*most),
            if (3540..=3660).contains(most) { ", as at the end of daylight saving time" } else { "" }
        ),
        Note::LinesLost if *amount == 0 => {
            format!("its syslog daemon dropped lines ({lines}): counts are lower bounds")
        }
        Note::LinesLost => {
            format!("its syslog daemon dropped at least {amount} lines ({lines}): counts are lower bounds")
        }
        Note::Repeated => format!(
            "its syslog daemon wrote {amount} lines as \"message repeated\" ({lines}): they stand at the time of that note"
        ),
        Note::RelayToken => format!(
            "Google's replies in it bear tokens of its relay or submission hosts ({lines}): it is no log of delivery to Gmail's MX hosts"
        ),
        Note::HourOff => format!(
            "acceptances in it stand an hour from Gmail's clock in them ({lines}), as beyond an edge of daylight saving time: times around them are an hour wrong; state the zone in case.yaml (sources: - {{path: …, zone: …}})"
        ),
        Note::Outside => {
            format!("{amount} of its lines stand outside the time asked for: they were hashed and counted, not read")
        }
        Note::Vanished => format!("messages left the queue with no outcome in the log ({lines})"),
        // Where no line could be placed, more is said than their number.
        Note::Seen(_) | Note::Unplaced => return None,
    })
}

/// Lines that other files hold too.
pub(super) fn repetition(repetition: &Repetition) -> String {
    match repetition {
        Repetition::Whole { of, later_by: 0 } => {
            format!("it holds the same lines as {of}, which was read; this file was left out")
        }
        Repetition::Whole { of, later_by } => format!(
            "it holds the same lines as {of}, with times {} {}: one of the two zones is wrong; {of} was read and this file left out; state the zone in case.yaml (sources: - {{path: …, zone: …}})",
            length(u64::from(later_by.unsigned_abs()) * 60),
            if *later_by > 0 { "later" } else { "earlier" },
        ),
        Repetition::Some { of, lines, .. } => {
            let of: Vec<_> = of.iter().map(ToString::to_string).collect();
            format!("{lines} of its lines stand in {} too; they were counted once", of.join(" and "))
        }
    }
}

/// Attempts that other files count, or may tell of as well.
pub(super) fn elsewhere(attempts: u64, elsewhere: &Elsewhere) -> Vec<String> {
    let names = |exhibits: Vec<&Exhibit>| exhibits.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
    let of = |kinship| elsewhere.by.iter().filter(move |(_, k)| **k == kinship).map(|(exhibit, _)| exhibit).collect();
    let counted = (attempts > 0).then(|| {
        let by = names(elsewhere.by.keys().collect());
        format!("{attempts} of the attempts that it tells of are counted by {by}, so they were not counted here")
    });
    let messages: Vec<_> = of(Kinship::Messages);
    let proof = (attempts > 0 && !messages.is_empty())
        .then(|| format!("it tells of the same messages as {}, by their ids", names(messages)));
    let assumed: Vec<_> = of(Kinship::Assumed);
    let doubt = (attempts > 0 && !assumed.is_empty()).then(|| {
        format!("it was taken for a log of the node of {}, since nothing speaks against it; if it is another's, {STATE_NODES}", names(assumed))
    });
    let apart = (!elsewhere.apart.is_empty()).then(|| {
        let other = names(elsewhere.apart.iter().collect());
        format!("its messages are not those of {other} in the same minutes, so both were counted, as of two nodes; {STATE_NODES}")
    });
    [counted, proof, doubt, apart].into_iter().flatten().collect()
}

const STATE_NODES: &str = "state the nodes in case.yaml (sources: - {path: …, node: …})";

/// Minutes of a table of counts that were left to others.
pub(super) fn left_out(left_out: LeftOut, logs_show_failures: bool) -> Vec<String> {
    let logged = (left_out.logged > 0).then(|| {
        let why = if logs_show_failures {
            "which tells more: they were not counted from here"
        } else {
            "though none of the logs can show failed sessions: they were not counted from here; to date by this table, leave those logs out"
        };
        format!("{} of its minutes are covered by a log, {why}", left_out.logged)
    });
    let elsewhere = (left_out.elsewhere > 0).then(|| {
        format!(
            "{} of its minutes are counted by another table of the same node and lane: they were not counted twice; if the tables are of different nodes, {STATE_NODES}",
            left_out.elsewhere
        )
    });
    logged.into_iter().chain(elsewhere).collect()
}

/// `90 s`, `60 minutes`.
fn length(seconds: u64) -> String {
    if seconds < 300 { format!("{seconds} s") } else { format!("{} minutes", seconds.div_ceil(60)) }
}

/// A log whose year nothing tells.
pub(super) fn undated() -> String {
    "its lines were understood but could not be placed: nothing tells their year; state the time in question in case.yaml (window: {from: …, to: …}), or put a log with dates beside it".to_owned()
}

/// A log whose lines carry no time.
pub(super) fn unstamped(switch: &str) -> String {
    let switch = if switch.is_empty() { String::new() } else { format!("; for the next time, set {switch}") };
    format!(
        "its lines carry no time, so none of them could be placed; export them again with the stamps of what keeps them (journalctl -o short-iso-precise, docker logs --timestamps){switch}"
    )
}

/// Lines whose day is in no year near.
pub(super) fn no_such_day(Noted { times, first, .. }: &Noted) -> String {
    format!(
        "{times} of its lines were understood but could not be placed (first at line {first}): no year near the others has their day; if they are of another year, state the time in question in case.yaml (window: {{from: …, to: …}})"
    )
}

/// A log that was read from its end.
pub(super) fn turned() -> String {
    "its lines stand newest first, so it was read from its last line to its first (numbers are counted from its top), those of one second as well; where a sort by time left those as they stood, sessions may be read wrong: give the log as it was written".to_owned()
}

/// A log that stands newest first and cannot be read from its end, and what helps.
pub(super) fn not_turned(name: &str, why: NotTurned) -> String {
    let name = name.rsplit('/').next().unwrap_or(name);
    let help = match why {
        NotTurned::File(OneWay::Compressed(codec)) => format!(
            "a compressed file cannot be read from its end; unpack it ({} -dc {name} > unpacked-{name}) and put that in its place",
            codec.word()
        ),
        NotTurned::File(OneWay::Utf16) => format!(
            "UTF-16 is not read from its end; make it UTF-8 (iconv -f UTF-16 -t UTF-8 {name} > utf8-{name}) and put that in its place"
        ),
        NotTurned::Records => {
            "its records are several lines each, and the lines of one need not stand in the order of the file; export it again without -r, or with -o json".to_owned()
        }
        NotTurned::Ties => format!(
            "its rows were sorted by time alone, and those of one moment stand oldest first; sort it by session and sequence as well (sort -s -t, -k1,1 -k3,3 -k4,4n {name} > sorted-{name}) and put that in its place"
        ),
    };
    format!("it stands newest first, so its sessions run backwards; it was not read: {help}")
}

/// A clock that is not Gmail's; half a minute moves most lines to no other minute.
pub(super) fn skew(ahead_s: i64) -> Option<String> {
    let by = length(ahead_s.unsigned_abs());
    let side = if ahead_s > 0 { "ahead of" } else { "behind" };
    (ahead_s.abs() > 30).then(|| {
        format!("its clock is {by} {side} Gmail's, by the seconds in its acceptances; nothing was moved for that")
    })
}

/// A log in whose time the offset of its zone changes.
pub(super) fn edge(zone: Zone, name: &str) -> String {
    format!(
        "its local time moves by an hour in the middle, as Gmail's clock or message ids tell: it was read as {zone}; if it is another zone, state it in case.yaml (sources: - {{path: \"{name}\", zone: ZONE}})"
    )
}

/// A file that no reader claims, and what helps.
pub(super) fn unclaimed(hint: Option<&str>) -> String {
    hint.map_or("no reader claims it".to_owned(), |hint| format!("no reader claims it: {hint}"))
}

/// What was tried on files that no reader claims.
pub(super) fn tried() -> String {
    format!("Each unknown file was tried as: {}, and as the case's own mappings.", crate::formats::names().join(", "))
}

/// A log whose mapping says that only the user knows the zone of its times.
pub(super) fn zone_asked(name: &str) -> String {
    format!(
        "its times name no zone, and its mapping asks for one; add to case.yaml: sources: - {{path: \"{name}\", zone: ZONE}}"
    )
}

/// Many lines that could have told of deliveries were not understood.
pub(super) fn not_understood(accounting: Accounting, unplaced: u64) -> Option<String> {
    let unknown = accounting.unrecognised.saturating_sub(unplaced);
    let candidates = accounting.used + unknown;
    let many = candidates > 0 && unknown as f64 > MANY_UNRECOGNISED * candidates as f64;
    many.then(|| {
        format!(
            "{unknown} of {candidates} lines that may tell of deliveries were not understood, so counts may be too low; samples stand in inspect and in keep/postmortem.md"
        )
    })
}

/// An offset of case.yaml that moves nothing.
pub(super) fn idle_clock(source: &str) -> String {
    format!(
        "case.yaml moves the clock of `{source}` (clocks.apply), which is no file of the case: write logs, metrics, transcripts, or a pattern of files as in sources."
    )
}

/// The healthy time of case.yaml that no log is of.
pub(super) const NO_HEALTHY_TIME: &str = "No log covers the time that case.yaml names as healthy (window.healthy), so the quiet minutes of the lane itself are the baseline.";

/// The window of case.yaml where options name another.
pub(super) fn overruled(asked: Window, own: Window) -> String {
    format!("--from and --to ask for {asked}, so the window of case.yaml, {own}, was not used.")
}

/// Logs of another time among the files.
pub(super) fn another_time(window: Window) -> String {
    format!(
        "Some logs are about another time, {window}: it was left out; to look there instead, state a window in case.yaml (window: {{from: {}, to: {}}}).",
        window.from, window.to
    )
}

/// Why there is nothing to build from.
pub(super) fn nothing(evidence: &Evidence, case: &Case) -> String {
    let logs = evidence.files.iter().filter(|f| f.kind == Some(Kind::Log)).count();
    if evidence.files.is_empty() && evidence.skipped.is_empty() {
        "the folder is empty; put MTA logs, metrics and STARTTLS transcripts into it".to_owned()
    } else if evidence.files.iter().all(|f| f.kind.is_none()) {
        format!(
            "none of the {} files was recognised; `casefile inspect` tells what was tried",
            evidence.files.len() + evidence.skipped.len()
        )
    } else if logs == 0 {
        "there is no MTA log and no table of counts a minute among the files; metrics and transcripts alone date nothing".to_owned()
    } else if !evidence.unplaced.is_empty() {
        unplaced(evidence)
    } else if case.window.is_some() {
        "the logs do not cover the window that is asked for, by case.yaml or by --from and --to; check its dates, or the zone of the logs".to_owned()
    } else {
        "the logs hold no line with a time".to_owned()
    }
}

/// Why none of the logs could be placed in time.
fn unplaced(evidence: &Evidence) -> String {
    let told = evidence.files.iter().filter(|f| evidence.unplaced.keys().any(|e| e.to_string() == f.exhibit));
    let told = told.map(|f| format!("{}: {}", f.name, f.problems.join("; ")));
    told.collect::<Vec<_>>().join("\n")
}

/// The end of a build: the minutes, readiness, and the files written.
pub(super) fn built(built: &Built) -> String {
    let mut lines: Vec<String> = built.summary.iter().filter(|s| !s.is_empty()).map(|s| shown(s)).collect();
    lines.push(String::new());
    for problem in built.problems.iter().take(12) {
        lines.push(format!("note: {}", shown(problem)));
    }
    if built.problems.len() > 12 {
        lines.push(format!("note: and {} more, in keep/postmortem.md", built.problems.len() - 12));
    }
    for bundle in &built.bundles {
        lines.push(format!("wrote {} ({} bytes)", bundle.path.display(), bundle.bytes));
    }
    lines.push(format!("kept  {} (not for sending: addresses are not redacted)", built.output.join("keep").display()));
    lines.join("\n")
}

/// The verdict of `verify` in one line.
pub(super) fn verified(verified: &crate::bundle::Verified) -> String {
    let faults = verified.faults.len();
    if faults > 0 {
        return format!("not valid: {faults} {}", if faults == 1 { "fault" } else { "faults" });
    }
    let tokens = verified.tokens.map(|n| format!(", {n} tokens as the inputs give them")).unwrap_or_default();
    format!("valid: {} files for {}{tokens}", verified.files, verified.audience)
}

/// One file, as `inspect` prints it; what it cannot show may have been said of another.
pub(super) fn inspected(file: &ReadFile, said_of: Option<&str>) -> String {
    let kind = file.kind.map_or("unknown", Kind::word);
    let mut lines = vec![format!("{}  {}", file.exhibit, shown(&file.name))];
    let format = if file.format.is_empty() { String::new() } else { format!(" ({})", file.format) };
    lines.push(format!("     {kind}{format}: {}", shown(&file.why)));
    if let Some((from, to)) = file.span {
        let zone = if file.zone.is_empty() { String::new() } else { format!(", times {}", file.zone) };
        lines.push(format!("     from {} to {}{zone}", from.to_second(), to.to_second()));
    }
    let a = file.accounting;
    if a.read > 0 {
        lines.push(format!(
            "     {} lines: {} used, {} irrelevant, {} not understood{}",
            a.read,
            a.used,
            a.irrelevant,
            a.unrecognised.saturating_sub(file.unplaced),
            if file.unplaced > 0 { format!(", {} at no time", file.unplaced) } else { String::new() }
        ));
    }
    if !file.outcomes.is_empty() {
        let counts: Vec<_> = file.outcomes.iter().map(|(outcome, n)| format!("{n} {outcome}")).collect();
        let unknown: Vec<_> = file.cannot_count.iter().map(|outcome| outcome.word()).collect();
        let unknown = if unknown.is_empty() { String::new() } else { format!("; unknown: {}", unknown.join(", ")) };
        lines.push(format!("     attempts: {}{unknown}", counts.join(", ")));
    }
    match file.tests.as_slice() {
        [] => {}
        [one] => lines.push(format!("     verdict {}, phase {}", one.verdict, one.phase)),
        several => lines.extend(several.iter().map(|test| {
            let (from, to) = test.lines;
            format!("     test in lines {from} to {to}: verdict {}, phase {}", test.verdict, test.phase)
        })),
    }
    for (name, unit, minutes) in &file.signals {
        lines.push(format!("     signal {} [{unit}], {minutes} minutes", shown(name)));
    }
    lines.extend(file.taken.iter().flat_map(|t| t.words()).map(|said| format!("     {}", shown(&said))));
    if !file.unmapped.is_empty() {
        lines.push(format!("     columns that are no known signal: {}", shown(&file.unmapped.join(", "))));
    }
    lines.extend(file.problems.iter().map(|p| format!("     note: {}", shown(p))));
    lines.extend(file.samples.iter().map(|(n, t)| format!("     not understood, line {n}: {}", shown(t))));
    match said_of {
        Some(other) if !file.cannot_show.is_empty() => lines.push(format!("     cannot show: as {other}")),
        _ => lines.extend(file.cannot_show.iter().map(|s| format!("     cannot show: {s}"))),
    }
    lines.join("\n")
}

/// What went wrong, on standard error.
pub(super) fn failure(failure: &super::exit::Failure) -> String {
    use super::exit::Failure;
    use crate::bundle::BundleError;
    match failure {
        Failure::Case(problems, file) => problems.render(file, false),
        Failure::Bundle(BundleError::Leak(hits)) => {
            let mut lines = vec!["casefile: the leak gate refused, and nothing was published:".to_owned()];
            lines.extend(hits.iter().take(20).map(|h| format!("  {}", shown(&h.to_string()))));
            if hits.len() > 20 {
                lines.push(format!("  and {} more", hits.len() - 20));
            }
            lines.push("a value that may be shown goes into case.yaml under redact: allow".to_owned());
            lines.join("\n")
        }
        Failure::Rows(rows) | Failure::Partials(rows) => {
            rows.iter().map(|r| format!("casefile: {}", shown(r))).collect::<Vec<_>>().join("\n")
        }
        other => format!("casefile: {}", shown(&other.to_string())),
    }
}
