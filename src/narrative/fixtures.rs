//! Trees of facts for tests: a three-wave throttle, nothing found, and worse.
#![expect(clippy::expect_used, reason = "tests")]

use crate::release::{Audience, Evidence, Node, Release, Rows, Table, Value};
use crate::time::{Minute, Stamp, parse_rfc3339};

pub(in crate::narrative) fn release(audience: Audience, facts: Node) -> Release {
    let when = second("2026-11-24T04:38:43Z");
    let ips = Table {
        name: "ips",
        title: "Each sending IP inside the waves.".into(),
        columns: vec![],
        rows: Rows::default(),
    };
    let name = format!("gmail-2026-11-24-{}", audience.word());
    let excerpts = [("wave-1-first.log", "The first failures of wave 1.", "S01", 2891, "line")];
    Release::for_tests(audience, &name, when, facts, vec![ips], &excerpts)
}

fn second(text: &str) -> Stamp {
    parse_rfc3339(text).expect("time")
}
/// A minute of the recorded morning: `03:56`.
pub(in crate::narrative) fn m(clock: &str) -> Value {
    Value::Minute(Minute::parse(&format!("2026-11-24T{clock}:00Z")).expect("minute"))
}
fn at(clock: &str) -> Value {
    Value::Second(second(&format!("2026-11-24T{clock}Z")))
}
pub(in crate::narrative) fn text(text: &str) -> Node {
    Value::Text(text.to_owned()).into()
}
fn said(text: &str) -> Node {
    Value::Sentence(text.to_owned()).into()
}
fn word(word: &'static str) -> Node {
    Value::Word(word).into()
}
fn count(n: u64, unit: &'static str) -> Node {
    Value::Count(n, unit).into()
}
fn sessions(n: u64) -> Node {
    count(n, "sessions")
}
fn share(part: u64, whole: u64) -> Node {
    Value::Share(part, whole, "sessions").into()
}
fn number(n: f64, digits: usize, unit: &str) -> Node {
    Value::Number(n, digits, unit.to_owned()).into()
}
fn flag(flag: bool) -> Node {
    Value::Flag(flag).into()
}
fn lines(value: Value, from: u64, to: u64) -> Node {
    Node::fact(value, [Release::cite_for_tests(1, from, to)])
}
fn stated(value: Value, key: &str) -> Node {
    Node::fact(value, [Evidence::Stated(key.to_owned())])
}

/// The tree at a path, to change or to add to.
pub(in crate::narrative) fn at_mut<'a>(tree: &'a mut Node, path: &str) -> &'a mut Node {
    path.split('.').fold(tree, |node, step| match node {
        Node::Group(parts) => parts.get_mut(step).expect("part"),
        Node::List(items) => items.get_mut(step.parse::<usize>().expect("place") - 1).expect("item"),
        Node::Leaf(_) => panic!("{path} ends early"),
    })
}

fn wave(
    n: u64,
    [first, peak, recovery]: [&str; 3],
    [attempts, failed, most]: [u64; 3],
    launch: &str,
    line: u64,
) -> Node {
    Node::group([
        ("number", count(n, "")),
        ("first", lines(m(first), line, line + 40)),
        ("peak", m(peak).into()),
        ("recovery", lines(m(recovery), line + 900, line + 901)),
        ("attempts", sessions(attempts)),
        ("failed", sessions(failed)),
        ("failed_share", share(failed, attempts)),
        ("peak_failed", sessions(most)),
        ("gradual", flag(false)),
        ("ongoing_at_end", flag(false)),
        ("in_progress_at_start", flag(false)),
        ("launch", text(launch)),
        ("minutes_after_launch", number(0.2, 1, "minutes")),
        ("connections_at_onset", number(16.0, 0, "connections")),
        ("connections_basis", word("estimated")),
        ("rate_at_onset", number(62.0, 0, "attempts per minute")),
        (
            "outcomes",
            Node::group([
                ("deferral", sessions(failed * 54 / 100)),
                ("remote_close", sessions(failed - failed * 54 / 100 - failed / 30)),
                ("tls_failure", sessions(0)),
                ("plaintext", sessions(failed / 30)),
                ("timeout", sessions(0)),
            ]),
        ),
    ])
}

