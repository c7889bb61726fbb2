//! Records of container runtimes.
//!
//! Sources: Docker "JSON File logging driver", Kubernetes CRI logging (`time stream P|F text`).

use std::borrow::Cow;

use serde::Deserialize;

use super::super::stamps::{Stamped, stamped};
use super::journal::push_stamp;
use super::{LONGEST_RECORD, push_one_line};
use crate::time::{Stamp, parse_rfc3339};

/// The pieces of a long line so far, of standard output and of standard error.
#[derive(Default)]
pub(super) struct Container {
    pieces: [Vec<u8>; 2],
}

impl Container {
    /// Lines over 16 KiB come in pieces; only the last ends with a line feed.
    pub(super) fn docker(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let Ok(record) = serde_json::from_slice::<DockerRecord<'_>>(line) else {
            return out.extend_from_slice(line);
        };
        let Ok(at) = parse_rfc3339(&record.time) else { return out.extend_from_slice(line) };
        let (text, whole) = match record.log.strip_suffix('\n') {
            Some(last) => (last, true),
            None => (&*record.log, false),
        };
        self.piece(at, usize::from(record.stream == "stderr"), whole, text.as_bytes(), out);
    }

    pub(super) fn cri(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let Some((at, stream, whole, text)) = cri(line) else { return out.extend_from_slice(line) };
        self.piece(at, stream, whole, text, out);
    }

    fn piece(&mut self, at: Stamp, stream: usize, whole: bool, text: &[u8], out: &mut Vec<u8>) {
        let Some(pieces) = self.pieces.get_mut(stream) else { return };
        if whole && pieces.is_empty() {
            return contained(at, text, out);
        }
        if pieces.len() < LONGEST_RECORD {
            pieces.extend_from_slice(text);
        }
        if whole {
            contained(at, pieces, out);
            pieces.clear();
        }
    }
}

/// `2026-11-24T02:47:29.693393123Z stdout F text`: time, stream, whether the line ends, text.
pub(super) fn cri(line: &[u8]) -> Option<(Stamp, usize, bool, &[u8])> {
    let Stamped::Zoned(at, rest) = stamped(line)? else { return None };
    let (stream, rest) = match rest.strip_prefix(b"stdout ") {
        Some(rest) => (0, rest),
        None => (1, rest.strip_prefix(b"stderr ")?),
    };
    let (flag, text) = rest.split_at_checked(2)?;
    matches!(flag, b"F " | b"P ").then_some((at, stream, flag == b"F ", text))
}

/// A container's line under the runtime's time, which is UTC and dated; a stamp of its own,
/// in whatever zone, is left out. `2026-11-24 03:06:07 ` may be the MTA's own, and stays.
fn contained(at: Stamp, text: &[u8], out: &mut Vec<u8>) {
    let own = text.get(10) == Some(&b' ');
    let rest = stamped(text).filter(|_| !own).map_or(text, Stamped::rest);
    push_stamp(at, out);
    out.push(b' ');
    push_one_line(rest, out);
}

#[derive(Deserialize)]
struct DockerRecord<'a> {
    #[serde(borrow)]
    log: Cow<'a, str>,
    #[serde(borrow, default)]
    stream: Cow<'a, str>,
    #[serde(borrow)]
    time: Cow<'a, str>,
}

#[cfg(test)]
mod tests {
    use super::Container;

    fn docker(lines: &[&str]) -> String {
        let (mut container, mut out) = (Container::default(), Vec::new());
        for line in lines {
            container.docker(line.as_bytes(), &mut out);
            out.push(b'\n');
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn pieces_of_a_line_are_put_together_by_stream() {
        // oss E17: a piece has no line feed, but for the last.
        let at = r#""time":"2026-11-24T02:47:29.69Z""#;
        let told = docker(&[
            &format!(r#"{{"log":"Nov 24 05:47:29 mta1 postfix/smtp[228]: 8B1: to=<a@","stream":"stdout",{at}}}"#),
            &format!(r#"{{"log":"warning\n","stream":"stderr",{at}}}"#),
            &format!(r#"{{"log":"b>\n","stream":"stdout",{at}}}"#),
            &format!(r#"{{"log":"a\nb\n","stream":"stdout",{at}}}"#),
            r#"{"log":"of no time\n","stream":"stdout","time":"soon"}"#,
            "no record",
        ]);
        assert_eq!(
            told,
            "\n2026-11-24T02:47:29.690Z warning\n\
             2026-11-24T02:47:29.690Z mta1 postfix/smtp[228]: 8B1: to=<a@b>\n\
             2026-11-24T02:47:29.690Z a#012b\n\
             {\"log\":\"of no time\\n\",\"stream\":\"stdout\",\"time\":\"soon\"}\nno record\n"
        );
    }
}
