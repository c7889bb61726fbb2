//! `openssl version` and `openssl version -a`, as 1.1.1w, 3.0.19, 3.0.20 and 3.5.9 print them.
//!
//! It tells the command's version and the library's that the command loaded. An MTA on the
//! same node may be linked to another, so it is no word of the MTA's.

use super::text::{is_command, lines, unshown};
use super::{Component, Snapshot, SnapshotError, SnapshotFormat, SnapshotSetup, Software, own_lines};
use crate::formats::Head;

/// The reader of `openssl version`.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpensslVersion;

/// What stands before the colon of the lines of `-a`.
const LABELS: [&str; 9] = [
    "built on",
    "platform",
    "options",
    "compiler",
    "OPENSSLDIR",
    "ENGINESDIR",
    "MODULESDIR",
    "Seeding source",
    "CPUINFO",
];

/// `OpenSSL 3.0.19 27 Jan 2026 (Library: OpenSSL 3.0.19 27 Jan 2026)`
struct Version<'a> {
    /// The command's own.
    command: Named<'a>,
    /// The library's, where it is told apart (3.0 and later).
    library: Option<Named<'a>>,
}

/// Name, version and date: `("OpenSSL", "3.0.19", "27 Jan 2026")`.
type Named<'a> = (&'a str, &'a str, &'a str);

fn version(line: &str) -> Option<Version<'_>> {
    let line = line.trim_end();
    let (own, library) = line.split_once(" (Library: ").unwrap_or((line, ""));
    Some(Version { command: named(own)?, library: library.strip_suffix(')').and_then(named) })
}

fn named(text: &str) -> Option<Named<'_>> {
    let name = ["OpenSSL", "LibreSSL"].into_iter().find(|n| text.starts_with(n))?;
    let rest = text.get(name.len()..)?.strip_prefix(' ')?;
    let (version, date) = rest.split_once(' ').unwrap_or((rest, ""));
    let date = date.trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
    // `3.0.19`, `1.0.2k-fips`, `3.2.0-beta1`; a sentence that names OpenSSL has no date behind.
    let is_version =
        version.starts_with(|c: char| c.is_ascii_digit()) && version.contains('.') && version.chars().all(plain);
    let words: Vec<_> = date.split_ascii_whitespace().collect();
    let is_date = match words.as_slice() {
        [] => true,
        [.., day, _, year] => day.parse::<u8>().is_ok() && year.len() == 4 && year.parse::<u16>().is_ok(),
        _ => false,
    };
    (is_version && is_date).then_some((name, version, date))
}

fn label(line: &str) -> Option<(&str, &str)> {
    let (label, value) = line.split_once(':')?;
    LABELS.contains(&label).then(|| (label, value.trim()))
}

impl SnapshotFormat for OpensslVersion {
    fn name(&self) -> &'static str {
        "openssl-version"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let own = own_lines(head, self);
        let mut said = own.iter().filter(|l| !l.text.trim().is_empty() && !is_command(&l.text));
        let first = said.next()?;
        version(&first.text)?;
        let rest_is_ours = said.all(|l| label(&l.text).is_some() || version(&l.text).is_some());
        rest_is_ours.then(|| format!("line {}: `openssl version`", first.number))
    }

    fn opens(&self, line: &str) -> bool {
        version(line).is_some_and(|v| !v.command.2.is_empty())
    }

    fn read(&self, text: &[u8], setup: &SnapshotSetup) -> Result<Snapshot, SnapshotError> {
        let mut snapshot = Snapshot::default();
        for line in lines(text) {
            let number = setup.lines_before + line.number;
            if let Some(Version { command, library }) = version(&line.text) {
                let (name, version, date) = library.unwrap_or(command);
                if version != command.1 {
                    snapshot.notes.push(format!(
                        "the openssl command is {}, the library that it loaded {version}: the library counts",
                        command.1
                    ));
                }
                snapshot.software.push(Software {
                    component: Component::Openssl,
                    name: name.to_owned(),
                    version: version.to_owned(),
                    dated: Some(date.to_owned()).filter(|d| !d.is_empty()),
                    line: number,
                });
                snapshot.used(1);
            } else if let Some((label, value)) = label(&line.text) {
                match label {
                    "built on" | "OPENSSLDIR" => snapshot.notes.push(format!("{label}: {value}")),
                    "compiler" => snapshot.notes.extend(security_level(value)),
                    _ => {
                        snapshot.irrelevant(1);
                        continue;
                    }
                }
                snapshot.used(1);
            } else if line.text.trim().is_empty() || is_command(&line.text) {
                snapshot.irrelevant(1);
            } else {
                snapshot.not_understood(number, 1, unshown(&line.text));
            }
        }
        if snapshot.software.is_empty() { Err(SnapshotError::Nothing(self.name())) } else { Ok(snapshot) }
    }
}

/// Which keys and versions the library refuses unless it is told otherwise.
fn security_level(compiler: &str) -> Option<String> {
    let (_, rest) = compiler.split_once("-DOPENSSL_TLS_SECURITY_LEVEL=")?;
    let level = rest.split(' ').next().unwrap_or_default();
    Some(format!("built with TLS security level {level}"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{sample, taken};
    use super::*;

    fn versions(name: &str) -> (String, String, Vec<String>) {
        let (_, snapshot) = taken(&sample(name));
        let first = snapshot.software.first();
        let dated = first.and_then(|s| s.dated.clone()).unwrap_or_default();
        (first.map(Software::text).unwrap_or_default(), dated, snapshot.notes)
    }

    #[test]
    fn recorded_versions_are_read() {
        let (version, dated, notes) = versions("openssl-1.1.1w.version-a.txt");
        assert_eq!((version.as_str(), dated.as_str()), ("OpenSSL 1.1.1w", "11 Sep 2023"));
        assert_eq!(notes, ["built on: Wed Sep 13 19:21:33 2023 UTC", "OPENSSLDIR: \"/usr/lib/ssl\""]);
        let (version, dated, notes) = versions("openssl-3.5.9.version-a.txt");
        assert_eq!((version.as_str(), dated.as_str(), notes.len()), ("OpenSSL 3.5.9", "29 Sep 2026", 2));
    }

    #[test]
    fn a_command_with_another_library_is_told_apart() {
        let (version, dated, notes) = versions("openssl-3.0.20-on-3.0.19.version-a.txt");
        assert_eq!((version.as_str(), dated.as_str()), ("OpenSSL 3.0.19", "27 Jan 2026"));
        assert_eq!(
            notes,
            [
                "the openssl command is 3.0.20, the library that it loaded 3.0.19: the library counts",
                "built on: Fri Apr  3 12:29:32 2026 UTC",
                "built with TLS security level 2",
                "OPENSSLDIR: \"/usr/lib/ssl\"",
            ]
        );
    }

    #[test]
    fn other_builds_and_plain_sentences() {
        // As CentOS 7 and OpenBSD print theirs.
        for (line, due) in [
            ("OpenSSL 1.0.2k-fips  26 Jan 2017", Some(("OpenSSL", "1.0.2k-fips", "26 Jan 2017"))),
            ("LibreSSL 3.8.2", Some(("LibreSSL", "3.8.2", ""))),
            ("OpenSSL 1.1.1k  FIPS 25 Mar 2021", Some(("OpenSSL", "1.1.1k", "FIPS 25 Mar 2021"))),
            ("OpenSSL 3.0.19 is what we run", None),
            ("OpenSSL version", None),
            ("OpenSSL", None),
        ] {
            assert_eq!(named(line), due, "{line}");
        }
    }
}
