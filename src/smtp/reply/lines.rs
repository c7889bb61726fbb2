//! The words of a reply without the codes that begin its lines.
//!
//! RFC 5321 §4.2.1: each line but the last begins with the code and a hyphen, the last with
//! the code and a blank; RFC 2034 puts the enhanced status code behind it. MTAs join the
//! lines: with a blank and all prefixes (Postfix, PowerMTA), with line feeds (Exim, Halon), with
//! a blank and the enhanced code alone (Haraka), glued with the enhanced code alone
//! (OpenSMTPD 6.8 and 7.9: `originating4.7.28 from`; it drops codes of one digit, `5.1.1`),
//! with no code at all (KumoMTA).

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::SplitAsciiWhitespace;

/// Codes and words, as they come.
#[derive(Default)]
pub(super) struct Lines<'a> {
    pub(super) code: Option<u16>,
    /// The code of the first line that told one.
    pub(super) first_code: Option<u16>,
    pub(super) enhanced: Option<Cow<'a, str>>,
    pub(super) words: Vec<Cow<'a, str>>,
    /// Whether a line began with a code and a hyphen: others follow.
    goes_on: bool,
}

/// What begins a line.
struct Prefix<'a> {
    code: u16,
    hyphen: bool,
    /// What is glued to it: an enhanced code, or the line's first word.
    rest: &'a str,
}

impl<'a> Lines<'a> {
    /// Reads a whole reply. `code` is what its source holds apart from the text.
    pub(super) fn read(text: &'a str, code: Option<u16>, enhanced: Option<&'a str>) -> Self {
        let mut lines =
            Self { code, enhanced: enhanced.filter(|e| is_enhanced(e)).map(Cow::Borrowed), ..Self::default() };
        for line in text.split(['\n', '\r']) {
            lines.take(line);
        }
        lines
    }

    fn take(&mut self, line: &'a str) {
        let last_hyphen = self.last_hyphen(line);
        let mut rest = line.split_ascii_whitespace().peekable();
        let (mut begins, mut at) = (true, 0);
        while let Some(word) = rest.next() {
            let closes = last_hyphen.is_some_and(|last| at > last);
            if let Some(prefix) = self.prefix(word, rest.peek().copied(), begins, closes) {
                self.take_prefix(&prefix, &mut rest);
            } else if self.is_known_status(word) {
                self.enhanced = Some(Cow::Borrowed(word));
            } else {
                self.words.push(Cow::Borrowed(self.unglued(word)));
            }
            begins = false;
            at += 1;
        }
    }

    /// A prefix, by how sure the place makes it. A line's begin may be inside of `line`.
    fn prefix(&self, word: &'a str, next: Option<&str>, begins: bool, closes: bool) -> Option<Prefix<'a>> {
        let code = code_of(word)?;
        let is_known = self.code == Some(code);
        let opens = begins && self.words.is_empty() && self.code.is_none();
        let (hyphen, rest) = match word.as_bytes().get(3) {
            None => (false, ""),
            Some(b'-') => (true, &word[4..]),
            Some(_) => return None,
        };
        let is_prefix = if hyphen {
            is_enhanced(rest) || opens || (is_known && (begins || self.goes_on))
        } else {
            next.is_some_and(is_enhanced) || opens || (is_known && (begins || closes && self.goes_on))
        };
        is_prefix.then_some(Prefix { code, hyphen, rest })
    }

    fn take_prefix(&mut self, prefix: &Prefix<'a>, rest: &mut Peekable<SplitAsciiWhitespace<'a>>) {
        self.code = Some(prefix.code);
        self.first_code = self.first_code.or(self.code);
        self.goes_on = prefix.hyphen;
        if is_enhanced(prefix.rest) {
            self.enhanced = Some(Cow::Borrowed(prefix.rest));
        } else if !prefix.rest.is_empty() {
            self.words.push(Cow::Borrowed(prefix.rest));
        } else if let Some(status) = rest.next_if(|next| is_enhanced(next)) {
            self.enhanced = Some(Cow::Borrowed(status));
        }
    }

    /// Whether a word is the status that begins a line whose code is not in the log.
    fn is_known_status(&self, word: &str) -> bool {
        if !is_enhanced(word) {
            return false;
        }
        match self.enhanced.as_deref() {
            None => self.words.is_empty(),
            // The class of one status may differ from line to line, as in `550-5.7.26 … 4.7.26`.
            Some(known) => known.get(1..) == word.get(1..),
        }
    }

    /// `originating4.7.28` without the status of the next line.
    fn unglued(&self, word: &'a str) -> &'a str {
        let Some(before) = self.enhanced.as_deref().and_then(|status| word.strip_suffix(status)) else { return word };
        let ends_a_word = match before.as_bytes() {
            [.., a, b'.'] => !a.is_ascii_digit(),
            [.., b',' | b':' | b';' | b'!' | b'?' | b')' | b']' | b'>' | b'\'' | b'"'] => true,
            [.., b] => b.is_ascii_alphabetic() || !b.is_ascii(),
            [] => false,
        };
        if ends_a_word && self.goes_on { before } else { word }
    }

    /// Which word of a line is the last that begins with the known code and a hyphen: a bare
    /// code behind it begins the last line.
    fn last_hyphen(&self, line: &str) -> Option<usize> {
        let code = self.code.or_else(|| code_of(line.trim_start()))?;
        let begins = |word: &str| code_of(word) == Some(code) && word.as_bytes().get(3) == Some(&b'-');
        line.split_ascii_whitespace().enumerate().filter(|(_, word)| begins(word)).last().map(|(at, _)| at)
    }
}

/// The reply code in front of a text: three digits from 200 to 599 that are no part of a number.
pub(super) fn code_of(text: &str) -> Option<u16> {
    let bytes = text.as_bytes();
    let code = bytes.get(..3).filter(|code| code.iter().all(u8::is_ascii_digit))?;
    let is_whole = !bytes.get(3).is_some_and(u8::is_ascii_digit);
    let code = code.iter().fold(0, |n, d| n * 10 + u16::from(d - b'0'));
    ((200..600).contains(&code) && is_whole).then_some(code)
}

/// `4.7.28` (RFC 3463): class, subject, detail.
pub(super) fn is_enhanced(word: &str) -> bool {
    let mut parts = word.split('.');
    let is_numeric = |p: &str| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit());
    matches!(parts.next(), Some("2" | "4" | "5"))
        && parts.next().is_some_and(is_numeric)
        && parts.next().is_some_and(is_numeric)
        && parts.next().is_none()
}
