//! SMTP replies in a transcript, and what they say about the session.

use std::net::IpAddr;

use crate::smtp::Reply;

/// The code of a reply's line (`250-SIZE`, `421 4.7.0 …`, `220`), and nothing for other text.
pub(super) fn reply_code(line: &str) -> Option<u16> {
    let code = line.get(..3)?;
    let shaped = code.bytes().all(|b| b.is_ascii_digit()) && matches!(line.as_bytes().get(3), None | Some(b' ' | b'-'));
    shaped.then(|| code.parse().ok()).flatten().filter(|c| (200..600).contains(c))
}

/// Who speaks in a line, by the marks of the tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Tester,
    Receiver,
    /// No mark: the tool's own words, or a tool that has none.
    Unmarked,
}

/// A line without the mark of its speaker, and the mark.
pub(super) fn spoken(text: &str) -> (Side, &str, &str) {
    // PowerMTA points the other way round, but with three of them.
    const MARKS: [(&str, Side); 16] = [
        ("posttls-finger: > ", Side::Tester),
        ("posttls-finger: < ", Side::Receiver),
        ("starttls: sending: ", Side::Tester),
        ("starttls: received: ", Side::Receiver),
        ("<<< ", Side::Tester),
        (">>> ", Side::Receiver),
        ("-> ", Side::Tester),
        ("~> ", Side::Tester),
        ("**> ", Side::Tester),
        ("*~> ", Side::Tester),
        ("<** ", Side::Receiver),
        ("<~* ", Side::Receiver),
        ("<- ", Side::Receiver),
        ("<~ ", Side::Receiver),
        ("> ", Side::Tester),
        ("< ", Side::Receiver),
    ];
    for (mark, side) in MARKS {
        if let Some(said) = text.strip_prefix(mark) {
            return (side, mark, said.trim_start());
        }
    }
    (Side::Unmarked, "", text)
}

/// What a whole reply says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The code of its last line (RFC 5321 §4.2.1).
    pub code: u16,
    /// Its enhanced status code.
    pub enhanced: Option<String>,
}

/// Lines of replies, joined to whole replies.
#[derive(Clone, Debug, Default)]
pub(super) struct Replies {
    whole: Vec<String>,
    open: String,
}

impl Replies {
    /// Takes the next line; gives the reply that it completes.
    pub(super) fn take(&mut self, line: &str) -> Option<Answer> {
        let code = reply_code(line)?;
        if !self.open.is_empty() {
            self.open.push('\n');
        }
        // What follows 334 is part of an AUTH dialogue.
        self.open.push_str(if code == 334 { "334" } else { line.trim_end() });
        if line.as_bytes().get(3) == Some(&b'-') {
            return None;
        }
        let enhanced = Reply::parse(&self.open).enhanced;
        self.whole.push(std::mem::take(&mut self.open));
        Some(Answer { code, enhanced })
    }

    /// Adds a reply known as a whole.
    pub(super) fn append(&mut self, other: Self) {
        self.whole.extend(other.into_whole());
    }

    /// All replies, verbatim, in order; the lines of one joined by line feeds.
    pub(super) fn into_whole(mut self) -> Vec<String> {
        // The last line of the last reply may never have come.
        self.whole.extend(Some(self.open).filter(|o| !o.is_empty()));
        self.whole
    }
}

/// Google's token of the session: the first in any reply.
pub(super) fn token(replies: &[String]) -> Option<String> {
    replies.iter().find_map(|r| Reply::parse(r).token).map(|t| t.0)
}

/// The tester's address as the receiver echoes it in brackets: `at your service, [192.0.2.11]`.
pub(super) fn echoed_address(replies: &[String]) -> Option<String> {
    replies.iter().flat_map(|r| r.split('[').skip(1)).find_map(|part| {
        let inside = part.split([']', ' ']).next()?;
        let address: IpAddr = inside.trim_start_matches("IPv6:").parse().ok()?;
        Some(address.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_replies_and_auth_prompts_are_cut() {
        let mut replies = Replies::default();
        assert!(replies.take("250-mx.example.test at your service, [192.0.2.11]").is_none());
        assert_eq!(replies.take("250 SMTPUTF8").map(|r| r.code), Some(250));
        assert!(replies.take("DONE").is_none());
        assert_eq!(replies.take("334 UGFzc3dvcmQ6").map(|r| r.code), Some(334));
        assert!(replies.take("421-4.7.28 rate").is_none());
        let whole = replies.into_whole();
        assert_eq!(
            whole,
            ["250-mx.example.test at your service, [192.0.2.11]\n250 SMTPUTF8", "334", "421-4.7.28 rate"]
        );
        assert_eq!(echoed_address(&whole).as_deref(), Some("192.0.2.11"));
    }

    #[test]
    fn other_text_is_no_reply() {
        for line in ["0000 - 32 32", "2500 x", "25", "250.", "---", "100 continue", "é50 x"] {
            assert_eq!(reply_code(line), None, "{line}");
        }
        assert_eq!(reply_code("220"), Some(220));
    }

    #[test]
    fn tokens_of_banners() {
        let replies = ["220 mx.example.test ESMTP x9-20020a05test.21 - gsmtp".to_owned()];
        assert_eq!(token(&replies).as_deref(), Some("x9-20020a05test.21"));
    }
}