fn ip(label: &str, verdict: &'static str, attempts: u64, delivered: u64, failed: u64) -> Node {
    Node::group([
        ("label", text(label)),
        ("ip", Value::Ip(label.parse().expect("ip")).into()),
        ("node", text("mta1")),
        ("verdict", word(verdict)),
        ("attempts", count(attempts, "attempts")),
        ("delivered", count(delivered, "attempts")),
        ("failed_share", share(failed, attempts)),
    ])
}

fn lane(lane: &str, verdict: &'static str, attempts: u64, failed: u64) -> Node {
    Node::group([
        ("lane", text(lane)),
        ("verdict", word(verdict)),
        ("attempts", count(attempts, "attempts")),
        ("delivered", count(attempts - failed, "attempts")),
        ("failed_share", share(failed, attempts)),
    ])
}

fn example(clock: &str, ip: &str, mx: &str, mx_ip: &str, token: &str) -> Node {
    Node::group([
        ("at", at(clock).into()),
        ("ip", text(ip)),
        ("mx", text(mx)),
        ("mx_ip", text(mx_ip)),
        ("token", text(token)),
        ("text", text(&format!("421 4.7.0 Temporary System Problem.  Try again later (3). {token} - gsmtp"))),
        ("queue_id", text("9C9FB1D6BD")),
    ])
}

fn close(stage: &'static str, n: u64, clock: &str, ip: &str) -> Node {
    let one = Node::group([
        ("at", at(clock).into()),
        ("ip", text(ip)),
        ("mx", text("gmail-smtp-in.l.google.com")),
        ("line", text("lost connection with gmail-smtp-in.l.google.com[198.51.100.26]")),
    ]);
    Node::group([("stage", word(stage)), ("count", count(n, "sessions")), ("examples", Node::List(vec![one]))])
}

fn launch(name: &str, clock: &str, wave: u64) -> Node {
    Node::group([
        ("name", text(name)),
        ("at", stated(at(clock), "launches")),
        ("messages", count(600, "messages")),
        ("wave", count(wave, "")),
        ("minutes_to_first_failure", number(0.2, 1, "minutes")),
    ])
}

fn signal(signal: &str, unit: &str, [base, first, max]: [f64; 3], limit: Option<f64>, ceiling: &'static str) -> Node {
    Node::group([
        ("signal", text(signal)),
        ("label", text(&signal.replace('_', " "))),
        ("unit", text(unit)),
        ("baseline", number(base, 1, unit)),
        ("at_first", number(first, 1, unit)),
        ("max", number(max, 1, unit)),
        ("max_minute", m("03:56").into()),
        ("limit", Node::maybe(limit.map(|n| Value::Number(n, 0, unit.to_owned())))),
        ("ceiling", word(ceiling)),
    ])
}

fn transcript(exhibit: &str, clock: &str, condition: &'static str, verdict: &'static str) -> Node {
    let ok = verdict == "OK";
    Node::group([
        ("exhibit", text(exhibit)),
        ("tool", text("openssl")),
        ("at", at(clock).into()),
        ("condition", word(condition)),
        ("host", text("gmail-smtp-in.l.google.com")),
        ("verdict", word(verdict)),
        ("phase", word(if ok { "quit" } else { "banner" })),
        ("protocol", if ok { text("TLSv1.3") } else { Value::Absent.into() }),
        ("cipher", if ok { text("TLS_AES_256_GCM_SHA384") } else { Value::Absent.into() }),
    ])
}

fn check(title: &str, need: &'static str, state: &'static str) -> Node {
    Node::group([("title", text(title)), ("need", word(need)), ("state", word(state))])
}

