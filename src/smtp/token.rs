//! What Google puts at the end of a reply: the token of the session, and in an acceptance
//! its own clock.
//!
//! Shapes from public samples of 2012 to 2025: `<prefix><kind><5 to 10 digits><cell, at most
//! 3>.<1 to 4 digits> - gsmtp`, and `… - gcdp <token> - gsmtp` where a rule of the
//! recipient's administrator fired. Replies to EHLO and STARTTLS carry none.

use std::borrow::Cow;

use memchr::{memchr_iter, memrchr_iter};
use serde::Serialize;

/// Where Google's mark last stands in a reply: at its end, or before a note of the MTA's.
fn last_mark(reply: &[u8]) -> Option<usize> {
    memrchr_iter(b'g', reply).find(|at| reply[*at..].starts_with(b"gsmtp"))
}

/// Google's name of an SMTP session: the same on every coded reply of that session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub String);

/// What a token's letters say about the host that issued it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// `si`: an inbound MX of Gmail.
    Inbound,
    /// `sm` or `sor`: submission or relay. Such a log is not of MX delivery.
    Relay,
    /// Another shape.
    Other,
}

impl Token {
    /// What kind of host issued it, by the letters before its digits.
    #[must_use]
    pub fn kind(&self) -> TokenKind {
        kind_of(self.0.as_bytes())
    }
}

fn kind_of(token: &[u8]) -> TokenKind {
    // Each reply of Gmail's is asked: what rules most words out, and costs least, comes first.
    let last = token.len().saturating_sub(5);
    let Some(dot) = token[last..].iter().rposition(|b| *b == b'.').map(|at| last + at) else {
        return TokenKind::Other;
    };
    let (head, task) = (&token[..dot], &token[dot + 1..]);
    if task.is_empty() || !task.iter().all(u8::is_ascii_digit) {
        return TokenKind::Other;
    }
    // The letters stand at most 3 + 10 + 3 bytes before the end, and something before them.
    let from = head.len().saturating_sub(16).max(1).min(head.len());
    let kind = head[from..].iter().enumerate().filter(|(_, b)| **b == b's').find_map(|(at, _)| {
        let (kind, tail) = match &head[from + at + 1..] {
            [b'i', tail @ ..] => (TokenKind::Inbound, tail),
            [b'm', tail @ ..] | [b'o', b'r', tail @ ..] => (TokenKind::Relay, tail),
            _ => return None,
        };
        is_serial_and_cell(tail).then_some(kind)
    });
    let is_name = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
    kind.filter(|_| head.iter().all(is_name)).unwrap_or(TokenKind::Other)
}

/// Five to ten digits, then at most three characters that name a cell.
fn is_serial_and_cell(tail: &[u8]) -> bool {
    let digits = tail.iter().take_while(|b| b.is_ascii_digit()).count();
    digits >= 5 && tail.len() <= digits.min(10) + 3 && tail.iter().all(u8::is_ascii_alphanumeric)
}

/// Removes `<token> - gsmtp` from the end and returns the token. Before about 2012, and in
/// logs that shorten replies, the token stands alone.
pub(super) fn take_token(words: &mut Vec<Cow<'_, str>>) -> Option<Token> {
    let n = words.len();
    if n >= 2 && is_mark(&words[n - 1]) && words[n - 2] == "-" {
        words.truncate(n - 2);
        words.last().filter(|w| looks_like_id(w) && w.len() >= 8)?;
    } else {
        words.last().filter(|w| kind_of(w.as_bytes()) != TokenKind::Other)?;
    }
    words.pop().map(|token| Token(token.into_owned()))
}

/// `gsmtp`, and what a log's own punctuation makes of it. One published sample has `smtp`.
fn is_mark(word: &str) -> bool {
    matches!(word.trim_end_matches(['.', ',', ';', ')', '"']), "gsmtp" | "smtp")
}

