//! One file of a bundle, with a name that every system can write.

use std::collections::BTreeSet;

use super::BundleError;

/// A path inside the bundle's top folder, and its bytes. Only this room makes one, of what a
/// [`Release`](crate::release::Release) holds: raw evidence has no way to a writer.
///
/// ```compile_fail,E0624
/// let raw = "to=<alice@example.com>";
/// let entry = casefile::bundle::Entry::new("data/a.txt", raw);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    path: String,
    bytes: Vec<u8>,
}

/// Kinds of files that ticket systems and mail take, and that open on any desk.
const EXTENSIONS: &[&str] = &["txt", "md", "html", "svg", "png", "csv", "json", "log"];

/// Names that Windows keeps for devices.
const DEVICES: &[&str] = &["con", "prn", "aux", "nul", "com", "lpt"];

const LONGEST: usize = 100;

impl Entry {
    /// An entry with a checked name: `[A-Za-z0-9._-]` and `/`, no more than 100
    /// characters, no `.` or `..` part, no device name, a known extension.
    ///
    /// # Errors
    /// When the name breaks these rules. Names are ours, so this is a fault of ours.
    pub(in crate::bundle) fn new(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Result<Self, BundleError> {
        let path = path.into();
        if is_valid(&path) { Ok(Self { path, bytes: bytes.into() }) } else { Err(BundleError::Name(path)) }
    }

    /// The path inside the top folder.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Whether a path inside a bundle obeys the rules.
pub(super) fn is_valid(path: &str) -> bool {
    let part = |p: &str| {
        let stem = p.split('.').next().unwrap_or(p).to_ascii_lowercase();
        let device = DEVICES.iter().any(|d| {
            stem.strip_prefix(d).is_some_and(|rest| rest.len() <= 1 && rest.chars().all(|c| c.is_ascii_digit()))
        });
        !p.is_empty()
            && !p.starts_with('.')
            && !p.ends_with('.')
            && !device
            && p.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    };
    let known = path.rsplit_once('.').is_some_and(|(_, e)| EXTENSIONS.contains(&e));
    path.len() <= LONGEST && known && path.split('/').all(part)
}

/// Refuses two names that differ only by case.
pub(super) fn no_clash<'a>(paths: impl Iterator<Item = &'a str>) -> Result<(), BundleError> {
    let mut seen = BTreeSet::new();
    for path in paths {
        if !seen.insert(path.to_ascii_lowercase()) {
            return Err(BundleError::Twice(path.to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["README.txt", "data/report.md", "data/charts/a-b_1.svg", "data/excerpts/S01.0.log"] {
            assert!(is_valid(good), "{good}");
        }
        for bad in [
            "",
            "../x.txt",
            "/x.txt",
            "a\\b.txt",
            "C:/x.txt",
            "a//b.txt",
            "con.txt",
            "lpt1.log",
            "x.exe",
            "x",
            ".hidden.txt",
            "data/.x.txt",
            "é.txt",
            "a b.txt",
        ] {
            assert!(!is_valid(bad), "{bad}");
        }
        assert!(!is_valid(&format!("{}.txt", "x".repeat(100))));
        assert!(no_clash(["a.txt", "A.txt"].into_iter()).is_err());
    }
}
