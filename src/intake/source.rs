//! The files of a case, in a fixed order, each with an exhibit number.

use std::path::PathBuf;

use serde::Serialize;

use super::IntakeError;
use super::walk::Walk;

/// The number under which a file is cited: `S01`, `S02`, … in order of its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exhibit(pub u16);

impl std::fmt::Display for Exhibit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "S{:02}", self.0)
    }
}

impl Serialize for Exhibit {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One file of evidence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Its number.
    pub exhibit: Exhibit,
    /// Where it is.
    pub path: PathBuf,
    /// Its path below the case folder, with `/`; for a single file its file name. Bytes
    /// that are no UTF-8 stand in it as `\xE9`.
    pub name: String,
    /// Its size in bytes when it was listed.
    pub size: u64,
}

/// Something in the folder that is not evidence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Skipped {
    /// Its path below the case folder.
    pub name: String,
    /// Why: one short clause.
    pub why: String,
}

/// What a folder (or a list of paths) holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// Files to recognise, ordered by the bytes of their names.
    pub sources: Vec<Source>,
    /// What was left out, ordered by name.
    pub skipped: Vec<Skipped>,
}

/// Lists the regular files below the given paths, ordered by name, and numbers them.
///
/// A file counts once, however many links lead to it. Left out and listed: output folders
/// of ours, `case.yaml`, hidden files and folders (`.name`: tailers keep checkpoints so,
/// editors and file managers their state), editors' leftovers (`name~`, `#name#`), empty
/// files, what is neither file nor folder, links that lead out of the folder, nowhere or to
/// what is read anyway, and what cannot be read. A path that is named is read whatever its name.
///
/// # Errors
/// When a path that was named cannot be read, and when there are more files than numbers.
/// An unreadable entry inside a folder is listed as skipped instead.
pub fn gather(paths: &[PathBuf]) -> Result<Gathered, IntakeError> {
    let mut walk = Walk::new(usize::from(u16::MAX));
    for path in paths {
        walk.named(path)?;
    }
    let mut found = walk.links()?;
    found.sources.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
    found.skipped.sort();
    for (number, source) in (1..=u16::MAX).zip(&mut found.sources) {
        source.exhibit = Exhibit(number);
    }
    Ok(found)
}
