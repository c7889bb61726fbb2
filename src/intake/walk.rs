//! Going through folders: what is read, what is left out and why.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsStr;
use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::IntakeError;
use super::source::{Exhibit, Gathered, Skipped, Source};

/// A walk through the named paths. Links wait until everything else was seen, so that a
/// file is known by its own name and a folder is entered once.
pub(super) struct Walk {
    most: usize,
    found: Gathered,
    links: VecDeque<Link>,
    /// Name and path of what was seen already.
    seen: BTreeMap<Identity, (String, PathBuf)>,
}

struct Link {
    /// The named folder it was found in, resolved.
    root: PathBuf,
    path: PathBuf,
    name: String,
}

impl Walk {
    /// A walk that takes at most so many files.
    pub(super) fn new(most: usize) -> Self {
        Self { most, found: Gathered::default(), links: VecDeque::new(), seen: BTreeMap::new() }
    }

    /// Takes a file, or goes through a folder, that was named.
    pub(super) fn named(&mut self, path: &Path) -> Result<(), IntakeError> {
        let io = |source| IntakeError::Io { path: path.to_owned(), source };
        let meta = fs::metadata(path).map_err(io)?;
        if !meta.is_dir() {
            return self.take(path.to_owned(), shown(path.file_name().unwrap_or(path.as_os_str())), &meta);
        }
        let root = fs::canonicalize(path).map_err(io)?;
        let entries = fs::read_dir(path).map_err(io)?;
        if self.seen_before(path, ".", &meta).is_none() { self.folder(&root, path, "", entries) } else { Ok(()) }
    }

    /// Follows the links that were found, and those behind them.
    pub(super) fn links(mut self) -> Result<Gathered, IntakeError> {
        while let Some(Link { root, path, name }) = self.links.pop_front() {
            let target = fs::canonicalize(&path).and_then(|target| Ok((fs::metadata(&target)?, target)));
            match target {
                Err(e) if e.kind() == io::ErrorKind::NotFound => self.skip(name, "a link that leads nowhere"),
                Err(e) => self.skip(name, format!("not readable: {e}")),
                Ok((_, target)) if !target.starts_with(&root) => {
                    self.skip(name, "a link that leads out of the folder");
                }
                Ok((meta, _)) if !meta.is_dir() => self.take(path, name, &meta)?,
                Ok((meta, _)) if self.seen_before(&path, &name, &meta).is_none() => self.enter(&root, &path, name)?,
                Ok(_) => self.skip(name, "a link to a folder that is read already"),
            }
        }
        Ok(self.found)
    }

    fn enter(&mut self, root: &Path, path: &Path, name: String) -> Result<(), IntakeError> {
        match fs::read_dir(path) {
            Ok(entries) => self.folder(root, path, &format!("{name}/"), entries),
            Err(e) => {
                self.skip(name, format!("not readable: {e}"));
                Ok(())
            }
        }
    }

