//! Values of case.yaml against its schema: what fits goes on, what does not is a problem.
//!
//! This is the small part of JSON Schema that `raw` gives rise to: `$ref`,
//! nullable alternatives, closed objects, maps, lists, word lists and scalars.
//! A scalar where text is due is taken as it was typed (`provider_case: 0123`),
//! and a key without a value is as good as absent.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Map, Value as Json};

use super::nearest::nearest;
use super::path::Path;
use super::places::Places;
use super::problem::{Code, MOST_PROBLEMS, Problem};
use super::values::Value;

/// One walk over a file.
pub(super) struct Fit<'a> {
    root: &'a Json,
    text: &'a str,
    places: &'a Places,
    problems: Vec<Problem>,
}

impl<'a> Fit<'a> {
    /// A walk with this schema over this text.
    pub(super) const fn new(root: &'a Json, text: &'a str, places: &'a Places) -> Self {
        Self { root, text, places, problems: Vec::new() }
    }

    /// The part of the file that fits, as an object, and the problems of the rest.
    pub(super) fn walk(mut self, file: &Value) -> (Json, Vec<Problem>) {
        let fitting = match file {
            Value::Empty => None,
            _ => self.value(self.root, file, &Path::default()),
        };
        (fitting.unwrap_or_else(|| Json::Object(Map::new())), self.problems)
    }

    fn value(&mut self, schema: &'a Json, value: &Value, path: &Path) -> Option<Json> {
        let schema = self.resolved(schema);
        match value {
            Value::Map(entries) if is_a(schema, "object") => Some(self.object(schema, entries, path)),
            Value::List(items) if is_a(schema, "array") => {
                let item = schema.get("items")?;
                // A misshapen item leaves a null, so that the others keep their positions.
                let fitted = items.iter().enumerate().map(|(n, v)| self.item(item, v, &path.item(n)));
                Some(Json::Array(fitted.collect()))
            }
            Value::Flag(flag) if is_a(schema, "boolean") => Some(Json::Bool(*flag)),
            Value::Number(number) if is_a(schema, "integer") => match number.parse::<u64>() {
                Ok(count) => Some(Json::from(count)),
                Err(_) => self.misfit(schema, value, path),
            },
            Value::Text(text) if is_a(schema, "string") => self.word(schema, text, path),
            Value::Number(number) if is_a(schema, "string") => self.word(schema, &self.as_typed(number, path), path),
            Value::Flag(flag) if is_a(schema, "string") => self.word(schema, &flag.to_string(), path),
            _ => self.misfit(schema, value, path),
        }
    }

    fn object(&mut self, schema: &'a Json, entries: &[(String, Value)], path: &Path) -> Json {
        let known = schema.get("properties").and_then(Json::as_object);
        let mut fitted = Map::new();
        let mut given: BTreeMap<&str, usize> = BTreeMap::new();
        for (key, value) in entries {
            let here = path.key(key);
            let times = given.entry(key).or_default();
            *times += 1;
            if *times > 1 {
                let span = self.places.nth_key(&here, *times - 1);
                let message = format!("`{key}` is given twice");
                self.push(span, &here, Code::DuplicateKey, message, Some("keep one of them".to_owned()));
                continue;
            }
            let inner = match known {
                Some(known) => known.get(key),
                None => schema.get("additionalProperties"),
            };
            match inner {
                None => self.unknown_key(key, &here, known, schema),
                Some(_) if key.is_empty() => self.at_key(&here, Code::EmptyValue, "a key is empty".to_owned(), None),
                Some(inner) if *value == Value::Empty => {
                    if known.is_none() && self.is_nullable(inner) {
                        fitted.insert(key.clone(), Json::Null);
                    }
                }
                Some(inner) => {
                    if let Some(json) = self.value(inner, value, &here) {
                        fitted.insert(key.clone(), json);
                    }
                }
            }
        }
        self.required(schema, entries, path);
        Json::Object(fitted)
    }

    fn item(&mut self, schema: &'a Json, value: &Value, path: &Path) -> Json {
        if *value == Value::Empty {
            self.at_key(
                path,
                Code::EmptyValue,
                "an item is empty".to_owned(),
                Some("fill it in or delete it".to_owned()),
            );
            return Json::Null;
        }
        self.value(schema, value, path).unwrap_or(Json::Null)
    }