/// A throttle: three launches, three waves. Failures, wave minutes, replies, tokens, launches and
/// the queue are those of a recording; attempts, other receivers, CPU and line numbers are made up.
pub(in crate::narrative) fn throttle() -> Node {
    let mut tree = quiet();
    for (name, node) in [
        ("incident", incident()),
        (
            "waves",
            Node::List(vec![
                wave(1, ["03:56", "03:56", "04:04"], [5_123, 3_975, 1_842], "nov-launch-1", 6_204),
                wave(2, ["04:11", "04:11", "04:19"], [5_040, 3_902, 1_700], "nov-launch-2", 31_877),
                wave(3, ["04:26", "04:26", "04:29"], [2_553, 1_882, 1_848], "nov-launch-3", 55_310),
            ]),
        ),
        (
            "ips",
            Node::List(vec![
                ip("192.0.2.11", "failing", 6_512, 1_310, 5_201),
                ip("192.0.2.12", "failing", 5_880, 1_312, 4_567),
                ip("192.0.2.13", "clean", 412, 412, 0),
            ]),
        ),
        (
            "ips_summary",
            Node::group([("failing", count(2, "IPs")), ("clean", count(1, "IPs")), ("unknown", count(0, "IPs"))]),
        ),
        (
            "lanes",
            Node::List(vec![
                lane("gmail", "failing", 12_716, 9_759),
                lane("yahoo", "clean", 552, 0),
                lane("microsoft", "clean", 481, 0),
                lane("fastmail", "not_enough_traffic", 41, 1),
            ]),
        ),
        ("gmail", Node::group([("consumer", count(12_120, "attempts")), ("workspace", count(596, "attempts"))])),
        (
            "closes",
            Node::group([
                ("total", lines(Value::Count(4_145, "sessions"), 6_210, 57_002)),
                (
                    "by_stage",
                    Node::List(vec![
                        close("starttls", 1_441, "03:56:45", "192.0.2.11"),
                        close("handshake", 1_364, "03:56:46", "192.0.2.12"),
                        close("banner", 767, "03:56:44", "192.0.2.11"),
                        close("ehlo", 394, "03:56:47", "192.0.2.11"),
                        close("mail", 179, "03:56:45", "192.0.2.11"),
                    ]),
                ),
            ]),
        ),
        ("tls_failures", tls()),
        ("plaintext_deliveries", lines(Value::Count(133, "messages"), 9_001, 9_133)),
        ("replies", Node::List(vec![reply()])),
        (
            "pattern",
            Node::group([
                ("word", word("repeatable")),
                ("variable", text("open connections from one IP")),
                (
                    "sentence",
                    said("In 3 of 3 launches failures began when one IP held 16 connections; below 16 no wave began."),
                ),
                ("chance", said("At random minutes they would agree as closely in 0.4 % of cases.")),
                ("point", said("On the way up clean to 15 and failing from 16 (open connections).")),
                ("short_of_repeatable", Value::Absent.into()),
                ("caution", said("3 launches are few, and all had the same size.")),
                (
                    "controls",
                    Node::List(vec![
                        Node::group([
                            ("kind", word("own_ip")),
                            ("what", said("IP 192.0.2.13 in the same minutes:")),
                            ("verdict", word("clean")),
                        ]),
                        Node::group([
                            ("kind", word("clean_launch")),
                            ("what", said("launch 4, which stayed below: 0 % (0 of 812) of sessions failed:")),
                            ("verdict", word("clean")),
                        ]),
                    ]),
                ),
            ]),
        ),
        ("verdict", word("google_rate")),
        ("verdict_sentence", said("The facts fit a limit on the rate of connections at Google best.")),
        ("ticket", said("Write to Google; send this report to the provider for information.")),
        ("causes", causes()),
        (
            "mitigation",
            Node::group([
                ("drill_done", flag(false)),
                ("sentence", said("Concurrency to Gmail was lowered during wave 3; no pause of 10 minutes is seen.")),
                (
                    "items",
                    Node::List(vec![stated(
                        Value::Sentence("2026-11-24T04:27:45Z: connections to Gmail for each IP from 45 to 6.".into()),
                        "changes",
                    )]),
                ),
            ]),
        ),
        (
            "throughput",
            Node::group([
                ("reduced", word("no")),
                ("plain", said("Gmail accepted as much mail as before the waves.")),
                ("sentence", said("Gmail accepted as much mail as before the waves.")),
            ]),
        ),
        (
            "queue",
            Node::group([
                (
                    "sentence",
                    said("The queue grew from 4 to 418 messages and was back to normal in 2026-11-24T04:29Z."),
                ),
                ("peak", number(418.0, 0, "messages")),
                ("peak_minute", m("03:56").into()),
            ]),
        ),
        (
            "queue_ids",
            Node::List(vec![Node::group([
                ("queue_id", text("9C9FB1D6BD")),
                ("at", at("03:56:44").into()),
                ("ip", text("192.0.2.11")),
                ("mx", text("gmail-smtp-in.l.google.com")),
                ("text", text("421 4.7.0 Temporary System Problem.  Try again later (3).")),
            ])]),
        ),
        (
            "launches",
            Node::List(vec![
                launch("nov-launch-1", "03:56:43", 1),
                launch("nov-launch-2", "04:11:43", 2),
                launch("nov-launch-3", "04:26:43", 3),
            ]),
        ),
        (
            "changes",
            Node::List(vec![Node::group([
                ("at", stated(at("04:27:45"), "changes")),
                ("what", text("Gmail concurrency per IP from 45 to 6")),
            ])]),
        ),
        (
            "asks",
            Node::group([
                (
                    "google",
                    said(
                        "Which quota or signal (IP, DKIM, SPF, other) was applied to these sessions, and what should we change?",
                    ),
                ),
                (
                    "esp",
                    Node::List(vec![
                        said(
                            "Tell us which concurrency and backoff the MTA applied to Gmail from 2026-11-24T03:56Z to 2026-11-24T04:29Z.",
                        ),
                        said("Confirm that no egress or connection limit applied to mta1 in these minutes."),
                    ]),
                ),
            ]),
        ),
        (
            "proposals",
            Node::List(vec![Node::group([
                ("what", said("Cap connections to Gmail below 16 for each IP.")),
                ("because", said("Every wave began at 16.")),
            ])]),
        ),
    ] {
        tree.insert(name, node);
    }
    tree
}

