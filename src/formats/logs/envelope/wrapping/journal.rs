//! The journal's JSON, and the syslog line that a record of the journal becomes.
//!
//! Sources: `journalctl(1)`, systemd "Journal JSON Format".

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::Deserialize;

use super::{LONGEST_RECORD, push_one_line};
use crate::time::Stamp;

/// Lines of an object of json-pretty so far.
#[derive(Default)]
pub(super) struct Pretty {
    record: Vec<u8>,
}

impl Pretty {
    pub(super) fn line(&mut self, line: &[u8], out: &mut Vec<u8>) {
        if line == b"{" || self.record.len() > LONGEST_RECORD {
            self.record.clear();
        }
        self.record.extend_from_slice(line);
        if line == b"}" {
            journal_json(&self.record, line, out);
            self.record.clear();
        }
    }
}

/// A field of the journal: text; bytes, where it is no UTF-8; several values, where it was
/// given more than once; nothing, where it was too long.
#[derive(Deserialize)]
#[serde(untagged)]
enum Field<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    Bytes(Vec<u8>),
    Several(Vec<String>),
    /// Too long for journalctl without `--all`.
    Absent,
}

impl Field<'_> {
    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Text(text) => Some(text.as_bytes()),
            Self::Bytes(bytes) => Some(bytes),
            Self::Several(values) => values.first().map(String::as_bytes),
            Self::Absent => None,
        }
    }
}

#[derive(Deserialize)]
struct JournalRecord<'a> {
    #[serde(borrow, rename = "__REALTIME_TIMESTAMP")]
    time: Cow<'a, str>,
    #[serde(borrow, default, rename = "_HOSTNAME")]
    host: Option<Field<'a>>,
    #[serde(borrow, default, rename = "SYSLOG_IDENTIFIER")]
    identifier: Option<Field<'a>>,
    #[serde(borrow, default, rename = "_COMM")]
    command: Option<Field<'a>>,
    #[serde(borrow, default, rename = "SYSLOG_PID")]
    syslog_pid: Option<Field<'a>>,
    #[serde(borrow, default, rename = "_PID")]
    pid: Option<Field<'a>>,
    #[serde(borrow, default, rename = "MESSAGE")]
    message: Option<Field<'a>>,
}

/// A record without a message that can be shown stays as it is, and nobody will understand it.
pub(super) fn journal_json(record: &[u8], line: &[u8], out: &mut Vec<u8>) {
    fn of<'f>(field: &'f Option<Field<'_>>) -> Option<&'f [u8]> {
        field.as_ref().and_then(Field::bytes)
    }
    let Ok(found) = serde_json::from_slice::<JournalRecord<'_>>(record) else {
        return out.extend_from_slice(line);
    };
    let (Some(at), Some(message)) = (micros(found.time.as_bytes()), of(&found.message)) else {
        return out.extend_from_slice(line);
    };
    let said = Said {
        at,
        host: of(&found.host),
        identifier: of(&found.identifier).or_else(|| of(&found.command)),
        pid: of(&found.syslog_pid).or_else(|| of(&found.pid)),
        message,
    };
    said.push(out);
}

/// Microseconds since 1970.
pub(super) fn micros(text: &[u8]) -> Option<Stamp> {
    let micros: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some(Stamp::from_millis(micros.div_euclid(1000)))
}

/// What a record of the journal says.
pub(super) struct Said<'a> {
    pub(super) at: Stamp,
    pub(super) host: Option<&'a [u8]>,
    pub(super) identifier: Option<&'a [u8]>,
    pub(super) pid: Option<&'a [u8]>,
    pub(super) message: &'a [u8],
}

impl Said<'_> {
    /// As a syslog line.
    pub(super) fn push(&self, out: &mut Vec<u8>) {
        push_stamp(self.at, out);
        out.push(b' ');
        push_word(self.host.filter(|h| !h.is_empty()).unwrap_or(b"-"), out);
        out.push(b' ');
        if let Some(identifier) = self.identifier.filter(|i| !i.is_empty()) {
            push_word(identifier, out);
            if let Some(pid) = self.pid {
                out.push(b'[');
                push_word(pid, out);
                out.push(b']');
            }
            out.extend_from_slice(b": ");
        }
        push_one_line(self.message, out);
    }
}

/// A field that must stay one word of the line.
fn push_word(word: &[u8], out: &mut Vec<u8>) {
    out.extend(word.iter().map(|b| if b.is_ascii_whitespace() { b'_' } else { *b }));
}

pub(super) fn push_stamp(at: Stamp, out: &mut Vec<u8>) {
    let mut text = String::with_capacity(24);
    // Writing to a String cannot fail.
    let _ = write!(text, "{at}");
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::journal_json;

    #[test]
    fn fields_of_every_kind() {
        let told = |record: &str| {
            let mut out = Vec::new();
            journal_json(record.as_bytes(), b"as it is", &mut out);
            String::from_utf8_lossy(&out).into_owned()
        };
        let at = r#""__REALTIME_TIMESTAMP":"1795488449785752""#;
        let rows = [
            // oss trap 40: bytes, nothing, several values; keys in any order.
            (
                r#""MESSAGE":[56,66,58,10,120],"_HOSTNAME":"mta1","SYSLOG_IDENTIFIER":"postfix/smtp","SYSLOG_PID":"228""#,
                "mta1 postfix/smtp[228]: 8B:#012x",
            ),
            (r#""MESSAGE":"8B: x","_COMM":"smtp","_PID":"7""#, "- smtp[7]: 8B: x"),
            (r#""_HOSTNAME":["mta1","mta2"],"MESSAGE":"8B: x","SYSLOG_IDENTIFIER":"my app""#, "mta1 my_app: 8B: x"),
        ];
        for (fields, expected) in rows {
            assert_eq!(told(&format!("{{{at},{fields}}}")), format!("2026-11-24T02:47:29.785Z {expected}"));
        }
        for fields in [r#","MESSAGE":null"#, "", r#","MESSAGE":{}"#] {
            assert_eq!(told(&format!("{{{at}{fields}}}")), "as it is", "{fields}");
        }
    }
}
