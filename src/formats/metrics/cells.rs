//! Cells of a delimited table: splitting a line, and numbers with their units.

use super::units::Unit;

/// Splits a line at `delimiter`, honouring double quotes with doubled quotes inside.
pub(in crate::formats) fn split(line: &str, delimiter: char, cells: &mut Vec<String>) {
    cells.clear();
    let mut cell = String::new();
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        if quoted {
            match c {
                '"' if chars.peek() == Some(&'"') => {
                    chars.next();
                    cell.push('"');
                }
                '"' => quoted = false,
                c => cell.push(c),
            }
        } else if c == '"' && cell.trim().is_empty() {
            cell.clear();
            quoted = true;
        } else if c == delimiter {
            cells.push(std::mem::take(&mut cell).trim().to_owned());
        } else {
            cell.push(c);
        }
    }
    cells.push(cell.trim().to_owned());
}

/// What one cell holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell {
    /// Empty, `NaN`, `null`, `-`, `N/A` and their like: no value, which is not zero.
    Missing,
    /// A finite number and the unit written after it.
    Number(f64, Option<Unit>),
    /// Something else.
    Text,
}

/// Reads a cell; `comma` says that the decimal mark is a comma.
pub(super) fn read(cell: &str, comma: bool) -> Cell {
    const MISSING: &[&str] =
        &["", "-", "–", "nan", "null", "nil", "none", "n/a", "na", "u", "undefined", "inf", "+inf", "-inf", "\\n"];
    let cell = cell.trim();
    if cell.len() < 10 && MISSING.contains(&cell.to_lowercase().as_str()) {
        return Cell::Missing;
    }
    let exponent = |at: usize| {
        let rest = cell.get(at + 1..).unwrap_or("").trim_start_matches(['+', '-']);
        rest.starts_with(|c: char| c.is_ascii_digit())
    };
    let end = cell
        .char_indices()
        .find(|(at, c)| match c {
            '0'..='9' | '.' | ',' => false,
            '+' | '-' => *at > 0 && !cell.get(..*at).is_some_and(|b| b.ends_with(['e', 'E'])),
            'e' | 'E' => *at == 0 || !exponent(*at),
            _ => true,
        })
        .map_or(cell.len(), |(at, _)| at);
    let (Some(digits), Some(unit)) = (cell.get(..end), cell.get(end..)) else { return Cell::Text };
    let Some(number) = number(digits, comma) else { return Cell::Text };
    match unit.trim() {
        "" => Cell::Number(number, None),
        unit => Unit::parse(unit).map_or(Cell::Text, |unit| Cell::Number(number, Some(unit))),
    }
}

/// `1234.5`, `1,234.5`, and with `comma` `1234,5` or `1.234,5`.
fn number(digits: &str, comma: bool) -> Option<f64> {
    let (decimal, group) = if comma { (',', '.') } else { ('.', ',') };
    let plain = if digits.contains(group) {
        let whole = digits.split(decimal).next()?.trim_start_matches(['+', '-']);
        let mut groups = whole.split(group);
        let first = groups.next()?;
        if !(1..=3).contains(&first.len()) || !groups.all(|g| g.len() == 3) {
            return None;
        }
        digits.replace(group, "")
    } else {
        digits.to_owned()
    };
    // Beyond this nothing is a measurement, and sums could overflow.
    plain.replace(decimal, ".").parse().ok().filter(|v: &f64| v.abs() < 1e21)
}

/// Whether the table's numbers are written with a decimal comma: some cell has
/// one that groups no thousands, and none has a decimal point. A table apart by
/// semicolons has locale numbers, so there any comma counts.
pub(super) fn decimal_comma<'a>(cells: impl Iterator<Item = &'a String>, delimiter: char) -> bool {
    if delimiter == ',' {
        return false;
    }
    let mut commas = false;
    for cell in cells {
        let plain = cell.trim_end_matches(|c: char| !c.is_ascii_digit());
        if !plain.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b'-' | b'+')) {
            continue;
        }
        let dots =
            matches!(plain.rsplit_once('.'), Some((before, after)) if !before.contains('.') && !after.contains(','));
        if dots && number(plain, true).is_none() {
            return false;
        }
        commas |= plain.contains(',') && (delimiter == ';' || number(plain, false).is_none());
    }
    commas
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_blanks() {
        let mut cells = Vec::new();
        split("\"Time\",\"bytes{device=\"\"eth0\"\", host=\"\"a\"\"}\", 3 ,", ',', &mut cells);
        assert_eq!(cells, ["Time", "bytes{device=\"eth0\", host=\"a\"}", "3", ""]);
    }

    /// Metrics traps 31 and 39: units sit in each cell, and missing is not zero.
    #[test]
    fn numbers_units_and_missing_values() {
        let value = |cell, comma| match read(cell, comma) {
            Cell::Number(n, unit) => {
                Some((n, unit.and_then(|u| u.factor_to(crate::formats::metrics::Signal::EgressBps))))
            }
            _ => None,
        };
        assert_eq!(value("812.0 Mb/s", false), Some((812.0, Some(1e6))));
        assert_eq!(value("243.6 kb/s", false), Some((243.6, Some(1e3))));
        assert_eq!(value("1,234.5", false), Some((1234.5, None)));
        assert_eq!(value("81,2", true), Some((81.2, None)));
        assert_eq!(value("1.234,5", true), Some((1234.5, None)));
        assert_eq!(value("-1.5e3", false), Some((-1500.0, None)));
        for cell in ["", "NaN", "-", "null", "+Inf", "N/A", "U"] {
            assert_eq!(read(cell, false), Cell::Missing, "{cell}");
        }
        for cell in ["1,23", "12 bananas", "eth0", "192.0.2.11", "2026-11-24", "1e", "."] {
            assert_eq!(read(cell, false), Cell::Text, "{cell}");
        }
    }

    #[test]
    fn decimal_commas_are_seen_from_the_whole_table() {
        let comma =
            |cells: &[&str], d| decimal_comma(cells.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>().iter(), d);
        assert!(comma(&["81,2", "7"], ';') && comma(&["81,2 %"], '\t') && comma(&["1.234,5"], ';'));
        assert!(
            !comma(&["81,2", "7.5"], ';') && !comma(&["1,234"], '\t') && !comma(&["81,2"], ',') && !comma(&["7"], ';')
        );
    }
}
