//! What files are called in everything that is told of them.

use std::path::Path;

use crate::intake::{Exhibit, Source};

/// What files are called.
#[derive(Clone, Copy, Debug)]
pub(super) enum Names<'a> {
    /// By their place below the folder that was named, or by their own name.
    BelowFolders,
    /// By their place below the folder of the case; elsewhere as they were given. A file that
    /// stands in for a pipe has a name of its own.
    AsGiven { case: Option<&'a Path>, pipe: Option<(&'a Path, &'a str)> },
}

impl Names<'_> {
    /// Names files, and numbers them in that order.
    pub(super) fn give(self, sources: &mut [Source]) {
        let Self::AsGiven { case, pipe } = self else { return };
        for source in sources.iter_mut() {
            source.name = match pipe {
                Some((path, name)) if path == source.path => name.to_owned(),
                _ => given_name(&source.path, case),
            };
        }
        number(sources);
    }
}

/// A file's place below a folder; elsewhere its path as it was given.
fn given_name(path: &Path, folder: Option<&Path>) -> String {
    let below = || {
        let (path, folder) = (path.canonicalize().ok()?, folder?.canonicalize().ok()?);
        Some(path.strip_prefix(folder).ok()?.to_string_lossy().into_owned())
    };
    below().unwrap_or_else(|| path.strip_prefix("./").unwrap_or(path).to_string_lossy().into_owned())
}

/// Numbers files in the order of their names.
fn number(sources: &mut [Source]) {
    sources.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
    for (number, source) in (1..=u16::MAX).zip(sources) {
        source.exhibit = Exhibit(number);
    }
}
