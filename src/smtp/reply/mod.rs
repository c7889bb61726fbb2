//! SMTP replies as logs quote them: codes, one text whatever the log made of the lines, and
//! what Google names in them.
//!
//! `wrapping` takes off what the logging software put around a reply, `lines` the codes that
//! begin its lines, `named` finds Google's rule, subject and note, `form` groups.

mod form;
mod lines;
mod named;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod wire;
mod wrapping;

use std::borrow::Cow;

pub use named::Subject;

use super::token::{Token, take_token};
use lines::Lines;

/// One reply, taken apart. Multi-line replies are flattened, as most MTAs log them.
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
    /// What Google puts in parentheses behind "try again later": `10`, `WS`, `EHLO`, nothing.
    pub note: Option<String>,
}

impl Reply {
    /// Takes a logged reply apart: `421-4.7.28 Gmail has … 421 4.7.28 review … <token> - gsmtp`.
    ///
    /// Accepts what MTAs make of it: prefixes of each line left in the text (Postfix,
    /// PowerMTA), bare enhanced codes left by others (Haraka) or glued to the word before
    /// (OpenSMTPD), a leading `smtp;` (DSN fields), a trailing `(in reply to … command)`,
    /// literal `\n` (Exim), underscores and slashes (qmail), doubled blanks. The last line's
    /// code counts (RFC 5321 §4.2.1).
    #[must_use]
    pub fn parse(raw: &str) -> Self {
        Self::read(raw, None, None)
    }

    /// The reply of a source that keeps the code apart from the text. A code in the text
    /// itself is the receiver's own and counts more.
    #[must_use]
    pub fn with_code(code: u16, text: &str) -> Self {
        Self::read(text, Some(code), None)
    }

    /// The reply of a source that keeps both codes apart from the text: KumoMTA, Mailgun, Halon.
    #[must_use]
    pub fn with_codes(code: u16, enhanced: Option<&str>, text: &str) -> Self {
        Self::read(text, Some(code), enhanced)
    }

    fn read(raw: &str, code: Option<u16>, enhanced: Option<&str>) -> Self {
        let unwrapped = wrapping::unwrap(raw);
        let Lines { code, first_code, enhanced, mut words, .. } =
            Lines::read(&unwrapped.text, unwrapped.code.or(code), enhanced);
        let token = take_token(&mut words);
        named::heal_urls(&mut words);
        let text = words.join(" ");
        Self {
            code,
            first_code: first_code.filter(|first| Some(*first) != code),
            enhanced: enhanced.map(Cow::into_owned),
            token,
            rule: words.iter().find_map(|w| named::rule_of(w)).map(str::to_owned),
            subject: named::subject_of(&text),
            note: named::parenthesis_of(&text).map(str::to_owned),
            text,
        }
    }

    /// Whether a rule of the recipient's Workspace administrator gave it: ` - gcdp <token> - gsmtp`.
    #[must_use]
    pub fn is_of_administrator(&self) -> bool {
        self.text.ends_with(" - gcdp")
    }

    /// The form that replies of one kind share: addresses, mailboxes, ids and moments
    /// replaced, everything else as worded. Used to group, never to quote.
    #[must_use]
    pub fn normal_form(&self) -> String {
        form::normal_form(self)
    }
}
