use super::super::pattern::pattern;
use super::super::plan::{Container, Header, Json, List, Rows};
use super::*;

fn json(by_line: bool, lists: &[&str]) -> Container {
    let lists = lists.iter().map(|l| l.as_bytes().to_vec()).collect();
    Container::Json(Json { by_line, lists, places: Vec::new(), decode: Vec::new() })
}

fn cutter(container: &Container, longest: usize) -> Cutter {
    match container {
        Container::Json(json) => Cutter::Json(JsonCutter::new(json, longest)),
        Container::Rows(rows) => Cutter::Lines(LineCutter::of_rows(rows, longest)),
        Container::Lines(lines) => Cutter::Lines(LineCutter::of_lines(lines, longest)),
    }
}

/// What is cut out of a text given in pieces of a size, one sentence each.
fn cut(container: &Container, text: &str, size: usize, longest: usize) -> Vec<String> {
    let mut told = Vec::new();
    let mut take = |c: Cut<'_>| {
        let text = String::from_utf8_lossy(c.text).into_owned();
        let what = match c.what {
            What::Record(List::None) => String::new(),
            What::Record(list) => format!("{list:?} "),
            What::Broken => "broken ".to_owned(),
        };
        told.push(format!("{}+{} {what}{text}", c.number, c.units));
    };
    let mut cutter = cutter(container, longest);
    for piece in text.as_bytes().chunks(size) {
        cutter.feed(piece, &mut take);
    }
    cutter.end(&mut take);
    told
}

/// JSON may be given in any pieces.
fn cut_json(container: &Container, text: &str) -> Vec<String> {
    let whole = cut(container, text, usize::MAX, 1 << 20);
    for size in 1..text.len() {
        assert_eq!(cut(container, text, size, 1 << 20), whole, "in pieces of {size}");
    }
    whole
}

#[test]
fn values_are_cut_wherever_they_stand() {
    // esp trap 38: concatenated objects without line ends; esp trap 36: lines or an array.
    for by_line in [true, false] {
        let lines = cut_json(&json(by_line, &[]), "{\"a\":\"}{\"}{\"b\":[1,{}]}\n[{\"c\":\"\\\"]\"},\n");
        assert_eq!(lines, ["1+1 {\"a\":\"}{\"}", "1+1 {\"b\":[1,{}]}", "2+1 Root {\"c\":\"\\\"]\"}"]);
    }
    let pretty = "[\n  {\n    \"a\": 1\n  },\n  {\"b\": 2}\n]\n{\"c\":3}";
    assert_eq!(
        cut_json(&json(false, &[]), pretty),
        ["2+1 Root {\n    \"a\": 1\n  }", "5+1 Root {\"b\": 2}", "7+1 {\"c\":3}"]
    );
    assert_eq!(cut_json(&json(false, &[]), "\u{1e}{\"a\":1}\n\u{1e}{\"a\":2}\n"), ["1+1 {\"a\":1}", "2+1 {\"a\":2}"]);
}

#[test]
fn elements_of_a_list_are_told_while_it_streams() {
    let page = "{\"paging\":{\"items\":[9]},\"n\":\"items\",\"items\":[{\"a\":1},\n{\"a\":2}],\"more\":{\"x\":[]}}\n{\"items\":[]}{\"item\":3}";
    let expected = ["1+1 Member(0) {\"a\":1}", "2+1 Member(0) {\"a\":2}", "3+1 {\"item\":3}"];
    assert_eq!(cut_json(&json(false, &["items"]), page), expected);
}

#[test]
fn what_breaks_off_takes_nothing_with_it() {
    let text = "{\"a\":1}\n{\"b\":\"half\n{\"c\":3}\n{\"d\":[{\n{\"e\":5}\nwords\n{\"f\":";
    let by_line = cut_json(&json(true, &[]), text);
    assert_eq!(
        by_line,
        [
            "1+1 {\"a\":1}",
            "2+1 broken {\"b\":\"half",
            "3+1 {\"c\":3}",
            "4+1 broken {\"d\":[{",
            "5+1 {\"e\":5}",
            "6+1 broken words",
            "7+1 broken {\"f\":"
        ]
    );
    let streamed = cut_json(&json(false, &[]), text);
    assert_eq!(
        streamed,
        [
            "1+1 {\"a\":1}",
            "2+1 broken {\"b\":\"half",
            "3+1 {\"c\":3}",
            "4+1 broken {\"d\":[{",
            "5+1 {\"e\":5}",
            "6+1 broken words",
            "7+1 broken {\"f\":"
        ]
    );
}

#[test]
fn words_before_a_value_are_a_loggers() {
    assert_eq!(cut_json(&json(true, &[]), "info Gelf {\"a\":1}\n"), ["1+1 {\"a\":1}"]);
}

#[test]
fn memory_is_bounded_by_one_record() {
    let long = format!("{{\"a\":\"{}\"}}{{\"b\":1}}", "x".repeat(5000));
    for size in [100, 5000, 10_000] {
        let told = cut(&json(false, &[]), &long, size, 1000);
        assert_eq!(told.len(), 2, "in pieces of {size}");
        assert!(told[0].starts_with("1+1 broken {\"a\""), "in pieces of {size}");
        assert_eq!(told[1], "1+1 {\"b\":1}");
    }
}

fn rows(quote: Option<u8>) -> Container {
    let columns = Vec::new();
    Container::Rows(Rows {
        delimiter: b',',
        quote,
        header: Header::None,
        columns,
        comment: b"#".to_vec(),
        ragged: true,
        repeated_header_is_data: false,
        most_fields: None,
    })
}

#[test]
fn a_quoted_line_end_is_no_end_of_a_row() {
    let text = "a,\"b\nc\",d\n#\"comment\ne,5\" pipe,\"f\"\"g\"\nh,\"never\nends";
    let told = cut(&rows(Some(b'"')), text, usize::MAX, 1 << 20);
    assert_eq!(told, ["2+2 a,\"b\nc\",d", "3+1 #\"comment", "4+1 e,5\" pipe,\"f\"\"g\"", "6+2 broken h,\"never\nends"]);
    assert_eq!(cut(&rows(None), "a,\"b\nc\n", usize::MAX, 1 << 20), ["1+1 a,\"b", "2+1 c"]);
    let endless = format!("\"{}", "x\n".repeat(100));
    let told = cut(&rows(Some(b'"')), &endless, usize::MAX, 1 << 20);
    assert!(told[0].starts_with("64+64 broken "));
    assert_eq!(told.len(), 37);
}

#[test]
fn folded_lines_go_on() {
    let fold = pattern(r"^\s").ok();
    let lines = super::super::plan::Lines {
        pattern: pattern("x").unwrap_or_else(|e| panic!("{e}")),
        unmatched_is_noise: false,
        fold,
        syslog: false,
    };
    let told = cut(&Container::Lines(lines), " a\nb\n c\n\td\ne", usize::MAX, 1 << 20);
    assert_eq!(told, ["1+1  a", "4+3 b\n c\n\td", "5+1 e"]);
}
