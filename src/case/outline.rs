//! A commented case.yaml for a folder that was looked at: what is known is filled in, what is
//! not stands there as an example behind a `#`.
//!
//! A `#` that is followed by a space begins words for people; any other begins
//! an example, and taking the `#` away makes it count. Both forms are valid.

use std::collections::BTreeSet;

use super::meant::name_from;
use crate::time::{Minute, Window, Zone};

/// What was recognised in a folder, and what remained open.
#[derive(Clone, Debug, Default)]
pub struct Outline {
    /// The name of the folder; becomes the name of the case.
    pub folder: String,
    /// The window to fill in, if one is known.
    pub window: Option<Window>,
    /// Names of sending machines.
    pub nodes: Vec<String>,
    /// Syslog tags, transports, bindings or private IPs whose public IP is unknown.
    pub tags: Vec<String>,
    /// The files that need a word.
    pub sources: Vec<OutlineSource>,
}

/// What a file does not tell.
#[derive(Clone, Debug, Default)]
pub struct OutlineSource {
    /// Its path relative to the folder.
    pub path: String,
    /// The machine that wrote it, where known.
    pub node: Option<String>,
    /// Set where its times name no zone.
    pub zone: Option<ZoneHint>,
    /// Whether it is a transcript without a time.
    pub untimed: bool,
    /// Headings of columns whose meaning is unknown.
    pub columns: Vec<String>,
}

/// What is known of an unnamed zone.
#[derive(Clone, Debug, Default)]
pub struct ZoneHint {
    /// The zone that the evidence suggests.
    pub zone: Option<Zone>,
    /// The evidence, for a person; one sentence.
    pub evidence: String,
}

/// The commented case.yaml. It reads without problems, as written and with every example's `#`
/// taken away.
///
/// Names longer than a YAML key may be (here 200 characters) are left out.
#[must_use]
pub fn commented(outline: &Outline) -> String {
    let mut lines = Vec::new();
    lines.extend(HEAD.lines().map(str::to_owned));
    lines.push(format!("case: {}", scalar(&name_from(&outline.folder))));
    lines.extend(TITLE.lines().map(str::to_owned));
    window(outline.window, &mut lines);
    lines.extend(SENDER.lines().map(str::to_owned));
    sources(outline, &mut lines);
    nodes(&outline.nodes, &mut lines);
    tags(&outline.tags, &mut lines);
    lines.extend(REST.lines().map(str::to_owned));
    lines.push(String::new());
    lines.join("\n")
}

const HEAD: &str = "\
# What no file can tell about this incident. Every key is optional.
# A `#` with no space after it stands before an example: take it away to use the line.

# Names the output: small letters, digits and hyphens.";

const TITLE: &str = "\
#title: Gmail deferrals during the November launch
";

const SENDER: &str = "
# Who sends, and through whom.
#sender:
  #organisation: Example Mailer
  #contact: deliverability@example.com
  #domains: [news.example.com]
  #provider: Example Cloud
  #provider_case: \"123\"
";

const SOURCE_EXAMPLES: &str = "  #- {path: \"logs/mta1*\", node: mta1, zone: America/New_York}
  #- {path: \"export.csv\", format: generic, mapping: our-export, zone: UTC}
  #- {path: \"metrics/eth0.csv\", node: mta1, zone: UTC, dates: day_first, columns: {tx: {signal: egress, unit: bytes_per_s}}}
  #- {path: \"transcripts/*load*\", node: mta1, condition: loaded, taken: 2026-11-03T10:12Z}
";

const REST: &str = "
# Receivers by their MX hosts: a name, or `*.` and a suffix. Gmail and the large ones are built in.
#lanes:
  #microsoft: [\"*.protection.outlook.com\"]

# Campaign starts, and what was changed and when.
#launches:
  #- {at: 2026-11-03T10:00Z, name: November A, messages: 400000}
#changes:
  #- {at: 2026-11-03T10:40Z, what: Gmail concurrency per IP from 45 to 6}

# What to add to the times of logs, metrics, transcripts, or files by a pattern as in sources. Offsets are reported always, and applied only from here.
#clocks:
  #apply: {metrics: -60m}

