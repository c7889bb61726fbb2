#![expect(clippy::expect_used, reason = "tests")]

use super::*;
use crate::formats::logs::LOG_FORMATS;

fn good(text: &str) -> Mapping {
    Mapping::read(text).unwrap_or_else(|problems| panic!("{}", problems.render("mapping.yaml", false)))
}

/// Provenance stands in each file; each example is a documented or recorded record.
#[test]
fn every_shipped_mapping_holds_to_its_examples() {
    let mut failed = Vec::new();
    for shipped in SHIPPED {
        match Mapping::read(shipped.text) {
            Ok(mapping) => assert_eq!(mapping.id(), shipped.id),
            Err(problems) => failed.push(problems.render(shipped.id, false)),
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert_eq!(shipped().len(), SHIPPED.len());
}