fn incident() -> Node {
    Node::group([
        ("state", word("found")),
        ("lane", word("gmail")),
        ("first_minute", lines(m("03:56"), 6_204, 6_244)),
        (
            "peak_minute",
            Node::fact(m("04:26"), [Evidence::Table("minutes_by_lane", "2026-11-24T04:26Z, gmail".into())]),
        ),
        ("recovery_minute", lines(m("04:29"), 57_120, 57_121)),
        ("in_progress_at_start", flag(false)),
        ("ongoing_at_end", flag(false)),
        ("last_failure", m("04:28").into()),
        ("waves", count(3, "")),
        ("attempts", sessions(12_716)),
        ("failed", sessions(9_759)),
        ("failed_share", share(9_759, 12_716)),
        ("peak_failed", sessions(1_848)),
        ("duration", count(33, "minutes")),
        ("smallest_detectable", sessions(4)),
        (
            "summary",
            said(
                "Gmail sessions failed in 3 waves between 2026-11-24T03:56Z and 2026-11-24T04:29Z, each after a launch.",
            ),
        ),
        ("baseline", baseline()),
    ])
}

fn baseline() -> Node {
    Node::group([
        ("share", share(5, 2_204)),
        ("minutes", count(33, "minutes")),
        ("tolerance", number(1.0, 1, "%")),
        ("weak", flag(false)),
        ("source", word("own")),
        ("rule", said("A minute fails when more sessions fail than 1.0 % and 4 sessions.")),
    ])
}

fn tls() -> Node {
    Node::group([
        ("total", sessions(3_136)),
        ("after_421", sessions(0)),
        ("after_close", sessions(2_805)),
        ("plaintext", sessions(331)),
        ("timeout", sessions(0)),
        ("genuine", sessions(0)),
        ("undetermined", sessions(0)),
        ("downstream", share(3_136, 3_136)),
        ("sentence", said("All of them follow a close, a reset or plaintext: no TLS fault is seen.")),
    ])
}

fn reply() -> Node {
    Node::group([
        ("text", lines(Value::Text("421 4.7.0 Temporary System Problem.  Try again later (3).".into()), 6_204, 57_002)),
        ("code", text("421")),
        ("enhanced", text("4.7.0")),
        ("category", word("system")),
        ("scope", word("none")),
        ("stage", word("banner")),
        ("attempts", count(4_951, "attempts")),
        ("first", at("03:56:44").into()),
        ("last", at("04:28:17").into()),
        ("ips", count(2, "IPs")),
        ("mx_hosts", count(8, "hosts")),
        ("for_google", flag(true)),
        ("for_esp", flag(true)),
        (
            "examples",
            Node::List(vec![
                example(
                    "03:56:44",
                    "192.0.2.11",
                    "gmail-smtp-in.l.google.com",
                    "198.51.100.26",
                    "9f8acaeeb31be-d189da163e1si7705712a.124",
                ),
                example(
                    "03:58:25",
                    "192.0.2.12",
                    "alt1.gmail-smtp-in.l.google.com",
                    "198.51.100.27",
                    "9ba38897c60d3-fd12c068d78si10477328a.334",
                ),
            ]),
        ),
    ])
}