/// Whether a raw reply ends as Google's do (`… <token> - gsmtp`), and what kind of host the
/// token names. An MTA's own note may follow.
///
/// A log whose replies end in [`TokenKind::Relay`] is of submission or relay, not of MX delivery.
#[must_use]
pub fn google_tail(reply: &[u8]) -> Option<TokenKind> {
    let at = last_mark(reply)?;
    let after = reply[at + 5..].trim_ascii();
    let is_end = after.iter().all(|b| matches!(b, b'"' | b')' | b'/' | b'.' | b',' | b';'));
    if !is_end && !["(", "DT=", "QT=", "/Giving_up_on_"].iter().any(|note| after.starts_with(note.as_bytes())) {
        return None;
    }
    let is_blank = |b: &u8| b.is_ascii_whitespace() || *b == b'_';
    let before = reply[..at].strip_suffix(b" - ").or_else(|| reply[..at].strip_suffix(b"_-_"))?;
    Some(before.rsplit(is_blank).next().map_or(TokenKind::Other, kind_of))
}

/// A raw reply around its token: what stands before, the token, what follows.
///
/// Nothing unless the token is of a kind that [`Reply::parse`](super::Reply::parse) takes for
/// nothing else, so that replies which agree in both parts read the same but for the token.
#[must_use]
pub fn split_at_token(reply: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (head, after) = reply.split_at(last_mark(reply)?.checked_sub(3)?);
    let (before, token) = head.split_at(memchr::memrchr(b' ', head)? + 1);
    // `421-4…` could be read as a code.
    let is_plain = kind_of(token) != TokenKind::Other && token.get(3) != Some(&b'-');
    (is_plain && after.starts_with(b" - ")).then_some((before, token, after))
}

/// Gmail's own clock: the Unix second in `250 2.0.0 OK  1795492010 <token> - gsmtp`.
///
/// Source: every acceptance of Gmail's MX carries it (Postmark help, article 787). MTAs keep
/// it in `status=sent (250 …)`, `C="250 …"`, `stat=Sent (OK …)`, `response="OK …"`,
/// `smtp;250 …`, `Remote_host_said:_250_2.0.0_OK__…`. It must be a second that Gmail can have
/// told and a token must follow, so that no other number is taken for a clock.
#[must_use]
pub fn acceptance_second(text: &[u8]) -> Option<i64> {
    memchr_iter(b'O', text).find_map(|at| {
        let is_word = at.checked_sub(1).is_none_or(|before| !text[before].is_ascii_alphanumeric());
        let after = text[at..].strip_prefix(b"OK").filter(|_| is_word)?;
        let (second, rest) = second_of(skip_blanks(after)?)?;
        let rest = skip_blanks(rest)?;
        let is_end = |b: &u8| b.is_ascii_whitespace() || matches!(b, b')' | b'"' | b'_' | b'/' | b',');
        let token = id_at_start(rest)?;
        rest.get(token.len()).is_none_or(is_end).then_some(second)
    })
}

/// The id that a text begins with, as [`looks_like_id`] has it, of letters, digits, dots and
/// hyphens alone. Each acceptance is read here, so what a byte is stands in a table.
fn id_at_start(text: &[u8]) -> Option<&[u8]> {
    const DIGIT: u32 = 1;
    const LETTER: u32 = 1 << 16;
    const END: u32 = u32::MAX;
    const KINDS: [u32; 256] = {
        let mut kinds = [END; 256];
        let mut byte = 0;
        while byte < 256 {
            kinds[byte] = match byte as u8 {
                b'0'..=b'9' => DIGIT,
                b'a'..=b'z' | b'A'..=b'Z' => LETTER,
                b'-' | b'.' => 0,
                _ => END,
            };
            byte += 1;
        }
        kinds
    };
    let (mut length, mut counts) = (0, 0);
    for kind in text.iter().take(65).map(|b| KINDS[usize::from(*b)]).take_while(|kind| *kind != END) {
        counts += kind;
        length += 1;
    }
    let id = &text[..length];
    let is_mixed = counts % LETTER >= 4 * DIGIT && counts / LETTER >= 2;
    (length <= 64 && is_mixed && !has_gap(id)).then_some(id)
}

/// Whether two dots follow each other before the end.
fn has_gap(id: &[u8]) -> bool {
    let end = id.iter().rposition(|b| *b != b'.').unwrap_or(0);
    memchr_iter(b'.', &id[..end]).any(|at| id[at + 1] == b'.')
}

