//! `datapackage.json`: what each CSV and each of its columns means (Frictionless Data Package).

use std::fmt::Write as _;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::release::{Column, ColumnKind, Table};
use crate::time::Stamp;

#[derive(Serialize)]
struct Package<'a> {
    profile: &'static str,
    name: String,
    created: String,
    resources: Vec<Resource<'a>>,
}

#[derive(Serialize)]
struct Resource<'a> {
    profile: &'static str,
    name: &'a str,
    path: String,
    description: String,
    format: &'static str,
    mediatype: &'static str,
    encoding: &'static str,
    bytes: usize,
    hash: String,
    dialect: Dialect,
    schema: Schema<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dialect {
    delimiter: &'static str,
    line_terminator: &'static str,
    quote_char: &'static str,
    double_quote: bool,
    header: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Schema<'a> {
    fields: Vec<Field<'a>>,
    missing_values: [&'static str; 1],
}

#[derive(Serialize)]
struct Field<'a> {
    name: &'a str,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
    description: &'a str,
}

/// Describes the CSV files that lie beside it. `tables` are the tables with
/// their bytes as written, in order; `name` is the bundle's, `when` its date.
#[must_use]
pub fn datapackage(name: &str, when: Stamp, tables: &[(&Table, &[u8])]) -> Vec<u8> {
    let package = Package {
        profile: "tabular-data-package",
        name: name.to_ascii_lowercase(),
        created: when.to_second(),
        resources: tables.iter().map(|(table, bytes)| resource(table, bytes)).collect(),
    };
    // Strings and numbers cannot fail to serialise.
    let mut json = serde_json::to_vec_pretty(&package).unwrap_or_default();
    json.push(b'\n');
    json
}

fn resource<'a>(table: &'a Table, bytes: &[u8]) -> Resource<'a> {
    let mut hash = "sha256:".to_owned();
    for byte in Sha256::digest(bytes) {
        let _ = write!(hash, "{byte:02x}");
    }
    Resource {
        profile: "tabular-data-resource",
        name: table.name,
        path: format!("{}.csv", table.name),
        description: format!("{} Text that begins with = + - @ TAB or CR has an apostrophe before it.", table.title),
        format: "csv",
        mediatype: "text/csv",
        encoding: "utf-8",
        bytes: bytes.len(),
        hash,
        dialect: Dialect { delimiter: ",", line_terminator: "\n", quote_char: "\"", double_quote: true, header: true },
        schema: Schema { fields: table.columns.iter().map(field).collect(), missing_values: [""] },
    }
}

const fn field(column: &Column) -> Field<'_> {
    let (r#type, format) = match column.kind {
        ColumnKind::Text => ("string", None),
        ColumnKind::Integer => ("integer", None),
        ColumnKind::Number => ("number", None),
        ColumnKind::Minute => ("datetime", Some("%Y-%m-%dT%H:%MZ")),
        ColumnKind::Time => ("datetime", None),
    };
    Field { name: column.name, r#type, format, description: column.meaning }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::*;
    use crate::release::Cell;
    use crate::time::Minute;

    #[test]
    fn each_csv_is_described() {
        let columns = vec![
            Column { name: "minute", kind: ColumnKind::Minute, meaning: "UTC minute." },
            Column { name: "failed", kind: ColumnKind::Integer, meaning: "Failed sessions." },
        ];
        let rows = [vec![Cell::Minute(Minute::new(0)), Cell::Integer(7)]].into_iter().collect();
        let table = Table { name: "minutes_by_lane", title: "One row a minute.".into(), columns, rows };
        let bytes = crate::tables::csv(&table);
        let json = datapackage("gmail-2026-11-24-esp", Stamp::from_seconds(1_795_495_123), &[(&table, &bytes)]);
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!("datapackage", String::from_utf8(json).expect("text"));
        });
    }
}
