//! The rows of a CSV file with the lines that they take.

use csv::StringRecord;

/// A row, and its first and last line from 1. Cells may hold line ends.
pub(super) type Row = (StringRecord, (u64, u64));

/// The header, and the rows that are text; a row that is not says nothing. A mark of UTF-8 at
/// the beginning is no part of the header.
pub(super) fn rows(text: &[u8], delimiter: u8) -> (StringRecord, Vec<Row>) {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut table = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text);
    let (mut header, mut found) = (StringRecord::new(), Vec::new());
    let (mut byte, mut line) = (0, 1);
    let mut row = StringRecord::new();
    loop {
        let read = table.read_record(&mut row);
        // The reader counts a line when it meets its end, which differs for CRLF.
        let end = usize::try_from(table.position().byte()).unwrap_or(text.len()).clamp(byte, text.len());
        let taken = text.get(byte..end).unwrap_or_default();
        let content = taken.trim_ascii();
        let blank = taken.len() - taken.trim_ascii_start().len();
        let ends = |bytes: &[u8]| bytes.iter().filter(|b| **b == b'\n').count() as u64;
        let first = line + ends(taken.get(..blank).unwrap_or_default());
        let last = first + ends(content);
        (byte, line) = (end, line + ends(taken));
        match read {
            Ok(true) if header.is_empty() => header = row.clone(),
            Ok(true) => found.push((row.clone(), (first, last))),
            Err(e) if !e.is_io_error() && !content.is_empty() => {}
            Ok(false) | Err(_) => return (header, found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_their_lines_whatever_ends_them() {
        for end in ["\n", "\r\n"] {
            let text = ["\u{feff}a,b", "1,2", "", "\"x", "y\",3", "4,\"5\"", ""].join(end);
            let (header, found) = rows(text.as_bytes(), b',');
            assert_eq!(header, vec!["a", "b"]);
            assert_eq!(found.iter().map(|(_, lines)| *lines).collect::<Vec<_>>(), [(2, 2), (4, 5), (6, 6)], "{end:?}");
        }
    }

    #[test]
    fn a_row_that_is_no_text_is_passed_over() {
        let (_, found) = rows(b"a,b\n1,\xff\n3,4\n", b',');
        assert_eq!(found.iter().map(|(_, lines)| *lines).collect::<Vec<_>>(), [(3, 3)]);
        assert_eq!(rows(b"", b','), (StringRecord::new(), Vec::new()));
    }
}
