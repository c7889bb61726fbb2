use super::*;

/// `LINE:COLUMN CODE PATH | MESSAGE | HELP` of each problem.
fn problems(text: &str) -> Vec<String> {
    let Err(problems) = Mapping::read(text) else { panic!("no problem in {text}") };
    let told = problems.list().iter().map(|p| {
        format!(
            "{}:{} {} {} | {} | {}",
            p.line,
            p.column,
            p.code.as_str(),
            p.path,
            p.message,
            p.help.as_deref().unwrap_or("-")
        )
    });
    told.collect()
}

/// The only problem of a mapping with more keys, without its place.
fn only(more: &str) -> String {
    let all = problems(&with(more));
    assert_eq!(all.len(), 1, "{all:#?}");
    all[0].split_once(' ').map(|(_, rest)| rest.to_owned()).unwrap_or_default()
}

#[test]
fn all_problems_are_told_at_once_with_their_places() {
    let text = r#"casefile_mapping: 2
id: Our Export
containr: {kind: json}
container: {kind: jsn}
redact: {rcpt: domain}
"#;
    let told = problems(text);
    for wanted in [
        "1:19 unknown-word casefile_mapping | this version reads mappings of version 1 | write `casefile_mapping: 1`",
        "2:5 bad-name id | `Our Export` cannot name a source",
        "3:1 unknown-key containr | `containr` is no key here | did you mean `container`?",
        "4:19 unknown-word container.kind | `jsn` is none of csv, delimited, ndjson, json, lines",
        "5:1 unknown-key redact | `redact` is no key here | what is hidden is decided for all sources alike",
    ] {
        assert!(told.iter().any(|line| line.starts_with(wanted)), "{wanted}\n{told:#?}");
    }
    assert!(
        told.iter().any(|line| line.contains("missing-key examples") || line.contains("three real records")),
        "{told:#?}"
    );
}

#[test]
fn a_plain_mapping_reads() {
    let mapping = good(&with(""));
    assert_eq!((mapping.id(), mapping.title(), mapping.trials().len()), ("test", "test", 3));
    assert_eq!(
        mapping.trials()[0].told,
        ["2026-11-03T10:12:45Z deferral by receiver at unknown lane=unknown reply=421"]
    );
    assert!(
        good(&with("container: {kind: ndjson, compression: auto, truncated: keep}"))
            .recognise(Head { bytes: b"{}", whole: true })
            .is_none()
    );
}

#[test]
fn words_of_other_schemas_are_answered() {
    assert!(only("sendlane_mapping: 1").ends_with("| write `casefile_mapping: 1`"));
    assert!(only("session: {key: [a]}").contains("sessions of several records are not read by mappings"));
    assert!(only("lane: {mx: mx_host}").contains("`lanes` of case.yaml"));
    assert!(only("tables: {}").contains("`sending_ips` of case.yaml"));
    assert!(only("limits: {bad_ratio: 0.02}").contains("always told"));
    let bounce = "outcome:\n  - {set: {outcome: bounce}}\n";
    assert!(only(bounce).ends_with("| `bounce` is no word here | did you mean `rejection`?"));
    let used = "fields: {code: {from: /c}, reply: {from: /r}, tls: {from: /tls, map: {'1': used}}}";
    assert!(only(used).ends_with("| `used` is no word here | did you mean `established`?"));
}

#[test]
fn addresses_must_fit_their_container() {
    assert!(only("dedupe: [queue]").contains("`queue` is no place in a JSON record"));
    assert!(only("explode: [/results]").contains("write a pointer that ends in `*`"));
    assert!(only("container: {kind: json, json: {records: /a/b/*}}").contains("at most one `*`"));
    assert!(
        only("container: {kind: json, csv: {delimiter: ';'}}").contains("`csv` has no effect on this kind of file")
    );
    assert!(only("dedupe: [extra.x]").contains("`extra.x` is no field of this mapping"));
    let lines = "container: {kind: lines, lines: {pattern: '^(?P<when>\\d+) (?P<c>\\d+)'}}\ntime: {field: wen}\nfields: {code: {from: c}, reply: {from: c}}\n";
    let told = problems(&with(lines));
    assert!(told[0].contains("the pattern has no group `wen` | did you mean `when`?"), "{told:#?}");
    let delimited = "container: {kind: delimited, delimited: {separator: '@'}}\ntime: {field: date}\nfields: {code: {from: '#1'}}\n";
    let told = problems(&with(delimited));
    assert!(told[0].contains("write `#0` for the first"), "{told:#?}");
}

