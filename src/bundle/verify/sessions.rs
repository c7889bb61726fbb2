//! The lines of the table of sessions against the exact lines in `excerpts/`.

use std::collections::BTreeMap;

use super::{Faults, Files, Sheet, essence};

/// Each line is that of the excerpt it names. Where a budget left the excerpt out, nothing is said.
pub(super) fn check(files: &Files<'_>, faults: &mut Faults) {
    let (Some(sheet), Some(index)) = (Sheet::of(files, "sessions"), Sheet::at(files, "data/excerpts/excerpts.csv"))
    else {
        return;
    };
    let quoted = quoted(files, &index);
    let cell = |record: &csv::StringRecord, name: &str| {
        sheet.column(name).and_then(|at| record.get(at)).unwrap_or_default().to_owned()
    };
    for (row, record) in (2..).zip(&sheet.rows) {
        let file = format!("{}.log", cell(record, "shows"));
        let Some(lines) = quoted.get(&file) else { continue };
        match lines.get(&(cell(record, "exhibit"), cell(record, "line"))) {
            None => faults.add(&sheet.path, format!("row {row}: excerpts/{file} does not quote that line")),
            Some(text) if essence(text) != essence(&cell(record, "text")) => {
                faults.add(&sheet.path, format!("row {row}: not the line that excerpts/{file} quotes"));
            }
            Some(_) => {}
        }
    }
}

/// The lines of each file of excerpts, by exhibit and number.
type Quoted = BTreeMap<String, BTreeMap<(String, String), String>>;

fn quoted(files: &Files<'_>, index: &Sheet) -> Quoted {
    let mut out = Quoted::new();
    let columns = ["file", "row", "exhibit", "line"].map(|name| index.column(name));
    for record in &index.rows {
        let [file, row, exhibit, line] = columns.map(|at| at.and_then(|at| record.get(at)).unwrap_or_default());
        let text = files.get(&format!("data/excerpts/{file}")).and_then(|bytes| {
            let row = row.parse::<usize>().ok()?.checked_sub(1)?;
            Some(String::from_utf8_lossy(bytes.split(|b| *b == b'\n').nth(row)?).into_owned())
        });
        if let Some(text) = text {
            out.entry(file.to_owned()).or_default().insert((exhibit.to_owned(), line.to_owned()), text);
        }
    }
    out
}
