//! The values that must not be there, all looked for at once.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;

use aho_corasick::{AhoCorasick, BuildError};

use super::reading::is_joined;
use super::windows::Trust;
use super::{Forbidden, Stands};

/// Shortest value that is looked for where a run was decoded on the off-chance.
const LEAST_GUESSED: usize = 6;

/// Shortest value that is looked for at all.
const LEAST: usize = 3;

/// The forbidden values in every spelling, ready to be looked for.
pub(super) struct Values<'a> {
    automaton: AhoCorasick,
    /// The value behind each pattern.
    of: Vec<&'a Forbidden>,
    ips: BTreeMap<IpAddr, &'a Forbidden>,
    /// Addresses in small letters, and the same read backwards, for lines that hold a part of one.
    whole: BTreeMap<String, &'a Forbidden>,
    backwards: BTreeMap<String, &'a Forbidden>,
}

impl<'a> Values<'a> {
    pub(super) fn new(forbidden: &'a [Forbidden]) -> Result<Self, BuildError> {
        let long = || forbidden.iter().filter(|f| f.value.len() >= LEAST);
        let spelled: Vec<_> = long().flat_map(|f| spellings(&f.value).into_iter().map(move |s| (s, f))).collect();
        let addresses = || long().filter(|f| f.value.contains('@')).map(|f| (f.value.to_lowercase(), f));
        Ok(Self {
            whole: addresses().collect(),
            backwards: addresses().map(|(value, f)| (value.chars().rev().collect(), f)).collect(),
            automaton: AhoCorasick::builder().ascii_case_insensitive(true).build(spelled.iter().map(|(s, _)| s))?,
            of: spelled.into_iter().map(|(_, f)| f).collect(),
            ips: forbidden.iter().filter_map(|f| Some((f.value.parse::<IpAddr>().ok()?.to_canonical(), f))).collect(),
        })
    }

    /// Each place of a forbidden value, in any spelling.
    pub(super) fn find(&self, text: &[u8], trust: Trust) -> Vec<(Range<usize>, &'a Forbidden)> {
        let mut out = Vec::new();
        for found in self.automaton.find_overlapping_iter(text) {
            let Some(value) = self.of.get(found.pattern().as_usize()) else { continue };
            let fits = match trust {
                Trust::Meant => stands(text, &found.range(), value),
                Trust::Guessed => found.len() >= LEAST_GUESSED,
            };
            if fits {
                out.push((found.range(), *value));
            }
        }
        if trust == Trust::Meant {
            out.extend(self.parts(text));
        }
        if !self.ips.is_empty() {
            out.extend(addresses_of_hosts(text).filter_map(|(span, ip)| Some((span, *self.ips.get(&ip)?))));
        }
        out
    }
}

impl<'a> Values<'a> {
    /// Ends of addresses that a logger cut in two: the last word of a line with `[1/2]`, the
    /// first behind `[2/2]` (Exim's syslog; `[1\\2]` where the message had a line end).
    fn parts(&self, text: &[u8]) -> Vec<(Range<usize>, &'a Forbidden)> {
        let mut out = Vec::new();
        for open in memchr::memchr_iter(b'[', text) {
            let rest = text.get(open + 1..).unwrap_or_default();
            let digits = |from: usize| rest.iter().skip(from).take_while(|b| b.is_ascii_digit()).count();
            let first = digits(0);
            let second = digits(first + 1);
            let joint = rest.get(first).is_some_and(|b| matches!(b, b'/' | b'\\'));
            let closed = rest.get(first + 1 + second..).is_some_and(|r| r.starts_with(b"] "));
            if first == 0 || second == 0 || !joint || !closed {
                continue;
            }
            let start = open + 1 + first + 1 + second + 2;
            let line = text.get(start..).unwrap_or_default().split(|b| *b == b'\n').next().unwrap_or_default();
            let member = |b: &&u8| !b.is_ascii_whitespace() && !b"<>,;()\"".contains(b);
            let head = line.iter().take_while(member).count();
            let line = line.trim_ascii_end();
            let tail = line.iter().rev().take_while(member).count();
            let piece = |span: &Range<usize>| {
                String::from_utf8_lossy(text.get(span.clone()).unwrap_or_default()).to_lowercase()
            };
            let (head, tail) = (start..start + head, start + line.len() - tail..start + line.len());
            let reversed: String = piece(&head).chars().rev().collect();
            out.extend(begins(&self.backwards, &reversed).map(|f| (head, f)));
            out.extend(begins(&self.whole, &piece(&tail)).map(|f| (tail, f)));
        }
        out
    }
}

