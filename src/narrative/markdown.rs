//! Making any text inert in the three kinds of document we write.
//!
//! Evidence and users may hold anything: links, markup, terminal controls,
//! bidirectional overrides. What is not printable is *shown* (`<U+202E>`) and
//! never obeyed; what a format would take as markup is escaped.

use std::fmt::Write as _;

use crate::release::visible;

/// The kind of document that a value is printed into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::narrative) enum Sink {
    /// CommonMark with tables.
    Markdown,
    /// Plain ASCII.
    Text,
    /// HTML text or a quoted attribute.
    Html,
}

impl Sink {
    /// By file name: `.txt` is text, `.html` is HTML, all else is Markdown.
    pub(in crate::narrative) fn of(name: &str) -> Self {
        match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("txt") => Self::Text,
            Some("html" | "htm") => Self::Html,
            _ => Self::Markdown,
        }
    }

    /// The text, inert in this kind of document.
    pub(in crate::narrative) fn escape(self, text: &str) -> String {
        match self {
            Self::Markdown => markdown(&visible(text)),
            Self::Text => ascii(text),
            Self::Html => html(&visible(text)),
        }
    }

    /// The text as characters that this kind of document can hold, not yet escaped.
    pub(in crate::narrative) fn shown(self, text: &str) -> String {
        if self == Self::Text { ascii(text) } else { visible(text) }
    }

    /// What opens and closes verbatim text: nothing in plain text.
    pub(in crate::narrative) fn code(self, text: &str) -> (String, String, String) {
        match self {
            Self::Markdown => code_span(&visible(text)),
            Self::Text => (String::new(), ascii(text), String::new()),
            Self::Html => ("<code>".to_owned(), html(&visible(text)), "</code>".to_owned()),
        }
    }
}

/// Escapes only where CommonMark or its common extensions would act, so that the
/// source stays readable in a ticket that shows it as it is.
fn markdown(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or(' ');
    let digits = chars.iter().take_while(|c| c.is_ascii_digit()).count();
    let mut out = String::with_capacity(text.len() + 8);
    for (i, &c) in chars.iter().enumerate() {
        let before = if i == 0 { ' ' } else { at(i - 1) };
        let escape = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '$' => true,
            '_' => !(before.is_alphanumeric() && at(i + 1).is_alphanumeric()),
            '&' => at(i + 1).is_alphanumeric() || at(i + 1) == '#',
            // At the start of a line these open headings, lists and rules.
            '#' | '+' | '-' | '=' | ':' if i == 0 => true,
            '.' | ')' if digits > 0 && i == digits => at(i + 1) == ' ',
            // Bare links and addresses, which many renderers turn into links.
            '/' => before == ':' && at(i + 1) == '/',
            '@' => !before.is_whitespace() && !at(i + 1).is_whitespace(),
            '.' => i >= 3 && chars.get(i - 3..i).is_some_and(|w| w.iter().all(|c| matches!(c, 'w' | 'W'))),
            _ => false,
        };
        if i == 0 && text.starts_with("    ") {
            out.push_str("&#32;");
            continue;
        }
        if escape {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A code span around any content: its fence is longer than any run of backticks inside.
fn code_span(text: &str) -> (String, String, String) {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let edge = |c: Option<char>| matches!(c, Some('`' | ' ') | None);
    let pad = if edge(text.chars().next()) || edge(text.chars().next_back()) { " " } else { "" };
    (format!("{fence}{pad}"), text.to_owned(), format!("{pad}{fence}"))
}

/// HTML text, also safe inside quotes.
pub(in crate::narrative) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// Plain ASCII: typographic signs and Latin letters by their plain form, the rest shown.
fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            ' '..='~' => out.push(c),
            _ => match plain(c) {
                Some(form) => out.push_str(form),
                None => {
                    let _ = write!(out, "<U+{:04X}>", c as u32);
                }
            },
        }
    }
    out
}

/// The plain form of signs and letters that Western prose uses.
const fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{a0}' | '\u{2009}' | '\u{202f}' => " ",
        '\u{2010}'..='\u{2015}' | '−' => "-",
        '‘' | '’' | '‚' | '′' => "'",
        '“' | '”' | '„' | '«' | '»' | '″' => "\"",
        '…' => "...",
        '•' | '·' => "*",
        '→' => "->",
        '×' => "x",
        '≤' => "<=",
        '≥' => ">=",
        'µ' | 'μ' => "u",
        'À'..='Å' => "A",
        'Æ' => "AE",
        'Ç' => "C",
        'È'..='Ë' => "E",
        'Ì'..='Ï' => "I",
        'Ñ' => "N",
        'Ò'..='Ö' | 'Ø' => "O",
        'Ù'..='Ü' => "U",
        'ß' => "ss",
        'à'..='å' => "a",
        'æ' => "ae",
        'ç' => "c",
        'è'..='ë' => "e",
        'ì'..='ï' => "i",
        'ñ' => "n",
        'ò'..='ö' | 'ø' => "o",
        'ù'..='ü' => "u",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // esp trap 47: markup of a reply.
    #[test]
    fn markup_is_escaped_only_where_it_would_act() {
        let md = |t| Sink::Markdown.escape(t);
        assert_eq!(md("[x](http://evil.example)"), r"\[x\](http:\//evil.example)");
        assert_eq!(md("- item"), r"\- item");
        assert_eq!(md("3. item"), r"3\. item");
        assert_eq!(md("97.2 % (3,041 of 3,128)"), "97.2 % (3,041 of 3,128)");
        assert_eq!(md("<script>|</script>"), r"\<script\>\|\</script\>");
        assert_eq!(md("postfix_ip1 _x_ www.evil.example a@b.c"), r"postfix_ip1 \_x\_ www\.evil.example a\@b.c");
        assert_eq!(md("AT&T &amp; &"), r"AT\&T \&amp; &");
        assert_eq!(md("a\n\n# b"), r"a\<U+000A\>\<U+000A\># b");
        assert_eq!(md("    code"), "&#32;   code");
    }

    #[test]
    fn code_spans_hold_any_content() {
        let span = |t| {
            let (open, text, close) = Sink::Markdown.code(t);
            format!("{open}{text}{close}")
        };
        assert_eq!(span("421 4.7.0"), "`421 4.7.0`");
        assert_eq!(span("a``b`"), "``` a``b` ```");
        assert_eq!(span(""), "`  `");
    }

    #[test]
    fn nothing_acts_in_plain_text() {
        let text = |t| Sink::Text.escape(t);
        assert_eq!(text("\u{1b}[31mred\u{202e}"), "<U+001B>[31mred<U+202E>");
        assert_eq!(text("Zoë – “ok” → 日"), "Zoe - \"ok\" -> <U+65E5>");
        assert_eq!(visible("\u{fdd0}1v\u{fdd1}x"), "<U+FDD0>1v<U+FDD1>x");
    }
}