# What only you can vouch for; Google asks for it before it helps. Use what is true, as you checked it.
#attest:
  #spam_rate: {value: 0.05 %, date: 2026-11-02}
  # Each of these is pass, fail or unknown.
  #spf: pass
  #dkim: pass
  #dmarc: pass
  # And each of these true or false.
  #one_click_unsubscribe: true
  #unsubscribe_48h: true
  #ptr: true
  #from_aligned: true
  #display_name: true

# Your own domains, words that may be shown, words that must not, Workspace domains that may be shown.
#redact:
  #own_domains: [example.com]
  #allow: []
  #deny: [Project Falcon]
  #keep_workspace_domains: []

# How large each bundle may be.
#budgets: {esp: 5 MB, google: 1 MB}

# Free text of yours for each reader: checked for leaks, never rewritten.
#notes:
  #esp: We lowered the concurrency at 10:40 UTC.
  #google: All mail of this stream is confirmed opt-in.

# Files that say how to read your own exports.
#mappings: {our-export: mappings/our-export.yaml}
";

fn window(known: Option<Window>, lines: &mut Vec<String>) {
    lines.push(String::new());
    lines.push("# When to look; `to` is the minute after the last. Without it the data decides.".to_owned());
    let known = known.filter(|w| !w.is_empty());
    let mark = if known.is_some() { "" } else { "#" };
    // 2026-11-03T09:00Z and six hours, as in every example.
    let example = Minute::new(29_894_940);
    let window = known.unwrap_or(Window::new(example, example.plus(360)));
    lines.push(format!("{mark}window:"));
    lines.push(format!("  {mark}from: {}", window.from));
    lines.push(format!("  {mark}to: {}", window.to));
    lines.push("  # The same hours of a day when all was well.".to_owned());
    lines.push(format!("  #healthy: {{from: {}, to: {}}}", window.from.plus(-1440), window.to.plus(-1440)));
}

fn sources(outline: &Outline, lines: &mut Vec<String>) {
    lines.push(String::new());
    lines.push(
        "# Only for files that need a word. `*` stays inside one folder, `**` does not; the first match wins."
            .to_owned(),
    );
    lines.push("#sources:".to_owned());
    for source in &outline.sources {
        let mut rule = vec![format!("path: {}", scalar(&glob::Pattern::escape(&source.path)))];
        let mut asks = Vec::new();
        if let Some(node) = source.node.as_deref().filter(|n| !n.trim().is_empty()) {
            rule.push(format!("node: {}", scalar(node)));
        }
        if let Some(hint) = &source.zone {
            asks.push(format!("its times name no zone. {}", hint.evidence));
            rule.push(format!("zone: {}", scalar(&hint.zone.unwrap_or(Zone::UTC).to_string())));
        }
        if source.untimed {
            asks.push("when was it taken, and was the machine idle or loaded?".to_owned());
            let at = outline.window.map_or_else(|| "2026-11-03T10:12Z".to_owned(), |w| w.from.to_string());
            rule.push(format!("condition: loaded, taken: {at}"));
        }
        if let Some(heading) = source.columns.iter().find(|h| is_key(h)) {
            asks.push(format!("what do these columns measure? {}", source.columns.join(", ")));
            rule.push(format!("columns: {{{}: {{signal: egress, unit: bytes_per_s}}}}", scalar(heading)));
        }
        for ask in asks {
            lines.push(format!("  # {}: {}", words(&source.path), words(&ask)));
        }
        lines.push(format!("  #- {{{}}}", rule.join(", ")));
    }
    if !outline.sources.is_empty() {
        lines.push("  # Other words a file may need:".to_owned());
    }
    lines.extend(SOURCE_EXAMPLES.lines().map(str::to_owned));
}

