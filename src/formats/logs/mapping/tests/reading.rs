use super::shipped::examples_of;
use super::*;
use crate::formats::logs::LogClock;
use crate::formats::logs::testing::{Told, assert_damage_is_survived, assert_splits_agree, events, read};
use crate::intake::Exhibit;
use crate::time::{Stamp, Zone};

/// Reads a file in blocks of at least so many bytes that end at a line; records are accounted
/// for, which are not always lines.
fn read_records(mapping: &Mapping, text: &[u8], block: usize) -> (Told, Accounting, Vec<(String, u64)>) {
    let survey = mapping.survey(Head { bytes: text, whole: true });
    let clock = LogClock::new(survey.offset_s.map_or(Zone::UTC, Zone::Fixed), survey.near);
    let mut told = Told::default();
    let mut reader = mapping.telling_reader(Opening::again(Exhibit(1), clock));
    let mut rest = text;
    while !rest.is_empty() {
        let from = block.min(rest.len()) - 1;
        let cut = memchr::memchr(b'\n', &rest[from..]).map_or(rest.len(), |at| from + at + 1);
        reader.reader().read(&rest[..cut], &mut told);
        rest = &rest[cut..];
    }
    reader.reader().end_of_file(&mut told);
    let accounting = reader.accounting();
    assert!(accounting.adds_up(), "{accounting:?}");
    (told, accounting, reader.ignored())
}

/// `read/used/irrelevant/unrecognised`
fn counts(a: Accounting) -> String {
    format!("{}/{}/{}/{}", a.read, a.used, a.irrelevant, a.unrecognised)
}

/// Events of a file without what its lines say, and where its records went.
fn told(mapping: &Mapping, text: &str) -> (Vec<String>, String) {
    let (told, accounting, _) = read_records(mapping, text.as_bytes(), usize::MAX);
    (told.events, counts(accounting))
}

/// All examples that are one record in one line, as one file.
fn lines_of_examples(text: &str) -> Vec<u8> {
    let several = |example: &String| example.starts_with('[') && example.contains("},{\"");
    let one = |example: &String| example.trim().lines().count() == 1 && !example.contains("}{") && !several(example);
    examples_of(text).into_iter().filter(one).flat_map(|e| format!("{}\n", e.trim()).into_bytes()).collect()
}

#[test]
fn splits_agree_for_every_shipped_mapping() {
    for (mapping, shipped) in shipped().iter().zip(SHIPPED) {
        let text = lines_of_examples(shipped.text);
        assert!(text.len() > 300, "{}", shipped.id);
        assert_splits_agree(mapping, &text);
        let whole = read(mapping, &[&text]);
        assert!(whole.unrecognised.is_empty() && whole.accounting.used > 2, "{}: {:?}", shipped.id, whole.accounting);
    }
}

#[test]
fn damage_is_survived_by_every_shipped_mapping() {
    for (mapping, shipped) in shipped().iter().zip(SHIPPED) {
        let text = lines_of_examples(shipped.text);
        if matches!(mapping.plan.container, plan::Container::Json(_)) {
            let step = (text.len() / 300).max(1);
            for cut in (0..text.len()).step_by(step) {
                read_records(mapping, &text[..cut], 700);
                let mut damaged = text.clone();
                damaged[cut] = [0, b'\n', b'"', b'{', 0xff, b'\\', b']', b'['][cut / step % 8];
                read_records(mapping, &damaged, 700);
                mapping.survey(Head { bytes: &damaged, whole: false });
                mapping.recognise(Head { bytes: &damaged[..cut], whole: false });
            }
        } else {
            assert_damage_is_survived(mapping, &text);
        }
    }
}

/// A mapping of rows with columns `at`, `code` and `reply`, its examples parted by `separator`.
fn rows(csv: &str, separator: &str) -> Mapping {
    let example = ["at,code,reply", "1793700765,421,x"].map(|row| row.replace(',', separator)).join("\\n");
    let example = format!("  - {{input: \"{example}\", expect: {{outcome: deferral}}}}\n");
    good(&with(&format!(
        "container: {{kind: csv, csv: {{{csv}}}}}\ntime: {{field: at}}\nfields: {{code: {{from: code}}, reply: {{from: reply}}, mx_host: {{from: '#3'}}}}\nexamples:\n{}",
        example.repeat(3)
    )))
}

fn csv(csv: &str) -> Mapping {
    rows(csv, ",")
}