/// What follows one or more blanks; an underscore is qmail's blank.
fn skip_blanks(text: &[u8]) -> Option<&[u8]> {
    let blanks = text.iter().take_while(|b| matches!(b, b' ' | b'_')).count();
    (blanks > 0).then(|| &text[blanks..])
}

/// A Unix second from the day Gmail began (2004-04-01) to the year 2100, and what follows.
fn second_of(text: &[u8]) -> Option<(i64, &[u8])> {
    let (digits, rest) = text.split_at_checked(10)?;
    let second = digits
        .iter()
        .try_fold(0_i64, |n, d| d.is_ascii_digit().then(|| n * 10 + i64::from(d - b'0')))
        .filter(|s| (1_080_777_600..4_102_444_800).contains(s))?;
    (!rest.first().is_some_and(u8::is_ascii_digit)).then_some((second, rest))
}

/// Letters and digits mixed, as tokens and queue ids are, and no ordinary word is.
pub(super) fn looks_like_id(word: &str) -> bool {
    let core = word.trim_end_matches(['.', ',']);
    let (mut digits, mut letters, mut before) = (0, 0, 0);
    for b in core.bytes() {
        match b {
            b'0'..=b'9' => digits += 1,
            b'a'..=b'z' | b'A'..=b'Z' => letters += 1,
            b'.' if before == b'.' => return false,
            b'-' | b'.' | b'_' => {}
            _ => return false,
        }
        before = b;
    }
    digits >= 4 && letters >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_in_a_text_is_what_looks_like_one() {
        for word in
            ["150c8b51ecad1-26393d93b18si79782629f.677", "a1b2c3d4", "ab..1234", "ab1234..", "a1234", "ab123", ""]
        {
            assert_eq!(id_at_start(word.as_bytes()).is_some(), looks_like_id(word), "{word}");
            assert_eq!(id_at_start(format!("{word} - gsmtp").as_bytes()).is_some(), looks_like_id(word), "{word}");
        }
        assert_eq!(id_at_start(&[b"a1".as_slice(); 33].concat()), None);
    }

    #[test]
    fn letters_tell_relays_from_mx_hosts() {
        let kind = |t: &str| Token(t.into()).kind();
        for inbound in [
            // Public samples of 2012 to 2025, digits changed.
            "l11si9233120wms.107",
            "k33si11162128pld.22",
            "w6si11268022qka.81",
            "u2si198147pgp.592",
            "ffacd0b85a97d-4324eab2651si10575209f8f.183",
            "a640c23a62f3a-a8d25d9970csi572004166b.1002",
            "af79cd13be357-7e67f73162esi193804885a.983",
            "41be03b00d2f7-b93bf44f0c0si6882731a12.803",
            // A cell may repeat the letters.
            "a1b2si572004si.3",
        ] {
            assert_eq!(kind(inbound), TokenKind::Inbound, "{inbound}");
        }
        for relay in
            ["d10sm816945pfh.8", "3f1490d57ef6-e7f7352f44csm831688276.30", "ck16sm114297vdb.32", "a1sor5720041wm.7"]
        {
            assert_eq!(kind(relay), TokenKind::Relay, "{relay}");
        }
        for other in [
            "simple.example",
            "si572004166b.1002",
            "a1si5720.1",
            "a1si57200416612345.1",
            "a1si572004166bcde.1",
            "a1si572004166b.10020",
            "a1si572004166b.",
            "a1si572004166b",
            "A1SI572004166B.10",
            ".",
            "",
        ] {
            assert_eq!(kind(other), TokenKind::Other, "{other}");
        }
    }

    #[test]
    fn tails() {
        let inbound = [
            "421 x l11si9233120wms.107 - gsmtp",
            "421 x l11si9233120wms.107 - gsmtp (in reply to RCPT TO command)",
            "\"250 2.0.0 OK  1795488449 l11si9233120wms.107 - gsmtp\"",
            "550 5.7.1 x l11si9233120wms.107 - gsmtp DT=0.1s",
            "Remote_host_said:_421_4.7.0_x_l11si9233120wms.107_-_gsmtp/",
            "Remote_host_said:_550_5.1.1_x_l11si9233120wms.107_-_gsmtp/Giving_up_on_192.0.2.27./",
            "sent (250 2.0.0 OK 1498093527 l11si9233120wms.107 - gsmtp)",
            "550 5.7.1 This message violates example.com email policy. - gcdp l11si9233120wms.107 - gsmtp",
        ];
        for reply in inbound {
            assert_eq!(google_tail(reply.as_bytes()), Some(TokenKind::Inbound), "{reply}");
        }
        let relay = b"421 x d10sm816945pfh.8 - gsmtp (in reply to RCPT TO command)";
        assert_eq!(google_tail(relay), Some(TokenKind::Relay));
        assert_eq!(google_tail(b"550-5.1.1 unnecessary spaces. - gsmtp"), Some(TokenKind::Other));
        assert_eq!(google_tail(b" - gsmtp"), Some(TokenKind::Other));
        for none in ["421 x gsmtp", "250 ok - gsmtp said my server", "gsmtp", "", "421 4.7.0 x l11si9233120wms.107"] {
            assert_eq!(google_tail(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn gmails_clock_in_the_wrappings_of_many_mtas() {
        let rows = [
            // Real lines, cut: Postfix, Exim (two forms), Sendmail (2012 and now), Haraka, PowerMTA, OpenSMTPD.
            ("status=sent (250 2.0.0 OK  1795492010 8b4a091409ecf-cd6a6536fc6si995264155.853 - gsmtp)", 1_795_492_010),
            ("C=\"250 2.0.0 OK  1795487093 ffacd0b85a97d-3a5b1c2f4e1si123 - gsmtp\"", 1_795_487_093),
            ("250 2.0.0 OK  1644855633 l11si9233120wms.107 - gsmtp", 1_644_855_633),
            ("stat=Sent (OK 1352754085 j9si11007854paw.67)", 1_352_754_085),
            ("OK  1795487252 ffacd0b85a97d-3a5b1c2f4e1si123 - gsmtp", 1_795_487_252),
            ("response=\"OK  1795488195 ffacd0b85a97d-3a5b1c2f4e1si1234567.8 - gsmtp\"", 1_795_488_195),
            ("smtp;250 2.0.0 OK 1436801113 x3si14160585iod.35 - gsmtp", 1_436_801_113),
            ("stat=\"250 2.0.0 OK  1562385708 z11si6726563wmb.62 - gsmtp\"", 1_562_385_708),
            // A public parser's fixture; webhooks of SendGrid and Mailjet as documented.
            ("250 2.0.0 OK  1642704487 v125si7680590wme.216 - smtp", 1_642_704_487),
            ("250 2.0.0 OK 1461095248 m143si2210036ioe.159 - gsmtp ", 1_461_095_248),
            ("sent (250 2.0.0 OK 1498093527 a67si1234567abc.12 - gsmtp)", 1_498_093_527),
            // qmail-remote.c and qmail-send.c: blanks become underscores, lines end in a slash.
            (
                "192.0.2.27_accepted_message./Remote_host_said:_250_2.0.0_OK__1795489573_x3si14160585iod.35_-_gsmtp/",
                1_795_489_573,
            ),
            // The word may stand before in other senses.
            ("verify=OK, stat=Sent (OK 1352754085 j9si11007854paw.67)", 1_352_754_085),
        ];
        for (text, second) in rows {
            assert_eq!(acceptance_second(text.as_bytes()), Some(second), "{text}");
        }
        for none in [
            "250 2.0.0 OK: queued as 4jYS",
            "250 ok dirdel",
            "250 ok 1157520813 qp 31313", // qmail's own acceptance
            "250 OK 1234567890 bytes received",
            "250 2.0.0 OK w6si11268022qka.81 - gsmtp", // real, without a second
            "250 2.0.0 OK  9999999999 l11si9233120wms.107 - gsmtp",
            "250 2.0.0 OK  0000000012 l11si9233120wms.107 - gsmtp",
            "250 2.0.0 OK  17954920101 l11si9233120wms.107 - gsmtp",
            "250 2.0.0 OK  179549201 l11si9233120wms.107 - gsmtp",
            "250 2.0.0 OK1795492010 l11si9233120wms.107 - gsmtp",
            "BOOK 1795492010 l11si9233120wms.107",
            "OK 1795492010",
            "OK",
        ] {
            assert_eq!(acceptance_second(none.as_bytes()), None, "{none}");
        }
    }
}
