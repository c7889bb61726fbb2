#![expect(clippy::expect_used, reason = "tests")]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::smtp::Lane;
use crate::time::{Minute, Stamp, Window, Zone, parse_rfc3339};

/// Every key there is.
const FULL: &str = r#"
case: gmail-2026-11-03              # names the output; [a-z0-9-]
title: Gmail deferrals during the November launch
window: {from: 2026-11-03T09:00Z, to: 2026-11-03T15:00Z, healthy: {from: 2026-11-02T09:00Z, to: 2026-11-02T15:00Z}}
sender: {organisation: Example Mailer, contact: deliverability@example.com, domains: [news.example.com], provider: Example Cloud, provider_case: "123"}
sources:                            # only for files that need a word; globs, first match wins
  - {path: "logs/mta1*", node: mta1, zone: America/New_York}
  - {path: "export.csv", format: generic, mapping: our-export, zone: UTC}
  - {path: "metrics/eth0.csv", node: mta1, zone: UTC, dates: day_first, columns: {tx: {signal: egress, unit: bytes_per_s}}}
  - {path: "transcripts/*load*", node: mta1, condition: loaded, taken: 2026-11-03T10:12Z}
nodes: {mta1: {provider_id: i-0abc, limits: {egress: 1 Gbit/s, open_files: 65536, workers: 400}}}
sending_ips: {postfix-ip1: 192.0.2.11, "10.0.0.5": 192.0.2.12}    # syslog tag, transport, binding or private IP to public IP
lanes: {microsoft: ["*.protection.outlook.com"]}                   # gmail is built in
launches: [{at: 2026-11-03T10:00Z, name: November A, messages: 400000}]
changes: [{at: 2026-11-03T10:40Z, what: Gmail concurrency per IP from 45 to 6}]
clocks: {apply: {metrics: -60m}}    # offsets are reported always, applied only from here
attest: {spam_rate: {value: 0.05 %, date: 2026-11-02}, spf: pass, dkim: pass, dmarc: pass, one_click_unsubscribe: true}
redact: {own_domains: [example.com], allow: [], deny: [Project Falcon], keep_workspace_domains: []}
budgets: {esp: 5 MB, google: 1 MB}
notes: {esp: "…", google: "…"}      # free text of the user: scanned by the gate, never rewritten
mappings: {our-export: mappings/our-export.yaml}
"#;

const WORDS: Words<'static> = Words {
    formats: &["postfix", "exim", "generic"],
    signals: &["egress", "ingress", "open_files", "workers"],
    conditions: &["idle", "loaded"],
    mappings: &["shipped"],
};

fn minute(text: &str) -> Minute {
    Minute::parse(text).expect("a test time")
}

