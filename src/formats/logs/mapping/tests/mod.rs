//! - `schema`: what a mapping file may say, and how it is told what it may not.
//! - `reading`: files of every container, cut and damaged in every way.
//! - `shipped`: the mappings that casefile brings, and that each keeps to its own files.
//! - `traps`: what exports of senders are known to trip readers with.

#![expect(clippy::expect_used, reason = "tests")]

mod reading;
mod schema;
mod shipped;
mod traps;

use super::*;

fn good(text: &str) -> Mapping {
    Mapping::read(text).unwrap_or_else(|problems| panic!("{}", problems.render("mapping.yaml", false)))
}

/// Three examples that fit any mapping whose records are `{"t": …, "c": …}`.
const EXAMPLES: &str = r#"
examples:
  - {input: '{"t":1793700765,"c":421}', expect: {outcome: deferral}}
  - {input: '{"t":1793700765,"c":421}', expect: {outcome: deferral}}
  - {input: '{"t":1793700765,"c":421}', expect: {outcome: deferral}}
"#;

/// A mapping of records `{"t": …, "c": …}`, with more keys.
fn with(more: &str) -> String {
    let fields = if more.contains("fields:") { "" } else { "fields: {code: {from: /c}, reply: {from: /r}}\n" };
    let container = if more.contains("container:") { "" } else { "container: {kind: json}\n" };
    let time = if more.contains("time:") { "" } else { "time: {field: /t, formats: [epoch_s]}\n" };
    let outcome = if more.contains("outcome:\n") {
        ""
    } else {
        "outcome:\n  - {when: {field: code, between: [200, 299]}, set: {outcome: delivered}}\n  - {set: {outcome: deferral}}\n"
    };
    let examples = if more.contains("examples:") { "" } else { EXAMPLES };
    format!("casefile_mapping: 1\nid: test\n{container}{time}{fields}{outcome}{more}\n{examples}")
}
