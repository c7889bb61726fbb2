//! Seams: what the end of a line cuts in two. Soft breaks of quoted-printable (RFC 2045 6.7),
//! wrapped base64, and lines that a terminal or a mailer broke.

use std::ops::Range;

use super::records::Part;

/// How far a seam is looked at on both sides: the longest address is 254 bytes (RFC 5321 4.5.3).
const REACH: usize = 256;

/// Lines that are read as one; longer runs of base64 overlap.
const MOST: usize = 200;

/// Shortest run at the end of a line that may go on in the next.
const LEAST: usize = 8;

/// What may stand across a seam.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Anything: the break says that the line goes on.
    Soft,
    /// A blob.
    Base64,
    /// What is known from elsewhere: lines that only follow each other make addresses of no one.
    Hard,
}

/// Stretches of lines that may be one.
pub(super) struct Seam {
    pub kind: Kind,
    pub parts: Vec<Part>,
}

/// All seams of a text. Linear: each line is in few of them, and by a bounded stretch.
pub(super) fn seams(text: &[u8], lines: &[Range<usize>]) -> Vec<Seam> {
    let mut out = Vec::new();
    let (mut soft, mut base64) = (Vec::new(), Vec::new());
    for (k, line) in lines.iter().enumerate() {
        let broken = is_soft(text, line);
        if broken || !soft.is_empty() {
            soft.push(Part { line: k, span: line.start..line.end - usize::from(broken), apart: false });
        }
        if !broken || soft.len() >= MOST {
            out.extend(seam(Kind::Soft, std::mem::take(&mut soft)));
        }
        let Some(above) = k.checked_sub(1).and_then(|above| lines.get(above)) else { continue };
        if !is_soft(text, above) {
            out.extend(pair(text, k, above, line));
        }
        let head = base64_head(text, line);
        let tail = base64.last().map_or_else(|| base64_tail(text, above), |part: &Part| part.span.clone());
        let goes_on = tail.len() >= LEAST && !head.is_empty();
        if goes_on {
            if base64.is_empty() {
                base64.push(Part { line: k - 1, span: tail, apart: false });
            }
            base64.push(Part { line: k, span: head.clone(), apart: false });
        }
        // What ends in the middle of a line, ends the run with it.
        if !goes_on || head.end < line.end || base64.len() >= MOST {
            let last = base64.last().filter(|part| goes_on && part.span.end == line.end).cloned();
            out.extend(seam(Kind::Base64, std::mem::take(&mut base64)));
            base64 = last.into_iter().collect();
        }
    }
    out.extend(seam(Kind::Soft, soft));
    out.extend(seam(Kind::Base64, base64));
    out
}

fn seam(kind: Kind, parts: Vec<Part>) -> Option<Seam> {
    (parts.len() > 1).then_some(Seam { kind, parts })
}

/// Whether a line ends with a soft break; base64 may end with two of its signs.
fn is_soft(text: &[u8], line: &Range<usize>) -> bool {
    let line = text.get(line.clone()).unwrap_or_default();
    line.ends_with(b"=") && !line.ends_with(b"==")
}

/// The seam between two lines, without the blanks that begin the second.
fn pair(text: &[u8], k: usize, above: &Range<usize>, below: &Range<usize>) -> Option<Seam> {
    let blank = text.get(below.clone())?.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let start = below.start + blank;
    let upper = above.end.saturating_sub(REACH).max(above.start)..above.end;
    let lower = start..below.end.min(start + REACH);
    let part = |line, span| Part { line, span, apart: false };
    let parts = vec![part(k - 1, upper.clone()), part(k, lower.clone())];
    (!upper.is_empty() && !lower.is_empty()).then_some(Seam { kind: Kind::Hard, parts })
}

const fn is_base64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_')
}

fn base64_tail(text: &[u8], line: &Range<usize>) -> Range<usize> {
    let bytes = text.get(line.clone()).unwrap_or_default();
    line.end - bytes.iter().rev().take_while(|b| is_base64(**b)).count()..line.end
}

fn base64_head(text: &[u8], line: &Range<usize>) -> Range<usize> {
    let bytes = text.get(line.clone()).unwrap_or_default();
    line.start..line.start + bytes.iter().take_while(|b| is_base64(**b)).count()
}
