//! Planting: recordings of each format with a value of its own in the place of each address,
//! and that value once more, in another form, in each reply of Gmail's.

use std::collections::BTreeMap;

use super::forms::FORMS;

/// A planted text, and what must not come out of it.
pub(super) struct Planted {
    pub(super) text: String,
    /// Name and value.
    pub(super) canaries: Vec<(String, String)>,
}

/// How text stands in the lines of a format.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Container {
    Plain,
    Json,
    Csv,
}

/// Plants values into a recording.
pub(super) fn plant(text: &str) -> Planted {
    let mut names = BTreeMap::new();
    let mut out = String::with_capacity(text.len() * 2);
    let (mut replies, mut last_reply) = (0, None);
    for line in text.lines() {
        let (line, last) = addresses(line, &mut names);
        let last = last.unwrap_or_else(|| value(&mut names, "nobody@gmail.com"));
        out.push_str(&reply(&line, &last, replies, container(&line)));
        out.push('\n');
        if line.contains(" - gsmtp") {
            replies += 1;
            last_reply = Some((line, last));
        }
    }
    // Where replies are few, the last is told again until each form was planted.
    let (line, last) = last_reply.expect("a recording with Gmail's replies");
    for k in replies..FORMS.len().div_ceil(2) {
        out.push_str(&reply(&line, &last, k, container(&line)));
        out.push('\n');
    }
    let canaries = names.into_values().map(|planted| {
        let local = planted.split('@').next().unwrap_or_default().to_owned();
        (format!("address {local}"), local)
    });
    Planted { text: out, canaries: canaries.collect() }
}

fn container(line: &str) -> Container {
    if line.starts_with('{') {
        Container::Json
    } else if line.split(',').count() > 8 && !line.contains("status=") && !line.contains(": to=<") {
        Container::Csv
    } else {
        Container::Plain
    }
}

/// The value in the place of an address: the same for the same address.
fn value(names: &mut BTreeMap<String, String>, address: &str) -> String {
    let number = names.len();
    let domain = address.rsplit('@').next().unwrap_or_default().to_owned();
    names.entry(address.to_owned()).or_insert_with(|| format!("zq{number:04}.kalinka@{domain}")).clone()
}

/// A line with its addresses replaced, and the last of them.
pub(super) fn addresses(line: &str, names: &mut BTreeMap<String, String>) -> (String, Option<String>) {
    let of = |c: char| c.is_ascii_alphanumeric() || "._+-=".contains(c);
    let mut out = String::new();
    let mut last = None;
    let mut rest = line;
    while let Some(at) = rest.find('@') {
        let start = rest[..at].char_indices().rev().take_while(|(_, c)| of(*c)).last().map_or(at, |(k, _)| k);
        // The name of a field is no part of the address: `user=x@y`.
        let start = rest[start..at].rfind('=').map_or(start, |k| start + k + 1);
        let domain = &rest[at + 1..];
        let end =
            at + 1 + domain.find(|c: char| !(c.is_ascii_alphanumeric() || ".-".contains(c))).unwrap_or(domain.len());
        let end = start + rest[start..end].trim_end_matches(['.', '-']).len();
        let is_address =
            start < at && rest[at..end].contains('.') && rest[end - 1..end].chars().all(char::is_alphabetic);
        out.push_str(&rest[..if is_address { start } else { end.max(at + 1) }]);
        if is_address {
            let planted = value(names, &rest[start..end]);
            out.push_str(&planted);
            last = Some(planted);
        }
        rest = &rest[if is_address { end } else { end.max(at + 1) }..];
    }
    out.push_str(rest);
    (out, last)
}

/// A line whose reply of Gmail's quotes the value in two forms.
fn reply(line: &str, value: &str, k: usize, container: Container) -> String {
    let form = |k: usize| FORMS[k % FORMS.len()].1(value);
    let quoted = format!(" {} {}", form(2 * k), form(2 * k + 1));
    let quoted = match container {
        Container::Plain => quoted.replace('"', "'"),
        Container::Json => {
            let json = serde_json::to_string(&quoted).expect("a string");
            json[1..json.len() - 1].to_owned()
        }
        // Cells without quotation marks hold no comma.
        Container::Csv => quoted.replace(['"', ','], ";"),
    };
    match line.find(" - gsmtp") {
        Some(at) => {
            // Before the token, which stands at the end of the reply's text.
            let token = line[..at].rfind(' ').unwrap_or(at);
            format!("{}{quoted}{}", &line[..token], &line[token..])
        }
        None => line.to_owned(),
    }
}
