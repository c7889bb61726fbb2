//! The tables of a bundle against the schemas that lie beside them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Faults, Files, json};
use crate::bundle::bag::sha256;
use crate::time::{Minute, parse_rfc3339};

const PACKAGE: &str = "data/tables/datapackage.json";

/// Each resource is there with its hash and its columns, each cell is of its column's type,
/// and no table lies there undescribed.
pub(super) fn check(files: &Files<'_>, faults: &mut Faults) {
    let Some(package) = json(files, PACKAGE) else {
        faults.add(PACKAGE, "missing or no JSON");
        return;
    };
    let mut described = BTreeSet::new();
    for resource in package["resources"].as_array().into_iter().flatten() {
        let path = format!("data/tables/{}", resource["path"].as_str().unwrap_or_default());
        match files.get(&path) {
            None => faults.add(&path, "listed in datapackage.json, but not there"),
            Some(bytes) => check_table(&path, bytes, resource, faults),
        }
        described.insert(path);
    }
    let tables = files.keys().filter(|p| p.starts_with("data/tables/") && p.ends_with(".csv"));
    for path in tables.filter(|p| !described.contains(*p)) {
        faults.add(path, "a table that datapackage.json does not describe");
    }
}

fn check_table(path: &str, bytes: &[u8], resource: &Value, faults: &mut Faults) {
    if resource["hash"].as_str() != Some(&format!("sha256:{}", sha256(bytes))) {
        faults.add(path, "not the bytes that datapackage.json lists");
    }
    if resource["bytes"].as_u64() != Some(bytes.len() as u64) {
        faults.add(path, "not as long as datapackage.json says");
    }
    let fields: Vec<_> = resource["schema"]["fields"].as_array().into_iter().flatten().collect();
    let names: Vec<_> = fields.iter().filter_map(|f| f["name"].as_str()).collect();
    let mut reader = csv::Reader::from_reader(bytes);
    if reader.headers().map(|h| h.iter().collect::<Vec<_>>() != names).unwrap_or(true) {
        faults.add(path, "its header is not the one that datapackage.json describes");
    }
    let tests: Vec<_> = fields.iter().map(|field| test_of(field)).collect();
    let mut record = csv::StringRecord::new();
    for row in 2.. {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(_) => {
                faults.add(path, format!("row {row} has another number of cells"));
                continue;
            }
        }
        for ((field, is_of), cell) in fields.iter().zip(&tests).zip(&record) {
            if !cell.is_empty() && !is_of(cell) {
                let name = field["name"].as_str().unwrap_or_default();
                faults.add(path, format!("row {row}: {name} is no {}", field["type"].as_str().unwrap_or_default()));
            }
        }
    }
}

/// Whether a cell is what its field says.
fn test_of(field: &Value) -> fn(&str) -> bool {
    match (field["type"].as_str(), field["format"].as_str()) {
        (Some("integer"), _) => |cell| cell.parse::<u64>().is_ok(),
        (Some("number"), _) => |cell| cell.parse::<f64>().is_ok_and(f64::is_finite),
        (Some("datetime"), Some(_)) => |cell| Minute::parse(cell).is_ok(),
        (Some("datetime"), None) => |cell| parse_rfc3339(cell).is_ok(),
        (Some("string"), _) => |_| true,
        _ => |_| false,
    }
}