fn nodes(names: &[String], lines: &mut Vec<String>) {
    lines.push(String::new());
    lines.push("# Sending machines: the provider's name for each, and what it can do at most.".to_owned());
    let names: BTreeSet<&String> = names.iter().filter(|n| is_key(n)).collect();
    let details = "{provider_id: i-0abc, limits: {egress: 1 Gbit/s, open_files: 65536, workers: 400}}";
    if names.is_empty() {
        lines.push("#nodes:".to_owned());
        lines.push(format!("  #mta1: {details}"));
        return;
    }
    lines.push("nodes:".to_owned());
    for name in names {
        lines.push(format!("  {}:", scalar(name)));
        lines.push("    #provider_id: i-0abc".to_owned());
        lines.push("    #limits: {egress: 1 Gbit/s, open_files: 65536, workers: 400}".to_owned());
    }
}

fn tags(names: &[String], lines: &mut Vec<String>) {
    lines.push(String::new());
    lines.push(
        "# Syslog tag, transport, binding or private IP to public IP; `mta1/tag` is that of one node.".to_owned(),
    );
    let names: BTreeSet<&String> = names.iter().filter(|n| is_key(n)).collect();
    if names.is_empty() {
        lines.push("#sending_ips:".to_owned());
        lines.push("  #postfix-ip1: 192.0.2.11".to_owned());
        lines.push("  #\"10.0.0.5\": 192.0.2.12".to_owned());
        return;
    }
    // No example address here: one that is left standing would end up as evidence.
    lines.push("# Fill in the addresses; a tag without one stays unknown.".to_owned());
    lines.push("sending_ips:".to_owned());
    lines.extend(names.into_iter().map(|name| format!("  {}:", scalar(name))));
}

/// Whether a name can be a YAML key of one line; longer ones would need another notation.
fn is_key(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= 200
}

/// A YAML scalar: plain where no reader could take it for anything but text, else in double quotes.
fn scalar(text: &str) -> String {
    let typed = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '/' | '-'))
        && !typed.iter().any(|word| text.eq_ignore_ascii_case(word));
    if plain {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if is_shown(c) => quoted.push(c),
            // Characters that break lines or that YAML forbids all lie below U+10000.
            c => quoted.extend(format!("\\u{:04X}", u32::from(c)).chars()),
        }
    }
    quoted.push('"');
    quoted
}

/// Words for a comment: one line, nothing that YAML forbids.
fn words(text: &str) -> String {
    text.chars().map(|c| if is_shown(c) { c } else { ' ' }).collect()
}

