//! `dig +yaml` (BIND 9.18, recorded): the same answers, one key a line.

use super::dig::{Comment, cut};
use crate::time::parse_rfc3339;

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// What a comment of plain `dig` would say.
    Said(Comment<'a>),
    /// A row of the section, or its question.
    Item(&'a str),
    /// A key that says nothing of an answer.
    Other,
}

/// Whether a message begins at the line.
pub(super) fn opens(line: &str) -> bool {
    line.trim().trim_start_matches("- ") == "type: MESSAGE"
}

/// Reads a line that stands inside a message; nothing where it is none of a message's.
pub(super) fn line(line: &str) -> Option<Line<'_>> {
    let words = line.trim();
    if !line.starts_with("  ") && !line.starts_with('-') {
        return None;
    }
    if opens(line) {
        return Some(Line::Said(Comment::Header("")));
    }
    if words == "-" || words.starts_with("- type: ") {
        return Some(Line::Other);
    }
    if let Some(item) = words.strip_prefix("- ") {
        let quoted = item.strip_prefix('\'').and_then(|i| i.strip_suffix('\''));
        return Some(Line::Item(quoted.unwrap_or(item)));
    }
    if words.contains(";; communications error") || words.contains(";; no servers could be reached") {
        return Some(Line::Said(Comment::Unreached));
    }
    let (key, value) = words.split_once(':')?;
    if !key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
        return None;
    }
    let value = value.trim();
    Some(match key {
        "status" => Line::Said(Comment::Status(value)),
        "flags" if cut(value) => Line::Said(Comment::Cut),
        "response_time" => {
            let moment = value.trim_start_matches("!!timestamp").trim();
            Line::Said(Comment::When(parse_rfc3339(moment).ok(), moment))
        }
        "ANSWER_SECTION" => Line::Said(Comment::Answer),
        key if key.ends_with("_SECTION") => Line::Said(Comment::Beside),
        _ => Line::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Stamp;

    #[test]
    fn keys_say_what_the_comments_of_dig_say() {
        assert!(opens("- type: MESSAGE") && opens("  type: MESSAGE") && !opens("type: MESSAGES"));
        assert_eq!(line("      status: NXDOMAIN"), Some(Line::Said(Comment::Status("NXDOMAIN"))));
        assert_eq!(line("      flags: qr tc rd ra"), Some(Line::Said(Comment::Cut)));
        assert_eq!(line("      flags: qr rd ra"), Some(Line::Other));
        assert_eq!(line("        - 'a.example. IN TXT'"), Some(Line::Item("a.example. IN TXT")));
        assert_eq!(line("        - a.example. 3 IN A 192.0.2.1"), Some(Line::Item("a.example. 3 IN A 192.0.2.1")));
        let Some(Line::Said(Comment::When(at, _))) = line("    response_time: !!timestamp 2026-11-24T02:43:07.975Z")
        else {
            panic!("no time");
        };
        assert_eq!(at.map(Stamp::to_second).as_deref(), Some("2026-11-24T02:43:07Z"));
        assert_eq!(line("We run a name server"), None);
    }
}
