//! What templates can do with a fact.
//!
//! Each filter prints through the fact, so that the number keeps its id, and
//! returns text that is already safe for the document.

use minijinja::value::Value as Slotted;
use minijinja::{Environment, Error, ErrorKind};

use super::addresses::ranges;
use super::context::Leaf;
use super::cuts::{Begin, beginning};
use super::markdown::Sink;
use super::prose::Form;
use crate::release::{Audience, Evidence, Value};
use crate::time::Minute;

type Printed = Result<Slotted, Error>;

/// Longest name of an IP in a list, in characters: no IPv6 address is longer.
const LABEL: usize = 45;
/// How many citations stand behind one statement.
const CITATIONS: usize = 3;

/// Registers the filters, tests and functions for one kind of document.
pub(in crate::narrative) fn register(env: &mut Environment<'_>, sink: Sink, reader: Audience) {
    // `safe` would let text past the escaping.
    env.remove_filter("safe");
    env.add_filter("raw", |value: &Slotted| leaf(value, |leaf| Ok(raw(&leaf.fact.value))));
    env.add_filter("plural", |value: &Slotted, one: &str, many: Option<&str>| {
        leaf(value, |leaf| Ok(Slotted::from(plural(&leaf.fact.value, one, many))))
    });
    env.add_filter("quantity", move |value: &Slotted| leaf(value, |leaf| Ok(safe(quantity(leaf, sink)))));
    env.add_filter("code", move |value: &Slotted| code(value, sink));
    env.add_filter("clip", move |value: &Slotted, most: usize| leaf(value, |leaf| Ok(safe(clip(leaf, most, sink)))));
    env.add_filter("clock", move |value: &Slotted| time(value, Form::Clock, sink, Minute::clock));
    env.add_filter("minute", move |value: &Slotted| time(value, Form::Part, sink, |m| m.to_string()));
    env.add_filter("date", move |value: &Slotted| time(value, Form::Part, sink, Minute::date));
    env.add_filter("evidence", move |value: &Slotted| {
        leaf(value, |leaf| Ok(safe(evidence(leaf, sink, reader).map_or_else(String::new, |text| format!(" [{text}]")))))
    });
    env.add_filter("source", move |value: &Slotted| {
        leaf(value, |leaf| Ok(safe(evidence(leaf, sink, reader).unwrap_or_else(|| "-".to_owned()))))
    });
    env.add_filter("link", move |value: &Slotted, target: &Slotted| link(value, target, sink));
    env.add_filter("sentence", move |value: &Slotted| leaf(value, |leaf| Ok(safe(begun(leaf, sink)))));
    env.add_filter("cell", move |value: &Slotted| cell(value, sink));
    env.add_filter("quoted", move |value: &Slotted| leaf(value, |leaf| Ok(safe(quoted(leaf, sink)))));
    env.add_filter("position", move |value: &Slotted| {
        leaf(value, |leaf| {
            Ok(safe(leaf.position.map_or_else(String::new, |n| leaf.mark(Form::Position, &n.to_string()))))
        })
    });
    env.add_filter("join_text", move |list: &Slotted, between: Option<&str>| join_text(list, between, sink));
    env.add_filter("addresses", move |list: &Slotted, verdict: &str, most: usize, total: &Slotted| {
        addresses(list, verdict, most, total, sink)
    });
    env.add_test("word", |value: &Slotted, word: &str| {
        leaf(value, |leaf| {
            Ok(matches!(&leaf.fact.value, Value::Word(w) if *w == word)
                || matches!(&leaf.fact.value, Value::Text(t) if t == word))
        })
    });
    env.add_test("known", |value: &Slotted| leaf(value, |leaf| Ok(leaf.fact.value != Value::Absent)));
    env.add_function("todo", move |question: &str| safe(sink.escape(&format!("TODO(human): {question}"))));
    for (name, begin) in [("item", Begin::Item), ("keep", Begin::Keep), ("short", Begin::Short)] {
        env.add_function(name, move || safe(begin.mark()));
    }
}

fn safe(text: String) -> Slotted {
    Slotted::from_safe_string(text)
}

/// Runs on a fact; anything else in its place is the template's mistake.
fn leaf<T>(value: &Slotted, run: impl FnOnce(&Leaf) -> Result<T, Error>) -> Result<T, Error> {
    if let Some(leaf) = value.downcast_object_ref::<Leaf>() {
        return run(leaf);
    }
    Err(if value.is_undefined() {
        Error::new(ErrorKind::UndefinedError, "no such slot")
    } else {
        Error::new(ErrorKind::InvalidOperation, "needs one fact, not a group, a list or plain text")
    })
}

