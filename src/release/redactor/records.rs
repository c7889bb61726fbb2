//! Records of several lines: what a logger cut or a header folded, in one piece again.

use std::collections::BTreeMap;
use std::ops::Range;

use super::headers::opens_header;
use super::lines::frame;

/// Lines of one record; the first one begins it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    pub parts: Vec<Part>,
}

/// A stretch of a line that belongs to a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Which line of the text, from 0.
    pub line: usize,
    /// The stretch, in the text.
    pub span: Range<usize>,
    /// Where it begins a word of its own: the line before ended with one.
    pub apart: bool,
}

/// All records of more than one line. Their lines need not follow each other: other processes
/// write to the same log meanwhile.
pub(super) fn records(text: &[u8], lines: &[Range<usize>]) -> Vec<Record> {
    let mut done = Vec::new();
    let mut open: BTreeMap<&[u8], (Cut, Record)> = BTreeMap::new();
    let mut folded = Record::default();
    for (k, span) in lines.iter().enumerate() {
        let line = text.get(span.clone()).unwrap_or_default();
        if let Some(cut) = cut(line) {
            let writer = writer(line, cut.open);
            let begun = if cut.number == 1 { None } else { open.remove(writer).filter(|(last, _)| cut.follows(last)) };
            let apart = begun.as_ref().is_some_and(|(last, _)| last.at_line_end);
            let whole = if cut.number == 1 { span.clone() } else { span.start + cut.start..span.end };
            let mut record = begun.map(|(_, record)| record).unwrap_or_default();
            record.parts.push(Part { line: k, span: whole, apart });
            if let Some((_, left)) = open.insert(writer, (cut, record)) {
                done.push(left);
            }
        }
        let goes_on = !folded.parts.is_empty() && folds(line);
        if !goes_on {
            done.push(std::mem::take(&mut folded));
        }
        if goes_on || opens_header(line) {
            let blank = line.iter().take_while(|b| b.is_ascii_whitespace()).count();
            let start = if goes_on { span.start + blank } else { span.start };
            folded.parts.push(Part { line: k, span: start..span.end, apart: goes_on });
        }
    }
    done.push(folded);
    done.extend(open.into_values().map(|(_, record)| record));
    done.retain(|record| record.parts.len() > 1);
    done.sort_by_key(|record| record.parts.first().map(|part| part.line));
    done
}

/// Whether a line carries on a header: it begins with a blank, and is no side of a dialogue.
fn folds(line: &[u8]) -> bool {
    let blank = line.first().is_some_and(|b| matches!(b, b' ' | b'\t'));
    blank && !line.trim_ascii().is_empty() && !frame(line).said
}

/// The program and its pid, which stand before the mark of a cut.
fn writer(line: &[u8], open: usize) -> &[u8] {
    let before = line.get(..open).unwrap_or_default().trim_ascii_end();
    before.rsplit(|b| *b == b' ').next().unwrap_or_default()
}

/// The mark of a piece: `[2/3] `, or `[2\3] ` where the piece ends with a line of the message
/// (Exim's `log.c`, `write_syslog`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// Where the bracket stands in the line.
    pub open: usize,
    /// Where the piece begins.
    pub start: usize,
    number: usize,
    of: usize,
    at_line_end: bool,
}

impl Cut {
    fn follows(&self, last: &Self) -> bool {
        self.number == last.number + 1 && self.of == last.of
    }
}

/// The mark of a piece in a line.
pub(super) fn cut(line: &[u8]) -> Option<Cut> {
    memchr::memchr_iter(b'[', line).find_map(|open| {
        let rest = line.get(open + 1..)?;
        let (number, first) = number(rest)?;
        let joint = *rest.get(first)?;
        let (of, second) = number_at(rest, first + 1)?;
        let closed = rest.get(first + 1 + second..)?.starts_with(b"] ");
        let fits = matches!(joint, b'/' | b'\\') && closed && (1..=of).contains(&number);
        let start = open + 1 + first + 1 + second + 2;
        fits.then_some(Cut { open, start, number, of, at_line_end: joint == b'\\' })
    })
}

fn number_at(text: &[u8], at: usize) -> Option<(usize, usize)> {
    number(text.get(at..)?)
}

/// A number, and how many digits it has.
fn number(text: &[u8]) -> Option<(usize, usize)> {
    let length = text.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    Some((std::str::from_utf8(text.get(..length)?).ok()?.parse().ok()?, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Vec<String> {
        let mut at = 0;
        let lines: Vec<_> = text
            .split('\n')
            .map(|line| {
                let span = at..at + line.len();
                at = span.end + 1;
                span
            })
            .collect();
        let read = |record: &Record| {
            let words =
                record.parts.iter().map(|p| format!("{}{}", if p.apart { " " } else { "" }, &text[p.span.clone()]));
            words.collect::<String>()
        };
        records(text.as_bytes(), &lines).iter().map(read).collect()
    }

    #[test]
    fn pieces_are_known_by_their_mark() {
        assert_eq!(cut(b"exim[1]: [1/2] 2026").map(|c| c.start), Some(15));
        assert_eq!(cut(b"exim[1]: [12\\13] x").map(|c| c.start), Some(17));
        for none in [&b"a [1/2 x] b 1/2"[..], b"[3/2] x", b"[/2] x", b"[0/2] x", b"203/[1/2]x"] {
            assert_eq!(cut(none), None);
        }
    }

    #[test]
    fn pieces_of_one_process_are_one_record() {
        let text = "x exim[1]: [1/3] a for alice.b@exam\ny exim[2]: [1\\2] T=\"one\nx exim[1]: [2/3] ple.com S=1\n\
                    no piece\ny exim[2]: [2\\2] two\"\nx exim[1]: [3/3]  done";
        assert_eq!(
            whole(text),
            ["x exim[1]: [1/3] a for alice.b@example.com S=1 done", "y exim[2]: [1\\2] T=\"one two\""]
        );
        assert_eq!(whole("x exim[1]: [2/3] a\nx exim[1]: [1/3] b\nx exim[1]: [3/3] c"), Vec::<String>::new());
    }

    #[test]
    fn folded_headers_are_one_record_and_dialogues_are_none() {
        assert_eq!(whole("Subject: your\n order\n\t4711\nTo: x"), ["Subject: your order 4711"]);
        assert_eq!(whole(" -> Subject: a\n -> To: x@y.example\nSSL-Session:\n    Protocol: x"), Vec::<String>::new());
    }
}