#[test]
fn headers_name_columns_wherever_they_stand() {
    let text = "# made today\nat,code,reply,mx\n1793700765,421,\"4.7.0 a,\n\"\"b\"\"\",mx1.example\ncode,at,reply\nat,code,reply\n250,1793700766,ok\nat,code,reply\n1793700767,250,ok\n\n";
    let (found, accounting) = told(&csv("comment: '#'"), text);
    let expected = [
        "4 2026-11-03T10:12:45Z deferral by receiver at unknown tls=unknown mx=mx1.example[] from=| node= qid= to= weight=1 rcpts=1 lines=2 reply=421 4.7.0 a, \"b\" detail=",
        "7 ",
        "9 ",
    ];
    assert!(found[0].starts_with(expected[0]), "{found:#?}");
    // Row 5 begins unlike the header and is none; row 6 is one, and row 7 has no time by it.
    assert_eq!((found.len(), accounting.as_str()), (2, "10/3/5/2"), "{found:#?}");
    // A file without a header.
    let named = csv("columns: [at, code, reply]");
    assert_eq!(told(&named, "1793700765,421,x\n1793700766,250,y\n").1, "2/2/0/0");
    assert_eq!(told(&csv(""), "1793700765,421,x\n").1, "1/0/0/1");
    // W3C and Exchange name columns in a comment.
    let fields = "#Software: x\n#Fields: code,at,reply\n421,1793700765,x\n";
    assert_eq!(told(&csv("comment: '#'"), fields).1, "3/1/2/0");
    assert_eq!(told(&csv("ragged: reject"), "at,code,reply\n1793700765,421\n1793700765,421,x\n").1, "3/1/1/1");
    assert_eq!(
        told(&rows("delimiter: \"\\t\", quote: ''", "\\t"), "at\tcode\treply\n1793700765\t421\t\"x\n").1,
        "2/1/1/0"
    );
}

#[test]
fn elements_of_a_page_are_read_while_it_streams() {
    let page: String = (0..3000).map(|n| format!("{{\"t\":{},\"c\":421}},\n", 1_793_700_765 + n)).collect();
    let page = format!("{{\"paging\":{{}},\"items\":[{}],\"total\":3000}}\n", page.trim_end_matches(",\n"));
    let mapping = good(&with("container: {kind: json, json: {records: /items/*, also_accept: [/]}}"));
    for block in [1, 4096, usize::MAX] {
        let (told, accounting, _) = read_records(&mapping, page.as_bytes(), block);
        assert_eq!((told.events.len(), counts(accounting)), (3000, "3000/3000/0/0".to_owned()), "blocks of {block}");
        assert!(told.events[2999].starts_with("3000 "), "{}", told.events[2999]);
    }
}

#[test]
fn a_value_over_several_lines_is_evidence_in_one() {
    let mapping = good(&with("container: {kind: json}"));
    let (told, ..) = read_records(&mapping, b"{\n  \"t\": 1793700765,\n  \"c\": 421\n}\n", 1);
    assert_eq!(told.events.len(), 1);
    assert!(told.events[0].starts_with("1 2026-11-03T10:12:45Z deferral"));
    assert!(told.events[0].contains("lines=1"));
}

#[test]
fn what_is_left_out_is_counted_by_its_reason() {
    let select =
        "select:\n  keep: {field: /e, in: [a]}\n  ignore: [{when: {field: /e, in: [b]}, reason: engagement}]\n";
    let with_examples = |more: &str| {
        let examples = r#"examples:
  - {input: '{"t":1793700765,"c":421,"e":"a"}', expect: {outcome: deferral}}
  - {input: '{"t":1793700765,"c":421,"e":"a"}', expect: {outcome: deferral}}
  - {input: '{"t":1793700765,"c":421,"e":"a"}', expect: {outcome: deferral}}
"#;
        good(&with(&format!("{more}{examples}")))
    };
    let text = b"{\"t\":1793700765,\"c\":421,\"e\":\"a\"}\n{\"t\":1793700825,\"e\":\"b\"}\n{\"t\":1793700765,\"e\":\"c\"}\n{\"e\":\"a\",\"c\":421}\n{\"e\":\"b\"}\nwords\n";
    let (told, accounting, ignored) = read_records(&with_examples(select), text, usize::MAX);
    assert_eq!(counts(accounting), "6/1/2/3");
    assert_eq!(ignored, [("engagement".to_owned(), 2)]);
    assert_eq!(
        (told.unrecognised, told.heard),
        (vec![3, 4, 6], 3),
        "records that are left out tell that the log was running"
    );
    // With `keep` alone, all others are irrelevant.
    let keep = with_examples("select: {keep: {field: /e, in: [a]}}\n");
    let (_, accounting, ignored) = read_records(&keep, text, usize::MAX);
    assert_eq!((counts(accounting), ignored), ("6/1/3/2".to_owned(), vec![("not kept".to_owned(), 3)]));
    // By a field, which is known before.
    let by_field = with_examples("select: {ignore: [{when: {field: code, ge: 500}, reason: old}]}\n");
    assert_eq!(told_counts(&by_field, "{\"t\":1793700765,\"c\":550}\n{\"t\":1793700765,\"c\":421}\n"), "2/1/1/0");
}

