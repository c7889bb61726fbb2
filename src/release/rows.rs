//! The tables of a release: what a stranger needs to redo each number by hand.

use super::{Audience, Cell, Column, ColumnKind, Table};
use crate::findings::{Node, Value};
use crate::scan::What;
use crate::smtp::{Lane, Lanes, Outcome};
use crate::timeline::{Counts, MinuteState, Place, Row, Timeline};

const fn column(name: &'static str, kind: ColumnKind, meaning: &'static str) -> Column {
    Column { name, kind, meaning }
}

const MINUTE: Column = column("minute", ColumnKind::Minute, "UTC minute");
const ATTEMPTS: Column = column(
    "attempts",
    ColumnKind::Integer,
    "sessions attempted; counters are empty where no log of the row can show them or none was running, and lower bounds where some cannot",
);
const FAILED: Column = column(
    "failed",
    ColumnKind::Integer,
    "sessions that failed by 4xx answer, close, TLS, plain text, time-out or no connection",
);
const DELIVERED: Column = column("accepted", ColumnKind::Integer, "sessions whose message was accepted");
const COUNTS: &[Column] = &[
    ATTEMPTS,
    FAILED,
    DELIVERED,
    column("deferral", ColumnKind::Integer, "sessions answered 4xx"),
    column("rejection", ColumnKind::Integer, "sessions answered 5xx"),
    column("remote_close", ColumnKind::Integer, "sessions closed by the receiver without a TLS alert"),
    column("tls_failure", ColumnKind::Integer, "sessions ended by a TLS alert or fault"),
    column("plaintext", ColumnKind::Integer, "sessions with plain text where TLS was due"),
    column("timeout", ColumnKind::Integer, "sessions that timed out"),
    column("connect_failure", ColumnKind::Integer, "attempts without a connection"),
    column("local", ColumnKind::Integer, "decisions of the sender; no sessions"),
    column("unclassified", ColumnKind::Integer, "sessions whose ending the log leaves open; failed where it says so"),
];

const SHOWN: [Outcome; 9] = [
    Outcome::Deferral,
    Outcome::Rejection,
    Outcome::RemoteClose,
    Outcome::TlsFailure,
    Outcome::Plaintext,
    Outcome::Timeout,
    Outcome::ConnectFailure,
    Outcome::Local,
    Outcome::Unclassified,
];

/// All tables that the reader may see, made from the grid and from the visible facts.
pub(super) fn tables(
    audience: Audience,
    timeline: &Timeline,
    lanes: &Lanes,
    facts: &Node,
    rewrite: &dyn Fn(&str) -> String,
) -> Vec<Table> {
    let ip = |p: &Place| rewrite(&p.label());
    let mut tables = vec![
        minutes(
            "minutes_by_lane",
            "lane",
            "One row for each minute and lane.",
            timeline,
            &timeline.lanes,
            &|l: &Lane| lanes.name(*l).to_owned(),
        ),
        minutes(
            "minutes_by_ip",
            "ip",
            "One row for each minute and sending IP of the Gmail lane.",
            timeline,
            &timeline.egresses,
            &ip,
        ),
        minutes(
            "minutes_by_mx",
            "mx_host",
            "One row for each minute and MX host of the Gmail lane.",
            timeline,
            &timeline.mx_hosts,
            &|m| rewrite(timeline.mx_name(*m)),
        ),
        from_facts("waves", "One row for each wave on the Gmail lane.", facts, "waves", WAVES),
        from_facts(
            "ips",
            "One row for each sending IP: its sessions inside the waves.",
            facts,
            "ips",
            if audience == Audience::Google { IPS } else { IPS_WITH_NODE },
        ),
        from_facts("mx_hosts", "One row for each MX host: its sessions inside the waves.", facts, "mx_hosts", MX_HOSTS),
        from_facts("lanes", "One row for each receiver: its sessions inside the waves.", facts, "lanes", LANES),
        from_facts(
            "closes_by_stage",
            "One row for each stage at which the receiver closed sessions.",
            facts,
            "closes.by_stage",
            CLOSES,
        ),
        from_facts(
            "dose_response",
            "One row for each eighth of minutes by load on Gmail, with the failures in it: association, not cause.",
            facts,
            "pattern.dose",
            DOSE,
        ),
        from_facts("replies", "One row for each wording of Gmail's answers.", facts, "replies", REPLIES),
        from_facts("transcripts", "One row for each STARTTLS test.", facts, "transcripts", TRANSCRIPTS),
        from_facts(
            "coverage",
            "One row for each file of evidence, and where its lines went.",
            facts,
            "coverage",
            if audience == Audience::Google { COVERAGE } else { COVERAGE_WITH_FILE },
        ),
        tls_failures(facts),
        kinds(facts),
    ];
    if audience != Audience::Google {
        tables.push(from_facts("queue_ids", "Sessions to look up.", facts, "queue_ids", QUEUE_IDS));
        tables.push(node_signals(facts));
    }
    tables
}