/// The first value that begins with a piece worth the name.
fn begins<'a>(values: &BTreeMap<String, &'a Forbidden>, piece: &str) -> Option<&'a Forbidden> {
    let (whole, found) = values.range(piece.to_owned()..).next().filter(|_| piece.chars().count() > 2)?;
    whole.starts_with(piece).then_some(*found)
}

/// A value as it is, in the other case where that is not ASCII's, and an address in the forms
/// in which addresses carry one another (VERP, SRS, percent hack, maildir).
fn spellings(value: &str) -> Vec<String> {
    let mut out = vec![value.to_owned()];
    if let Some((local, domain)) = value.rsplit_once('@') {
        let bare = local.trim_matches('"');
        out.extend("=%#+-_!~$:|/".chars().map(|joint| format!("{bare}{joint}{domain}")));
        out.extend("=/!".chars().map(|joint| format!("{domain}{joint}{bare}")));
        out.push(format!("{bare}@{domain}"));
    }
    if !value.is_ascii() {
        let cased: Vec<String> = out.iter().flat_map(|s| [s.to_lowercase(), s.to_uppercase()]).collect();
        out.extend(cased);
    }
    out.sort();
    out.dedup();
    out
}

fn stands(text: &[u8], span: &Range<usize>, value: &Forbidden) -> bool {
    match value.stands {
        // An address that goes on to the left is another one, and has a name of its own.
        Stands::Anywhere => !value.value.contains('@') || !is_joined(text, span.start),
        Stands::Word => is_word(text, span),
        // A name made of letters alone may be any word of the language.
        Stands::Name if value.value.chars().all(|c| c.is_ascii_alphabetic() || c == '-') => {
            is_word(text, span) && is_of_somebody(text, span)
        }
        Stands::Name => is_word(text, span),
    }
}

/// Whether neither a letter nor a digit stands beside a stretch, unless the stretch itself ends in none.
fn is_word(text: &[u8], span: &Range<usize>) -> bool {
    !is_joined(text, span.start) && !is_joined(text, span.end)
}

/// Whether a word stands where names of accounts stand: after `user=` and its like, before
/// `@`, between the slashes of a path below a home or a mail store.
fn is_of_somebody(text: &[u8], span: &Range<usize>) -> bool {
    const LEADS: &[&str] =
        &["user", "username", "login", "account", "authid", "authenticated", "uid", "mailbox", "for"];
    let before = text.get(span.start.saturating_sub(64)..span.start).unwrap_or_default();
    let before = String::from_utf8_lossy(before).to_ascii_lowercase();
    let bare = before.trim_end_matches(['=', ':', '"', '\'', '`', '<', ' ', '\\']);
    let lead: String = {
        let tail: Vec<char> = bare.chars().rev().take_while(char::is_ascii_alphabetic).collect();
        tail.into_iter().rev().collect()
    };
    let marked = bare.len() < before.len() && LEADS.contains(&lead.as_str());
    let path = before.ends_with('/')
        && ["/home/", "/users/", "/mail/", "/vmail/", "/vhosts/"].iter().any(|p| before.contains(p));
    marked || path || text.get(span.end) == Some(&b'@') || before.ends_with('~')
}

/// All IP addresses in a text, in whatever spelling.
pub(super) fn addresses_of_hosts(text: &[u8]) -> impl Iterator<Item = (Range<usize>, IpAddr)> + '_ {
    let member = |b: u8| b.is_ascii_hexdigit() || matches!(b, b'.' | b':');
    let mut at = 0;
    text.split(move |b| !member(*b)).filter_map(move |run| {
        let start = at;
        at += run.len() + 1;
        (run.len() >= 3).then(|| ip_of(run).map(|ip| (start..start + run.len(), ip)))?
    })
}

fn ip_of(run: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(run).ok()?.trim_end_matches('.');
    let bare = text.trim_end_matches(':');
    let without_port = || bare.rsplit_once(':').map(|(host, _)| host).filter(|host| host.contains('.'));
    let parsed = text.parse::<IpAddr>().or_else(|_| bare.parse());
    parsed.ok().or_else(|| without_port()?.parse().ok()).map(|ip| ip.to_canonical())
}
