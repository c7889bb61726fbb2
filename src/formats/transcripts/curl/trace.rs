//! `curl --trace-ascii`: the notes of `-v` behind `== Info:`, and what was sent and received in
//! dumps of 64 characters to a line, which also show what `-v` leaves out: AUTH data, the message,
//! and the bytes of TLS.
//!
//! `--trace` writes the same with the bytes in hex; of that form the notes alone are read.

use std::borrow::Cow;
use std::ops::Range;

use super::super::lines::Line;

/// Characters on a full line of a dump.
const WIDTH: usize = 64;

/// Commands that hold no secret.
const PLAIN: [&str; 11] = ["EHLO", "HELO", "LHLO", "STARTTLS", "MAIL", "RCPT", "DATA", "QUIT", "NOOP", "RSET", "VRFY"];

/// A note as `-v` writes it: `* Connected to …`.
pub(super) fn as_note(text: &str) -> Cow<'_, str> {
    match text.strip_prefix("== Info:") {
        Some(note) => Cow::Owned(format!("*{note}")),
        None => Cow::Borrowed(text),
    }
}

/// What a dump is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Heard,
    Said,
    /// TLS records, the message.
    Other,
}

/// The head of a dump: `<= Recv header, 54 bytes (0x36)`.
fn head(text: &str) -> Option<Of> {
    let (direction, rest) = text.split_at_checked(3)?;
    let of = match (direction, rest.split_once(", ")?) {
        ("<= ", ("Recv header", _)) => Of::Heard,
        ("=> ", ("Send header", _)) => Of::Said,
        ("<= " | "=> ", (what, _)) if what.starts_with("Recv ") || what.starts_with("Send ") => Of::Other,
        _ => return None,
    };
    rest.ends_with(')').then_some(of)
}

/// The characters of a line of a dump: `0040: 1 - gsmtp`.
fn dumped(text: &str) -> Option<&str> {
    let (offset, rest) = text.split_once(':')?;
    let hex = (4..=8).contains(&offset.len()) && offset.bytes().all(|b| b.is_ascii_hexdigit());
    hex.then(|| rest.strip_prefix(' ').unwrap_or(rest))
}

/// One line of the dialogue that dumps hold.
#[derive(Debug)]
pub(super) struct Spoken {
    of: Of,
    pub(super) text: String,
    /// Its last line in the run, where it is complete.
    pub(super) at: usize,
    /// The lines of the dump that it stands on: where, and what of it.
    parts: Vec<(Range<usize>, String)>,
}

impl Spoken {
    pub(super) fn is_heard(&self) -> bool {
        self.of == Of::Heard
    }

    /// Whether nobody may read it: AUTH data and its prompts, the message, what TLS sent.
    fn is_secret(&self) -> bool {
        match self.of {
            Of::Heard => self.text.starts_with("334"),
            Of::Said => !PLAIN.contains(&self.text.split(' ').next().unwrap_or_default().to_ascii_uppercase().as_str()),
            Of::Other => true,
        }
    }
}

/// The dialogue of a run, line by line.
pub(super) fn dialogue(run: &[Line<'_>]) -> Vec<Spoken> {
    let mut all: Vec<Spoken> = Vec::new();
    let (mut open, mut full) = (None, false);
    for (at, line) in run.iter().enumerate() {
        let text = line.text.trim_end_matches('\r');
        if let Some(of) = head(text) {
            (open, full) = (Some(of), false);
        } else if let (Some(of), Some(part)) = (open, dumped(text)) {
            match all.last_mut().filter(|_| full) {
                Some(last) => {
                    last.text.push_str(part);
                    last.at = at;
                    last.parts.push((line.place.clone(), part.to_owned()));
                }
                None => {
                    let parts = vec![(line.place.clone(), part.to_owned())];
                    all.push(Spoken { of, text: part.to_owned(), at, parts });
                }
            }
            full = part.chars().count() == WIDTH;
        } else {
            open = None;
        }
    }
    all
}

/// Where the run holds what must never leave.
pub(super) fn secrets(dialogue: &[Spoken]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for spoken in dialogue {
        if spoken.is_secret() {
            found.extend(spoken.parts.iter().map(|(place, _)| place.clone()));
        } else {
            let folds = spoken.parts.iter().zip(spoken.parts.iter().skip(1));
            found.extend(folds.filter_map(|(one, next)| across(one, next)).flatten());
        }
    }
    found
}

/// The two halves of a word that a dump broke at its width, where it may be an address: nobody
/// would know it again by either of them.
fn across(one: &(Range<usize>, String), next: &(Range<usize>, String)) -> Option<[Range<usize>; 2]> {
    let ((before, head), (after, tail)) = (one, next);
    let (first, second) = (head.rsplit(' ').next()?, tail.split(' ').next()?);
    if first.is_empty() || second.is_empty() || !format!("{first}{second}").contains(['@', '.', ':']) {
        return None;
    }
    let start = after.end.checked_sub(tail.len())?;
    Some([before.end.checked_sub(first.len())?..before.end, start..start + second.len()])
}

#[cfg(test)]
mod tests {
    use super::super::super::lines::lines;
    use super::*;

    #[test]
    fn long_lines_are_joined_and_short_ones_stay_apart() {
        let file = b"<= Recv header, 75 bytes (0x4b)\n\
            0000: 421 4.7.0 Try again later, closing connection. x9-20020a05test.2\n0040: 1 - gsmtp\n\
            => Send header, 20 bytes (0x14)\n0000: NOOP\n0006: AUTH PLAIN AGE\n== Info: x\n0000: stray\n";
        let run = lines(file);
        let read = dialogue(&run);
        let told: Vec<_> = read.iter().map(|s| (s.is_heard(), s.text.as_str(), s.is_secret())).collect();
        let reply = "421 4.7.0 Try again later, closing connection. x9-20020a05test.21 - gsmtp";
        assert_eq!(told, [(true, reply, false), (false, "NOOP", false), (false, "AUTH PLAIN AGE", true)]);
        let marked: Vec<_> = secrets(&read).into_iter().map(|r| String::from_utf8_lossy(&file[r])).collect();
        assert_eq!(marked, ["x9-20020a05test.2", "1", "0006: AUTH PLAIN AGE"]);
    }

    /// Half of an address on each line is an address that no rule would find.
    #[test]
    fn what_a_dump_breaks_in_two_is_marked() {
        let long = "RCPT TO:<a.name.that.is.as.long.as.a.line.of.a.dump.is@news.exam";
        let file = format!("=> Send header, 72 bytes (0x48)\n0000: {long}\n0040: ple.com> NOTIFY=NEVER\n");
        let run = lines(file.as_bytes());
        let marked: Vec<_> = secrets(&dialogue(&run)).into_iter().map(|r| file.get(r)).collect();
        assert_eq!(marked, [long.strip_prefix("RCPT "), Some("ple.com>")]);
    }
}