/// The value for comparisons.
fn raw(value: &Value) -> Slotted {
    match value {
        Value::Count(n, _) | Value::AtLeast(n, _) => Slotted::from(*n),
        Value::Number(n, ..) => Slotted::from(*n),
        Value::Share(part, whole, _) if *whole > 0 => Slotted::from(*part as f64 / *whole as f64),
        Value::Flag(flag) => Slotted::from(*flag),
        Value::Absent | Value::Share(..) => Slotted::from(()),
        other => Slotted::from(other.text()),
    }
}

fn plural(value: &Value, one: &str, many: Option<&str>) -> String {
    let single = match value {
        Value::Count(n, _) => *n == 1,
        Value::Number(n, digits, _) => *digits == 0 && (*n - 1.0).abs() < 0.5 || *n == 1.0,
        _ => false,
    };
    if single { one.to_owned() } else { many.map_or_else(|| format!("{one}s"), str::to_owned) }
}

/// A number with its unit: `1 session`, `118.4 Mbit/s`, `92 %`.
fn quantity(leaf: &Leaf, sink: Sink) -> String {
    let printed = leaf.print(sink);
    match &leaf.fact.value {
        Value::AtLeast(_, "") => printed,
        Value::AtLeast(0, unit) => format!("none of the {} seen", sink.escape(unit)),
        Value::AtLeast(_, unit) => format!("{printed} {}", sink.escape(unit)),
        Value::Count(n, unit) => {
            let one = if *n == 1 { singular(unit) } else { (*unit).to_owned() };
            if one.is_empty() { printed } else { format!("{printed} {}", sink.escape(&one)) }
        }
        Value::Number(n, _, unit) if !unit.is_empty() => {
            let unit = if *n == 1.0 { singular(unit) } else { unit.clone() };
            format!("{printed} {}", sink.escape(&unit))
        }
        _ => printed,
    }
}

/// `sessions per minute` → `session per minute`.
fn singular(unit: &str) -> String {
    let (noun, rest) = unit.split_once(' ').unwrap_or((unit, ""));
    let noun = match noun {
        "addresses" => "address",
        "retries" => "retry",
        _ if noun.contains('/') => noun,
        _ => noun.strip_suffix('s').unwrap_or(noun),
    };
    if rest.is_empty() { noun.to_owned() } else { format!("{noun} {rest}") }
}

fn code(value: &Slotted, sink: Sink) -> Printed {
    leaf(value, |leaf| {
        if leaf.fact.value == Value::Absent {
            return Ok(safe(leaf.print(sink)));
        }
        let (open, text, close) = sink.code(&leaf.fact.value.text());
        Ok(safe(format!("{open}{}{close}", leaf.mark(Form::Value, &text))))
    })
}

/// At most so many characters, whole sentences or words; what is left out is said.
fn clip(leaf: &Leaf, most: usize, sink: Sink) -> String {
    let shown = sink.shown(&leaf.fact.value.text());
    match beginning(&shown, most) {
        None => leaf.print(sink),
        Some(head) => format!("{} {}", leaf.mark(Form::Part, &sink.escape(head)), sink.escape("[...]")),
    }
}

fn time(value: &Slotted, form: Form, sink: Sink, print: impl Fn(Minute) -> String) -> Printed {
    leaf(value, |leaf| {
        let text = match &leaf.fact.value {
            Value::Minute(minute) => print(*minute),
            Value::Second(at) => print(at.minute()),
            Value::Between(from, to) if from == to => print(*from),
            Value::Between(from, to) => format!("{} to {}", print(*from), print(*to)),
            _ => return Ok(safe(leaf.print(sink))),
        };
        let whole = matches!(leaf.fact.value, Value::Minute(_)) && text == leaf.fact.value.text();
        Ok(safe(leaf.mark(if whole { Form::Value } else { form }, &text)))
    })
}

/// `S01:120-140, S02:7`; nothing when the fact rests on no line, table or key.
/// Strangers have no case.yaml: to them its keys are the sender's word.
fn evidence(leaf: &Leaf, sink: Sink, reader: Audience) -> Option<String> {
    let cite = |evidence: &Evidence| match evidence {
        Evidence::Stated(_) if reader != Audience::Internal => "stated by the sender".to_owned(),
        other => other.to_string(),
    };
    let mut cited: Vec<String> = leaf.fact.evidence.iter().map(cite).collect();
    cited.dedup();
    cited.truncate(CITATIONS);
    (!cited.is_empty()).then(|| leaf.mark(Form::Evidence, &sink.escape(&cited.join(", "))))
}

