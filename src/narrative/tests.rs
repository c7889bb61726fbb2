//! The texts as their readers get them.
#![expect(clippy::expect_used, reason = "tests")]

mod postmortems;

use super::fixtures::{at_mut, ongoing, quiet, release, text, throttle};
use super::*;
use crate::release::{Node, Value};

const READERS: [Audience; 3] = [Audience::Esp, Audience::Google, Audience::Internal];

fn made(audience: Audience, facts: Node) -> Vec<Document> {
    let files = ["data/tables/ips.csv", "data/excerpts/wave-1-first.log", "data/sources.json"].map(str::to_owned);
    let drawings = [("outcomes", "<?xml version=\"1.0\"?><svg role=\"img\"></svg>")];
    documents(&release(audience, facts), &files, &drawings).expect("renders")
}

fn one(audience: Audience, facts: Node, path: &str) -> Document {
    made(audience, facts).into_iter().find(|d| d.path == path).expect("document")
}

/// Every number is a fact's, every item stands where it says, no line ends in blanks.
fn sound(documents: &[Document]) {
    for document in documents {
        let lines: Vec<&str> = document.text.lines().collect();
        for item in &document.items {
            let line = lines.get(item.line - 1).expect("line");
            let there: String = line.chars().skip(item.column - 1).take(item.text.chars().count()).collect();
            assert_eq!(there, item.text, "{}:{}", document.path, item.line);
        }
        assert!(!document.text.contains(['\u{fdd0}', '\u{fdd1}', '\u{fdd2}', '\u{fdd3}']), "{}", document.path);
        assert!(document.text.ends_with('\n') && !document.text.contains("\n\n\n"), "{}", document.path);
        if !document.path.ends_with(".html") {
            assert_eq!(unlisted_digits(&document.text, &document.items), [], "{}", document.path);
        }
        if document.path.ends_with(".txt") {
            assert!(document.text.is_ascii(), "{}", document.path);
        }
    }
}

#[test]
fn texts_are_as_reviewed() {
    for (case, facts) in [("throttle", throttle()), ("quiet", quiet()), ("ongoing", ongoing())] {
        for reader in READERS {
            let documents = made(reader, facts.clone());
            sound(&documents);
            for document in documents.iter().filter(|d| !d.path.ends_with(".html") || case == "throttle") {
                let name = format!("{case}-{}-{}", reader.word(), document.path.replace('/', "-"));
                insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
                    insta::assert_snapshot!(name, document.text);
                });
            }
        }
    }
}

/// A digit that is changed, or one that nobody stated, is no longer what `prose.json` lists.
#[test]
fn no_digit_of_the_prose_changes_unseen() {
    let lists = |text: &str, items: &[Item]| {
        let lines: Vec<&str> = text.lines().collect();
        let stands = |item: &Item| {
            let line = lines.get(item.line - 1).copied().unwrap_or_default();
            line.chars().skip(item.column - 1).take(item.text.chars().count()).eq(item.text.chars())
        };
        items.iter().all(stands) && unlisted_digits(text, items).is_empty()
    };
    for reader in READERS {
        for document in made(reader, throttle()).iter().filter(|d| !d.path.ends_with(".html")) {
            assert!(lists(&document.text, &document.items), "{}", document.path);
            let digits = document.text.match_indices(|c: char| c.is_ascii_digit());
            for (at, digit) in digits {
                let other = if digit == "9" { "1" } else { "9" };
                let mut changed = document.text.clone();
                changed.replace_range(at..=at, other);
                assert!(!lists(&changed, &document.items), "{}: byte {at} of\n{}", document.path, document.text);
            }
            let added = format!("{}In 7 minutes.\n", document.text);
            assert!(!lists(&added, &document.items), "{}", document.path);
        }
    }
}

#[test]
fn settings_are_said_with_their_moment_and_what_is_a_default() {
    let mut facts = throttle();
    let count = |n, unit| Node::from(Value::Count(n, unit));
    let transport = Node::group([
        ("name", text("ip1")),
        ("ip", text("192.0.2.11")),
        ("concurrency", count(20, "deliveries")),
        ("concurrency_basis", Value::Word("default").into()),
        ("processes", count(80, "processes")),
        ("processes_basis", Value::Word("stated").into()),
        ("tls_level", text("may")),
    ]);
    let row = Node::group([
        ("node", text("mta1")),
        ("mta", text("Postfix 3.7.11")),
        ("openssl", text("OpenSSL 3.0.19")),
        ("queue_run_delay", count(30, "seconds")),
        ("minimal_backoff_time", count(60, "seconds")),
        ("maximal_backoff_time", count(240, "seconds")),
        ("transports", Node::List(vec![transport])),
    ]);
    facts.insert("settings", Node::List(vec![row]));
    let documents = made(Audience::Esp, facts);
    sound(&documents);
    let report = documents.iter().find(|d| d.path == "data/report.md").expect("the report");
    let said = "When they were taken, which need not be during the incident:\n\n- `mta1`: Postfix 3.7.11; TLS library of the node: OpenSSL 3.0.19; the queue is scanned every 30 seconds, a message waits 60 seconds to 240 seconds between attempts\n\n";
    assert!(report.text.contains(said), "{}", report.text);
    assert!(report.text.contains("\n\n| Node | Transport |"), "{}", report.text);
    assert!(report.text.contains("| mta1 | ip1 | 192.0.2.11 | 20 (default) | 80 | may |"), "{}", report.text);
}

