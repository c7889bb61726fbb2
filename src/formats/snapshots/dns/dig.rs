//! The comments of `dig` (9.18, +multiline and +ttlunits too) and `kdig`: which answer begins, how it ended, when.

use crate::time::Stamp;

use super::row::question;
use crate::formats::transcripts::stamp_in_header;

/// What a line that begins with `;` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comment<'a> {
    /// `; <<>> DiG 9.18 <<>> …`: another command.
    Command,
    /// `;; ->>HEADER<<- opcode: QUERY, status: NOERROR`
    Header(&'a str),
    /// `status: NOERROR`, where it stands apart from the header.
    Status(&'a str),
    /// The answer was cut.
    Cut,
    /// The question: name and type.
    Question(&'a str, &'a str),
    /// The rows that follow are the answer's.
    Answer,
    /// The rows that follow are not.
    Beside,
    /// The answer is told; its statistics follow.
    Footer,
    /// When it came, and the words for it.
    When(Option<Stamp>, &'a str),
    /// No server answered.
    Unreached,
    /// Nothing about an answer.
    Other,
}

/// Reads a comment.
pub(super) fn comment(line: &str) -> Option<Comment<'_>> {
    if !line.starts_with(';') {
        return None;
    }
    let words = line.trim_start_matches(';').trim();
    let after = |label: &str| words.strip_prefix(label);
    Some(if after("<<>> DiG ").is_some() {
        Comment::Command
    } else if after("->>HEADER<<-").is_some() {
        let status = words.split_once("status: ").map_or("", |(_, s)| s);
        Comment::Header(status.split([',', ';']).next().unwrap_or_default().trim())
    } else if let Some(flags) = after("flags:").or_else(|| after("Flags:")) {
        if cut(flags.split(';').next().unwrap_or_default()) { Comment::Cut } else { Comment::Other }
    } else if after("ANSWER SECTION:").is_some() {
        Comment::Answer
    } else if words.ends_with(" SECTION:") || words.ends_with("PSEUDOSECTION:") {
        Comment::Beside
    } else if after("Query time:").is_some() || after("Received ").is_some() {
        Comment::Footer
    } else if let Some(when) = after("WHEN: ").or_else(|| after("Time ")) {
        Comment::When(stamp_in_header(&at_utc(when)), when)
    } else if ["communications error", "connection timed out", "no servers could be reached"]
        .iter()
        .any(|said| words.contains(said))
    {
        Comment::Unreached
    } else if let Some((name, kind)) = question(line) {
        Comment::Question(name, kind)
    } else {
        Comment::Other
    })
}

/// Whether flags say that the answer was cut.
pub(super) fn cut(flags: &str) -> bool {
    flags.split_ascii_whitespace().any(|f| f == "tc")
}

/// `2026-11-24 02:43:08 UTC` of kdig, as the words that times are read from.
fn at_utc(when: &str) -> String {
    match when.trim().strip_suffix(" UTC") {
        Some(moment) if moment.starts_with("20") => format!("{moment}Z"),
        _ => when.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_tell_where_an_answer_begins_and_how_it_ended() {
        let header = ";; ->>HEADER<<- opcode: QUERY, status: NXDOMAIN, id: 5211";
        assert_eq!(comment(header), Some(Comment::Header("NXDOMAIN")));
        assert_eq!(comment(&header.replace(',', ";")), Some(Comment::Header("NXDOMAIN")), "kdig");
        assert_eq!(comment(";; flags: qr aa rd ra; QUERY: 1"), Some(Comment::Other));
        assert_eq!(comment(";; flags: qr tc rd ra; QUERY: 1"), Some(Comment::Cut));
        assert_eq!(comment(";; AUTHORITY SECTION:"), Some(Comment::Beside));
        assert_eq!(comment(";; no servers could be reached"), Some(Comment::Unreached));
        assert_eq!(comment("; EDNS: version: 0, flags:; udp: 1232"), Some(Comment::Other));
        assert_eq!(comment("a. IN TXT"), None);
    }

    #[test]
    fn a_time_counts_with_a_zone_word_that_means_one_zone() {
        let of = |line| match comment(line) {
            Some(Comment::When(at, _)) => at.map(Stamp::to_second),
            _ => None,
        };
        let at = Some("2026-11-24T02:43:07Z".to_owned());
        assert_eq!(of(";; WHEN: Tue Nov 24 02:43:07 UTC 2026"), at);
        assert_eq!(of(";; WHEN: Tue Nov 24 05:43:07 +03 2026"), at);
        assert_eq!(of(";; Time 2026-11-24 02:43:07 UTC"), at);
        for no_zone in [";; WHEN: Tue Nov 24 02:43:07 CST 2026", ";; WHEN: Tue Nov 24 02:43:07 2026"] {
            assert_eq!(of(no_zone), None, "{no_zone}");
        }
    }
}
