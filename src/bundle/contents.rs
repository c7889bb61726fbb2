//! What goes into a bundle: every file made from the release, and from nothing else.

use serde_json::json;

use super::{BagInfo, BundleError, Entry, bag};
use crate::charts::{ChartError, Drawing};
use crate::narrative::{self, NarrativeError};
use crate::release::{Audience, Figure, Release};
use crate::tables;

/// Why the contents could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ContentsError {
    /// A chart could not be drawn.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// The words could not be rendered.
    #[error(transparent)]
    Words(#[from] NarrativeError),
    /// A name or the bag was refused.
    #[error(transparent)]
    Bundle(#[from] BundleError),
}

/// What the releases show; of charts that are alike for several readers, one.
#[must_use]
pub fn figures(releases: &[Release]) -> Vec<Figure> {
    let mut figures: Vec<Figure> = Vec::new();
    for figure in releases.iter().flat_map(Release::figures) {
        if !figures.contains(figure) {
            figures.push(figure.clone());
        }
    }
    figures
}

/// Charts, as they were drawn.
pub struct Drawings(Vec<(Figure, Drawing)>);

impl Drawings {
    /// Figures with what was drawn of them.
    #[must_use]
    pub fn of(drawn: impl IntoIterator<Item = (Figure, Drawing)>) -> Self {
        Self(drawn.into_iter().collect())
    }

    /// The charts of one release, each by its name.
    fn of_release(&self, release: &Release) -> Vec<(&str, &Drawing)> {
        let drawn = |figure: &&Figure| self.0.iter().find(|(of, _)| of == *figure);
        release.figures().iter().filter_map(|figure| drawn(&figure)).map(|(of, d)| (of.name.as_str(), d)).collect()
    }
}

/// A bundle's files, bagged: what [`super::write_zip`] packs.
///
/// # Errors
/// When a text or a name is refused.
pub fn contents(release: &Release, drawings: &Drawings, version: &'static str) -> Result<Vec<Entry>, ContentsError> {
    let mut entries = Vec::new();
    let drawings = drawings.of_release(release);
    for (name, drawing) in &drawings {
        entries.push(Entry::new(format!("data/charts/{name}.svg"), drawing.svg.as_bytes())?);
        if release.has_png() {
            entries.push(Entry::new(format!("data/charts/{name}.png"), drawing.png.as_slice())?);
        }
    }
    let sheets: Vec<_> = release.tables().iter().map(|t| (t, tables::csv(t))).collect();
    let listed: Vec<_> = sheets.iter().map(|(t, bytes)| (*t, bytes.as_slice())).collect();
    entries.push(Entry::new(
        "data/tables/datapackage.json",
        tables::datapackage(release.name(), release.when(), &listed),
    )?);
    for (table, bytes) in sheets {
        entries.push(Entry::new(format!("data/tables/{}.csv", table.name), bytes)?);
    }
    for file in release.excerpts() {
        let text: String = file.lines.iter().map(|l| format!("{}\n", l.text)).collect();
        entries.push(Entry::new(format!("data/excerpts/{}", file.name), text)?);
    }
    entries.push(Entry::new("data/excerpts/excerpts.csv", tables::csv(&tables::excerpts_index(release.excerpts())))?);
    for file in release.transcripts() {
        entries.push(Entry::new(format!("data/transcripts/{}", file.name), file.text.as_str())?);
    }
    entries.push(Entry::new("data/facts.json", facts_json(release))?);
    entries.push(Entry::new("data/sources.json", pretty(&json!({"sources": release.facts().at("coverage")})))?);
    entries.push(Entry::new("data/redaction.json", redaction_json(release))?);
    let pictures: Vec<_> = drawings.iter().map(|(name, drawing)| (*name, drawing.svg.as_str())).collect();
    let mut files: Vec<String> = entries.iter().map(|e| e.path().to_owned()).collect();
    files.push("data/prose.json".to_owned());
    files.sort();
    let documents = narrative::documents(release, &files, &pictures)?;
    entries.push(Entry::new("data/prose.json", narrative::prose_json(&documents))?);
    for document in documents {
        entries.push(Entry::new(document.path, document.text)?);
    }
    Ok(bag(entries, &info(release, version))?)
}

fn info(release: &Release, version: &'static str) -> BagInfo {
    let group = release.name().rsplit_once('-').map_or(release.name(), |(case, _)| case).to_owned();
    BagInfo {
        group,
        count: if release.audience() == Audience::Google { "2 of 2" } else { "1 of 2" },
        audience: release.audience().word(),
        description: "Evidence of mail deferrals and closed connections on the Gmail lane".to_owned(),
        date: release.when().minute().date(),
        version,
    }
}

/// The facts: the tree with plain values, and the list of all with text, unit and evidence.
#[must_use]
pub fn facts_json(release: &Release) -> String {
    let facts: Vec<_> = release
        .facts()
        .leaves()
        .into_iter()
        .map(|(id, fact)| {
            let evidence: Vec<_> = fact.evidence.iter().map(ToString::to_string).collect();
            json!({"id": id, "value": fact.value.json(), "text": fact.value.text(), "unit": fact.value.unit(), "evidence": evidence})
        })
        .collect();
    let mut tree = serde_json::to_value(release.facts()).unwrap_or_default();
    if let Some(map) = tree.as_object_mut() {
        map.insert("facts".to_owned(), facts.into());
    }
    pretty(&tree)
}

fn redaction_json(release: &Release) -> String {
    let report = serde_json::to_value(release.report()).unwrap_or_default();
    pretty(&json!({"allowed": release.allowed(), "report": report, "withheld": release.withheld()}))
}

/// JSON for people and `diff`: indented, keys in order, one line end.
fn pretty(value: &serde_json::Value) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}