/// Three digits of a reply at the begin of a line are a dialogue to whoever reads over the bundle.
#[test]
fn no_line_begins_with_a_number_that_could_be_a_reply() {
    let mut facts = throttle();
    count_as(&mut facts, 354);
    for reader in [Audience::Esp, Audience::Google] {
        for document in made(reader, facts.clone()).iter().filter(|d| !d.path.ends_with(".html")) {
            for line in document.text.lines() {
                let said = line.trim_start_matches(|c: char| "<>-~* \t".contains(c));
                assert!(!said.starts_with("354 "), "{}: {line}", document.path);
            }
        }
    }
}

fn count_as(node: &mut Node, n: u64) {
    match node {
        Node::Leaf(fact) => {
            if let Value::Count(count, _) = &mut fact.value {
                *count = n;
            }
        }
        Node::List(items) => items.iter_mut().for_each(|item| count_as(item, n)),
        Node::Group(parts) => parts.values_mut().for_each(|part| count_as(part, n)),
    }
}

/// Lines beside the tables.
fn prose_lines(document: &Document) -> usize {
    document.text.lines().filter(|line| !line.is_empty() && !line.starts_with('|')).count()
}

/// Every list of the tree so many items long, as a large sender's is.
fn grown(node: &mut Node, items: usize) {
    match node {
        Node::Leaf(_) => {}
        Node::Group(parts) => parts.values_mut().for_each(|part| grown(part, items)),
        Node::List(list) => {
            list.iter_mut().for_each(|item| grown(item, 3));
            let one: Vec<Node> = list.clone();
            while !one.is_empty() && list.len() < items {
                list.extend(one.iter().take(items - list.len()).cloned());
            }
        }
    }
}

#[test]
fn a_report_for_a_desk_is_one_page_for_any_size_of_case() {
    for (mut facts, items) in [(throttle(), 1), (throttle(), 64), (ongoing(), 64)] {
        grown(&mut facts, items);
        // There are seven causes, whatever the size of the sender: two possible, five spoken against.
        let lines = |n: usize| Node::List(vec![Value::Sentence("A reason.".to_owned()).into(); n]);
        let cause = Node::group([
            ("title", text("A cause")),
            ("verdict", Value::Word("possible").into()),
            ("for", lines(5)),
            ("against", Node::List(vec![])),
            ("missing", lines(1)),
        ]);
        let tested = Node::group([
            ("titles", text("Another")),
            ("verdict", Value::Word("against").into()),
            ("why", Value::Sentence("A reason.".to_owned()).into()),
        ]);
        let settings = Node::group([("node", text("mta1")), ("mta", text("Postfix"))]);
        facts.insert("causes", Node::List(vec![cause; 2]));
        facts.insert("causes_tested", Node::List(vec![tested; 5]));
        facts.insert("settings", Node::List(vec![settings; items]));
        let report = one(Audience::Esp, facts, "data/report.md");
        sound(std::slice::from_ref(&report));
        assert!(prose_lines(&report) <= 90, "{} lines:\n{}", prose_lines(&report), report.text);
        assert!(report.text.lines().count() <= 400, "{} lines with tables", report.text.lines().count());
    }
}

#[test]
fn absent_facts_are_no_error() {
    for reader in READERS {
        sound(&made(reader, Node::group([])));
        let mut all = throttle();
        blank(&mut all);
        sound(&made(reader, all.clone()));
        for state in ["found", "none"] {
            all.insert("incident", Node::group([("state", Value::Word(state).into())]));
            sound(&made(reader, all.clone()));
        }
    }
}

fn blank(node: &mut Node) {
    match node {
        Node::Leaf(fact) => fact.value = Value::Absent,
        Node::List(items) => items.iter_mut().for_each(blank),
        Node::Group(parts) => parts.values_mut().for_each(blank),
    }
}