/// A fact that begins a sentence, with its first letter large.
fn begun(leaf: &Leaf, sink: Sink) -> String {
    let text = leaf.fact.value.text();
    let mut rest = text.chars();
    let first = rest.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    leaf.mark(Form::Part, &sink.escape(&format!("{first}{}", rest.as_str())))
}

/// A place in the evidence, as a link where the document has links and the target is known.
fn link(value: &Slotted, target: &Slotted, sink: Sink) -> Printed {
    let shown = leaf(value, |leaf| Ok(leaf.print(sink)))?;
    let target = leaf(target, |leaf| {
        let text = leaf.fact.value.text();
        // Only an address of our own making is one: evidence may hold anything.
        let is_ours = text.chars().all(|c| c.is_ascii_alphanumeric() || "./#-".contains(c));
        let known = leaf.fact.value != Value::Absent && is_ours && sink == Sink::Markdown;
        Ok(known.then(|| leaf.mark(Form::Value, &text)))
    })?;
    Ok(safe(target.map_or_else(|| shown.clone(), |target| format!("[{shown}]({target})"))))
}

/// For a table of Markdown: a bar inside would end the cell, also in a code span.
fn cell(value: &Slotted, sink: Sink) -> Printed {
    if value.downcast_object_ref::<Leaf>().is_some() {
        return leaf(value, |leaf| Ok(safe(leaf.print(sink))));
    }
    let text = value.to_string();
    if !value.is_safe() {
        return Ok(safe(sink.escape(&text)));
    }
    if sink != Sink::Markdown {
        return Ok(safe(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        if c == '|' && before != '\\' {
            out.push('\\');
        }
        out.push(c);
        before = c;
    }
    Ok(safe(out))
}

/// Free text of the user with its own lines, visibly a quotation.
fn quoted(leaf: &Leaf, sink: Sink) -> String {
    let lines = leaf.fact.value.text();
    let lines = lines.lines().map(|line| {
        let text = leaf.mark(Form::Part, &sink.escape(line.trim()));
        match sink {
            Sink::Markdown => format!("> {text}"),
            Sink::Text => format!("  {text}"),
            Sink::Html => text,
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn join_text(list: &Slotted, between: Option<&str>, sink: Sink) -> Printed {
    let mut printed = Vec::new();
    for value in list.try_iter()? {
        printed.push(leaf(&value, |leaf| Ok(leaf.print(sink)))?);
    }
    Ok(safe(printed.join(&sink.escape(between.unwrap_or(", ")))))
}

/// The IPs with a verdict: each one while they are at most `most`, else ranges,
/// and a count of what those leave out.
fn addresses(list: &Slotted, verdict: &str, most: usize, total: &Slotted, sink: Sink) -> Printed {
    let mut labels = Vec::new();
    let mut ips = Vec::new();
    for row in list.try_iter()? {
        if leaf(&row.get_attr("verdict")?, |leaf| Ok(leaf.fact.value.text() == verdict))? {
            let label = row.get_attr("label")?;
            labels.push(leaf(&label, |leaf| Ok(clip(leaf, LABEL, sink)))?);
            ips.push(leaf(&row.get_attr("ip")?, |leaf| match &leaf.fact.value {
                Value::Ip(ip) => Ok(Some(*ip)),
                _ => Ok(None),
            })?);
        }
    }
    if labels.len() <= most {
        return Ok(safe(labels.join(", ")));
    }
    let all = ranges(&ips);
    let mut left = labels.len();
    let mut printed = Vec::new();
    for range in all.iter().take(most) {
        let (Some(from), Some(to)) = (labels.get(range.from), labels.get(range.to)) else { continue };
        printed.push(if range.from == range.to { from.clone() } else { format!("{from}-{to}") });
        left = left.saturating_sub(range.count);
    }
    let listed = printed.join(", ");
    if left == 0 {
        return Ok(safe(listed));
    }
    let rest = leaf(total, |total| Ok(total.mark(Form::Rest, &left.to_string())))?;
    Ok(safe(format!("{listed} and {rest} more in tables/ips.csv")))
}