fn told_counts(mapping: &Mapping, text: &str) -> String {
    told(mapping, text).1
}

#[test]
fn bursts_are_told_once_with_their_number() {
    let burst = "collapse: [{when: {field: reply, match: '^bulk'}, per: [queue_id, second], set: {outcome: local}}]\nfields: {code: {from: /c}, reply: {from: /r}, queue_id: {from: /q}}\n";
    let mapping = good(&with(burst));
    let queue = |n: u32| if n.is_multiple_of(4) { "a" } else { "b" };
    let record = |n| format!("{{\"t\":1793700765,\"c\":451,\"r\":\"bulk delay {n}\",\"q\":\"{}\"}}\n", queue(n));
    let mut text: String = (0..1000).map(record).collect();
    text += "{\"t\":1793700766,\"c\":451,\"r\":\"bulk delay\",\"q\":\"a\"}\n{\"t\":1793700766,\"c\":421,\"r\":\"421 x\",\"q\":\"a\"}\n";
    let (found, accounting) = told(&mapping, &text);
    let weights: Vec<_> = found.iter().filter_map(|e| e.split("weight=").nth(1)?.split(' ').next()).collect();
    assert_eq!((weights, accounting.as_str()), (vec!["1", "250", "750", "1"], "1002/1002/0/0"), "{found:#?}");
    assert!(found[1].contains(" local by sender ") && found[1].contains("detail=bulk delay 0"), "{found:#?}");
    assert_splits_agree(&mapping, text.as_bytes());
}

#[test]
fn repetitions_in_a_file_are_told_once() {
    let mapping = good(&with("dedupe: [/id, time]"));
    let text = "{\"t\":1793700765,\"c\":421,\"id\":1}\n{\"t\":1793700765,\"c\":421,\"id\":1}\n{\"t\":1793700766,\"c\":421,\"id\":1}\n";
    let (told, accounting, ignored) = read_records(&mapping, text.as_bytes(), usize::MAX);
    assert_eq!((told.events.len(), counts(accounting)), (2, "3/2/1/0".to_owned()));
    assert_eq!(ignored, [("told before".to_owned(), 1)]);
}

#[test]
fn values_come_from_where_the_record_says() {
    let fields = "fields:\n  code: {from: /c}\n  reply: {from: /r}\n  mx_host: {by: {field: /k, x: /a, y: /b}}\n  extra.host: {first_of: [/gone, /h]}\n  node: {from: extra.host, regex: '^(\\w+)\\.', lower: true}\n  tag: {from: /gone, default: pool}\nsplit: [{from: /m, regex: '^(?P<rcpt_domain>\\S+) \\((?P<mx_ip>[^)]+)\\)$'}]\n";
    let mapping = good(&with(fields));
    let record = |more: &str| format!("{{\"t\":1793700765,\"c\":421,{more}}}\n");
    let text = record(
        "\"k\":\"x\",\"a\":\"mx1.example.\",\"b\":\"no\",\"h\":\"MTA1.example\",\"m\":\"gmail.com (192.0.2.1)\"",
    ) + &record("\"k\":\"z\",\"a\":\"no\",\"m\":\"nothing\"");
    let (found, _) = told(&mapping, &text);
    assert!(found[0].contains("mx=mx1.example[192.0.2.1] from=|pool node=mta1 qid= to=gmail.com"), "{found:#?}");
    assert!(found[1].contains("mx=[] from=|pool node= qid= to= "), "{found:#?}");
}

