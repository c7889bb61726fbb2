//! Replies as they come over the wire, and how each MTA and ESP logs them.

use proptest::prelude::*;
use proptest::sample::select;

use super::Reply;

/// How one MTA logs the lines of a reply that it received.
type Wrapping = fn(&Wire) -> Option<Reply>;

/// A reply as it comes over the wire: one code, one enhanced code, lines.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    pub(super) code: u16,
    pub(super) enhanced: String,
    lines: Vec<String>,
}

impl Wire {
    pub(super) fn new(code: u16, enhanced: &str, lines: &[&str]) -> Self {
        Self { code, enhanced: enhanced.into(), lines: lines.iter().map(|l| (*l).into()).collect() }
    }

    /// Each line with its prefix.
    fn sent(&self) -> Vec<String> {
        let last = self.lines.len() - 1;
        let mark = |at| if at == last { ' ' } else { '-' };
        self.lines
            .iter()
            .enumerate()
            .map(|(at, line)| format!("{}{}{} {line}", self.code, mark(at), self.enhanced))
            .collect()
    }

    fn joined(&self, between: &str) -> String {
        self.sent().join(between)
    }

    fn has_underscores(&self) -> bool {
        self.lines.iter().any(|l| l.contains('_'))
    }
}

/// Facts on formats: §1.3 Postfix, §3.3 Exim, §5 OpenSMTPD, §6 Haraka, §7 qmail of the open-source
/// MTAs; §2.2 PowerMTA, §3.2 KumoMTA, §4.3 Halon, §5 SES and Mailjet of the others.
const WRAPPINGS: &[(&str, Wrapping)] = &[
    ("postfix", |w| Some(Reply::parse(&format!("{} (in reply to end of DATA command)", w.joined(" "))))),
    ("exim", |w| Some(Reply::parse(&w.joined("\\n")))),
    ("exim C=", |w| Some(Reply::parse(&w.joined("\\\\n")))),
    ("exim **", |w| Some(Reply::parse(&format!("{} DT=0.000s", w.joined("\\n"))))),
    ("powermta", |w| Some(Reply::parse(&format!("smtp;{}", w.joined(" "))))),
    ("powermta twice", |w| Some(Reply::parse(&format!("smtp;450 4.0.0 (undefined status);smtp;{}", w.joined(" "))))),
    ("ses", |w| Some(Reply::parse(&format!("smtp; {}", w.joined(" "))))),
    ("mailjet", |w| Some(Reply::parse(&format!("sent ({})", w.joined(" "))))),
    ("rsyslog", |w| Some(Reply::parse(&w.joined("#015#012")))),
    ("hmailserver", |w| Some(Reply::parse(&w.joined("[nl]")))),
    ("halon", |w| Some(Reply::with_codes(w.code, Some(&w.enhanced), &w.lines.join("\n")))),
    ("kumomta", |w| Some(Reply::with_codes(w.code, Some(&w.enhanced), &w.lines.join(" ")))),
    ("kumomta rewritten", |w| {
        let text =
            format!("{} {} (kumomta: status was rewritten from {} -> 550)", w.enhanced, w.lines.join(" "), w.code);
        Some(Reply::with_code(550, &text))
    }),
    // Repeated enhanced codes in a message of several lines.
    ("mailgun", |w| {
        Some(Reply::with_code(w.code, &format!("{0} {1}", w.enhanced, w.lines.join(&format!("\n{} ", w.enhanced)))))
    }),
    // The code once, the enhanced code before each line.
    ("haraka", |w| {
        let between = format!(" {} ", w.enhanced);
        Some(Reply::parse(&format!("{} {} {}", w.code, w.enhanced, w.lines.join(&between))))
    }),
    // The same, glued to the word before. It drops a status of three single digits and keeps
    // the blank behind it.
    ("opensmtpd", |w| {
        let between = if w.enhanced.len() == 5 { " ".to_owned() } else { format!("{} ", w.enhanced) };
        let mark = if w.lines.len() > 1 { '-' } else { ' ' };
        Some(Reply::parse(&format!("{}{mark}{} {}", w.code, w.enhanced, w.lines.join(&between))))
    }),
    // A real underscore is lost: qmail writes blanks so.
    ("qmail", |w| {
        let text = w.joined("/").replace(' ', "_");
        let log = format!("192.0.2.27_failed_after_I_sent_the_message./Remote_host_said:_{text}/");
        (!w.has_underscores()).then(|| Reply::parse(&log))
    }),
    ("qmail, giving up", |w| {
        let text = w.joined("/").replace(' ', "_");
        let log = format!("192.0.2.27_does_not_like_recipient./Remote_host_said:_{text}/Giving_up_on_192.0.2.27./");
        (!w.has_underscores()).then(|| Reply::parse(&log))
    }),
    ("qmail, the reply alone", |w| (!w.has_underscores()).then(|| Reply::parse(&w.joined("/").replace(' ', "_")))),
];