fn minutes<K>(
    name: &'static str,
    key: &'static str,
    title: &str,
    timeline: &Timeline,
    rows: &[Row<K>],
    label: &dyn Fn(&K) -> String,
) -> Table {
    let meaning = match key {
        "lane" => "receiver, by its MX hosts",
        "ip" => "sending IP, or what stands for it in the log",
        _ => "MX host",
    };
    let mut columns = vec![MINUTE, column(key, ColumnKind::Text, meaning)];
    columns.extend_from_slice(COUNTS);
    columns.push(column("coverage", ColumnKind::Text, "full, incomplete (counts are lower bounds), unknown (no log)"));
    let mut table = Table { name, title: title.to_owned(), columns, rows: Vec::new() };
    for (i, state) in timeline.states.iter().enumerate() {
        for row in rows {
            let counts = row.counts.get(i).copied().flatten();
            let mut cells = vec![Cell::Minute(timeline.window.at(i)), Cell::Text(label(&row.of))];
            cells.extend(count_cells(row, i, counts));
            cells.push(Cell::Text(state_word(*state).to_owned()));
            table.rows.push(cells);
        }
    }
    table
}

fn count_cells<K>(row: &Row<K>, at: usize, counts: Option<Counts>) -> Vec<Cell> {
    let cell = |n: Option<u64>| n.map_or(Cell::Empty, Cell::Integer);
    let known = |of: fn(&Counts) -> u64, outcomes| counts.and_then(|c| row.known_at(at, of(&c), outcomes));
    let mut cells = vec![
        cell(counts.map(|c| c.attempts)),
        cell(known(|c| c.failed, What::FAILURES)),
        cell(known(Counts::delivered, &[Outcome::Delivered])),
    ];
    cells.extend(SHOWN.iter().map(|o| cell(counts.and_then(|c| row.known_at(at, c.of(*o), &[*o])))));
    cells
}

const fn state_word(state: MinuteState) -> &'static str {
    match state {
        MinuteState::Unknown => "unknown",
        MinuteState::Incomplete => "incomplete",
        MinuteState::Full => "full",
    }
}

