//! What `nslookup` prints: that of BIND (9.18, recorded) and that of Windows (documented).
//!
//! An address belongs to the name before it; the first name and address are the server's own.
//! `No answer` does not say which type was asked for, so nothing follows from it.

use super::answer::{Asked, Said};
use super::host::{Sentence, is_name};

/// Where in a page of `nslookup` the next line stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// The name whose addresses, or whose text, stand on the lines that follow.
    of: Option<String>,
    /// Whether its text is due.
    text_due: bool,
}

/// One line, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A record: name, type, data.
    Row(String, Asked, String),
    /// The name is another one's.
    Alias(String, String),
    /// There is no such name, or no answer about it.
    NoAnswer(String, Said),
    /// A line that only frames the others.
    Frame,
}

impl Page {
    /// Reads a line; nothing where it is none of `nslookup`'s.
    pub(super) fn line(&mut self, line: &str) -> Option<Line> {
        let words = line.trim();
        if words.is_empty() {
            return None;
        }
        if self.text_due && words.starts_with('"') {
            return Some(Line::Row(self.of.clone()?, Asked::Txt, words.to_owned()));
        }
        self.text_due = false;
        if let Some(server) = words.strip_prefix("Server:") {
            self.of = None;
            return (server.starts_with('\t') || server.starts_with("  ")).then_some(Line::Frame);
        }
        if is_frame(words) {
            self.of = None;
            return Some(Line::Frame);
        }
        if let Some(name) = words.strip_prefix("Name:") {
            let name = name.trim();
            let ours = words.starts_with("Name:\t") || words.starts_with("Name:  ");
            self.of = (ours && is_name(name)).then(|| name.to_owned());
            return self.of.is_some().then_some(Line::Frame);
        }
        if let Some(found) = refusal(words) {
            return Some(found);
        }
        if let Some(found) = self.address(line, words) {
            return Some(found);
        }
        self.record(words)
    }

    /// `Address: 192.0.2.1`, `Addresses:  2001:db8::1`, and the bare ones that follow it.
    fn address(&self, line: &str, words: &str) -> Option<Line> {
        let labelled = ["Address:", "Addresses:"].iter().find_map(|label| words.strip_prefix(label));
        let bare = line.starts_with(['\t', ' ']).then_some(words);
        let data = labelled.or(bare)?.trim();
        match &self.of {
            Some(name) => {
                let ip = data.parse::<std::net::IpAddr>().ok()?;
                let asked = if ip.is_ipv4() { Asked::A } else { Asked::Aaaa };
                Some(Line::Row(name.clone(), asked, ip.to_string()))
            }
            // The server that was asked.
            None => labelled.map(|_| Line::Frame),
        }
    }

    /// `sender.example<tab>text = "…"`, and the like.
    fn record(&mut self, words: &str) -> Option<Line> {
        let (name, rest) = words.split_once(['\t', ' ']).filter(|(name, _)| is_name(name))?;
        let (what, data) = rest.trim_start().split_once('=')?;
        let data = data.trim();
        match what.trim() {
            "text" if data.is_empty() => {
                *self = Self { of: Some(name.to_owned()), text_due: true };
                Some(Line::Frame)
            }
            "text" => data.starts_with('"').then(|| Line::Row(name.to_owned(), Asked::Txt, data.to_owned())),
            "name" => is_name(data).then(|| Line::Row(name.to_owned(), Asked::Ptr, data.to_owned())),
            "canonical name" => is_name(data).then(|| Line::Alias(name.to_owned(), data.to_owned())),
            "mail exchanger" | "nameserver" | "internet address" => Some(Line::Frame),
            _ => None,
        }
    }
}

/// `** server can't find sender.example: NXDOMAIN`
fn refusal(words: &str) -> Option<Line> {
    if words.starts_with("*** Can't find ") && words.ends_with(": No answer") {
        return Some(Line::Frame);
    }
    let (name, why) = words.strip_prefix("** server can't find ")?.rsplit_once(": ")?;
    let said = if why == "NXDOMAIN" { Said::NoName } else { Said::Failed };
    is_name(name).then(|| Line::NoAnswer(name.to_owned(), said))
}

fn is_frame(words: &str) -> bool {
    ["Non-authoritative answer:", "Authoritative answers can be found from:"].contains(&words)
}

impl Line {
    /// As `host` would say it; nothing where it says nothing of a name.
    pub(super) fn sentence(&self) -> Option<Sentence<'_>> {
        Some(match self {
            Self::Row(name, asked, data) => Sentence::Row(name, *asked, data),
            Self::Alias(name, to) => Sentence::Alias(name, to),
            Self::NoAnswer(name, said) => Sentence::NoAnswer(name, said.clone()),
            Self::Frame => return None,
        })
    }
}

/// Whether a line is one that only `nslookup` prints, wherever it stands.
pub(super) fn is_strong(line: &str) -> bool {
    let told = Page::default().line(line);
    let opens = line.starts_with("Server:\t") || line.starts_with("Server:  ");
    opens || matches!(told, Some(Line::Row(..) | Line::Alias(..) | Line::NoAnswer(..)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<Line> {
        let mut page = Page::default();
        text.lines().filter_map(|l| page.line(l)).filter(|l| *l != Line::Frame).collect()
    }

    fn row(name: &str, asked: Asked, data: &str) -> Line {
        Line::Row(name.to_owned(), asked, data.to_owned())
    }

    #[test]
    fn the_address_of_the_server_is_no_answer() {
        let unix = "Server:\t\t127.0.0.1\nAddress:\t127.0.0.1#53\n\nNon-authoritative answer:\nName:\tn.a.example\nAddress: 192.0.2.1\nName:\tn.a.example\nAddress: 2001:db8::1\n";
        let windows = "Server:  ns1.a.example\nAddress:  10.0.0.53\n\nNon-authoritative answer:\nName:    n.a.example\nAddresses:  192.0.2.1\n\t  2001:db8::1\n";
        let due = [row("n.a.example", Asked::A, "192.0.2.1"), row("n.a.example", Asked::Aaaa, "2001:db8::1")];
        assert_eq!(told(unix), due);
        assert_eq!(told(windows), due);
    }

    #[test]
    fn a_text_stands_on_its_line_or_on_those_that_follow() {
        let due = [row("a.example", Asked::Txt, "\"v=spf1 -all\"")];
        assert_eq!(told("a.example\ttext = \"v=spf1 -all\"\n"), due);
        assert_eq!(told("a.example       text =\n\n        \"v=spf1 -all\"\n"), due);
        assert_eq!(told("a.example text = none\n"), []);
    }

    #[test]
    fn what_does_not_say_its_type_shows_nothing() {
        let none = Line::NoAnswer("a.example".to_owned(), Said::NoName);
        assert_eq!(told("** server can't find a.example: NXDOMAIN\n"), [none]);
        let failed = Line::NoAnswer("a.example".to_owned(), Said::Failed);
        assert_eq!(told("** server can't find a.example: SERVFAIL\n"), [failed]);
        assert_eq!(told("*** Can't find a.example: No answer\n"), []);
        for other in ["Server: we run one", "Name: Bob", "a = b", "a.b colour = red", "Address: 192.0.2.1"] {
            assert!(!is_strong(other), "{other}");
        }
    }
}
