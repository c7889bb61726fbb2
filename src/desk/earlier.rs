//! Bundles that an earlier build left in the same output folder, under the name of another case.
//!
//! `--force` takes away those that its receipt lists, as long as they are still the bytes that it
//! lists. Whatever else lies in `send/` is nobody's to delete but the user's, and is told.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::bundle::ASIDE;

/// What lay in `send/` before this build, other than its own bundles.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// Listed by the receipt, and as it says.
    ours: Vec<PathBuf>,
    /// Anything else.
    others: Vec<PathBuf>,
}

impl Earlier {
    /// Looks, and changes nothing. `targets` are the bundles of this build.
    pub(super) fn of(output: &Path, targets: &[PathBuf]) -> Self {
        let receipt = fs::read(output.join("keep/RECEIPT.json")).unwrap_or_default();
        let receipt: Value = serde_json::from_slice(&receipt).unwrap_or_default();
        let listed = |path: &Path, bytes: &[u8]| {
            let bundles = receipt["bundles"].as_array().into_iter().flatten();
            let name = path.file_name().map(|n| n.to_string_lossy());
            bundles.into_iter().any(|b| {
                b["file"].as_str() == name.as_deref() && b["sha256"] == crate::intake::sha256_hex(bytes).as_str()
            })
        };
        let entries = fs::read_dir(output.join("send")).into_iter().flatten().filter_map(Result::ok);
        let aside = |path: &PathBuf| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(ASIDE));
        let mut paths: Vec<_> = entries.map(|e| e.path()).filter(|p| !targets.contains(p) && !aside(p)).collect();
        paths.sort();
        let mut earlier = Self::default();
        for path in paths {
            // A link is not followed: what it leads to is not in this folder.
            let is_file = fs::symlink_metadata(&path).is_ok_and(|m| m.is_file());
            let ours = is_file && fs::read(&path).is_ok_and(|bytes| listed(&path, &bytes));
            if ours { earlier.ours.push(path) } else { earlier.others.push(path) }
        }
        earlier
    }

    /// Takes away what is ours; what is said of the rest, and of what could not be taken away.
    pub(super) fn clear(self) -> Vec<String> {
        let stayed = self.ours.into_iter().filter(|path| fs::remove_file(path).is_err());
        let told = |path: PathBuf| {
            format!(
                "{} lay there before, is no bundle that a receipt of this folder lists, and was left; do not send it by mistake",
                path.display()
            )
        };
        stayed.chain(self.others).map(told).collect()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::*;

    #[test]
    fn only_what_the_receipt_lists_and_nobody_changed_is_taken_away() {
        let dir = tempfile::tempdir().expect("a folder");
        let at = |name: &str| dir.path().join(name);
        for folder in ["send", "keep"] {
            fs::create_dir_all(at(folder)).expect("a folder");
        }
        let row = |file: &str| format!(r#"{{"file":"{file}","sha256":"{}"}}"#, crate::intake::sha256_hex(b"ours"));
        let rows = ["old-esp.zip", "old-google.zip", "new-esp.zip", "../keep/case.key", "link.zip"].map(row).join(",");
        fs::write(at("keep/RECEIPT.json"), format!(r#"{{"bundles":[{rows}]}}"#)).expect("a receipt");
        for name in
            ["send/old-esp.zip", "send/new-esp.zip", "send/theirs.zip", "keep/case.key", "send/.casefile-x.part"]
        {
            fs::write(at(name), "ours").expect("written");
        }
        fs::write(at("send/old-google.zip"), "changed").expect("written");
        std::os::unix::fs::symlink(at("keep/case.key"), at("send/link.zip")).expect("a link");
        let told = Earlier::of(dir.path(), &[at("send/new-esp.zip")]).clear();
        assert!(!at("send/old-esp.zip").exists(), "listed and as it was");
        for name in ["send/old-google.zip", "send/new-esp.zip", "send/theirs.zip", "send/link.zip", "keep/case.key"] {
            assert!(at(name).exists(), "{name}");
        }
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(
            told.iter().any(|t| t.contains("theirs.zip")) && !told.iter().any(|t| t.contains("new-esp")),
            "{told:?}"
        );
        fs::remove_file(at("keep/RECEIPT.json")).expect("gone");
        fs::write(at("send/old-esp.zip"), "ours").expect("written");
        Earlier::of(dir.path(), &[]).clear();
        assert!(at("send/old-esp.zip").exists(), "without a receipt nothing is known to be ours");
    }
}
