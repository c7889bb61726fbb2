//! A row of an answer: `sender.example.  300  IN  TXT  "v=spf1 -all"`.

/// Types that stand in answers about mail; a word that is none of them makes no row.
const TYPES: [&str; 13] =
    ["A", "AAAA", "CAA", "CNAME", "DNAME", "DNSKEY", "DS", "MX", "NS", "PTR", "RRSIG", "SOA", "TXT"];

/// One row, as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row<'a> {
    pub(super) owner: &'a str,
    pub(super) kind: &'a str,
    pub(super) data: &'a str,
}

/// Takes a line apart; the time to live may be missing or have units (`5m`).
pub(super) fn row(line: &str) -> Option<Row<'_>> {
    let (owner, rest) = word(line)?;
    if !owner.ends_with('.') || owner.starts_with(';') {
        return None;
    }
    let (next, after) = word(rest)?;
    let is_ttl = next.starts_with(|c: char| c.is_ascii_digit()) && next.bytes().all(|b| b.is_ascii_alphanumeric());
    let (class, rest) = if is_ttl { word(after)? } else { (next, after) };
    let (kind, data) = word(rest)?;
    (class == "IN" && TYPES.contains(&kind)).then_some(Row { owner, kind, data: data.trim() })
}

/// `name. IN TXT`, the question that an answer answers.
pub(super) fn question(line: &str) -> Option<(&str, &str)> {
    let mut words = line.trim_start_matches(';').split_ascii_whitespace();
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some(name), Some("IN"), Some(kind), None) => Some((name, kind)),
        _ => None,
    }
}

fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches([' ', '\t']);
    let end = text.find([' ', '\t']).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_taken_apart_with_and_without_their_time_to_live() {
        let of = |line| row(line).map(|r| (r.owner, r.kind, r.data));
        let txt = Some(("a.example.", "TXT", "\"v=spf1 -all\""));
        assert_eq!(of("a.example.\t\t300\tIN\tTXT\t\"v=spf1 -all\""), txt);
        assert_eq!(of("a.example. 1h5m IN TXT \"v=spf1 -all\" "), txt);
        assert_eq!(of("a.example. IN TXT \"v=spf1 -all\""), txt);
        for line in
            ["", "a.example 300 IN TXT \"x\"", "a.example. 300 CH TXT \"x\"", "We run. 3 IN a row", ";a. IN TXT"]
        {
            assert_eq!(of(line), None, "{line}");
        }
        assert_eq!(question(";a.example.\t\tIN\tTXT"), Some(("a.example.", "TXT")));
        assert_eq!(question(";; a.example. IN TXT"), Some(("a.example.", "TXT")));
        assert_eq!(question(";; QUESTION SECTION:"), None);
    }
}
