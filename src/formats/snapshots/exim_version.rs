//! `exim -bV`, as 4.96 and 4.98.2 print it, and `exim -d -bV`, which adds the libraries.
//!
//! Without `-d` only the name of the TLS library is told (`Support for: … GnuTLS …`).
//! The three lines of an OpenSSL build are those of `tls_version_report` in `tls-openssl.c`.

use super::text::{is_command, lines};
use super::{Component, Snapshot, SnapshotError, SnapshotFormat, SnapshotSetup, Software, own_lines};
use crate::formats::Head;

/// The reader of `exim -bV`.
#[derive(Clone, Copy, Debug)]
pub(super) struct EximVersion;

/// `Exim version 4.96 #2 built 11-May-2026 17:12:18`: version and build date.
fn version(line: &str) -> Option<(&str, Option<&str>)> {
    let rest = line.strip_prefix("Exim version ")?;
    let (version, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let told = version.starts_with(|c: char| c.is_ascii_digit()) && (rest.is_empty() || rest.starts_with(['#', 'u']));
    told.then(|| (version, rest.split_once("built ").map(|(_, date)| date.trim())))
}

/// TLS libraries that Exim is built with.
const LIBRARIES: [&str; 2] = ["GnuTLS", "OpenSSL"];

impl SnapshotFormat for EximVersion {
    fn name(&self) -> &'static str {
        "exim-version"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let own = own_lines(head, self);
        let mut said = own.iter().filter(|l| !l.text.trim().is_empty() && !is_command(&l.text));
        let line = said.next().filter(|l| version(&l.text).is_some())?;
        Some(format!("line {}: `exim -bV`", line.number))
    }

    fn opens(&self, line: &str) -> bool {
        version(line).is_some()
    }

    fn read(&self, text: &[u8], setup: &SnapshotSetup) -> Result<Snapshot, SnapshotError> {
        let mut snapshot = Snapshot::default();
        let mut library: Option<&str> = None;
        for line in lines(text) {
            let number = setup.lines_before + line.number;
            let text = line.text.trim_end();
            let named = text
                .strip_prefix("Support for: ")
                .and_then(|all| LIBRARIES.into_iter().find(|l| all.split(' ').any(|word| word == *l)));
            let compiled = text.strip_prefix("Library version: ").and_then(|t| t.split_once(": Compile: "));
            let running = text.trim_start().strip_prefix("Runtime: ");
            if let Some((name, at_build)) = compiled {
                library = LIBRARIES.into_iter().find(|l| *l == name);
                match library {
                    Some(name) => tls_library(&mut snapshot, name, at_build, number),
                    None => snapshot.irrelevant(1),
                }
            } else if let (Some(name), Some(running)) = (library.take(), running) {
                // The library that is loaded counts, not the one it was built with.
                tls_library(&mut snapshot, name, running, number);
            } else if let Some((version, built)) = version(text) {
                // With `-d` the version stands there twice, the second time with its date.
                snapshot.software.retain(|s| s.component != Component::Mta);
                snapshot.software.push(Software {
                    component: Component::Mta,
                    name: "Exim".to_owned(),
                    version: version.to_owned(),
                    dated: built.map(str::to_owned),
                    line: number,
                });
                snapshot.used(1);
            } else if let Some(name) = named {
                tls_library(&mut snapshot, name, "", number);
            } else {
                // Lookups, drivers and what `-d` says while it starts.
                snapshot.irrelevant(1);
            }
        }
        if snapshot.software.is_empty() { Err(SnapshotError::Nothing(self.name())) } else { Ok(snapshot) }
    }
}

/// `3.7.9`, `OpenSSL 3.0.19 27 Jan 2026`; a later word replaces an earlier one.
fn tls_library(snapshot: &mut Snapshot, name: &str, said: &str, line: u64) {
    let said = said.strip_prefix(name).unwrap_or(said).trim();
    let (version, dated) = said.split_once(' ').unwrap_or((said, ""));
    snapshot.used(1);
    snapshot.software.retain(|s| s.component != Component::TlsLibrary);
    snapshot.software.push(Software {
        component: Component::TlsLibrary,
        name: name.to_owned(),
        version: version.to_owned(),
        dated: Some(dated.trim().to_owned()).filter(|d| !d.is_empty()),
        line,
    });
}

#[cfg(test)]
mod tests {
    use super::super::tests::{sample, taken};
    use super::*;

    fn told(text: &[u8]) -> Vec<(Component, String, Option<String>, u64)> {
        let (_, snapshot) = taken(text);
        let one = |s: &Software| (s.component, s.text(), s.dated.clone(), s.line);
        snapshot.software.iter().map(one).collect()
    }

    #[test]
    fn recorded_versions_name_the_tls_library_and_with_d_its_version() {
        let own = |s: &str| Some(s.to_owned());
        assert_eq!(
            told(&sample("exim-4.98.2.bV.txt")),
            [
                (Component::Mta, "Exim 4.98.2".to_owned(), own("25-Sep-2026 09:25:38"), 1),
                (Component::TlsLibrary, "GnuTLS".to_owned(), None, 6),
            ]
        );
        assert_eq!(
            told(&sample("exim-4.96.d-bV.txt")),
            [
                (Component::Mta, "Exim 4.96".to_owned(), own("11-May-2026 17:12:18"), 19),
                (Component::TlsLibrary, "GnuTLS 3.7.9".to_owned(), None, 36),
            ]
        );
    }

    /// The shape of `tls-openssl.c`: what is running counts.
    #[test]
    fn an_openssl_build_tells_three_lines() {
        let text = b"Exim version 4.94.2 #2 built 01-Jan-2026 00:00:00\nSupport for: crypteq IPv6 OpenSSL DANE\nLibrary version: OpenSSL: Compile: OpenSSL 1.1.1k  25 Mar 2021\n                          Runtime: OpenSSL 1.1.1w  11 Sep 2023\n                                 : built on: Wed Sep 13 19:21:33 2023 UTC\n";
        let last = told(text).pop();
        let due = (Component::TlsLibrary, "OpenSSL 1.1.1w".to_owned(), Some("11 Sep 2023".to_owned()), 4);
        assert_eq!(last, Some(due));
    }
}