/// Puts a text wherever the evidence or the user could have.
fn spoil(node: &mut Node, with: &str) {
    match node {
        Node::Leaf(fact) => {
            if let Value::Text(text) | Value::Sentence(text) = &mut fact.value {
                with.clone_into(text);
            }
        }
        Node::List(items) => items.iter_mut().for_each(|item| spoil(item, with)),
        Node::Group(parts) => parts.values_mut().for_each(|part| spoil(part, with)),
    }
}

#[test]
fn hostile_text_is_inert_everywhere() {
    let long = "w".repeat(10_000);
    let hostile = [
        "[click](http://evil.example) ![x](http://evil.example/x.png) <http://evil.example>",
        "</script><script>alert(1)</script><img src=x onerror=alert(1)>",
        "=cmd|' /C calc'!A0",
        "\u{1b}[2J\u{202e}txt.exe\u{2066}\u{0}\u{fdd0}1v\u{fdd1}9\u{fdd2}\u{fdd3}k",
        "a | b `code ``` | \\",
        "# head\n\n---\n<div>\n- x\n",
        "{{ 7 * 7 }} {% raw %}",
        &long,
    ];
    for with in hostile {
        for reader in READERS {
            let mut facts = throttle();
            spoil(&mut facts, with);
            for (side, note) in [("esp", with), ("google", with)] {
                facts.insert("notes", Node::group([(side, text(note))]));
            }
            let documents = made(reader, facts);
            sound(&documents);
            for document in &documents {
                let acts = |c: char| c != '\n' && visible(&c.to_string()) != c.to_string();
                assert!(!document.text.contains(acts), "{} holds a control", document.path);
                let html = if document.path.ends_with(".html") {
                    document.text.clone()
                } else if document.path.ends_with(".md") {
                    plain_html(&document.text)
                } else {
                    continue;
                };
                // The one link that we make leads to a heading of ours beside the postmortem.
                let html = html.replace("<a href=\"evidence.md#wave-1-first\">", "");
                for tag in ["<script", "<img", "<a ", "<div>\n-", "onerror=alert(1)>"] {
                    assert!(!html.contains(tag), "{}: {tag} from {with:.40}", document.path);
                }
            }
        }
    }
}

/// As a renderer would show it that has raw HTML and links on.
fn plain_html(markdown: &str) -> String {
    let mut out = String::new();
    pulldown_cmark::html::push_html(
        &mut out,
        pulldown_cmark::Parser::new_ext(markdown, pulldown_cmark::Options::all()),
    );
    out
}

#[test]
fn tables_keep_their_columns() {
    let mut facts = throttle();
    spoil(&mut facts, "a | b `c | d` \\| e");
    for reader in READERS {
        for document in made(reader, facts.clone()).iter().filter(|d| d.path.ends_with(".md")) {
            let mut columns = 0;
            for line in document.text.lines() {
                let bars = line.replace("\\\\", "").replace("\\|", "").matches('|').count();
                if line.starts_with('|') {
                    assert!(columns == 0 || columns == bars, "{}: {line}", document.path);
                    columns = bars;
                } else {
                    columns = 0;
                }
            }
        }
    }
}

fn many_ips(n: u16, of: impl Fn(u16) -> String) -> Node {
    let row = |i| {
        let ip = of(i);
        Node::group([
            ("label", text(&ip)),
            ("ip", Value::Ip(ip.parse().expect("ip")).into()),
            ("verdict", Value::Word("failing").into()),
        ])
    };
    Node::List((0..n).map(row).collect())
}