#[test]
fn rules_that_cannot_be_are_told() {
    let rules = |rules: &str| only(&format!("outcome:\n{rules}"));
    assert!(
        rules("  - {when: {field: code, ge: 400}, set: {outcome: deferral}}\n")
            .contains("the last rule must have no `when`")
    );
    assert!(
        rules("  - {set: {outcome: deferral}}\n  - {set: {outcome: deferral}}\n")
            .contains("no rule after this one is ever reached")
    );
    assert!(
        rules("  - {set: {outcome: deferral, by: sender}}\n").contains("the sender's own decision is `outcome: local`")
    );
    assert!(rules("  - {set: {outcome: local, by: receiver}}\n").contains("`local` is the sender's own decision"));
    let last = "  - {set: {outcome: deferral}}\n";
    let many = "  - {when: {field: reply, match: 'x'}, set: {outcome: deferral}}\n".repeat(201);
    assert!(rules(&format!("{many}{last}")).contains("more than 200 patterns"));
    assert!(
        rules(&format!("  - {{when: {{field: code}}, set: {{outcome: local}}}}\n{last}"))
            .contains("a condition is one of")
    );
    assert!(
        rules(&format!("  - {{when: {{has: /a, field: code, ge: 1}}, set: {{outcome: local}}}}\n{last}"))
            .contains("a condition is one of")
    );
    assert!(
        rules(&format!("  - {{when: {{field: code, between: [499, 400]}}, set: {{outcome: local}}}}\n{last}"))
            .contains("the larger one last")
    );
    assert!(
        rules(&format!("  - {{when: {{field: reply, match: '(?=x)'}}, set: {{outcome: local}}}}\n{last}"))
            .contains("bad-pattern outcome[0].when.match")
    );
}

#[test]
fn fields_that_cannot_be_are_told() {
    let fields = |fields: &str| only(&format!("fields: {{code: {{from: /c}}, reply: {{from: /r}}, {fields}}}"));
    assert!(fields("mxhost: {from: /m}").contains("`mxhost` is no field | did you mean `mx_host`?"));
    assert!(fields("mx_host: {from: /m, first_of: [/n]}").contains("one of `from`, `first_of` and `by`"));
    assert!(fields("mx_host: {by: {a: /m}}").contains("`field` is missing"));
    assert!(fields("attempt: {from: /a, range: [9, 1]}").contains("the larger one last"));
    assert!(fields("stage: {from: /s, map: {x: dns}}").contains("did you mean `connect`?"));
    assert!(fields("source_ip: {from: /a, public_from: [/b]}").contains("name it first in `first_of`"));
    let circle = problems(&with("fields: {code: {from: reply}, reply: {from: code}}"));
    assert!(circle[0].contains("this field needs another that needs this one"), "{circle:#?}");
    let many: String = (0..17).map(|n| format!("extra.x{n}: {{from: /x}}, ")).collect();
    assert!(fields(&many).contains("more than 16 values"));
    let split = "split: [{from: /m, regex: '(?P<mx_host>.*)'}]\nfields: {code: {from: /c}, reply: {from: /r}, mx_host: {from: /m}}";
    assert!(only(split).contains("`mx_host` is given twice"));
}

#[test]
fn times_zones_and_limits_are_checked() {
    assert!(only("time: {formats: [epoch_s]}").contains("`field` is missing"));
    assert!(only("time: {field: /t, formats: [iso]}").contains("`iso`: no form of times"));
    assert!(only("time: {field: /t, formats: [epoch_s], zone: Oslo}").contains("did you mean `Europe/Oslo`?"));
    assert!(only("time: {field: /t, formats: [epoch_s], resolution: fine}").contains("`fine` is no length of time"));
    assert!(only("limits: {max_record_bytes: 0}").contains("0 is not between 1 and"));
    assert!(
        only("claims: {absent: [mx]}").contains("did you mean `mx_host`?")
            || only("claims: {absent: [mx]}").contains("known:")
    );
}