/// A column of a table made from facts: the header, the path below the row, its kind, its meaning.
/// `path#part` and `path#whole` take a share apart.
type FromFact = (&'static str, &'static str, ColumnKind, &'static str);

use ColumnKind::{Integer, Minute as MinuteKind, Number, Text, Time};

const WAVES: &[FromFact] = &[
    ("wave", "number", Integer, "number of the wave"),
    ("first", "first", MinuteKind, "first minute with a failed session"),
    ("first_earliest", "first_interval#from", MinuteKind, "earliest first minute that fits the data, about 95 %"),
    ("first_latest", "first_interval#to", MinuteKind, "latest first minute that fits the data, about 95 %"),
    ("peak", "peak", MinuteKind, "minute with most failed sessions"),
    ("near_peak", "near_peak", Text, "minutes with about as many failed sessions as the peak"),
    ("highest_rate", "highest_rate", MinuteKind, "minute with the highest share of failed sessions at usual traffic"),
    ("recovery", "recovery", MinuteKind, "minute after the last failed session; empty where quiet is not shown"),
    ("recovery_earliest", "recovery_interval#from", MinuteKind, "earliest recovery that fits the data, about 95 %"),
    ("recovery_latest", "recovery_interval#to", MinuteKind, "latest recovery that fits the data, about 95 %"),
    ("attempts", "attempts", Integer, "sessions attempted inside"),
    ("failed", "failed", Integer, "sessions failed inside"),
    ("peak_failed", "peak_failed", Integer, "sessions failed in the peak minute"),
    ("launch", "launch_number", Integer, "number of the launch before it, within an hour"),
    ("minutes_after_launch", "minutes_after_launch", Number, "minutes from that launch to the first failed session"),
    (
        "connections_at_onset",
        "connections_at_onset",
        Number,
        "most open connections of one sending IP to Gmail in the first minute",
    ),
    ("connections_basis", "connections_basis", Text, "measured, estimated or unknown"),
    (
        "rate_at_onset",
        "rate_at_onset",
        Number,
        "sessions attempted per minute, mean of the minute before and the first",
    ),
    ("gradual", "gradual", Text, "whether its edges are slow, so that its dates are wide"),
];

const VERDICTS: &str =
    "failing, clean, not_enough_traffic, or unknown: its logs cannot show the failures that others had";

/// Tables whose rows are the items of a list of facts.
const LISTS: &[(&str, &str, &[FromFact])] = &[
    ("waves", "waves", WAVES),
    ("ips", "ips", IPS_WITH_NODE),
    ("mx_hosts", "mx_hosts", MX_HOSTS),
    ("lanes", "lanes", LANES),
    ("closes_by_stage", "closes.by_stage", CLOSES),
    ("dose_response", "pattern.dose", DOSE),
    ("replies", "replies", REPLIES),
    ("transcripts", "transcripts", TRANSCRIPTS),
    ("coverage", "coverage", COVERAGE_WITH_FILE),
    ("queue_ids", "queue_ids", QUEUE_IDS),
];

/// Of a table whose rows are facts: the list of facts, and for each column by its heading the
/// path below an item of it. `path#part`, `#whole`, `#from` and `#to` take a value apart.
pub fn facts_of(table: &str) -> Option<(&'static str, impl Iterator<Item = (&'static str, &'static str)>)> {
    let (_, list, columns) = LISTS.iter().find(|(name, ..)| *name == table)?;
    Some((list, columns.iter().map(|(heading, path, ..)| (*heading, *path))))
}

const IPS: &[FromFact] = &[
    ("ip", "label", Text, "sending IP, or what stands for it in the log"),
    ("verdict", "verdict", Text, VERDICTS),
    ("attempts", "attempts", Integer, "sessions attempted"),
    ("failed", "failed_share#part", Integer, "sessions failed"),
    ("accepted", "delivered", Integer, "sessions whose message was accepted"),
];

const IPS_WITH_NODE: &[FromFact] = &[
    ("ip", "label", Text, "sending IP, or what stands for it in the log"),
    ("tag", "tag", Text, "syslog name or transport"),
    ("node", "node", Text, "sending node"),
    ("verdict", "verdict", Text, VERDICTS),
    ("attempts", "attempts", Integer, "sessions attempted"),
    ("failed", "failed_share#part", Integer, "sessions failed"),
    ("accepted", "delivered", Integer, "sessions whose message was accepted"),
];

const MX_HOSTS: &[FromFact] = &[
    ("mx_host", "host", Text, "MX host"),
    ("verdict", "verdict", Text, VERDICTS),
    ("attempts", "attempts", Integer, "sessions attempted"),
    ("failed", "failed_share#part", Integer, "sessions failed"),
];

const LANES: &[FromFact] = &[
    ("lane", "lane", Text, "receiver, by its MX hosts"),
    ("verdict", "verdict", Text, VERDICTS),
    ("attempts", "attempts", Integer, "sessions attempted"),
    ("failed", "failed_share#part", Integer, "sessions failed"),
    ("accepted", "delivered", Integer, "sessions whose message was accepted"),
];

const CLOSES: &[FromFact] =
    &[("stage", "stage", Text, "stage of the session"), ("sessions", "count", Integer, "sessions closed there")];

const DOSE: &[FromFact] = &[
    ("eighth", "number", Integer, "eighth of the minutes, from least to most load; equal loads stay together"),
    ("load", "load", Text, "open connections of the sending IP with most, or sessions per minute (mean of two)"),
    ("from", "from", Number, "smallest load in it"),
    ("to", "to", Number, "largest load in it"),
    ("minutes", "minutes", Integer, "minutes in it"),
    ("attempts", "failed_share#whole", Integer, "sessions attempted"),
    ("failed", "failed_share#part", Integer, "sessions failed"),
    ("lower", "lower", Number, "lower end of the 95 % interval of the failure rate, in %"),
    ("upper", "upper", Number, "upper end"),
    ("rising", "rising", Number, "failure rate in % that fits best and never falls as load rises"),
];

const REPLIES: &[FromFact] = &[
    ("code", "code", Text, "SMTP reply code"),
    ("enhanced", "enhanced", Text, "enhanced status code (RFC 3463)"),
    ("category", "category", Text, "kind of statement"),
    ("scope", "scope", Text, "what the limit is bound to; none where it is no limit"),
    ("sessions", "attempts", Integer, "sessions answered so"),
    ("first", "first", Time, "first time"),
    ("last", "last", Time, "last time"),
    ("sending_ips", "ips", Integer, "number of sending IPs"),
    ("mx_hosts", "mx_hosts", Integer, "number of MX hosts"),
    ("stages", "stages", Text, "stages with sessions each"),
    ("row", "row", Text, "row of the shipped list of Gmail's replies; - when not listed"),
    ("text", "text", Text, "the reply without its token, lines joined"),
];

const TRANSCRIPTS: &[FromFact] = &[
    ("exhibit", "exhibit", Text, "file of evidence"),
    ("tool", "tool", Text, "tool that made the test"),
    ("at", "at", Time, "when it began; empty when not known"),
    ("condition", "condition", Text, "idle, loaded, recovered or unknown"),
    ("condition_from", "condition_from", Text, "how the condition is known"),
    ("host", "host", Text, "MX host tested; empty where the text does not tell"),
    ("verdict", "verdict", Text, "what the text alone supports"),
    ("phase", "phase", Text, "how far it came"),
    ("protocol", "protocol", Text, "TLS version"),
    ("cipher", "cipher", Text, "cipher suite"),
    (
        "milliseconds",
        "milliseconds",
        Integer,
        "time of the handshake, else of the whole test; empty where nothing tells",
    ),
];

const COVERAGE: &[FromFact] = &[
    ("exhibit", "exhibit", Text, "file of evidence"),
    ("kind", "kind", Text, "log, metric or transcript"),
    ("format", "format", Text, "recognised format"),
    ("from", "from", Time, "first moment covered"),
    ("to", "to", Time, "last moment covered"),
    ("lines_read", "read", Integer, "lines read"),
    ("lines_used", "used", Integer, "lines that became part of an event or a value"),
    ("lines_irrelevant", "irrelevant", Integer, "lines that say nothing of deliveries"),
    ("lines_unrecognised", "unrecognised", Integer, "lines that no rule understood"),
    ("sha256", "sha256", Text, "SHA-256 of the file as it was read"),
];

const COVERAGE_WITH_FILE: &[FromFact] = &[
    ("exhibit", "exhibit", Text, "file of evidence"),
    ("file", "file", Text, "its name in the case folder"),
    ("kind", "kind", Text, "log, metric or transcript"),
    ("format", "format", Text, "recognised format"),
    ("from", "from", Time, "first moment covered"),
    ("to", "to", Time, "last moment covered"),
    ("lines_read", "read", Integer, "lines read"),
    ("lines_used", "used", Integer, "lines that became part of an event or a value"),
    ("lines_irrelevant", "irrelevant", Integer, "lines that say nothing of deliveries"),
    ("lines_unrecognised", "unrecognised", Integer, "lines that no rule understood"),
    ("sha256", "sha256", Text, "SHA-256 of the file as it was read"),
];

const QUEUE_IDS: &[FromFact] = &[
    ("queue_id", "queue_id", Text, "queue id in the sender's log"),
    ("at", "at", Time, "when"),
    ("ip", "ip", Text, "sending IP"),
    ("mx_host", "mx", Text, "MX host"),
    ("token", "token", Text, "Google's token of the session"),
    ("reply", "text", Text, "the reply, verbatim"),
];

fn from_facts(name: &'static str, title: &str, facts: &Node, list: &str, columns: &'static [FromFact]) -> Table {
    let rows = facts.at(list).map(|items| rows_of(items, columns)).unwrap_or_default();
    Table { name, title: title.to_owned(), columns: columns.iter().map(|c| column(c.0, c.2, c.3)).collect(), rows }
}

fn rows_of(list: &Node, columns: &[FromFact]) -> Vec<Vec<Cell>> {
    let Node::List(items) = list else { return Vec::new() };
    items.iter().map(|item| columns.iter().map(|c| cell_of(item, c.1, c.2)).collect()).collect()
}

fn cell_of(row: &Node, path: &str, kind: ColumnKind) -> Cell {
    let (path, part) = path.split_once('#').map_or((path, ""), |(p, part)| (p, part));
    match (row.value(path), part, kind) {
        (Some(Value::Share(n, _, _)), "part", _) | (Some(Value::Count(n, _) | Value::AtLeast(n, _)), _, Integer) => {
            Cell::Integer(*n)
        }
        (Some(Value::Share(_, n, _)), "whole", _) => Cell::Integer(*n),
        (Some(Value::Between(m, _)), "from", _) | (Some(Value::Between(_, m)), "to", _) => Cell::Minute(*m),
        (Some(Value::Number(v, digits, _)), _, Number) => Cell::Number(*v, *digits),
        (Some(Value::Minute(m)), ..) => Cell::Minute(*m),
        (Some(Value::Second(s)), ..) => Cell::Time(*s),
        (None | Some(Value::Absent), ..) => Cell::Empty,
        (Some(value), ..) => Cell::Text(value.text()),
    }
}

/// What ended the sessions lost at the TLS step.
fn tls_failures(facts: &Node) -> Table {
    let kinds = [
        "total",
        "after_421",
        "after_close",
        "plaintext",
        "timeout",
        "genuine",
        "undetermined",
        "possibly_refused_starttls",
    ];
    let row = |kind: &&'static str| {
        vec![Cell::Text((*kind).to_owned()), cell_of(facts, &format!("tls_failures.{kind}"), Integer)]
    };
    Table {
        name: "tls_failures",
        title: "Sessions lost between STARTTLS and the end of the handshake, by what ended them; possibly_refused_starttls is not in the total.".to_owned(),
        columns: vec![column("ending", Text, "what ended them"), column("sessions", Integer, "sessions on the Gmail lane")],
        rows: kinds.iter().map(row).collect(),
    }
}