#[test]
fn the_zone_is_stated_asked_for_or_read_off_gmails_clock() {
    let local = |zone: &str| {
        let examples = "examples:\n".to_owned()
            + &"  - {input: '{\"t\":\"2026-11-03 05:12:45\",\"c\":421}', expect: {outcome: deferral}}\n".repeat(3);
        good(&with(&format!("time: {{field: /t, zone: {zone}}}\n{examples}")))
    };
    let text = "{\"t\":\"2026-11-03 05:12:45\",\"c\":421}\n";
    let head = |text: &'static str| Head { bytes: text.as_bytes(), whole: true };
    let asks = local("ask");
    assert!(asks.asks_for_zone() && !asks.survey(head(text)).zoned);
    assert!(told(&asks, text).0[0].contains("2026-11-03T05:12:45Z"));
    let gmail =
        "{\"t\":\"2026-11-03 05:12:45\",\"c\":250,\"r\":\"250 2.0.0 OK  1793700764 x-20020a05si1.2 - gsmtp\"}\n";
    assert_eq!(asks.survey(head(gmail)).offset_s, Some(-5 * 3600));
    assert!(told(&asks, gmail).0[0].contains("2026-11-03T10:12:45Z"));
    let always = local("America/New_York");
    assert!(!always.asks_for_zone());
    assert_eq!(always.survey(head(text)).always, Zone::parse("America/New_York").ok());
    assert!(told(&always, text).0[0].contains("2026-11-03T10:12:45Z"));
    // The hour that happens twice is its later reading once the log has gone past the earlier.
    let autumn = "{\"t\":\"2026-11-01 01:30:00\",\"c\":421}\n{\"t\":\"2026-11-01 01:59:00\",\"c\":421}\n{\"t\":\"2026-11-01 01:10:00\",\"c\":421}\n";
    let found = told(&always, autumn).0;
    assert!(found[1].contains("T05:59:00Z") && found[2].contains("T06:10:00Z"), "{found:#?}");
    // A year that no export is of stands for no time.
    let years = "{\"t\":\"0001-01-01T00:00:00Z\",\"c\":421}\n{\"t\":\"9999-12-31T00:00:00Z\",\"c\":421}\n";
    assert_eq!(told(&always, years).1, "2/0/0/2");
    // Stamps that must name their zone and do not are none.
    let strict = good(&with("time: {field: /t, formats: [epoch_s, rfc3339]}"));
    assert_eq!(told(&strict, text).1, "1/0/0/1");
}

#[test]
fn lines_stand_in_any_envelope() {
    let zonemta = shipped().iter().find(|m| m.id() == "zonemta").expect("shipped");
    let line = "info Sender/default/821 id=18a3 18a3b2c4.001 DEFERRED[rate] from=a@b to=user@gmail.com src=203.0.113.10 mx=gmail-smtp-in.l.google.com[142.251.2.27] message-id=<1@example.com> (421 4.7.28 x - gsmtp)";
    for stamp in ["2026-11-03T10:12:45.123+00:00 mta1 zone-mta[812]: ", "<22>2026-11-03T10:12:45Z mta1 zone-mta[812]: "]
    {
        let found = events(zonemta, &format!("{stamp}{line}\n{stamp}info Queue started\n"));
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("2026-11-03T10:12:45") && found[0].contains("node=mta1"), "{found:#?}");
    }
    let other = read(zonemta, &[b"2026-11-03T10:12:45Z mta1 zone-mta[812]: info Queue started\nno stamp\n"]);
    assert_eq!((counts(other.accounting), other.heard), ("2/0/1/1".to_owned(), 1));
}

#[test]
fn bytes_of_windows_are_read() {
    let text: Vec<u8> = "\u{feff}at,code,reply\r\n1793700765,421,Zustellung verzögert\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let (told, accounting, _) = read_records(&csv(""), &text, 1);
    assert_eq!(counts(accounting), "2/1/1/0");
    assert!(told.events[0].contains("reply=421 Zustellung verzögert"), "{:?}", told.events);
}

#[test]
fn reading_begins_with_the_earliest_record_of_files_in_no_order() {
    let mapping = good(&with("order: reverse"));
    let text = "{\"t\":1793700865,\"c\":421}\n{\"t\":1793700765,\"c\":421}\n";
    let survey = mapping.survey(Head { bytes: text.as_bytes(), whole: true });
    let clock = LogClock::new(Zone::UTC, None);
    assert_eq!(survey.begins(&clock), Some(Stamp::from_seconds(1_793_700_765)));
    assert!(survey.zoned && survey.dated && !survey.fine);
}

/// Haraka's plugins keep the enhanced code and the text of a reply, and not its code.
#[test]
fn an_enhanced_code_is_put_before_a_reply_that_lacks_its_code() {
    let fields = "fields: {enhanced: {from: /e}, code: {from: /c}, reply: {from: /r}}";
    let mapping = good(&with(fields));
    for (record, reply) in [
        (r#"{"t":1793700765,"e":"4.2.1","r":"slow down"}"#, "4.2.1 slow down"),
        (r#"{"t":1793700765,"e":"4.2.1","r":"4.2.1 slow down"}"#, "4.2.1 slow down"),
        (r#"{"t":1793700765,"e":"4.2.1","r":"450 slow down"}"#, "450 slow down"),
        (r#"{"t":1793700765,"e":"4.2.1","c":450,"r":"slow down"}"#, "450 4.2.1 slow down"),
        (r#"{"t":1793700765,"c":450}"#, "450"),
        (r#"{"t":1793700765,"e":"4.2.1"}"#, ""),
    ] {
        let (events, _) = told(&mapping, record);
        assert!(events[0].contains(&format!("reply={reply} detail=")), "{record}: {events:?}");
    }
}