/// All wrappings of a reply give one reply.
pub(super) fn assert_alike(wire: &Wire) -> Reply {
    let expected = Reply::parse(&wire.joined("\n"));
    for (mta, wrapping) in WRAPPINGS {
        let Some(found) = wrapping(wire) else { continue };
        assert_eq!(found, expected, "{mta}");
        assert_eq!(found.normal_form(), expected.normal_form(), "{mta}");
    }
    expected
}

/// Words as replies have them: no codes, no underscores, no line feeds. A line ends in a word: a
/// status that OpenSMTPD glues to a number cannot be told from it.
fn plain_line() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        8 => "[A-Za-z][a-z']{0,11}[.,:]?",
        1 => select(vec!["[192.0.2.1      15].", "(EHLO)", "-", "=", "<a@example.com>", "https://support.google.com/mail/?p=NoSuchUser", "RFC5322", "3", "15"]).prop_map(str::to_owned),
    ];
    (proptest::collection::vec(word, 0..8), " {0,2}", "[A-Za-z][a-z']{0,11}[.,:]?").prop_map(
        |(mut words, lead, last)| {
            words.push(last);
            format!("{lead}{}", words.join(" "))
        },
    )
}

pub(super) fn wire() -> impl Strategy<Value = Wire> {
    let codes =
        select(vec![(421, "4.7.28"), (421, "4.7.0"), (550, "5.7.26"), (450, "4.2.1"), (421, "5.7.32"), (250, "2.0.0")]);
    let tail = select(vec!["", " ffacd0b85a97d-4324eab2651si10575209f8f.183 - gsmtp", " d10sm816945pfh.8 - gsmtp"]);
    (codes, proptest::collection::vec(plain_line(), 1..7), tail).prop_map(|((code, enhanced), mut lines, tail)| {
        if let Some(last) = lines.last_mut() {
            last.push_str(tail);
        }
        Wire { code, enhanced: enhanced.to_owned(), lines }
    })
}

/// Pieces of which wrappings and prefixes are made, in any order.
pub(super) fn rubble() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        select(vec![
            "421",
            "421-",
            "421-4.7.28",
            "4.7.28",
            "550 5.1.1",
            " ",
            "  ",
            "\n",
            "\\n",
            "\\",
            "\\\\n",
            "\"",
            "\\\"",
            "smtp;",
            ";",
            "(",
            ")",
            "[",
            "]",
            "[192.0.2.1 15]",
            "Remote_host_said:_",
            "/Giving_up_on_",
            "_",
            "/",
            " (in reply to ",
            " - gsmtp",
            "- gcdp",
            "gsmtp",
            "a1b2si1234567ab.8",
            "http://x/?p=",
            "http://www.google.com/mail/help/bulk_mail.",
            "html",
            " (kumomta: status was rewritten from ",
            "sent (",
            "OK 1795492010",
            "DT=1s",
            "#012",
            "[nl]",
            "é",
            "\u{2019}",
            "try again later (",
            "user@",
            "::1",
            "P1",
            "5s",
            "=",
        ])
        .prop_map(str::to_owned),
        ".{0,4}",
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}
