//! The columns of tables made from facts: header, path below the row, kind, meaning.

use super::super::ColumnKind::{self, Integer, Minute as MinuteKind, Number, Text, Time};

/// A column of a table made from facts: the header, the path below the row, its kind, its meaning.
/// `path#part` and `path#whole` take a share apart.
pub(super) type FromFact = (&'static str, &'static str, ColumnKind, &'static str);

pub(super) const WAVES: &[FromFact] = &[
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
    (
        "messages_per_connection",
        "messages_per_session",
        Number,
        "messages accepted over connections opened for them, in the minute before and the first; empty where not known",
    ),
    ("messages_at_onset", "messages_at_onset", Integer, "these messages"),
    ("connections_opened_at_onset", "connections_opened_at_onset", Integer, "these connections"),
];

pub(super) const VERDICTS: &str =
    "failing, clean, not_enough_traffic, or unknown: its logs cannot show the failures that others had";

pub(super) const IPS: &[FromFact] = &[
    ("ip", "label", Text, "sending IP, or what stands for it in the log"),
    ("verdict", "verdict", Text, VERDICTS),
    ("attempts", "attempts", Integer, "sessions attempted"),
    ("failed", "failed_share#part", Integer, "sessions failed"),
    ("accepted", "delivered", Integer, "sessions whose message was accepted"),
];

pub(super) const IPS_WITH_NODE: &[FromFact] = &[
    ("ip", "label", Text, "sending IP, or what stands for it in the log"),
    ("tag", "tag", Text, "syslog name or transport"),
    ("node", "node", Text, "sending node"),
    ("verdict", "verdict", Text, VERDICTS),
    ("attempts", "attempts", Integer, "sessions attempted"),
    ("failed", "failed_share#part", Integer, "sessions failed"),
    ("accepted", "delivered", Integer, "sessions whose message was accepted"),
];

pub(super) const MX_HOSTS: &[FromFact] = &[
    ("mx_host", "host", Text, "MX host"),
    ("verdict", "verdict", Text, VERDICTS),
    ("attempts", "attempts", Integer, "sessions attempted"),
    ("failed", "failed_share#part", Integer, "sessions failed"),
];

pub(super) const LANES: &[FromFact] = &[
    ("lane", "lane", Text, "receiver, by its MX hosts"),
    ("verdict", "verdict", Text, VERDICTS),
    ("attempts", "attempts", Integer, "sessions attempted"),
    ("failed", "failed_share#part", Integer, "sessions failed"),
    ("accepted", "delivered", Integer, "sessions whose message was accepted"),
];

pub(super) const CLOSES: &[FromFact] =
    &[("stage", "stage", Text, "stage of the session"), ("sessions", "count", Integer, "sessions closed there")];

pub(super) const DOSE: &[FromFact] = &[
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

pub(super) const WAITS: &[FromFact] = &[
    ("up_to_seconds", "up_to", Integer, "waited no longer than this, and longer than the row before; empty: longer"),
    ("before", "before", Integer, "messages accepted before the waves"),
    ("inside", "inside", Integer, "messages accepted inside the waves"),
    ("after", "after", Integer, "messages accepted after a wave that must have come in before its end"),
];

pub(super) const REPLIES: &[FromFact] = &[
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

pub(super) const LIMITED_DOMAINS: &[FromFact] = &[
    ("scope", "scope", Text, "what the limit is bound to: the domain that signs, of the envelope, or of a link"),
    ("domain", "domain", Text, "the domain as the answers name it"),
    ("answers", "share#part", Integer, "sessions put off by answers that name it"),
    ("of", "share#whole", Integer, "sessions put off by answers of this scope"),
    ("sending_ips", "ips_list", Text, "sending IPs that got them"),
    ("first", "at", Time, "the earliest of them"),
    ("ip", "ip", Text, "sending IP of that one"),
    ("token", "token", Text, "Google's token of that one"),
];

pub(super) const TRANSCRIPTS: &[FromFact] = &[
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
    ("because", "because", Text, "the words of the text that the verdict rests on"),
];

pub(super) const COVERAGE: &[FromFact] = &[
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

pub(super) const COVERAGE_WITH_FILE: &[FromFact] = &[
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

pub(super) const QUEUE_IDS: &[FromFact] = &[
    ("queue_id", "queue_id", Text, "queue id in the sender's log"),
    ("at", "at", Time, "when"),
    ("ip", "ip", Text, "sending IP"),
    ("mx_host", "mx", Text, "MX host"),
    ("token", "token", Text, "Google's token of the session"),
    ("reply", "text", Text, "the reply, verbatim"),
];

/// A table whose rows are the items of a list of facts: its name, its title, the list, its columns.
pub(super) type OfList = (&'static str, &'static str, &'static str, &'static [FromFact]);

/// All of them.
pub(super) const LISTS: &[OfList] = &[
    ("waves", "One row for each wave on the Gmail lane.", "waves", WAVES),
    ("ips", "One row for each sending IP: its sessions inside the waves.", "ips", IPS_WITH_NODE),
    ("mx_hosts", "One row for each MX host: its sessions inside the waves.", "mx_hosts", MX_HOSTS),
    ("lanes", "One row for each receiver: its sessions inside the waves.", "lanes", LANES),
    ("closes_by_stage", "One row for each stage at which the receiver closed sessions.", "closes.by_stage", CLOSES),
    (
        "dose_response",
        "One row for each eighth of minutes by load on Gmail, with the failures in it: association, not cause.",
        "pattern.dose",
        DOSE,
    ),
    ("waits", "Messages that Gmail accepted, by how long they had waited.", "delays.waits", WAITS),
    (
        "limited_domains",
        "One row for each of the sender's domains that Gmail's limits name, those of most answers first; at most 20.",
        "limited_domains",
        LIMITED_DOMAINS,
    ),
    ("replies", "One row for each wording of Gmail's answers.", "replies", REPLIES),
    ("transcripts", "One row for each STARTTLS test.", "transcripts", TRANSCRIPTS),
    ("coverage", "One row for each file of evidence, and where its lines went.", "coverage", COVERAGE_WITH_FILE),
    ("queue_ids", "Sessions to look up.", "queue_ids", QUEUE_IDS),
];

/// Of a table whose rows are facts: the list of facts, and for each column by its heading the
/// path below an item of it. `path#part`, `#whole`, `#from` and `#to` take a value apart.
pub fn facts_of(table: &str) -> Option<(&'static str, impl Iterator<Item = (&'static str, &'static str)>)> {
    let (.., list, columns) = LISTS.iter().find(|(name, ..)| *name == table)?;
    Some((list, columns.iter().map(|(heading, path, ..)| (*heading, *path))))
}
