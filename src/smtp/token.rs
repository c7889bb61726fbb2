//! What Google puts at the end of a reply: the token of the session, and in an acceptance
//! its own clock.

use std::borrow::Cow;

use memchr::memmem;
use serde::Serialize;

use super::reply::looks_like_id;

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
        kind_of(&self.0)
    }
}

/// Shape, from public samples: `<prefix><kind><5 to 10 digits><cell, at most 3>.<1 to 4 digits>`.
fn kind_of(token: &str) -> TokenKind {
    let Some((head, task)) = token.split_once('.') else { return TokenKind::Other };
    if task.is_empty() || task.len() > 4 || !task.bytes().all(|b| b.is_ascii_digit()) {
        return TokenKind::Other;
    }
    let kinds = [("sor", TokenKind::Relay), ("si", TokenKind::Inbound), ("sm", TokenKind::Relay)];
    kinds
        .into_iter()
        .filter_map(|(letters, kind)| head.rfind(letters).map(|at| (at + letters.len(), kind)))
        .find(|(after, _)| is_serial_and_cell(&head[*after..]))
        .map_or(TokenKind::Other, |(_, kind)| kind)
}

/// Five to ten digits, then at most three characters that name a cell.
fn is_serial_and_cell(tail: &str) -> bool {
    let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
    digits >= 5 && tail.len() - digits <= 3 && tail.len() <= 13
}

/// Removes `<token> - gsmtp` from the end and returns the token. Before about 2012, and in
/// logs that shorten replies, the token stands alone.
pub(super) fn take_token(words: &mut Vec<Cow<'_, str>>) -> Option<Token> {
    let n = words.len();
    if n >= 2 && matches!(&*words[n - 1], "gsmtp" | "smtp") && words[n - 2] == "-" {
        words.truncate(n - 2);
        // A Workspace admin's rule writes ` - gcdp <token> - gsmtp`.
        words.last().filter(|w| w.contains('.') && looks_like_id(w))?;
    } else {
        words.last().filter(|w| kind_of(w) != TokenKind::Other)?;
    }
    words.pop().map(|token| Token(token.into_owned()))
}

/// Whether a raw reply ends as Google's do (`… <token> - gsmtp`), and what kind of host the
/// token names. An MTA's note in parentheses may follow.
#[must_use]
pub fn google_tail(reply: &[u8]) -> Option<TokenKind> {
    let at = memmem::rfind(reply, b" - gsmtp")?;
    let after = reply[at + 8..].trim_ascii();
    if !(after.is_empty() || after.starts_with(b"(") || after == b"\"" || after == b")") {
        return None;
    }
    let before = &reply[..at];
    let token = before.rsplit(|b| b.is_ascii_whitespace()).next().unwrap_or_default();
    Some(std::str::from_utf8(token).map_or(TokenKind::Other, kind_of))
}

/// Gmail's own clock: the Unix second in `250 2.0.0 OK  1795492010 <token> - gsmtp`.
///
/// Source: every acceptance of Gmail's MX carries it (Postmark help, article 787). MTAs keep
/// it in `status=sent (250 …)`, `C="250 …"`, `stat=Sent (OK …)`, `response="OK …"`,
/// `smtp;250 …`. A token must follow, so that no other number is taken for a clock.
#[must_use]
pub fn acceptance_second(text: &[u8]) -> Option<i64> {
    memmem::find_iter(text, b"OK ").find_map(|at| {
        let is_word = at.checked_sub(1).is_none_or(|before| !text[before].is_ascii_alphanumeric());
        let digits = text[at + 3..].trim_ascii_start();
        let len = digits.iter().take_while(|b| b.is_ascii_digit()).count();
        if !is_word || len != 10 || digits.get(len) != Some(&b' ') {
            return None;
        }
        let token = digits[len + 1..].split(|b| b.is_ascii_whitespace() || matches!(b, b')' | b'"')).next()?;
        std::str::from_utf8(token).ok().filter(|t| looks_like_id(t))?;
        digits[..len].iter().try_fold(0_i64, |n, d| n.checked_mul(10)?.checked_add(i64::from(d - b'0')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relay_tokens_are_told_from_mx_tokens() {
        let kind = |t: &str| Token(t.into()).kind();
        assert_eq!(kind("d10sm816945pfh.8"), TokenKind::Relay);
        assert_eq!(kind("l11si9233120wms.107"), TokenKind::Inbound);
        assert_eq!(kind("a640c23a62f3a-a8d25d9970csi572004166b.1002"), TokenKind::Inbound);
        assert_eq!(kind("3f1490d57ef6-e7f7352f44csm831688276.30"), TokenKind::Relay);
        assert_eq!(kind("simple.example"), TokenKind::Other);
    }

    #[test]
    fn tails() {
        assert_eq!(google_tail(b"421 x l11si9233120wms.107 - gsmtp"), Some(TokenKind::Inbound));
        assert_eq!(
            google_tail(b"421 x d10sm816945pfh.8 - gsmtp (in reply to RCPT TO command)"),
            Some(TokenKind::Relay)
        );
        assert_eq!(google_tail(b"421 x gsmtp"), None);
        assert_eq!(google_tail(b"250 ok - gsmtp said my server"), None);
    }

    #[test]
    fn gmails_clock_in_the_wrappings_of_many_mtas() {
        // Real lines, cut: Postfix, Exim, Sendmail (2012), Haraka, PowerMTA, OpenSMTPD.
        let rows = [
            (
                "status=sent (250 2.0.0 OK  1795492010 8b4a091409ecf-cd6a6536fc6si995264155.853 - gsmtp)",
                Some(1_795_492_010),
            ),
            ("C=\"250 2.0.0 OK  1795487093 ffacd0b85a97d-3a5b1c2f4e1si123 - gsmtp\"", Some(1_795_487_093)),
            ("stat=Sent (OK 1352754085 j9si11007854paw.67)", Some(1_352_754_085)),
            ("response=\"OK  1795488195 ffacd0b85a97d-3a5b1c2f4e1si1234567.8 - gsmtp\"", Some(1_795_488_195)),
            ("smtp;250 2.0.0 OK 1436801113 x3si14160585iod.35 - gsmtp", Some(1_436_801_113)),
            ("stat=\"250 2.0.0 OK  1562385708 z11si6726563wmb.62 - gsmtp\"", Some(1_562_385_708)),
            ("250 2.0.0 OK: queued as 4jYS", None),
            ("250 ok dirdel", None),
            ("250 OK 1234567890 bytes received", None),
        ];
        for (text, second) in rows {
            assert_eq!(acceptance_second(text.as_bytes()), second, "{text}");
        }
    }
}
