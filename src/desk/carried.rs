//! The sentences of partials and of the logs in them.

use crate::formats::Kind;

/// What a partial is.
pub(super) fn partial(logs: &[String], made_by: &str) -> String {
    const SHOWN: usize = 8;
    if made_by.is_empty() {
        return "it begins as partials of casefile do".to_owned();
    }
    let named = logs.get(..SHOWN).unwrap_or(logs).join(", ");
    let more = logs.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("a partial of casefile {made_by}, of {named}{more}")
}

/// A partial of another version.
pub(super) fn other_version(made_by: &str) -> String {
    format!(
        "it was made by casefile {made_by}, and this is {}: what one of them reads the other may not",
        env!("CARGO_PKG_VERSION")
    )
}

/// A log of a partial that keeps no line as it stood.
pub(super) fn without_lines() -> String {
    "no excerpts: it was scanned with --no-excerpts, so none of its lines and replies can be shown as they stood, and sessions that go on in logs of other partials were not joined".to_owned()
}

/// A log that partials tell of in pieces.
pub(super) fn pieces(pieces: usize) -> String {
    format!("it was read in {pieces} pieces, so nobody has its SHA-256; lines are numbered as in the whole log")
}

/// A file that a scan of logs leaves to the build.
pub(super) fn no_log(kind: Kind) -> String {
    match kind {
        Kind::Unknown => "no reader claims it; it was left out".to_owned(),
        kind => format!("it is no log ({}); put it beside the partial when you build", kind.word()),
    }
}

/// What a scan wrote.
pub(super) fn scanned(path: &str, logs: usize, pieces: usize, lines: u64, bytes: usize) -> String {
    let logs = if logs == 1 { "one log".to_owned() } else { format!("{logs} logs") };
    let pieces = match pieces {
        0 => String::new(),
        1 => " (one piece)".to_owned(),
        pieces => format!(" ({pieces} pieces)"),
    };
    format!("wrote {path} ({bytes} bytes): {lines} lines of {logs}{pieces}; internal, not for sending")
}