/// Each kind of failure in each wave.
fn kinds(facts: &Node) -> Table {
    const COLUMNS: &[FromFact] = &[
        ("wave", "wave", Integer, "number of the wave"),
        ("outcome", "kind", Text, "what ended the sessions"),
        ("sessions", "sessions", Integer, "sessions of the kind inside the wave"),
        ("first", "first", MinuteKind, "first minute with one"),
        ("peak", "peak", MinuteKind, "minute with most of them"),
        ("last", "last", MinuteKind, "last minute with one"),
    ];
    let waves = match facts.at("waves") {
        Some(Node::List(waves)) => waves.as_slice(),
        _ => &[],
    };
    let rows = waves.iter().filter_map(|w| w.at("kinds")).flat_map(|kinds| rows_of(kinds, COLUMNS)).collect();
    Table {
        name: "wave_outcomes",
        title: "One row for each kind of failure in each wave.".to_owned(),
        columns: COLUMNS.iter().map(|c| column(c.0, c.2, c.3)).collect(),
        rows,
    }
}

/// Each signal of each node: usual, at first error, highest, limit.
fn node_signals(facts: &Node) -> Table {
    const PARTS: &[FromFact] = &[
        ("signal", "signal", Text, "what was measured"),
        ("unit", "unit", Text, "unit of the values"),
        ("baseline", "baseline", Number, "median outside the waves"),
        ("at_first", "at_first", Number, "mean of the first minute of the first wave"),
        ("max", "max", Number, "highest inside the waves"),
        ("max_minute", "max_minute", MinuteKind, "minute of that"),
        ("limit", "limit", Number, "stated limit"),
        ("ceiling_hit", "ceiling", Text, "yes, no or unknown"),
    ];
    let mut rows = Vec::new();
    if let Some(Node::List(nodes)) = facts.at("nodes") {
        for node in nodes {
            let name = node.value("name").map_or(Cell::Empty, |v| Cell::Text(v.text()));
            if let Some(Node::List(signals)) = node.at("signals") {
                rows.extend(signals.iter().map(|s| {
                    std::iter::once(name.clone()).chain(PARTS.iter().map(|p| cell_of(s, p.1, p.2))).collect()
                }));
            }
        }
    }
    let columns =
        std::iter::once(column("node", Text, "sending node")).chain(PARTS.iter().map(|c| column(c.0, c.2, c.3)));
    Table { name: "nodes", title: "One row for each signal of each node.".to_owned(), columns: columns.collect(), rows }
}