    fn required(&mut self, schema: &Json, entries: &[(String, Value)], path: &Path) {
        for key in schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str) {
            if !entries.iter().any(|(k, v)| k == key && *v != Value::Empty) {
                let about = schema.pointer(&format!("/properties/{key}/description")).and_then(Json::as_str);
                self.at_key(
                    path,
                    Code::MissingKey,
                    format!("`{key}` is missing"),
                    about.map(|a| format!("`{key}`: {a}")),
                );
            }
        }
    }

    fn unknown_key(&mut self, key: &str, path: &Path, known: Option<&Map<String, Json>>, schema: &Json) {
        let names = || known.into_iter().flat_map(Map::keys).map(String::as_str);
        // What a reader may expect here, and where it is said instead.
        let elsewhere = schema.get("x-elsewhere").and_then(|keys| keys.get(key)).and_then(Json::as_str);
        let help = match (elsewhere, nearest(key, names())) {
            (Some(help), _) => help.to_owned(),
            (None, Some(name)) => format!("did you mean `{name}`?"),
            (None, None) => format!("known here: {}", names().collect::<Vec<_>>().join(", ")),
        };
        self.at_key(path, Code::UnknownKey, format!("`{key}` is no key here"), Some(help));
    }

    fn word(&mut self, schema: &Json, text: &str, path: &Path) -> Option<Json> {
        let Some(words) = schema.get("enum").and_then(Json::as_array) else {
            return Some(Json::from(text));
        };
        let words: Vec<&str> = words.iter().filter_map(Json::as_str).collect();
        if words.contains(&text) {
            return Some(Json::from(text));
        }
        self.at_value(path, Code::UnknownWord, format!("`{text}` is none of {}", words.join(", ")), None);
        None
    }

    fn misfit(&mut self, schema: &Json, value: &Value, path: &Path) -> Option<Json> {
        let due = due(schema);
        let help = is_a(schema, "array").then(|| "a list of one is `[…]`".to_owned());
        self.at_value(path, Code::WrongType, format!("{} where {due} is due", value.kind()), help);
        None
    }

    /// A number as the user wrote it: `1.10` stays `1.10`.
    fn as_typed(&self, number: &str, path: &Path) -> String {
        let typed = self.text.get(self.places.value(path)).unwrap_or_default();
        let is_number = typed.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
        if is_number { typed.trim().to_owned() } else { number.to_owned() }
    }

    /// The schema itself, behind references and nullable alternatives.
    fn resolved(&self, schema: &'a Json) -> &'a Json {
        let mut schema = schema;
        // References of ours never chain further than a nullable type; eight steps end any cycle.
        for _ in 0..8 {
            if let Some(name) = schema.get("$ref").and_then(Json::as_str) {
                let target = name.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
                schema = target.unwrap_or(schema);
            } else if let Some(any) = schema.get("anyOf").and_then(Json::as_array) {
                schema = any.iter().find(|s| !is_a(s, "null")).unwrap_or(schema);
            } else {
                break;
            }
        }
        schema
    }

    fn is_nullable(&self, schema: &Json) -> bool {
        let any = schema.get("anyOf").and_then(Json::as_array);
        is_a(schema, "null") || any.is_some_and(|any| any.iter().any(|s| is_a(s, "null")))
    }

    fn at_key(&mut self, path: &Path, code: Code, message: String, help: Option<String>) {
        self.push(self.places.key(path), path, code, message, help);
    }

    fn at_value(&mut self, path: &Path, code: Code, message: String, help: Option<String>) {
        self.push(self.places.value(path), path, code, message, help);
    }

    fn push(&mut self, span: Range<usize>, path: &Path, code: Code, message: String, help: Option<String>) {
        if self.problems.len() < MOST_PROBLEMS {
            let problem = Problem::at(self.text, span, code, path.to_string(), message);
            self.problems.push(Problem { help, ..problem });
        }
    }
}

/// Whether the schema's `type` is, or holds, this name.
fn is_a(schema: &Json, name: &str) -> bool {
    match schema.get("type") {
        Some(Json::String(only)) => only == name,
        Some(Json::Array(several)) => several.iter().any(|t| t == name),
        _ => false,
    }
}

/// What a schema asks for, for a person.
fn due(schema: &Json) -> &'static str {
    let kinds = [
        ("object", "a mapping (`key: value`)"),
        ("array", "a list"),
        ("boolean", "true or false"),
        ("integer", "a whole number"),
        ("string", "text"),
    ];
    kinds.iter().find(|(name, _)| is_a(schema, name)).map_or("something else", |(_, words)| words)
}