    fn folder(&mut self, root: &Path, path: &Path, prefix: &str, entries: fs::ReadDir) -> Result<(), IntakeError> {
        let folder = if prefix.is_empty() { "." } else { prefix.trim_end_matches('/') };
        let mut listed = Vec::new();
        for entry in entries {
            match entry {
                Ok(entry) => listed.push(entry),
                Err(e) => self.skip(folder, format!("not readable to its end: {e}")),
            }
        }
        listed.sort_by_key(DirEntry::file_name);
        if is_our_output(&listed) {
            self.skip(folder, "an output folder of casefile");
            return Ok(());
        }
        for entry in listed {
            let (path, own) = (path.join(entry.file_name()), shown(&entry.file_name()));
            let name = format!("{prefix}{own}");
            match entry.metadata() {
                _ if own.starts_with('.') => self.skip(name, "hidden; name it to have it read"),
                _ if is_leftover(&own) => self.skip(name, "an editor's leftover"),
                _ if prefix.is_empty() && matches!(own.as_str(), "case.yaml" | "case.yml") => {
                    self.skip(name, "the case file");
                }
                Err(e) => self.skip(name, format!("not readable: {e}")),
                Ok(meta) if meta.is_symlink() => self.links.push_back(Link { root: root.to_owned(), path, name }),
                Ok(meta) if !meta.is_dir() => self.take(path, name, &meta)?,
                Ok(meta) => {
                    if self.seen_before(&path, &name, &meta).is_none() {
                        self.enter(root, &path, name)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, path: PathBuf, name: String, meta: &Metadata) -> Result<(), IntakeError> {
        if !meta.is_file() {
            self.skip(name, "neither a file nor a folder");
        } else if meta.len() == 0 {
            self.skip(name, "empty");
        } else if let Some((first, at)) = self.seen_before(&path, &name, meta) {
            // A path that is named twice needs no word.
            if *at != path {
                let why = format!("the same file as {first}");
                self.skip(name, why);
            }
        } else if self.found.sources.len() == self.most {
            return Err(IntakeError::TooMany { most: self.most });
        } else {
            self.found.sources.push(Source { exhibit: Exhibit(0), path, name, size: meta.len() });
        }
        Ok(())
    }

    /// Name and path under which a file or folder was seen before; else it is seen now.
    fn seen_before(&mut self, path: &Path, name: &str, meta: &Metadata) -> Option<&(String, PathBuf)> {
        match self.seen.entry(identity(path, meta)?) {
            Entry::Occupied(before) => Some(before.into_mut()),
            Entry::Vacant(free) => {
                free.insert((name.to_owned(), path.to_owned()));
                None
            }
        }
    }

    fn skip(&mut self, name: impl Into<String>, why: impl Into<String>) {
        self.found.skipped.push(Skipped { name: name.into(), why: why.into() });
    }
}

/// What makes a file or folder the same under each of its names.
#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(_: &Path, meta: &Metadata) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    // File systems without such numbers say 0.
    (meta.ino() != 0).then(|| (meta.dev(), meta.ino()))
}

#[cfg(not(unix))]
type Identity = PathBuf;

#[cfg(not(unix))]
fn identity(path: &Path, _: &Metadata) -> Option<Identity> {
    fs::canonicalize(path).ok()
}

/// An output folder holds `send/` or `keep/` with our receipt or key.
fn is_our_output(entries: &[DirEntry]) -> bool {
    entries.iter().any(|e| {
        e.file_name() == "keep" && (e.path().join("RECEIPT.json").exists() || e.path().join("case.key").exists())
    })
}

/// `name~` and `#name#`: copies that editors leave beside what they edited.
fn is_leftover(name: &str) -> bool {
    name.ends_with('~') || (name.len() > 1 && name.starts_with('#') && name.ends_with('#'))
}

/// A file's name as text. Bytes that are no UTF-8 are shown as `\xE9`, so that two names
/// never look alike.
fn shown(name: &OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|b| format!("\\x{b:02X}")));
    }
    text
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;

    use super::super::gather;
    use super::*;

    /// A folder with these files, each holding its own name.
    fn folder(names: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a folder");
        for name in names {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(&path, name).expect("a file");
        }
        dir
    }

    fn read(path: &Path) -> (Vec<String>, Vec<(String, String)>) {
        let found = gather(&[path.to_owned()]).expect("gathered");
        (
            found.sources.into_iter().map(|s| format!("{} {}", s.exhibit, s.name)).collect(),
            found.skipped.into_iter().map(|s| (s.name, s.why)).collect(),
        )
    }

    fn pair(name: &str, why: &str) -> (String, String) {
        (name.to_owned(), why.to_owned())
    }

    #[test]
    fn files_are_numbered_by_the_bytes_of_their_names() {
        let dir = folder(&["b.log", "a/x.log", "a.log", "B.log", "ä.log", "a/b/c/d/e.log", "b.LOG"]);
        fs::write(dir.path().join(OsStr::from_bytes(b"caf\xe9.log")), "x").expect("a file");
        fs::write(dir.path().join(OsStr::from_bytes(b"caf\xe8.log")), "x").expect("a file");
        let expected = [
            "S01 B.log",
            "S02 a.log",
            "S03 a/b/c/d/e.log",
            "S04 a/x.log",
            "S05 b.LOG",
            "S06 b.log",
            r"S07 caf\xE8.log",
            r"S08 caf\xE9.log",
            "S09 ä.log",
        ];
        assert_eq!(read(dir.path()), (expected.map(str::to_owned).to_vec(), vec![]));
    }

