//! SMTP replies as logs quote them: code, enhanced code, one normal form, and
//! the token of Google's session that stands at the end.

use std::borrow::Cow;

use super::token::{Token, take_token};

/// One reply, taken apart. Multi-line replies are flattened, as every MTA logs them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The reply code of the last line (RFC 5321 §4.2): 421, 550; none where the text starts without one.
    pub code: Option<u16>,
    /// The code of the first line, where it is another one.
    pub first_code: Option<u16>,
    /// The enhanced status code of the last line that has one (RFC 3463): `4.7.28`.
    pub enhanced: Option<String>,
    /// The text without the repeated line prefixes, blanks collapsed, as the receiver worded it.
    pub text: String,
    /// Google's token, when the reply ends in one.
    pub token: Option<Token>,
    /// Google's word for the rule: `UnsolicitedRateLimitError` of `…/mail/?p=UnsolicitedRateLimitError`.
    pub rule: Option<String>,
    /// What a limit is bound to, as Google writes it: `[192.0.2.1      15]`.
    pub subject: Option<Subject>,
}

/// `[192.0.2.1      15]`: whose quota was hit, and a number that Google does not document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// An address or a domain; may be empty.
    pub of: String,
    /// The number, verbatim.
    pub number: String,
}

impl Reply {
    /// Takes a logged reply apart: `421-4.7.28 Gmail has … 421 4.7.28 review … <token> - gsmtp`.
    ///
    /// Accepts what MTAs make of it: prefixes of each line left in the text (Postfix,
    /// PowerMTA), bare enhanced codes left by others (Haraka) or glued to the word before
    /// (OpenSMTPD), a leading `smtp;` (DSN fields), a trailing `(in reply to … command)`,
    /// literal `\n` (Exim), doubled blanks. The last line's code counts (RFC 5321 §4.2.1).
    #[must_use]
    pub fn parse(raw: &str) -> Self {
        let raw = raw.replace("\\\\n", " ").replace("\\n", " ").replace("\\r", " ");
        let raw = raw.trim();
        let raw = raw.rsplit_once("smtp;").filter(|(before, _)| is_dsn_prefix(before)).map_or(raw, |(_, reply)| reply);
        let mut reply = Self::default();
        let mut words = reply.words_of(strip_stage_note(raw.trim()));
        reply.token = take_token(&mut words);
        heal_urls(&mut words);
        reply.rule = words.iter().find_map(|w| rule_of(w)).map(str::to_owned);
        reply.text = words.join(" ");
        reply.subject = subject_of(&reply.text);
        reply
    }

    /// The reply of a source that keeps the code apart from the text.
    #[must_use]
    pub fn with_code(code: u16, text: &str) -> Self {
        let parsed = Self::parse(text);
        if parsed.code.is_some() { parsed } else { Self { code: Some(code), ..parsed } }
    }

    /// The words of the text; codes are taken out on the way.
    fn words_of<'a>(&mut self, body: &'a str) -> Vec<Cow<'a, str>> {
        let mut words: Vec<Cow<'a, str>> = Vec::new();
        let mut rest = body.split_ascii_whitespace().peekable();
        while let Some(word) = rest.next() {
            if let Some((code, enhanced)) = line_prefix(word, rest.peek().copied(), words.is_empty(), self.code) {
                self.first_code = self.first_code.or(self.code.filter(|first| *first != code));
                self.code = Some(code);
                match enhanced {
                    PrefixEnhanced::Inside(status) => self.enhanced = Some(status.to_owned()),
                    PrefixEnhanced::Next => self.enhanced = rest.next().map(str::to_owned),
                    PrefixEnhanced::None => {}
                }
            } else if is_enhanced(word) && (words.is_empty() || self.enhanced.as_deref() == Some(word)) {
                self.enhanced = Some(word.to_owned());
            } else {
                words.push(Cow::Borrowed(self.unglued(word)));
            }
        }
        words
    }

    /// `originating4.7.28` without the status of the next line.
    fn unglued<'a>(&self, word: &'a str) -> &'a str {
        let before = self.enhanced.as_deref().and_then(|status| word.strip_suffix(status)).unwrap_or(word);
        let ends_a_number = before.ends_with(|c: char| c.is_ascii_digit()) || before.is_empty();
        if ends_a_number { word } else { before }
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

/// What stands before the last `smtp;` of a DSN's diagnostic: nothing, or another one.
fn is_dsn_prefix(before: &str) -> bool {
    before.is_empty() || before.starts_with("smtp;")
}

/// A URL that was broken over two lines of the reply: `…/bulk_mail.` and `html`.
fn heal_urls(words: &mut Vec<Cow<'_, str>>) {
    let Some(at) = words.windows(2).position(|w| w[0].starts_with("http") && w[0].ends_with('.') && w[1] == "html")
    else {
        return;
    };
    let tail = words.remove(at + 1);
    if let Some(url) = words.get_mut(at) {
        url.to_mut().push_str(&tail);
    }
}

/// The value of `?p=` in a link to Google's pages.
fn rule_of(word: &str) -> Option<&str> {
    let (_, value) = word.split_once("google.com/").and_then(|(_, path)| path.split_once("?p="))?;
    let end = value.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(value.len());
    (end > 0).then(|| &value[..end])
}

/// The first `[subject number]` of a text.
fn subject_of(text: &str) -> Option<Subject> {
    text.match_indices('[').find_map(|(at, _)| {
        let inside = text[at + 1..].split_once(']')?.0;
        let (of, number) = inside.rsplit_once(' ')?;
        let of = of.trim();
        let is_subject = !of.contains(' ') && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        is_subject.then(|| Subject { of: of.to_owned(), number: number.to_owned() })
    })
}