#[test]
fn names_of_built_in_readers_are_taken() {
    let told = problems(&with("").replace("id: test", "id: postfix"));
    assert!(told[0].contains("`postfix` is the name of a reader that is built in"), "{told:#?}");
}

#[test]
fn examples_are_held_to_their_word() {
    let examples = r#"examples:
  - {input: '{"t":1793700765,"c":250}', expect: {outcome: deferral}}
  - {input: '{"t":1793700765,"c":421}', expect: {outcme: deferral}}
  - {input: '{"t":1793700765,"c":421}{"t":1793700766,"c":421}', expect: {minute: 2026-11-03T10:13Z}}
  - {input: 'x', expect: {outcome: deferral}}
  - {input: '{"c":421}', expect: {outcome: deferral}}
"#;
    let told = problems(&with(examples)).join("\n");
    for wanted in [
        "bad-example examples[0].expect.outcome | the record says `delivered`",
        "unknown-key examples[1].expect.outcme | events have no `outcme` | did you mean `outcome`?",
        "bad-example examples[2].expect.minute | the record says `2026-11-03T10:12Z`",
        "bad-example examples[2] | the example gives 2 events, not 1 | say how many with `events: N`",
        "bad-example examples[3].expect.outcome | the record says `nothing (not understood)`",
        "bad-example examples[4].input | the example's event has no time",
    ] {
        assert!(told.contains(wanted), "{wanted}\n{told}");
    }
    assert!(only("examples: []").contains("three real records or more"));
}

#[test]
fn what_no_field_holds_is_said() {
    let mapping = good(&with("claims: {absent: [attempts], caveat: ['the last hour']}"));
    let said = mapping.silent_on().join("\n");
    for wanted in [
        "sending IP",
        "name of the receiving host",
        "stage",
        "TLS",
        "single attempts",
        "the last hour",
        "order of events",
    ] {
        assert!(said.contains(wanted), "{wanted}\n{said}");
    }
    assert!(!said.contains("replies"), "{said}");
    assert!(mapping.not_seen(&|_| false).iter().any(|s| s.starts_with("deferrals")));
    assert!(mapping.not_seen(&|_| true).is_empty());
    assert!(mapping.cannot_count(&|_| true).is_empty());
    assert_eq!(mapping.cannot_count(&|_| false), [Outcome::Deferral, Outcome::Delivered]);
    let mapping = good(&with("claims: {absent: [tls_failures, rejections]}"));
    assert_eq!(mapping.cannot_count(&|_| true), [Outcome::TlsFailure, Outcome::Rejection]);
}

/// The example of the manual is a mapping.
#[test]
fn the_worked_example_of_the_manual_reads() {
    let page = include_str!("../../../../../docs/MAPPINGS.md");
    let block = page.split("```yaml\n").find(|b| b.starts_with("casefile_mapping")).expect("the example");
    let mapping = good(block.split("```").next().expect("its end"));
    assert_eq!(mapping.id(), "our-export");
    assert!(mapping.asks_for_zone());
}

/// Whoever reads the manual finds every key.
#[test]
fn every_key_is_in_the_manual() {
    let page = include_str!("../../../../../docs/MAPPINGS.md");
    let schema: serde_json::Value = serde_json::from_str(&schema_json()).expect("JSON");
    let mut keys = Vec::new();
    fn collect(schema: &serde_json::Value, keys: &mut Vec<String>) {
        match schema {
            serde_json::Value::Object(map) => {
                if let Some(properties) = map.get("properties").and_then(|p| p.as_object()) {
                    keys.extend(properties.keys().cloned());
                    for (key, property) in properties {
                        assert!(property["description"].is_string(), "{key} has no description");
                    }
                }
                map.values().for_each(|v| collect(v, keys));
            }
            serde_json::Value::Array(list) => list.iter().for_each(|v| collect(v, keys)),
            _ => {}
        }
    }
    collect(&schema, &mut keys);
    assert!(keys.len() > 60);
    for key in keys {
        assert!(
            page.contains(&format!("`{key}`"))
                || page.contains(&format!(".{key}`"))
                || page.contains(&format!("{key}:")),
            "{key}"
        );
    }
}