fn stamp(text: &str) -> Stamp {
    parse_rfc3339(text).expect("a test time")
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn good(text: &str) -> Case {
    read(text, "Folder Name", &WORDS).unwrap_or_else(|problems| panic!("{}", problems.render("case.yaml", false)))
}

fn bad(text: &str) -> Problems {
    read(text, "x", &WORDS).err().unwrap_or_else(|| panic!("no problem in {text}"))
}

#[test]
fn the_window_the_sender_and_the_name_mean_what_they_say() {
    let case = good(FULL);
    assert_eq!(case.name, "gmail-2026-11-03");
    assert_eq!(case.title, some("Gmail deferrals during the November launch"));
    assert_eq!(case.window, Some(Window::new(minute("2026-11-03T09:00Z"), minute("2026-11-03T15:00Z"))));
    assert_eq!(case.healthy, Some(Window::new(minute("2026-11-02T09:00Z"), minute("2026-11-02T15:00Z"))));
    let sender = Sender {
        organisation: some("Example Mailer"),
        contact: some("deliverability@example.com"),
        domains: vec!["news.example.com".into()],
        provider: some("Example Cloud"),
        provider_case: some("123"),
    };
    assert_eq!(case.sender, sender);
}

#[test]
fn sources_nodes_and_addresses_mean_what_they_say() {
    let case = good(FULL);
    let blank = SourceRule {
        path: glob::Pattern::new("logs/mta1*").expect("a glob"),
        node: some("mta1"),
        zone: Some(Zone::parse("America/New_York").expect("a zone")),
        dates: None,
        format: None,
        mapping: None,
        columns: BTreeMap::new(),
        condition: None,
        taken: None,
    };
    assert_eq!(case.sources.len(), 4);
    assert_eq!(case.rule_for("logs/mta1.log"), Some(&blank));
    let export = case.rule_for("export.csv").expect("a rule");
    assert_eq!((&export.format, &export.mapping), (&some("generic"), &some("our-export")));
    assert_eq!((export.zone, &export.node), (Some(Zone::UTC), &None));
    let tx = Column { signal: "egress".into(), unit: some("bytes_per_s") };
    assert_eq!(case.rule_for("metrics/eth0.csv").and_then(|r| r.dates.as_deref()), Some("day_first"));
    assert_eq!(case.rule_for("metrics/eth0.csv").map(|r| &r.columns), Some(&BTreeMap::from([("tx".into(), tx)])));
    let load = case.rule_for("transcripts/tls-load-1.txt").expect("a rule");
    assert_eq!((&load.condition, load.taken), (&some("loaded"), Some(stamp("2026-11-03T10:12Z"))));

    let amount = |value, unit: &str| Quantity { value, unit: unit.into() };
    let limits = BTreeMap::from([
        ("egress".into(), amount(1e9, "bit/s")),
        ("open_files".into(), amount(65536.0, "")),
        ("workers".into(), amount(400.0, "")),
    ]);
    assert_eq!(case.nodes, BTreeMap::from([("mta1".into(), Node { provider_id: some("i-0abc"), limits })]));
    let ip = |text: &str| text.parse().expect("an address");
    let ips = BTreeMap::from([("postfix-ip1".into(), ip("192.0.2.11")), ("10.0.0.5".into(), ip("192.0.2.12"))]);
    assert_eq!(case.sending_ips, ips);
}

#[test]
fn the_rest_means_what_it_says() {
    let case = good(FULL);
    let lane = case.lanes.classify(b"a-com.mail.protection.outlook.com", b"", b"");
    assert_eq!(case.lanes.name(lane), "microsoft");
    assert_eq!(case.lanes.classify(b"gmail-smtp-in.l.google.com", b"", b""), Lane::GMAIL);
    let launch = Launch { at: stamp("2026-11-03T10:00Z"), name: some("November A"), messages: Some(400_000) };
    assert_eq!(case.launches, [launch]);
    let change = Change { at: stamp("2026-11-03T10:40Z"), what: "Gmail concurrency per IP from 45 to 6".into() };
    assert_eq!(case.changes, [change]);
    assert_eq!(case.clocks, BTreeMap::from([("metrics".into(), -3_600_000)]));
    let attest = Attest {
        spam_rate: Some(SpamRate { percent: 0.05, day: minute("2026-11-02T00:00Z") }),
        spf: Some(Gate::Pass),
        dkim: Some(Gate::Pass),
        dmarc: Some(Gate::Pass),
        one_click_unsubscribe: Some(true),
        ..Attest::default()
    };
    assert_eq!(case.attest, attest);
    let redact =
        Redact { own_domains: vec!["example.com".into()], deny: vec!["Project Falcon".into()], ..Redact::default() };
    assert_eq!(case.redact, redact);
    assert_eq!(case.budgets, Budgets { esp: 5_000_000, google: 1_000_000 });
    assert_eq!(case.notes, Notes { esp: some("…"), google: some("…") });
    assert_eq!(case.mappings, BTreeMap::from([("our-export".into(), "mappings/our-export.yaml".into())]));
}

#[test]
fn nothing_said_is_a_bare_case() {
    for text in ["", "\n", "# later\n", "---\n", "\u{feff}", "{}", "window:\nsources:\nnotes: {esp: \"\"}\ncase: ~\n"] {
        let case = good(text);
        assert_eq!(case.name, "folder-name", "{text:?}");
        assert_eq!(format!("{case:?}"), format!("{:?}", Case::bare("Folder Name")), "{text:?}");
    }
}

#[test]
fn a_byte_order_mark_and_foreign_line_ends_are_tolerated() {
    for ends in ["\r\n", "\r", "\n"] {
        let text = format!("\u{feff}{}", FULL.trim_start().replace('\n', ends));
        assert_eq!(format!("{:?}", good(&text)), format!("{:?}", good(FULL)));
        let wrong = bad(&format!("\u{feff}titel: x{ends}caes: y{ends}"));
        let places: Vec<_> = wrong.list().iter().map(|p| (p.line, p.column)).collect();
        assert_eq!(places, [(1, 1), (2, 1)]);
    }
}

#[test]
fn numbers_and_flags_are_text_as_typed_where_text_is_due() {
    let case = good("title: true\nsender: {provider_case: 01.10, provider: 1e3}\nnodes: {7: {limits: {workers: 4e2}}}");
    assert_eq!(case.title, some("true"));
    assert_eq!((case.sender.provider_case, case.sender.provider), (some("01.10"), some("1e3")));
    assert!(case.nodes.contains_key("7"));
    assert_eq!(good("budgets: {esp: 4000000}").budgets, Budgets { esp: 4_000_000, google: 1_000_000 });
}

#[test]
fn times_are_floored_to_minutes_and_turned_to_utc() {
    let case = good("window: {from: '2026-11-03T10:00:59+01:00', to: 2026-11-03 09:01:00Z}");
    assert_eq!(case.window, Some(Window::new(minute("2026-11-03T09:00Z"), minute("2026-11-03T09:01Z"))));
    assert_eq!(good("window: {healthy: {from: 2026-11-02T09:00Z, to: 2026-11-02T15:00Z}}").window, None);
}

#[test]
fn lanes_are_tried_in_the_order_of_the_file() {
    let case = good("lanes:\n  z-first: [mx.example.com]\n  a-second: ['*.example.com']\n");
    let name = |host: &[u8]| case.lanes.name(case.lanes.classify(host, b"", b"")).to_owned();
    assert_eq!((name(b"mx.example.com"), name(b"mx2.example.com")), ("z-first".into(), "a-second".into()));
}

#[test]
fn all_problems_are_told_at_once_with_their_places() {
    let text = "\
case: Gmail November
windw: {from: 2026-11-03T09:00Z}
window:
  from: 2026-11-03T15:00Z
  to: 2026-11-03T09:00Z
  healthy: {from: 2026-11-02 09:00, to: 2026-11-31T15:00Z}
sources:
  - {path: logs/*, timezone: UTC, zone: Oslo, format: postfx}
  - node: mta1
sending_ips: {ip1: 192.0.2.300, ip1: 192.0.2.1}
launches: {at: 2026-11-03T10:00Z}
clocks: {apply: {metrics: 60}}
attest: {spf: passes, one_click_unsubscribe: sure}
";
    assert_eq!(bad(text).render("case.yaml", false), include_str!("tests-problems.txt"));
    assert!(bad(text).render("case.yaml", true).contains("\u{1b}["));
}

#[test]
fn every_kind_of_problem_has_its_place_and_its_advice() {
    let long = format!("notes: {{esp: {}}}", "x".repeat(2 << 20));
    let cases: &[(&str, &str)] = &[
        ("title: [", "1:9 syntax | did not find expected node content"),
        ("a: 1\n--- \nb: 2", "1:1 syntax | deserializing from YAML containing more than one document is not supported"),
        ("title: !x y", "1:8 syntax | title: invalid type: enum, expected plain YAML without tags"),
        (&long, "1:1 too-large | the file is larger than 1 MiB"),
        ("- a", "1:1 wrong-type | a list where a mapping (`key: value`) is due"),
        ("sender: Example", "1:9 wrong-type sender | text where a mapping (`key: value`) is due"),
        (
            "sender: {domains: a.example}",
            "1:19 wrong-type sender.domains | text where a list is due | a list of one is `[…]`",
        ),
        ("title: {a: b}", "1:1 wrong-type title | a mapping where text is due"),
        ("attest: {ptr: yes}", "1:15 wrong-type attest.ptr | text where true or false is due"),
        (
            "launches:\n- at: 2026-11-03T10:00Z\n  messages: -4",
            "3:13 wrong-type launches[0].messages | a number where a whole number is due",
        ),
        (
            "zoom: 1",
            "1:1 unknown-key zoom | `zoom` is no key here | known here: attest, budgets, case, changes, clocks, lanes, launches, mappings, nodes, notes, redact, sender, sending_ips, sources, title, window",
        ),
        ("clocks: {aply: {}}", "1:10 unknown-key clocks.aply | `aply` is no key here | did you mean `apply`?"),
        ("<<: {title: x}", "1:1 unknown-key \"<<\" | `<<` is no key here | known here: attest"),
        ("title: a\ncase: b\ntitle: c", "3:1 duplicate-key title | `title` is given twice | keep one of them"),
        (
            "changes: [{at: 2026-11-03T10:40Z}]",
            "1:11 missing-key changes[0] | `what` is missing | `what`: What was changed, from what to what.",
        ),
        ("launches: [{at: }]", "1:12 missing-key launches[0] | `at` is missing"),
        ("redact: {deny: [a, , b]}", "1:20 syntax | did not find expected node content"),
        (
            "redact: {deny:\n  [a, '']}",
            "2:7 empty-value redact.deny[1] | nothing is said here | fill it in or delete it",
        ),
        ("redact:\n  deny:\n  - a\n  -\n", "4:4 empty-value redact.deny[1] | an item is empty"),
        ("lanes: {x: []}", "1:9 empty-value lanes.x | lane `x` has no patterns"),
        ("nodes: {'': {}}", "1:9 empty-value nodes.\"\" | a key is empty"),
        ("attest: {dmarc: none}", "1:17 unknown-word attest.dmarc | `none` is none of pass, fail, unknown"),
        (
            "sources: [{path: a, format: exime}]",
            "1:29 unknown-word sources[0].format | `exime` is not a format | did you mean `exim`?",
        ),
        (
            "sources: [{path: a, condition: busy}]",
            "1:32 unknown-word sources[0].condition | `busy` is not a condition | known: idle, loaded",
        ),
        (
            "sources: [{path: a, mapping: b}]",
            "1:30 unknown-word sources[0].mapping | `b` is not one of `mappings` | known: shipped",
        ),
        (
            "sources: [{path: a, mapping: shipped, format: exim}]",
            "1:47 unknown-word sources[0].format | a mapping reads the file, so `exim` cannot | leave out one of the two",
        ),
        (
            "sources: [{path: a, columns: {tx: {signal: egres}}}]",
            "1:44 unknown-word sources[0].columns.tx.signal | `egres` is not a signal | did you mean `egress`?",
        ),
        (
            "nodes: {a: {limits: {open_file: 3}}}",
            "1:22 unknown-word nodes.a.limits.open_file | `open_file` is not a signal | did you mean `open_files`?",
        ),
        (
            "case: -x",
            "1:7 bad-name case | `-x` cannot name files: small letters, digits and hyphens, at most 64 | did you mean `x`?",
        ),
        (
            "changes: [{at: 2026-11-03T10:40, what: x}]",
            "1:16 bad-time changes[0].at | `2026-11-03T10:40` is not a time like 2026-11-24T03:56Z or 2026-11-24T03:56:43+01:00 | add the zone: `2026-11-03T10:40Z` is UTC",
        ),
        ("window: {from: yesterday, to: 2026-02-30T00:00Z}", "1:16 bad-time window.from | `yesterday` is not a time"),
        (
            "window: {from: 2026-11-03T10:40Z}",
            "1:10 bad-window window.from | a window with `from` needs `to` | give both, or neither: then the data decides",
        ),
        (
            "window: {from: 2026-11-03T10:40:01Z, to: 2026-11-03T10:40:59Z}",
            "1:42 bad-window window.to | `to` is not after `from` (2026-11-03T10:40Z) | `to` is the minute after the last one",
        ),
        (
            "attest: {spam_rate: {value: 1 %, date: 2026-02-29}}",
            "1:40 bad-date attest.spam_rate.date | `2026-02-29` is no day | write it as `2026-11-02`",
        ),
        (
            "attest: {spam_rate: {value: 0.05, date: 2026-02-28}}",
            "1:29 bad-percent attest.spam_rate.value | `0.05` is no percentage from 0 to 100 | write it with its sign, such as `0.05 %`",
        ),
        ("sources: [{path: a, zone: Mars/Base}]", "1:27 bad-zone sources[0].zone | no time zone is called `Mars/Base`"),
        ("sources: [{path: /var/log/x}]", "1:18 bad-path sources[0].path | `/var/log/x` leads out of the folder"),
        (
            "sources: [{path: logs/}]",
            "1:18 bad-path sources[0].path | `logs/` is a folder | for all files in it write `logs/**`",
        ),
        (
            "sources: [{path: a**b}]",
            "1:18 bad-path sources[0].path | `a**b` is no glob: recursive wildcards must form a single path component",
        ),
        ("sending_ips: {a: 192.0.2.0/24}", "1:18 bad-ip sending_ips.a | `192.0.2.0/24` is no IP address"),
        (
            "sender: {domains: [https://Example.com/x]}",
            "1:20 bad-domain sender.domains[0] | `https://Example.com/x` is no domain name | did you mean `example.com`?",
        ),
        (
            "redact: {own_domains: [localhost]}",
            "1:24 bad-domain redact.own_domains[0] | `localhost` is no domain name | write it as `example.com`",
        ),
        ("lanes: {gmail: [mx.example.com]}", "1:9 bad-lane lanes.gmail | `gmail` cannot be redefined"),
        (
            "lanes: {x: [mx.example.com, '*']}",
            "1:29 bad-lane lanes.x[1] | `*` is no host pattern; use a name, or `*.` and a suffix",
        ),
        (
            "clocks: {apply: {metrics: 1 hour}}",
            "1:27 bad-offset clocks.apply.metrics | `1 hour` is not a clock offset | write `-60m`, `+90s` or `1h`",
        ),
        (
            "nodes: {a: {limits: {egress: 1 Gbaud}}}",
            "1:30 bad-quantity nodes.a.limits.egress | `Gbaud` is not a unit known here | known: bit, B",
        ),
        (
            "nodes: {a: {limits: {egress: fast}}}",
            "1:30 bad-quantity nodes.a.limits.egress | `fast` does not begin with a number | write `1 Gbit/s`",
        ),
        (
            "budgets: {esp: 5 Mbit}",
            "1:16 bad-size budgets.esp | `5 Mbit` is no size in bytes | write `5 MB` or `4 MiB`",
        ),
    ];
    let mut wrong = Vec::new();
    for (text, wanted) in cases {
        let problems = bad(text);
        let first = problems.list().first().expect("a problem");
        let place = format!("{}:{} {} {}", first.line, first.column, first.code.as_str(), first.path);
        let help = first.help.as_ref().map(|h| format!(" | {h}")).unwrap_or_default();
        let told = format!("{} | {}{help}", place.trim_end(), first.message);
        if !told.starts_with(wanted) {
            wrong.push(format!("{}\n  told {told}\nwanted {wanted}", text.get(..80).unwrap_or(text)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn too_many_lanes_are_refused() {
    let lanes: String = (0..300).map(|n| format!("  l{n}: [mx{n}.example]\n")).collect();
    assert_eq!(
        bad(&format!("lanes:\n{lanes}")).to_string(),
        "1:1: more than 254 lanes (leave out those that decide nothing)"
    );
}

#[test]
fn a_flood_of_problems_ends() {
    let text = format!("sources: [&a {{x: 1, x: 2, y: 3, zone: 4}}{}]", ", *a".repeat(2000));
    let problems = bad(&text);
    assert_eq!(problems.list().len(), 1000);
    assert!(problems.render("case.yaml", false).ends_with("\n1000 problems or more in case.yaml\n"));
}

#[test]
fn problems_serialise_for_scripts() {
    let problems = bad("titel: x");
    assert_eq!(
        serde_json::to_string(problems.list()).expect("JSON"),
        r#"[{"code":"unknown-key","path":"titel","line":1,"column":1,"message":"`titel` is no key here","help":"did you mean `title`?"}]"#
    );
}

#[test]
fn an_alias_is_what_it_stands_for() {
    let case = good("window: &w {from: 2026-11-03T09:00Z, to: 2026-11-03T15:00Z}\nsources: [{path: &p 'a', node: *p}]");
    assert_eq!(case.rule_for("a").and_then(|r| r.node.clone()), some("a"));
    let wrong = bad("sender: &s {domains: [a.example, b]}\nredact: {own_domains: *s}\n");
    assert_eq!(
        wrong.to_string(),
        "1:34: `b` is no domain name (write it as `example.com`)\n2:23: a mapping where a list is due (a list of one is `[…]`)"
    );
}

/// Text that is often almost a case.yaml.
fn almost() -> impl Strategy<Value = String> {
    let words: Vec<&'static str> = FULL.split_inclusive([' ', '\n', ',', ':', '{', '}', '[', ']']).collect();
    prop::collection::vec(prop_oneof![8 => prop::sample::select(words).prop_map(str::to_owned), 1 => ".{0,4}"], 0..60)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_case_or_its_problems(text in prop_oneof!["(?s).*", almost()]) {
        if let Err(problems) = read(&text, "x", &WORDS) {
            prop_assert!(!problems.list().is_empty());
            prop_assert!(!problems.render("case.yaml", false).is_empty());
            for problem in problems.list() {
                prop_assert!(problem.line >= 1 && problem.column >= 1);
            }
        }
    }

    #[test]
    fn a_damaged_case_is_a_case_or_its_problems(at in 0..FULL.len(), len in 0..40_usize, put in ".{0,3}") {
        let start = FULL.floor_char_boundary(at);
        let end = FULL.floor_char_boundary((at + len).min(FULL.len())).max(start);
        let mut text = FULL.to_owned();
        text.replace_range(start..end, &put);
        if let Err(problems) = read(&text, "x", &WORDS) {
            prop_assert!(problems.render("case.yaml", true).contains("in case.yaml"));
        }
    }
}
