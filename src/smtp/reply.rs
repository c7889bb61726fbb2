//! SMTP replies as logs quote them: code, enhanced code, one normal form, and
//! the token of Google's session that stands at the end.

use serde::Serialize;

/// One reply, taken apart. Multi-line replies are flattened, as every MTA logs them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The reply code of the last line (RFC 5321 §4.2): 421, 550; none where the text starts without one.
    pub code: Option<u16>,
    /// The enhanced status code of the last line that has one (RFC 3463): `4.7.28`.
    pub enhanced: Option<String>,
    /// The text without the repeated line prefixes, blanks collapsed, as the receiver worded it.
    pub text: String,
    /// Google's token, when the reply ends in `- gsmtp`.
    pub token: Option<Token>,
}

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

/// Google's name of an SMTP session: the same on every coded reply of that session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub String);

impl Token {
    /// What kind of host issued it, by the letters before its digits.
    #[must_use]
    pub fn kind(&self) -> TokenKind {
        let Some((head, _)) = self.0.split_once('.') else { return TokenKind::Other };
        let kinds = [("sor", TokenKind::Relay), ("si", TokenKind::Inbound), ("sm", TokenKind::Relay)];
        kinds
            .into_iter()
            .filter_map(|(letters, kind)| head.rfind(letters).map(|at| (at + letters.len(), kind)))
            .find(|(after, _)| is_serial_and_cell(&head[*after..]))
            .map_or(TokenKind::Other, |(_, kind)| kind)
    }
}

impl Reply {
    /// Takes a logged reply apart: `421-4.7.28 Gmail has … 421 4.7.28 review … <token> - gsmtp`.
    ///
    /// Accepts what MTAs make of it: prefixes of each line left in the text,
    /// bare enhanced codes left by others, a trailing `(in reply to … command)`,
    /// literal `\n`, doubled blanks. The last line's code counts (RFC 5321 §4.2.1).
    #[must_use]
    pub fn parse(raw: &str) -> Self {
        let raw = raw.replace("\\n", " ").replace("\\r", " ");
        let body = strip_stage_note(raw.trim());
        let mut code = None;
        let mut enhanced = None;
        let mut words = Vec::new();
        let mut rest = body.split_ascii_whitespace().peekable();
        while let Some(word) = rest.next() {
            if let Some((c, e)) = line_prefix(word, rest.peek().copied(), words.is_empty(), code) {
                code = Some(c);
                match e {
                    PrefixEnhanced::Inside(status) => enhanced = Some(status.to_owned()),
                    PrefixEnhanced::Next => enhanced = rest.next().map(str::to_owned),
                    PrefixEnhanced::None => {}
                }
            } else if is_enhanced(word) && (words.is_empty() || enhanced.as_deref() == Some(word)) {
                enhanced = Some(word.to_owned());
            } else {
                words.push(word);
            }
        }
        let token = take_token(&mut words);
        Self { code, enhanced, text: words.join(" "), token }
    }

    /// The form that replies of one kind share: addresses of hosts and the
    /// token replaced, everything else as worded. Used to group, never to quote.
    #[must_use]
    pub fn normal_form(&self) -> String {
        let mut out = String::with_capacity(self.text.len() + 12);
        if let Some(code) = self.code {
            out.push_str(&code.to_string());
            out.push(' ');
        }
        if let Some(enhanced) = &self.enhanced {
            out.push_str(enhanced);
            out.push(' ');
        }
        let mut in_bracket = false;
        for word in self.text.split(' ') {
            if let Some(address) = word.strip_prefix('[').map(|w| w.trim_end_matches([']', '.', ','])) {
                let masked = if address.is_empty() { "" } else { "ADDRESS" };
                out.push('[');
                out.push_str(masked);
                in_bracket = !word.contains(']');
                out.push_str(if in_bracket { " " } else { "] " });
                continue;
            }
            if in_bracket && word.contains(']') {
                in_bracket = false;
            }
            if word.contains('@') {
                out.push_str("<ADDRESS>");
            } else if word.len() >= 8 && looks_like_id(word) {
                out.push_str("ID");
            } else {
                out.push_str(word);
            }
            out.push(' ');
        }
        out.truncate(out.trim_end().len());
        out
    }
}

/// Gmail's own clock: the Unix second in `250 2.0.0 OK  1795492010 <token> - gsmtp`.
///
/// Source: every acceptance of Gmail's MX carries it (Postmark help, article 787).
#[must_use]
pub fn acceptance_second(reply: &[u8]) -> Option<i64> {
    let at = memchr::memmem::find(reply, b" OK ")? + 4;
    let digits = reply[at..].trim_ascii_start();
    let len = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    if !(9..=11).contains(&len) || digits.get(len) != Some(&b' ') {
        return None;
    }
    digits[..len].iter().try_fold(0_i64, |n, d| n.checked_mul(10)?.checked_add(i64::from(d - b'0')))
}

enum PrefixEnhanced<'a> {
    Inside(&'a str),
    Next,
    None,
}

/// Whether `word` opens a line of the reply: `421-4.7.28`, `421 4.7.28`, `250-` or a first `421`.
fn line_prefix<'a>(
    word: &'a str,
    next: Option<&'a str>,
    first: bool,
    seen: Option<u16>,
) -> Option<(u16, PrefixEnhanced<'a>)> {
    let code: u16 = word.get(..3)?.parse().ok().filter(|c| (200..600).contains(c))?;
    match word.as_bytes().get(3) {
        Some(b'-') if word.len() == 4 => Some((code, PrefixEnhanced::None)),
        Some(b'-') if is_enhanced(&word[4..]) => Some((code, PrefixEnhanced::Inside(&word[4..]))),
        None if next.is_some_and(is_enhanced) => Some((code, PrefixEnhanced::Next)),
        None if first && seen.is_none() => Some((code, PrefixEnhanced::None)),
        _ => None,
    }
}