fn is_shown(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;
    use crate::case::schema::schema;
    use crate::case::{Case, Words, read};
    use crate::time::Stamp;

    /// Takes the `#` of every example away.
    fn switched_on(text: &str) -> String {
        let line = |line: &str| match line.trim_start().strip_prefix('#') {
            Some(example) if !example.starts_with(' ') => line.replacen('#', "", 1),
            _ => line.to_owned(),
        };
        text.lines().map(|l| line(l) + "\n").collect()
    }

    fn both(outline: &Outline) -> (Case, Case) {
        let text = commented(outline);
        let case = |text: &str| {
            read(text, "x", &Words::default()).unwrap_or_else(|p| panic!("{}\n{text}", p.render("case.yaml", false)))
        };
        (case(&text), case(&switched_on(&text)))
    }

    fn found() -> Outline {
        let from = Minute::parse("2026-11-24T02:30Z").expect("a time");
        Outline {
            folder: "Throttle 2".to_owned(),
            window: Some(Window::new(from, from.plus(120))),
            nodes: vec!["mta1".to_owned(), "on".to_owned()],
            tags: vec!["postfix-ip1".to_owned(), "10.0.0.5".to_owned()],
            sources: vec![
                OutlineSource {
                    path: "logs/mta1.log".to_owned(),
                    zone: Some(ZoneHint {
                        zone: Some(Zone::Fixed(-18_000)),
                        evidence: "Gmail's clock in 412 acceptances says UTC-05:00.".to_owned(),
                    }),
                    ..OutlineSource::default()
                },
                OutlineSource { path: "tls [2].txt".to_owned(), untimed: true, ..OutlineSource::default() },
                OutlineSource {
                    path: "eth0.csv".to_owned(),
                    columns: vec!["tx bytes".to_owned(), "rx".to_owned()],
                    ..OutlineSource::default()
                },
            ],
        }
    }

    #[test]
    fn what_is_known_is_filled_in_and_the_rest_is_an_example() {
        let (written, on) = both(&found());
        assert_eq!(written.name, "throttle-2");
        assert_eq!(written.window, found().window);
        assert_eq!(written.nodes.keys().collect::<Vec<_>>(), ["mta1", "on"]);
        assert!(
            written.sources.is_empty() && written.sending_ips.is_empty() && written.attest == Case::default().attest
        );
        assert_eq!(on.rule_for("logs/mta1.log").and_then(|r| r.zone), Some(Zone::Fixed(-18_000)));
        assert_eq!(on.rule_for("tls [2].txt").and_then(|r| r.taken).map(Stamp::minute), found().window.map(|w| w.from));
        assert!(on.rule_for("eth0.csv").is_some_and(|r| r.columns.contains_key("tx bytes")));
        assert_eq!(on.nodes["mta1"].limits["egress"].to_string(), "1000000000 bit/s");
        assert!(on.sending_ips.is_empty(), "an address is never made up");
    }

    #[test]
    fn the_text_reads_well() {
        let text = commented(&found());
        let part = text.split("#sources:\n").nth(1).and_then(|rest| rest.split("  # Other").next());
        assert_eq!(
            part,
            Some(concat!(
                "  # logs/mta1.log: its times name no zone. Gmail's clock in 412 acceptances says UTC-05:00.\n",
                "  #- {path: logs/mta1.log, zone: \"UTC-05:00\"}\n",
                "  # tls [2].txt: when was it taken, and was the machine idle or loaded?\n",
                "  #- {path: \"tls [[]2[]].txt\", condition: loaded, taken: 2026-11-24T02:30Z}\n",
                "  # eth0.csv: what do these columns measure? tx bytes, rx\n",
                "  #- {path: eth0.csv, columns: {\"tx bytes\": {signal: egress, unit: bytes_per_s}}}\n",
            ))
        );
        assert!(text.ends_with("our-export.yaml}\n") && !text.contains("\n\n\n"), "{text}");
    }

    #[test]
    fn nothing_known_gives_the_examples_alone() {
        let (written, on) = both(&Outline { folder: "x".to_owned(), ..Outline::default() });
        assert!(written.window.is_none() && written.nodes.is_empty());
        assert_eq!(on.window.map(|w| w.to_string()).as_deref(), Some("2026-11-03T09:00Z to 2026-11-03T14:59Z"));
        assert_eq!(on.sources.len(), 4);
        assert_eq!(on.sending_ips.len(), 2);
        assert_eq!(on.clocks["metrics"], -3_600_000);
    }

    #[test]
    fn every_key_of_the_schema_appears() {
        fn keys(schema: &serde_json::Value, found: &mut Vec<String>) {
            if let Some(properties) = schema.get("properties").and_then(|p| p.as_object()) {
                found.extend(properties.keys().cloned());
            }
            schema.as_object().into_iter().flat_map(|o| o.values()).for_each(|inner| keys(inner, found));
        }
        let mut all = Vec::new();
        keys(&schema(), &mut all);
        assert!(all.len() > 50);
        for outline in [found(), Outline::default()] {
            let text = commented(&outline);
            for key in &all {
                assert!(text.contains(&format!("{key}:")), "{key}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_names_read_back(folder in ".*", names in prop::collection::vec(".{0,20}", 0..4), path in "[^/]{1,20}") {
            let source = OutlineSource {
                path: format!("a/{path}"),
                node: names.first().cloned(),
                zone: Some(ZoneHint { zone: None, evidence: path.clone() }),
                untimed: true,
                columns: names.clone(),
            };
            let (written, _) = both(&Outline {
                folder,
                window: None,
                nodes: names.clone(),
                tags: names.clone(),
                sources: if path == ".." { Vec::new() } else { vec![source] },
            });
            let wanted: BTreeSet<&String> = names.iter().filter(|n| is_key(n)).collect();
            prop_assert_eq!(written.nodes.keys().collect::<BTreeSet<_>>(), wanted);
        }
    }
}