fn causes() -> Node {
    let cause = |id, title: &str, verdict, pro: &[&str], con: &[&str], missing: &[&str]| {
        let list = |l: &[&str]| Node::List(l.iter().map(|t| said(t)).collect());
        Node::group([
            ("id", word(id)),
            ("title", text(title)),
            ("verdict", word(verdict)),
            ("for", list(pro)),
            ("against", list(con)),
            ("missing", list(missing)),
        ])
    };
    Node::List(vec![
        cause(
            "google_rate",
            "Rate limit at Google",
            "supported",
            &["3 of 3 launches were followed by a wave.", "IP 192.0.2.13, below 16 connections, stayed clean."],
            &[],
            &["No reply names the quota."],
        ),
        cause("google_system", "Fault at Google", "against", &[], &["The failures follow the load."], &[]),
        cause("tls_stack", "TLS stack of the sender", "against", &[], &["No alert in 3,136 lost handshakes."], &[]),
        cause("sender_network", "Network of the sender", "unknown", &[], &[], &["No packet counters were given."]),
    ])
}

/// What every case has: window, sender, nodes, transcripts, coverage, readiness; no incident.
pub(in crate::narrative) fn quiet() -> Node {
    Node::group([
        (
            "case",
            Node::group([("name", text("gmail-2026-11-24")), ("title", text("Gmail deferrals during three launches"))]),
        ),
        (
            "window",
            Node::group([
                ("from", m("03:46").into()),
                ("to", m("04:38").into()),
                ("minutes", count(53, "minutes")),
                ("known", count(53, "minutes")),
            ]),
        ),
        (
            "incident",
            Node::group([
                ("state", word("none")),
                ("lane", word("gmail")),
                ("smallest_detectable", sessions(4)),
                ("baseline", baseline()),
            ]),
        ),
        ("verdict", word("none")),
        (
            "sender",
            Node::group([
                ("organisation", stated(Value::Text("Example Mailer".into()), "sender.organisation")),
                ("contact", text("deliverability@example.com")),
                ("domains", text("bounce1.example.com, bounce2.example.com, news.example.com")),
                ("provider", text("Example Cloud")),
                ("provider_case", text("123")),
            ]),
        ),
        (
            "nodes",
            Node::List(vec![Node::group([
                ("name", text("mta1")),
                ("provider_id", text("i-0abc")),
                (
                    "signals",
                    Node::List(vec![
                        signal("cpu", "%", [12.0, 61.5, 68.2], Some(100.0), "no"),
                        signal("open files", "files", [4_292.0, 5_606.0, 9_120.0], None, "unknown"),
                    ]),
                ),
            ])]),
        ),
        ("nodes_summary", said("No resource reached its ceiling where it was measured: cpu.")),
        (
            "transcripts",
            Node::List(vec![
                transcript("S09", "03:50:43", "idle", "OK"),
                transcript("S13", "03:57:03", "loaded", "DOWNSTREAM"),
                transcript("S34", "04:36:43", "recovered", "OK"),
            ]),
        ),
        (
            "transcripts_by_node",
            Node::List(vec![Node::group([
                ("node", text("mta1")),
                (
                    "sentence",
                    said("openssl s_client against Gmail: idle tests succeeded and 18 of 21 loaded ones did not."),
                ),
            ])]),
        ),
        (
            "transcripts_summary",
            Node::group([
                ("idle", Value::Share(4, 4, "tests").into()),
                ("loaded", Value::Share(3, 21, "tests").into()),
                ("recovered", Value::Share(3, 3, "tests").into()),
                ("sentence", said("Idle tests completed; under load Google closed 18 of 21.")),
            ]),
        ),
        (
            "requirements",
            Node::List(vec![
                Node::group([
                    ("title", text("SPF and DKIM")),
                    ("state", word("measured")),
                    ("detail", said("0 replies of this kind.")),
                ]),
                Node::group([
                    ("title", text("User-reported spam rate")),
                    ("state", stated(Value::Word("attested"), "attest.spam_rate")),
                ]),
            ]),
        ),
        (
            "requirements_line",
            said(
                "Sender requirements: SPF, DKIM, DMARC, TLS, PTR measured (0 such replies); spam rate 0.05 % attested 2026-11-02; one-click unsubscribe attested.",
            ),
        ),
        (
            "clocks",
            Node::List(vec![Node::group([
                ("node", text("mta1")),
                ("sentence", said("mta1 runs on UTC, 0 s from Gmail's clock (median of 4,914 acceptances).")),
            ])]),
        ),
        (
            "coverage",
            Node::List(vec![Node::group([
                ("exhibit", text("S01")),
                ("file", text("logs/mta1.mail.log.gz")),
                ("kind", text("log")),
                ("format", text("postfix")),
                ("from", at("03:46:43").into()),
                ("to", at("04:38:43").into()),
                ("read", count(70_410, "lines")),
                ("used", count(19_204, "lines")),
                ("irrelevant", count(51_206, "lines")),
                ("unrecognised", count(0, "lines")),
                (
                    "cannot_show",
                    Node::List(vec![said(
                        "Postfix does not log the banner of Google: tokens of sessions that end in STARTTLS are not known.",
                    )]),
                ),
            ])]),
        ),
        ("skipped", Node::List(vec![Node::group([("name", text("notes/empty.txt")), ("why", said("It is empty."))])])),
        (
            "missing",
            Node::List(vec![said(
                "Path traces in both directions during a wave; next time: mtr -rwz -c 500 gmail-smtp-in.l.google.com",
            )]),
        ),
        (
            "readiness",
            Node::group([(
                "google",
                Node::group([
                    ("ready", flag(true)),
                    ("sentence", said("Ready for Google.")),
                    (
                        "checks",
                        Node::List(vec![
                            check("Exact replies with a token", "must", "pass"),
                            check("Published drill done", "want", "fail"),
                        ]),
                    ),
                ]),
            )]),
        ),
        (
            "tool",
            Node::group([("version", text("0.1.0")), ("tzdb", text("2026b")), ("replies_date", text("2026-06-18"))]),
        ),
    ])
}

