//! What `testssl.sh` prints, as the findings that its JSON would hold.

use super::Finding;
use crate::intake::lines_of;

/// One scan of a file.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) version: Option<String>,
    pub(super) findings: Vec<Finding>,
    /// First and last line.
    pub(super) lines: (u64, u64),
    place: String,
}

/// Rows of the report, and the findings that they are.
const ROWS: [(&str, &str); 11] = [
    ("SSLv2 ", "SSLv2"),
    ("SSLv3 ", "SSLv3"),
    ("TLS 1 ", "TLS1"),
    ("TLS 1.1 ", "TLS1_1"),
    ("TLS 1.2 ", "TLS1_2"),
    ("TLS 1.3 ", "TLS1_3"),
    ("Common Name (CN) ", "cert_commonName"),
    ("Issuer ", "cert_caIssuers"),
    ("Trust (hostname) ", "cert_trust"),
    ("Certificate Validity (UTC) ", "cert_expirationStatus"),
    ("# of certificates provided ", "certs_countServer"),
];

/// Whether a text is what testssl.sh prints: by the line that names the target.
pub(super) fn opens(text: &[u8]) -> bool {
    let head = text.get(..16_384).unwrap_or(text);
    lines_of(head).any(|line| target(&plain(line)).is_some())
}

/// ` Start 2026-11-24 02:28:33        -->> 127.0.10.23:25 (mx.test) <<--`: host and address.
fn target(line: &str) -> Option<(&str, &str)> {
    let (at, rest) = line.trim().strip_prefix("Start ")?.split_once(" -->> ")?;
    let (address, host) = rest.strip_suffix(") <<--")?.split_once(" (")?;
    at.starts_with("20").then_some((host, address.rsplit_once(':').map_or(address, |(ip, _)| ip)))
}

/// The scans of a text: each begins where its target is named, the first with what stands before.
pub(super) fn runs(text: &[u8]) -> Vec<Run> {
    let mut found: Vec<Run> = Vec::new();
    let mut version = None;
    for (number, line) in (1..).zip(lines_of(text)) {
        let line = plain(line);
        let words = line.trim();
        if let Some(rest) = words.strip_prefix("testssl ").filter(|r| r.contains(" from https://testssl.sh")) {
            version = rest.split_ascii_whitespace().next().map(str::to_owned);
        }
        if let Some((host, address)) = target(words) {
            let first = if found.is_empty() { 1 } else { number };
            let place = format!("{host}/{address}");
            found.push(Run { version: version.clone(), place, lines: (first, number), ..Run::default() });
        } else if let Some(run) = found.last_mut() {
            run.line(words);
            run.lines.1 = number;
        }
    }
    found
}

impl Run {
    fn line(&mut self, words: &str) {
        if words.ends_with("doesn't seem to be a TLS/SSL enabled server") {
            return self.found("optimal_proto", words);
        }
        if let Some(problem) = words.strip_prefix("Fatal error: ").filter(|p| p.starts_with("Can't connect to")) {
            return self.found("scanProblem", problem);
        }
        // `Done 2026-11-24 02:28:56 [  20s] -->> …`
        if let Some(seconds) = words.strip_prefix("Done 20").and_then(|r| r.split_once('[')?.1.split_once("s]")) {
            return self.found("scanTime", seconds.0.trim());
        }
        let Some((id, said)) = ROWS.iter().find_map(|(row, id)| Some((*id, words.strip_prefix(row)?.trim()))) else {
            return;
        };
        match (id, said) {
            (id, "STARTTLS handshake failed") => self.found(id, "couldn't be tested: STARTTLS handshake failed"),
            ("cert_expirationStatus", said) => {
                self.found(id, said);
                if let Some((_, until)) = said.trim_end_matches(')').split_once(" --> ") {
                    self.found("cert_notAfter", until);
                }
            }
            (id, said) => self.found(id, said),
        }
    }

    fn found(&mut self, id: &str, finding: &str) {
        let finding = Finding { id: id.to_owned(), place: self.place.clone(), finding: finding.to_owned() };
        self.findings.push(finding);
    }
}

/// A line without the colours that it prints into files as well.
fn plain(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut pieces = text.split('\u{1b}');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find(|c: char| c.is_ascii_alphabetic()).filter(|_| piece.starts_with('['));
        plain.push_str(end.and_then(|at| piece.get(at + 1..)).unwrap_or(piece));
    }
    plain
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use std::path::Path;

    use super::super::Testssl;
    use crate::formats::transcripts::{Transcript, TranscriptFormat as _};

    fn sample(case: &str, ending: &str) -> Vec<u8> {
        let name = format!("tests/data/transcripts/testssl-3.0.8-{case}.{ending}");
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("a sample")
    }

    fn only(text: &[u8]) -> Transcript {
        let mut runs = Testssl.read(text);
        assert_eq!(runs.len(), 1, "{runs:#?}");
        runs.pop().expect("one")
    }

    /// The same servers, scanned again for the JSON: text and JSON come to one class.
    #[test]
    fn what_is_printed_says_what_the_json_says() {
        for case in ["ok", "starttls_421", "refused", "close_after_clienthello", "cert_expired"] {
            let (printed, json) = (only(&sample(case, "txt")), only(&sample(case, "json")));
            let of = |t: &Transcript| (t.verdict, t.phase, t.protocol.clone(), t.host.clone(), t.address.clone());
            assert_eq!(of(&printed), of(&json), "{case}: {printed:#?}");
            assert_eq!((printed.version.as_deref(), printed.started), (Some("3.0.8"), None));
        }
        let good = only(&sample("ok", "txt"));
        assert_eq!((good.subject.as_deref(), good.certificates), (Some("mx.example.test"), Some(2)));
        assert_eq!(good.not_after.as_deref(), Some("2027-02-16 02:09"));
    }

    #[test]
    fn colours_are_no_words_and_each_target_is_a_test() {
        let text = String::from_utf8(sample("close_after_clienthello", "txt")).expect("text");
        let coloured = text.replace("not offered", "\u{1b}[1;32mnot offered\u{1b}[m");
        assert_eq!(only(coloured.as_bytes()).verdict, only(text.as_bytes()).verdict);
        let two = format!("{text}{}", String::from_utf8(sample("refused", "txt")).expect("text"));
        let told: Vec<_> = Testssl.read(two.as_bytes()).into_iter().map(|t| (t.host, t.lines.0)).collect();
        assert_eq!(told.len(), 2);
        assert_eq!(told.first().map(|t| t.1), Some(1));
        assert!(told.last().is_some_and(|t| t.0.as_deref() == Some("refused.mx.test") && t.1 > 60), "{told:?}");
    }
}
