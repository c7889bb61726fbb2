//! The template engine: strict about names, and nothing is printed unescaped.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value as Slotted;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, UndefinedBehavior};

use super::NarrativeError;
use super::context::Leaf;
use super::filters;
use super::markdown::Sink;
use super::templates::SHARED;
use crate::release::Audience;

/// Renders a template; the result still holds the marks of its facts.
pub(in crate::narrative) fn render(
    name: &str,
    source: &str,
    sink: Sink,
    reader: Audience,
    context: &Slotted,
) -> Result<String, NarrativeError> {
    let failed = |error: Error| NarrativeError::from_engine(name, &error);
    let mut env = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
        .map_err(failed)?;
    env.set_syntax(syntax);
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::Custom("document".into()));
    env.set_formatter(move |out, _, value| print(out, value, sink));
    filters::register(&mut env, sink, reader);
    for shared in SHARED {
        env.add_template(shared.name, shared.source).map_err(failed)?;
    }
    env.add_template(name, source).map_err(failed)?;
    let text = env.get_template(name).and_then(|t| t.render(context)).map_err(failed)?;
    Ok(tidy(&text))
}

/// Prints one value, inert in its document.
fn print(out: &mut Output<'_>, value: &Slotted, sink: Sink) -> Result<(), Error> {
    let text = if let Some(leaf) = value.downcast_object_ref::<Leaf>() {
        leaf.print(sink)
    } else if value.is_undefined() {
        return Err(Error::new(ErrorKind::UndefinedError, "no such slot"));
    } else if let Ok(flag) = bool::try_from(value.clone()) {
        (if flag { "yes" } else { "no" }).to_owned()
    } else if value.is_safe() {
        value.to_string()
    } else if value.as_object().is_some() || value.is_none() {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "holds no single fact: name one of its parts, or loop over it",
        ));
    } else {
        sink.escape(&value.to_string())
    };
    out.write_str(&text).map_err(|_| Error::new(ErrorKind::WriteFailure, "could not write"))
}

/// No blanks at line ends, at most one empty line, one line end at the end.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = true;
    for line in text.lines().map(str::trim_end) {
        if !(line.is_empty() && empty) {
            out.push_str(line);
            out.push('\n');
        }
        empty = line.is_empty();
    }
    let end = out.trim_end().len();
    out.truncate(end);
    out.push('\n');
    out
}