/// The same incident, cut: failing when the data begin and when they end, on a weak baseline, undecided.
pub(in crate::narrative) fn ongoing() -> Node {
    let mut tree = throttle();
    let incident = at_mut(&mut tree, "incident");
    for (name, value) in [
        ("in_progress_at_start", Value::Flag(true)),
        ("ongoing_at_end", Value::Flag(true)),
        ("first_not_later_than", m("03:46")),
        ("first_minute", Value::Absent),
        ("recovery_minute", Value::Absent),
        ("waves", Value::Count(1, "")),
        ("smallest_detectable", Value::Absent),
    ] {
        incident.insert(name, value.into());
    }
    at_mut(incident, "baseline").insert("weak", flag(true));
    at_mut(incident, "baseline").insert("minutes", count(1, "minutes"));
    let Node::List(waves) = at_mut(&mut tree, "waves") else { panic!("waves") };
    waves.truncate(1);
    for (name, value) in [
        ("in_progress_at_start", Value::Flag(true)),
        ("ongoing_at_end", Value::Flag(true)),
        ("first", Value::Absent),
        ("recovery", Value::Absent),
        ("minutes_after_launch", Value::Absent),
        ("connections_at_onset", Value::Absent),
        ("peak_failed", Value::Count(1, "sessions")),
    ] {
        at_mut(&mut tree, "waves.1").insert(name, value.into());
    }
    for (name, node) in [
        ("verdict", word("inconclusive")),
        (
            "verdict_sentence",
            said("Inconclusive. A test of STARTTLS from an idle node and the counters of the network would decide."),
        ),
        ("causes", Node::List(vec![])),
        ("pattern", Node::group([("word", word("single wave")), ("sentence", said("One wave shows no pattern."))])),
        ("launches", Node::List(vec![])),
        ("changes", Node::List(vec![])),
        ("mitigation", Value::Absent.into()),
        ("nodes", Node::List(vec![])),
        ("transcripts", Node::List(vec![])),
        ("transcripts_by_node", Node::List(vec![])),
        ("nodes_summary", Value::Absent.into()),
    ] {
        tree.insert(name, node);
    }
    tree
}