fn is_enhanced(word: &str) -> bool {
    let mut parts = word.split('.');
    let numeric = |p: &str| !p.is_empty() && p.len() <= 3 && p.bytes().all(|b| b.is_ascii_digit());
    matches!(parts.next(), Some("2" | "4" | "5"))
        && parts.next().is_some_and(numeric)
        && parts.next().is_some_and(numeric)
        && parts.next().is_none()
}

/// Drops Postfix's `(in reply to end of DATA command)`, which is the MTA's note, not the receiver's text.
fn strip_stage_note(text: &str) -> &str {
    match text.rfind(" (in reply to ") {
        Some(at) if text.ends_with(')') => text[..at].trim_end(),
        _ => text,
    }
}

/// Removes `<token> - gsmtp` from the end and returns the token.
fn take_token(words: &mut Vec<&str>) -> Option<Token> {
    let n = words.len();
    if n < 2 || words[n - 1] != "gsmtp" || words[n - 2] != "-" {
        return None;
    }
    words.truncate(n - 2);
    // A Workspace admin's rule writes ` - gcdp <token> - gsmtp`.
    let candidate = words.last().copied().filter(|w| w.contains('.') && looks_like_id(w))?;
    words.pop();
    Some(Token(candidate.to_owned()))
}

/// Five to ten digits, then at most three characters that name a cell.
fn is_serial_and_cell(tail: &str) -> bool {
    let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
    digits >= 5 && tail.len() - digits <= 3 && tail.len() <= 13
}

/// Letters and digits mixed, as tokens and queue ids are, and no ordinary word is.
fn looks_like_id(word: &str) -> bool {
    let core = word.trim_end_matches(['.', ',']);
    let digits = core.bytes().filter(u8::is_ascii_digit).count();
    let letters = core.bytes().filter(u8::is_ascii_alphabetic).count();
    digits >= 4
        && letters >= 2
        && core.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
        && !core.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flattened_multi_line_reply_of_postfix() {
        // Shape: shared wire sample of an IP netblock limit, flattened as Postfix does.
        let r = Reply::parse(
            "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating 421-4.7.28 from your IP address [192.0.2.32      15]. To protect our users 421-4.7.28 from spam, mail sent from your IP address has been temporarily rate 421-4.7.28 limited. For more information, go to 421-4.7.28  https://support.google.com/mail/?p=UnsolicitedRateLimitError to 421 4.7.28 review our Bulk Email Senders Guidelines. ffacd0b85a97d-4324eab2651si10575209f8f.183 - gsmtp (in reply to end of DATA command)",
        );
        assert_eq!(r.code, Some(421));
        assert_eq!(r.enhanced.as_deref(), Some("4.7.28"));
        assert!(r.text.starts_with("Gmail has detected an unusual rate of unsolicited mail originating from your IP address [192.0.2.32 15]. To protect"), "{}", r.text);
        assert!(r.text.ends_with("to review our Bulk Email Senders Guidelines."), "{}", r.text);
        assert_eq!(r.token.as_ref().map(|t| t.0.as_str()), Some("ffacd0b85a97d-4324eab2651si10575209f8f.183"));
        assert_eq!(r.token.map(|t| t.kind()), Some(TokenKind::Inbound));
    }

    #[test]
    fn differing_codes_the_last_line_counts() {
        let r = Reply::parse(
            "550-5.7.26 Unauthenticated email from example.com is not accepted 550-5.7.26 to learn about the 450 4.7.26 DMARC initiative.",
        );
        assert_eq!((r.code, r.enhanced.as_deref()), (Some(450), Some("4.7.26")));
        assert_eq!(
            r.text,
            "Unauthenticated email from example.com is not accepted to learn about the DMARC initiative."
        );
    }

    #[test]
    fn normal_form_groups_what_differs_only_by_session_and_host() {
        let a = Reply::parse(
            "421-4.7.28 rate from your IP address [192.0.2.1      15]. go 421 4.7.28 on. a1b2c3d4e5-6si1234567.1 - gsmtp",
        );
        let b = Reply::parse(
            "421-4.7.28 rate from your IP address [2001:db8::1      15]. go 421 4.7.28 on. ffacd0b8-7si7654321.9 - gsmtp",
        );
        assert_eq!(a.normal_form(), b.normal_form());
        assert_eq!(a.normal_form(), "421 4.7.28 rate from your IP address [ADDRESS 15]. go on.");
    }

    #[test]
    fn gmails_clock() {
        assert_eq!(
            acceptance_second(b"250 2.0.0 OK  1795492010 8b4a091409ecf-cd6a6536fc6si995264155.853 - gsmtp"),
            Some(1_795_492_010)
        );
        assert_eq!(acceptance_second(b"250 2.0.0 OK: queued as 4jYS"), None);
        assert_eq!(acceptance_second(b"250 ok dirdel"), None);
    }

    #[test]
    fn relay_tokens_are_told_from_mx_tokens() {
        assert_eq!(Token("d10sm816945pfh.8".into()).kind(), TokenKind::Relay);
        assert_eq!(Token("l11si9233120wms.107".into()).kind(), TokenKind::Inbound);
        assert_eq!(Token("3f1490d57ef6-e7f7352f44csm831688276.30".into()).kind(), TokenKind::Relay);
    }
}