    #[test]
    fn what_is_no_evidence_is_listed() {
        let dir = folder(&[
            "mail.log",
            ".20261124-042837.440526026",
            ".git/HEAD",
            "mail.log~",
            "#mail.log#",
            "case.yaml",
            "old/case.yaml",
            "out/keep/RECEIPT.json",
            "out/send/x-esp.zip",
        ]);
        fs::write(dir.path().join("empty.log"), "").expect("a file");
        std::os::unix::net::UnixListener::bind(dir.path().join("socket")).expect("a socket");
        let hidden = "hidden; name it to have it read";
        assert_eq!(
            read(dir.path()),
            (
                vec!["S01 mail.log".to_owned(), "S02 old/case.yaml".to_owned()],
                vec![
                    pair("#mail.log#", "an editor's leftover"),
                    pair(".20261124-042837.440526026", hidden),
                    pair(".git", hidden),
                    pair("case.yaml", "the case file"),
                    pair("empty.log", "empty"),
                    pair("mail.log~", "an editor's leftover"),
                    pair("out", "an output folder of casefile"),
                    pair("socket", "neither a file nor a folder"),
                ]
            )
        );
        let named = gather(&[dir.path().join(".20261124-042837.440526026")]).expect("gathered");
        assert_eq!(named.sources.len(), 1, "what is named is read");
    }

    #[test]
    fn a_file_counts_once_however_it_is_reached() {
        let dir = folder(&["mail.log", "days/1.log", ".data/k8s.log"]);
        let at = |name: &str| dir.path().join(name);
        symlink("mail.log", at("a-current.log")).expect("a link");
        fs::hard_link(at("mail.log"), at("z-daily.log")).expect("a link");
        symlink("days", at("a-days")).expect("a link");
        symlink("..", at("days/up")).expect("a link");
        symlink("loop", at("loop")).expect("a link");
        symlink("nowhere", at("gone.log")).expect("a link");
        symlink("/etc", at("etc")).expect("a link");
        symlink(".data/k8s.log", at("k8s.log")).expect("a link");
        let (sources, skipped) = read(dir.path());
        assert_eq!(sources, ["S01 days/1.log", "S02 k8s.log", "S03 mail.log"]);
        let (_, looped) = skipped.iter().find(|s| s.0 == "loop").expect("the loop is told");
        assert!(looped.starts_with("not readable: "), "{looped}");
        let mut told = skipped.clone();
        told.retain(|s| s.0 != "loop");
        assert_eq!(
            told,
            [
                pair(".data", "hidden; name it to have it read"),
                pair("a-current.log", "the same file as mail.log"),
                pair("a-days", "a link to a folder that is read already"),
                pair("days/up", "a link to a folder that is read already"),
                pair("etc", "a link that leads out of the folder"),
                pair("gone.log", "a link that leads nowhere"),
                pair("z-daily.log", "the same file as mail.log"),
            ]
        );
    }

    #[test]
    fn paths_that_overlap_are_read_once() {
        let dir = folder(&["logs/mail.log", "logs/mail.log.1"]);
        let paths = [dir.path().to_owned(), dir.path().join("logs"), dir.path().join("logs/mail.log")];
        let found = gather(&paths).expect("gathered");
        assert_eq!((found.sources.len(), found.skipped), (2, vec![]));
    }

    #[test]
    fn more_files_than_numbers_are_an_error() {
        let dir = folder(&["1.log", "2.log", "3.log"]);
        let walked = |most| {
            let mut walk = Walk::new(most);
            walk.named(dir.path()).and_then(|()| walk.links()).map(|found| found.sources.len())
        };
        assert!(matches!(walked(3), Ok(3)));
        let refused = walked(2).expect_err("too many").to_string();
        assert_eq!(refused, "more than 2 files; name only those of the incident");
    }
}
