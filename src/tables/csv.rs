//! One table as CSV: RFC 4180, UTF-8 without BOM, header always, lines end in LF.
//!
//! LF and not CRLF: it diffs, it greps, and every spreadsheet reads it.

use std::fmt::Write as _;

use crate::narrative::visible;
use crate::release::{Cell, Table};
use crate::time::Minute;

/// The table as CSV.
///
/// Text that a spreadsheet would run as a formula (it starts with `=`, `+`, `-`,
/// `@`, TAB or CR) gets a leading `'`; numbers stay numbers. Controls, line ends
/// and bidirectional characters are shown as `<U+202E>`, so that a row is one
/// line. Minutes are `2026-11-24T03:56Z`, times RFC 3339 seconds, no data is empty.
#[must_use]
pub fn csv(table: &Table) -> Vec<u8> {
    let mut out = String::new();
    let mut minute = Said::default();
    row(&mut out, &table.columns, |out, column| field(out, column.name));
    for cells in table.rows.iter() {
        row(&mut out, &cells, |out, cell| put(out, cell, &mut minute));
    }
    out.into_bytes()
}

/// The last minute as it was written: it stands in many rows, one after the other.
#[derive(Default)]
struct Said {
    minute: Option<Minute>,
    text: String,
}

fn row<T>(out: &mut String, cells: &[T], mut write: impl FnMut(&mut String, &T)) {
    let begins = out.len();
    for (i, cell) in cells.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write(out, cell);
    }
    // A lone empty field is quoted: an empty line is no row.
    if cells.len() == 1 && out.len() == begins {
        out.push_str("\"\"");
    }
    out.push('\n');
}

fn field(out: &mut String, text: &str) {
    // A name, an address: nothing in it acts.
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b' ' | b':');
    if text.bytes().all(is_plain) {
        return out.push_str(text);
    }
    let field = inert(text);
    if field.contains(['"', ',']) {
        out.push('"');
        out.push_str(&field.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(&field);
    }
}

fn put(out: &mut String, cell: &Cell, said: &mut Said) {
    match cell {
        Cell::Text(value) => field(out, value),
        // Into a String nothing fails.
        Cell::Integer(n) => drop(write!(out, "{n}")),
        Cell::Number(value, digits) if value.is_finite() => out.push_str(&plain(*value, *digits)),
        Cell::Minute(minute) => {
            if said.minute != Some(*minute) {
                *said = Said { minute: Some(*minute), text: minute.to_string() };
            }
            out.push_str(&said.text);
        }
        Cell::Time(at) => out.push_str(&at.to_second()),
        // JSON and CSV readers differ on NaN and infinity; neither is data.
        Cell::Number(..) | Cell::Empty => {}
    }
}

fn plain(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|b| matches!(b, b'0' | b'.')) => rest.to_owned(),
        _ => text,
    }
}

/// Text that a spreadsheet does not run, and a terminal does not obey.
fn inert(value: &str) -> String {
    let shown = visible(value);
    if value.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{shown}") } else { shown }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::*;
    use crate::release::{Column, ColumnKind};
    use crate::time::parse_rfc3339;

    fn column(name: &'static str, kind: ColumnKind) -> Column {
        Column { name, kind, meaning: "" }
    }

    #[test]
    fn cells_by_kind() {
        let columns = ["minute", "at", "ip", "failed", "share", "note"].map(|name| column(name, ColumnKind::Text));
        let minute = Minute::parse("2026-11-24T03:56:12Z").expect("minute");
        let at = parse_rfc3339("2026-11-24T03:56:44.9Z").expect("time");
        let cells = vec![
            Cell::Minute(minute),
            Cell::Time(at),
            Cell::Text("192.0.2.11".into()),
            Cell::Integer(1842),
            Cell::Number(-0.001, 2),
            Cell::Empty,
        ];
        let table =
            Table { name: "t", title: String::new(), columns: columns.into(), rows: [cells].into_iter().collect() };
        assert_eq!(
            String::from_utf8(csv(&table)).as_deref(),
            Ok("minute,at,ip,failed,share,note\n2026-11-24T03:56Z,2026-11-24T03:56:44Z,192.0.2.11,1842,0.00,\n")
        );
    }

    // esp trap 47: formulas and control bytes of a reply.
    #[test]
    fn nothing_runs_and_every_reader_gets_the_text_back() {
        let texts = [
            "=cmd|'/C calc'!A0",
            "+1",
            "-1",
            "@x",
            "\tx",
            "\rx",
            "a,\"b\"",
            "two\nlines",
            "\u{1b}[2J\u{202e}",
            "",
            "Zoë",
        ];
        let rows = texts.iter().map(|t| vec![Cell::Text((*t).into())]).collect();
        let table = Table { name: "t", title: String::new(), columns: vec![column("x", ColumnKind::Text)], rows };
        let bytes = csv(&table);
        assert!(bytes.iter().all(|&b| b == b'\n' || b >= b' '), "a control in the bytes");
        let mut reader = ::csv::Reader::from_reader(bytes.as_slice());
        let back: Vec<String> = reader.records().map(|r| r.expect("row").get(0).expect("cell").to_owned()).collect();
        assert_eq!(
            back,
            [
                "'=cmd|'/C calc'!A0",
                "'+1",
                "'-1",
                "'@x",
                "'<U+0009>x",
                "'<U+000D>x",
                "a,\"b\"",
                "two<U+000A>lines",
                "<U+001B>[2J<U+202E>",
                "",
                "Zoë"
            ]
        );
    }

    #[test]
    fn negative_numbers_are_numbers() {
        let table = Table {
            name: "t",
            title: String::new(),
            columns: vec![column("x", ColumnKind::Number)],
            rows: [Cell::Number(-2.5, 1), Cell::Number(f64::NAN, 1)].map(|cell| vec![cell]).into_iter().collect(),
        };
        assert_eq!(csv(&table), b"x\n-2.5\n\"\"\n");
    }
}
