//! Words, rendered only from a release.
//!
//! `templates/` holds every word a reader sees; this room prints facts into
//! them. A value is escaped for its document, keeps the id of its fact, and a
//! name that is no slot is an error that says where it stands.

mod addresses;
mod context;
mod cuts;
mod engine;
mod error;
mod evidence;
mod filters;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod manual;
mod markdown;
mod page;
mod prose;
mod slots;
mod specimen;
mod templates;
#[cfg(test)]
mod tests;

pub use crate::release::visible;
pub use error::NarrativeError;
pub use evidence::evidence;
pub use prose::{Form, Item, Unlisted, prose_json, unlisted_digits};
pub use templates::{POSTMORTEMS, Postmortem};

use std::collections::BTreeMap;

use minijinja::value::Value as Slotted;

use crate::release::{Audience, Node, Release};
use markdown::Sink;
use templates::{ESP_REPORT, GOOGLE_REPORT, GOOGLE_TEXT, PAGE, README, SHARED, Template};

/// Characters that Google's web form surely takes, and two shorter cuts.
const CUTS: [(&str, usize); 3] =
    [("data/REPORT.txt", 4_000), ("data/ticket-1500.txt", 1_500), ("data/ticket-500.txt", 500)];

/// The postmortem's file.
const POSTMORTEM_FILE: &str = "postmortem.md";

/// One finished text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Where it goes: `data/report.md`, below the bundle's folder.
    pub path: String,
    /// Its text: UTF-8, ends with a line end.
    pub text: String,
    /// The facts it prints, in reading order.
    pub items: Vec<Item>,
}

/// All texts for the release's reader.
///
/// `files` are the paths of the bundle's other files, for the reading order;
/// `drawings` are (figure name, SVG) for the page.
///
/// # Errors
/// When a template of ours is wrong, which the tests rule out.
pub fn documents(
    release: &Release,
    files: &[String],
    drawings: &[(&str, &str)],
) -> Result<Vec<Document>, NarrativeError> {
    let desk = Desk::new(release, files);
    let mut documents = Vec::new();
    let report = match release.audience() {
        Audience::Internal => return Ok(vec![desk.document(POSTMORTEM_FILE, POSTMORTEMS[0].template)?]),
        Audience::Esp => desk.render(ESP_REPORT)?,
        Audience::Google => {
            let text = desk.render(GOOGLE_TEXT)?;
            documents.extend(CUTS.iter().map(|(path, most)| desk.finish(path, &cuts::cut(&text, *most))));
            desk.render(GOOGLE_REPORT)?
        }
    };
    documents.push(desk.finish("data/report.md", &report));
    documents.push(desk.document("README.txt", README)?);
    documents.push(desk.page(release, &report, drawings)?);
    documents.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(documents)
}

/// The postmortem in one of the shipped orders of sections.
///
/// # Errors
/// When a template of ours is wrong, which the tests rule out.
pub fn postmortem(release: &Release, which: &Postmortem) -> Result<Document, NarrativeError> {
    Desk::new(release, &[]).document(POSTMORTEM_FILE, which.template)
}

/// The names and texts that a template may import or include.
pub fn shared_templates() -> impl Iterator<Item = (&'static str, &'static str)> {
    SHARED.iter().map(|shared| (shared.name, shared.source))
}

/// Tries a user's template on made-up facts: all slots filled, in turn with each word that one may
/// hold, and all slots empty. What it names wrongly shows without a case.
///
/// # Errors
/// When the template is malformed or names what is no slot: with template and line.
pub fn check_template(template: &str, name: &str) -> Result<(), NarrativeError> {
    let empty = std::iter::once(Node::group([]));
    for facts in (0..specimen::how_many()).map(specimen::specimen).chain(empty) {
        let (context, _) = context::of_facts(&facts, &context::Lines::new());
        engine::render(name, template, Sink::of(name), Audience::Internal, &Slotted::from(context))?;
    }
    Ok(())
}

/// Renders a user's own template against the same facts. `name` stands in errors,
/// and its ending says what is written: `.txt`, `.html`, else Markdown.
///
/// # Errors
/// When the template is malformed or names what is no slot: with template and line.
pub fn render_file(template: &str, name: &str, release: &Release) -> Result<Document, NarrativeError> {
    let desk = Desk::new(release, &[]);
    let marked = engine::render(name, template, Sink::of(name), desk.reader, &Slotted::from(desk.context.clone()))?;
    Ok(desk.finish(name, &marked))
}

/// The facts laid out for the templates.
struct Desk {
    reader: Audience,
    context: BTreeMap<String, Slotted>,
    ids: Vec<String>,
}

impl Desk {
    fn new(release: &Release, files: &[String]) -> Self {
        let (context, ids) = context::context(release, files);
        Self { reader: release.audience(), context, ids }
    }

    fn render(&self, template: Template) -> Result<String, NarrativeError> {
        debug_assert!(template.readers.contains(&self.reader), "{} is not for this reader", template.name);
        let context = Slotted::from(self.context.clone());
        engine::render(template.name, template.source, Sink::of(template.name), self.reader, &context)
    }

    fn finish(&self, path: &str, marked: &str) -> Document {
        let (text, items) = prose::unmark(marked, &self.ids);
        Document { path: path.to_owned(), text, items }
    }

    fn document(&self, path: &str, template: Template) -> Result<Document, NarrativeError> {
        Ok(self.finish(path, &self.render(template)?))
    }

    fn page(&self, release: &Release, report: &str, drawings: &[(&str, &str)]) -> Result<Document, NarrativeError> {
        let mut context = self.context.clone();
        let (first, others) = drawings.split_at(drawings.len().min(1));
        let body = page::with_picture(&page::body(report), &page::figures(release, first));
        context.insert("body".to_owned(), Slotted::from_safe_string(body));
        context.insert("figures".to_owned(), Slotted::from_safe_string(page::figures(release, others)));
        let marked = engine::render(PAGE.name, PAGE.source, Sink::Html, self.reader, &Slotted::from(context))?;
        Ok(self.finish("report.html", &marked))
    }
}