/// Drops Postfix's `(in reply to end of DATA command)`, which is the MTA's note, not the receiver's text.
fn strip_stage_note(text: &str) -> &str {
    match text.rfind(" (in reply to ") {
        Some(at) if text.ends_with(')') => text[..at].trim_end(),
        _ => text,
    }
}

/// Letters and digits mixed, as tokens and queue ids are, and no ordinary word is.
pub(super) fn looks_like_id(word: &str) -> bool {
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
    use crate::smtp::TokenKind;

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

    /// Wire sample of 2025 (an IP netblock limit), as each MTA logs it.
    #[test]
    fn one_reply_in_all_wrappings_has_one_normal_form() {
        let lines = [
            "Gmail has detected an unusual rate of unsolicited mail originating",
            "from your IP Netblock [192.0.2.58      34]. To protect our users",
            "from spam, mail sent from your IP Netblock has been temporarily rate",
            "limited. For more information, go to",
            " https://support.google.com/mail/?p=UnsolicitedRateLimitError to",
            "review our Bulk Email Senders Guidelines. ffacd0b85a97d-4324eab2651si10575209f8f.183 - gsmtp",
        ];
        let joined = |between: &str| lines.join(between);
        let wrappings = [
            // Postfix, PowerMTA: each line's prefix stays.
            (
                "postfix",
                format!(
                    "421-4.7.28 {} (in reply to end of DATA command)",
                    joined(" 421-4.7.28 ").replace("421-4.7.28 review", "421 4.7.28 review")
                ),
            ),
            (
                "powermta",
                format!(
                    "smtp;450 4.0.0 (undefined status);smtp;421-4.7.28 {}",
                    joined(" 421-4.7.28 ").replace("421-4.7.28 review", "421 4.7.28 review")
                ),
            ),
            // Exim: a backslash and an n; two backslashes inside C="…".
            (
                "exim",
                format!("421-4.7.28 {}", joined("\\n421-4.7.28 ").replace("421-4.7.28 review", "421 4.7.28 review")),
            ),
            (
                "exim C=",
                format!("421-4.7.28 {}", joined("\\\\n421-4.7.28 ").replace("421-4.7.28 review", "421 4.7.28 review")),
            ),
            // Haraka: the code once, the enhanced code before each line.
            ("haraka", format!("421 4.7.28 {}", joined(" 4.7.28 "))),
            // OpenSMTPD: the same, glued to the word before.
            ("opensmtpd", format!("421-4.7.28 {}", joined("4.7.28 "))),
            // SES: the DSN field's type before it, with a blank.
            ("ses", format!("smtp; 421-4.7.28 {}", joined(" 421-4.7.28 "))),
        ];
        let expected = Reply::parse(&wrappings[0].1);
        assert_eq!(expected.rule.as_deref(), Some("UnsolicitedRateLimitError"));
        assert_eq!(expected.subject, Some(Subject { of: "192.0.2.58".into(), number: "34".into() }));
        for (wrapping, text) in &wrappings {
            let found = Reply::parse(text);
            assert_eq!(found.normal_form(), expected.normal_form(), "{wrapping}");
            assert_eq!(
                (found.code, found.token, found.rule),
                (Some(421), expected.token.clone(), expected.rule.clone()),
                "{wrapping}"
            );
        }
        // KumoMTA keeps the code apart, the lines with line feeds.
        let kumo = Reply::with_code(421, &format!("4.7.28 {}", joined("\n4.7.28 ")));
        assert_eq!(kumo.normal_form(), expected.normal_form());
        // Sendmail keeps the first line alone: the class is the same, the form is not.
        let sendmail = Reply::parse("421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating");
        assert_eq!((sendmail.code, sendmail.enhanced), (expected.code, expected.enhanced));
    }

    #[test]
    fn a_url_broken_over_two_lines_is_healed() {
        // Wire sample of 2013: `… google.com/mail/help/bulk_mail.` and `html to review …`.
        let r = Reply::parse(
            "421-4.7.0 rate limited. Please visit http://www.google.com/mail/help/bulk_mail. 421 4.7.0 html to review our Guidelines. v69si8136768yhd.33 - gsmtp",
        );
        assert!(r.text.contains("http://www.google.com/mail/help/bulk_mail.html to review"), "{}", r.text);
    }

    #[test]
    fn old_tails_administrators_marks_and_empty_subjects() {
        let old = Reply::parse("421 4.7.0 Temporary System Problem.  Try again later (). ck16sm114297vdb.32");
        assert_eq!(old.token.as_ref().map(Token::kind), Some(TokenKind::Relay));
        assert_eq!(old.text, "Temporary System Problem. Try again later ().");
        let admin = Reply::parse("550 5.7.1 has a policy that prohibited the mail - gcdp x2si1234567abc.9 - gsmtp");
        assert!(admin.text.ends_with("- gcdp"), "{}", admin.text);
        let empty = Reply::parse("421-4.7.28 from your DKIM domain [      15]. To protect");
        assert_eq!(empty.subject, Some(Subject { of: String::new(), number: "15".into() }));
        // oss trap 17: the first line's code is not the last one's.
        let mixed = Reply::parse("550-5.7.26 Unauthenticated email to learn about the 450 4.7.26 DMARC initiative.");
        assert_eq!((mixed.first_code, mixed.code), (Some(550), Some(450)));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_and_reading_the_result_changes_nothing(text in ".{0,300}") {
            let once = Reply::parse(&text);
            let twice = Reply::parse(&once.text);
            proptest::prop_assert!(once.text.len() <= text.len() * 4);
            proptest::prop_assert!(twice.text.len() <= once.text.len());
        }
    }
}