#[test]
fn cuts_hold_their_length_and_their_essentials() {
    let lists = [
        many_ips(64, |i| format!("192.0.2.{}", i * 2)),
        many_ips(64, |i| format!("192.0.2.{i}")),
        many_ips(64, |i| format!("2001:db8:aaaa:bbbb:cccc:dddd:eeee:{:x}", 0x1000 + i * 2)),
        many_ips(3, |i| format!("192.0.2.{i}")),
    ];
    let sentence = "Gmail has detected an unusual rate of unsolicited mail originating from your IP address. ";
    for ips in lists {
        for reply in ["421 short".to_owned(), sentence.repeat(4), "w".repeat(300), sentence.repeat(100)] {
            let mut facts = throttle();
            let Node::List(rows) = &ips else { panic!("list") };
            facts.insert("ips_summary", Node::group([("failing", Value::Count(rows.len() as u64, "IPs").into())]));
            facts.insert("ips", ips.clone());
            at_mut(&mut facts, "replies.1").insert("text", text(&reply));
            for (path, most) in CUTS {
                let cut = one(Audience::Google, facts.clone(), path);
                sound(std::slice::from_ref(&cut));
                assert!(cut.text.chars().count() <= most, "{path}: {}", cut.text.chars().count());
                let has = |id: &str| cut.items.iter().any(|item| item.fact.starts_with(id));
                for id in ["ips.1.label", "replies.1.text", "replies.1.examples.1.token", "replies.1.examples.1.at"] {
                    assert!(has(id), "{path} lost {id}:\n{}", cut.text);
                }
                assert!(cut.text.contains("what should we change?"), "{path} lost the ask");
                assert!(cut.text.lines().next().is_some_and(|subject| subject.len() <= 90), "{path}: long subject");
                if rows.len() > 10 && !(most > 1_000 && cut.text.contains("192.0.2.0-192.0.2.63")) {
                    assert!(
                        cut.text.contains("more in tables/ips.csv") || cut.text.contains("192.0.2.0-192.0.2.63"),
                        "{}",
                        cut.text
                    );
                }
            }
        }
    }
}

#[test]
fn a_cut_survives_hostile_lengths() {
    let mut facts = throttle();
    spoil(&mut facts, &"\u{65e5}".repeat(10_000));
    for (path, most) in CUTS {
        let cut = one(Audience::Google, facts.clone(), path);
        assert!(cut.text.chars().count() <= most && cut.text.contains("ASK\n"), "{path}:\n{}", cut.text);
    }
}

#[test]
fn google_sees_no_queue_ids_or_node_names() {
    for document in made(Audience::Google, throttle()) {
        for word in ["9C9FB1D6BD", "mta1", "i-0abc", "google_rate", "Rate limit at Google"] {
            assert!(!document.text.contains(word), "{}: {word}", document.path);
        }
    }
}

#[test]
fn the_page_is_closed_to_the_network() {
    let page = one(Audience::Esp, throttle(), "report.html").text;
    assert!(page.contains("default-src 'none'; style-src 'unsafe-inline'; img-src data:"));
    assert!(page.contains("<svg role=\"img\"></svg>") && !page.contains("<?xml"));
    for outside in ["<script", "http:", "https:", "src=\"", "href=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn an_unknown_slot_is_named_with_its_place() {
    let release = release(Audience::Internal, throttle());
    let wrong =
        |template: &str| render_file(template, "mine.md", &release).map(|d| d.text).expect_err("fails").to_string();
    assert_eq!(wrong("# A\n\n{{ case.tittle }}\n"), "template mine.md, line 3: `case.tittle` is undefined");
    assert_eq!(
        wrong("{% for w in waves %}\n{{ w.frist | minute }}\n{% endfor %}"),
        "template mine.md, line 2: no such slot"
    );
    assert!(wrong("\n{% if incident.begin %}x{% endif %}").starts_with("template mine.md, line 2: "));
    assert!(wrong("\n{{ waves }}").starts_with("template mine.md, line 2: holds no single fact"));
    assert!(wrong("a\n{% for %}").starts_with("template mine.md, line 2: "));
    assert!(wrong("{{ case.name | safe }}").contains("safe"));
}

#[test]
fn a_users_template_prints_the_same_facts() {
    let release = release(Audience::Internal, throttle());
    let template = "First {{ incident.first_minute | clock }}{{ incident.first_minute | evidence }}, {{ waves[0].failed | quantity }}, \
                    {{ incident.failed_share | raw > 0.5 }}\n{{ todo(\"who was told?\") }}\n{{ spikes | length }} of 12";
    let document = render_file(template, "mine.txt", &release).expect("renders");
    assert_eq!(
        document.text,
        "First 03:56 [S01:6204-6244], 3,975 sessions, yes\nTODO(human): who was told?\n0 of 12\n"
    );
    let facts: Vec<_> = document.items.iter().map(|i| (i.fact.as_str(), i.form)).collect();
    assert_eq!(
        facts,
        [
            ("incident.first_minute", Form::Clock),
            ("incident.first_minute", Form::Evidence),
            ("waves.1.failed", Form::Value)
        ]
    );
    let words: Vec<_> = unlisted_digits(&document.text, &document.items).into_iter().map(|u| u.word).collect();
    assert_eq!(words, ["0", "12"]);
    let json = prose_json(&[document]);
    let json: serde_json::Value = serde_json::from_slice(&json).expect("json");
    assert_eq!(
        json.pointer("/items/2"),
        Some(&serde_json::json!({
            "document": "mine.txt", "line": 1, "column": 30, "text": "3,975", "fact": "waves.1.failed", "form": "value"
        }))
    );
}
