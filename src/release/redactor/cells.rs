//! Rows of accounting files: a text of several words that is no answer is a message's, and goes.
//!
//! PowerMTA writes what its owner asks for (`header_Subject`, `header_From`), and a row does not
//! name its columns.

use memchr::memmem;

use super::addresses::lossy;
use super::marks::Mark;
use super::policy::Class;
use super::words::is_common;

/// Texts of a row that say nothing of a delivery.
pub(super) fn free(line: &[u8]) -> Vec<Mark> {
    let mut cells = line.splitn(3, |b| *b == b',');
    let kind =
        cells.next().is_some_and(|cell| (1..=3).contains(&cell.len()) && cell.iter().all(u8::is_ascii_lowercase));
    let dated = cells.next().is_some_and(|cell| cell.first().is_some_and(|b| b.is_ascii_digit() || *b == b'"'));
    if !kind || !dated || cells.next().is_none() {
        return Vec::new();
    }
    let mut out = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (at, byte) in line.iter().chain(std::iter::once(&b',')).enumerate() {
        quoted ^= *byte == b'"';
        if *byte != b',' || (quoted && at < line.len()) {
            continue;
        }
        let cell = line.get(start..at).unwrap_or_default();
        let inside = cell.strip_prefix(b"\"").map_or(cell, |c| c.strip_suffix(b"\"").unwrap_or(c));
        if is_free(&lossy(inside)) {
            let from = start + usize::from(inside.len() < cell.len());
            out.push(Mark::value(from..from + inside.len(), Class::Other, ""));
        }
        start = at + 1;
    }
    out
}

/// Whether a cell is a text of several words, and no answer, status, time or note of ours.
fn is_free(cell: &str) -> bool {
    let code = |word: &str| {
        let word = word.trim_start_matches("smtp;").trim_matches(|c: char| !c.is_ascii_digit() && c != '.');
        let status = word.split('.').count() == 3 && word.starts_with(['2', '4', '5']);
        let reply = word.len() == 3 && word.starts_with(['2', '4', '5']) && word.bytes().all(|b| b.is_ascii_digit());
        status || reply
    };
    let words = || cell.split(' ').filter(|word| word.chars().any(char::is_alphabetic));
    let said = cell.contains("[redacted") || cell.contains('@') || memmem::find(cell.as_bytes(), b"smtp;").is_some();
    words().count() > 1 && !said && !cell.split([' ', '-']).any(code) && !words().all(is_common)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(line: &str) -> Vec<String> {
        free(line.as_bytes()).into_iter().map(|mark| line[mark.span].to_owned()).collect()
    }

    #[test]
    fn texts_of_messages_go_and_answers_stay() {
        let line = "b,2026-11-24 02:47:29+0000,2026-11-24 02:47:20+0000,x@sender.example,y@gmail.com,,failed,4.7.28 (undefined status),smtp;421-4.7.28 Gmail has detected an unusual rate,\"Your order, dear Kalinka\",Zq Kalinka,pmta-vmta1,\"421 4.7.0 [192.0.2.1 15] Try \"\"again\"\"\",alt1.gmail-smtp-in.l.google.com (192.0.2.7)";
        assert_eq!(taken(line), ["Your order, dear Kalinka", "Zq Kalinka"]);
    }

    #[test]
    fn other_lines_are_no_rows() {
        for line in
            ["one, two, three Kalinka Zq", "2026-11-24T02:47:29Z,a,Zq Kalinka", "type,timeLogged,dear Kalinka", ""]
        {
            assert_eq!(taken(line), Vec::<String>::new(), "{line}");
        }
    }
}
