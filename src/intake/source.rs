//! The files of a case, in a fixed order, each with an exhibit number.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::IntakeError;

/// The number under which a file is cited: `S01`, `S02`, … in order of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its number.
    pub exhibit: Exhibit,
    /// Where it is.
    pub path: PathBuf,
    /// Its path below the case folder, with `/`; for a single file its file name.
    pub name: String,
    /// Its size in bytes when it was listed.
    pub size: u64,
}

/// Something in the folder that is not evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Its path below the case folder.
    pub name: String,
    /// Why: one short clause.
    pub why: String,
}

/// What a folder (or a list of paths) holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// Files to recognise, ordered by name.
    pub sources: Vec<Source>,
    /// What was left out, ordered by name.
    pub skipped: Vec<Skipped>,
}

/// Lists the regular files below the given paths, ordered by name, and numbers them.
///
/// Left out and listed: output folders of ours, `case.yaml`, empty files, what is
/// neither file nor folder, and links that lead out of the folder.
///
/// # Errors
/// When a path that was named cannot be read. An unreadable entry inside a
/// folder is listed as skipped instead.
pub fn gather(paths: &[PathBuf]) -> Result<Gathered, IntakeError> {
    let mut found = Gathered::default();
    for path in paths {
        let io = |source| IntakeError::Io { path: path.clone(), source };
        let meta = fs::metadata(path).map_err(io)?;
        if meta.is_dir() {
            let root = fs::canonicalize(path).map_err(io)?;
            walk(&root, path, "", &mut found).map_err(io)?;
        } else {
            let name = path.file_name().map_or_else(|| path.to_string_lossy(), |n| n.to_string_lossy()).into_owned();
            take(path.clone(), name, &meta, &mut found);
        }
    }
    found.sources.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
    found.sources.dedup_by(|a, b| a.path == b.path);
    found.skipped.sort_by(|a, b| a.name.cmp(&b.name));
    for (n, source) in found.sources.iter_mut().enumerate() {
        source.exhibit = Exhibit(u16::try_from(n + 1).unwrap_or(u16::MAX));
    }
    Ok(found)
}

fn walk(root: &Path, dir: &Path, prefix: &str, found: &mut Gathered) -> io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(dir)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    if is_our_output(&entries) {
        skip(found, prefix.trim_end_matches('/'), "an output folder of casefile");
        return Ok(());
    }
    for entry in entries {
        let path = entry.path();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if prefix.is_empty() && matches!(name.as_str(), "case.yaml" | "case.yml") {
            skip(found, &name, "the case file");
            continue;
        }
        // A link is followed only while it stays inside the folder.
        if entry.file_type().is_ok_and(|t| t.is_symlink())
            && !fs::canonicalize(&path).is_ok_and(|p| p.starts_with(root))
        {
            skip(found, &name, "a link that leads out of the folder");
            continue;
        }
        match fs::metadata(&path) {
            Err(e) => skip(found, &name, &format!("not readable: {e}")),
            Ok(meta) if meta.is_dir() => {
                if let Err(e) = walk(root, &path, &format!("{name}/"), found) {
                    skip(found, &name, &format!("not readable: {e}"));
                }
            }
            Ok(meta) => take(path, name, &meta, found),
        }
    }
    Ok(())
}

/// An output folder holds `send/` or `keep/` with our receipt or key.
fn is_our_output(entries: &[fs::DirEntry]) -> bool {
    entries.iter().any(|e| {
        e.file_name() == "keep" && (e.path().join("RECEIPT.json").exists() || e.path().join("case.key").exists())
    })
}

fn take(path: PathBuf, name: String, meta: &fs::Metadata, found: &mut Gathered) {
    if !meta.is_file() {
        skip(found, &name, "neither a file nor a folder");
    } else if meta.len() == 0 {
        skip(found, &name, "empty");
    } else {
        found.sources.push(Source { exhibit: Exhibit(0), path, name, size: meta.len() });
    }
}

fn skip(found: &mut Gathered, name: &str, why: &str) {
    found.skipped.push(Skipped { name: name.to_owned(), why: why.to_owned() });
}
