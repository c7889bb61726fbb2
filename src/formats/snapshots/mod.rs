//! Snapshots: what settings, versions and answers were at one moment.
//!
//! A snapshot dates nothing and counts nothing. It says how the sender was set up:
//! which address stands behind a log's name, how many sessions at a time, which TLS.
//!
//! - `dns` reads the answers of DNS tools, `checkdmarc` that tool's report, `mta_sts` a policy.
//! - `postmaster` reads what Google reports of the sender's mail.
//! - `postfix` reads `postconf` and master.cf, `exim_*`, `openssl` and `sendmail` their own words.
//! - `snapshot` is what one file gives, `node` what the files of one node give together.
//!
//! Values are taken by the name of their setting, from a list of names that hold no
//! secret. All others are counted and nothing of them is kept, not even for samples.

mod checkdmarc;
mod dns;
mod exim_settings;
mod exim_version;
mod mta_sts;
mod node;
mod openssl;
mod postfix;
mod postmaster;
mod reported;
mod rows;
mod sendmail;
mod snapshot;
mod text;

pub use dns::{Answer, Asked, Record, Said, reverse_name};
pub use mta_sts::StsPolicy;
pub use node::{Basis, Cite, Effective, NodeSettings, Note, Part, SendingIp, Transport};
pub use reported::{Figure, Reported, Topic};
pub use snapshot::{Component, Means, Mta, Processes, Service, Setting, Snapshot, Software};

use thiserror::Error;

use super::Head;
use text::{Line, lines};

/// Where the text stands in its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SnapshotSetup {
    /// Lines of the file before the text.
    pub lines_before: u64,
}

/// Why a text gave no snapshot.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SnapshotError {
    /// Nothing in the text is of the format, though the file was stated to be.
    #[error("no line of it is of the format {0}")]
    Nothing(&'static str),
}

/// One format of snapshots.
pub trait SnapshotFormat: Sync {
    /// Its name in outputs: `postfix-settings`.
    fn name(&self) -> &'static str;
    /// Why the file is of this format, or nothing.
    fn recognise(&self, head: Head<'_>) -> Option<String>;
    /// Whether text of this format begins at the line, when other text stands before it.
    fn opens(&self, line: &str) -> bool;
    /// Reads a text that is of this format alone.
    ///
    /// # Errors
    /// When nothing in it is.
    fn read(&self, text: &[u8], setup: &SnapshotSetup) -> Result<Snapshot, SnapshotError>;
}

/// What no snapshot can show.
pub const CANNOT_SHOW: &str = "whether the settings were the same at any other moment";

/// The registry, most specific first.
pub static SNAPSHOT_FORMATS: &[&dyn SnapshotFormat] = &[
    &openssl::OpensslVersion,
    &exim_version::EximVersion,
    &sendmail::SendmailVersion,
    &checkdmarc::Checkdmarc,
    &postmaster::Postmaster,
    &mta_sts::MtaSts,
    &dns::DnsAnswers,
    &postfix::PostfixSettings,
    &exim_settings::EximSettings,
    &dns::DnsShort,
];

/// Reads a file: people put the answers of several commands into one, so each
/// stretch goes to its own reader.
///
/// # Errors
/// When nothing in the file is of the format that it was recognised or stated to be.
pub fn read(format: &dyn SnapshotFormat, file: &[u8]) -> Result<Snapshot, SnapshotError> {
    let mut whole: Option<Snapshot> = None;
    let mut failed = None;
    for (reader, range, lines_before) in stretches(format, file) {
        let text = file.get(range).unwrap_or_default();
        match reader.read(text, &SnapshotSetup { lines_before }) {
            Ok(part) => match &mut whole {
                None => whole = Some(part),
                Some(whole) => whole.join(part),
            },
            Err(e) => failed = failed.or(Some(e)),
        }
    }
    match (whole, failed) {
        (Some(whole), None) => Ok(whole),
        (_, Some(e)) => Err(e),
        (None, None) => Err(SnapshotError::Nothing(format.name())),
    }
}

type Stretch<'f> = (&'f dyn SnapshotFormat, std::ops::Range<usize>, u64);

fn stretches<'f>(first: &'f dyn SnapshotFormat, file: &[u8]) -> Vec<Stretch<'f>> {
    let mut found = Vec::new();
    let (mut reader, mut start, mut before) = (first, 0, 0);
    for line in lines(file) {
        let Some(next) = opened(&line).filter(|f| f.name() != reader.name()) else { continue };
        if line.place.start > start {
            found.push((reader, start..line.place.start, before));
        }
        (reader, start, before) = (next, line.place.start, line.number - 1);
    }
    found.push((reader, start..file.len(), before));
    found
}

fn opened(line: &Line<'_>) -> Option<&'static dyn SnapshotFormat> {
    SNAPSHOT_FORMATS.iter().copied().find(|f| f.opens(&line.text))
}

/// The lines of a file's head that belong to one format: up to the first that opens
/// another. A line that the head's end cuts is left out.
fn own_lines<'a>(head: Head<'a>, format: &dyn SnapshotFormat) -> Vec<Line<'a>> {
    let mut own: Vec<_> =
        lines(head.bytes).take_while(|l| opened(l).is_none_or(|f| f.name() == format.name())).collect();
    if !head.whole && own.last().is_some_and(|l| l.place.end >= head.bytes.len()) {
        own.pop();
    }
    own
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::*;
    use crate::formats::{Format, Kind, recognise};

    /// The file's text: `tests/data/snapshots/NAME`.
    pub(super) fn sample(name: &str) -> Vec<u8> {
        let path = format!("{}/tests/data/snapshots/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read(path).expect("a sample")
    }

    /// Recognises and reads a text as the desk does.
    pub(super) fn taken(text: &[u8]) -> (&'static str, Snapshot) {
        let (format, _) = recognise(Head { bytes: text, whole: true }).expect("a format");
        let Format::Snapshot(format) = format else { panic!("{} claims it", format.name()) };
        let snapshot = read(format, text).expect("a snapshot");
        assert!(snapshot.accounting.adds_up(), "{:?}", snapshot.accounting);
        (format.name(), snapshot)
    }

    #[test]
    fn recordings_are_recognised_by_what_they_say() {
        for (name, format) in [
            ("throttle.postconf-n.txt", "postfix-settings"),
            ("throttle.postconf-3.7.11.txt", "postfix-settings"),
            ("throttle.master.cf", "postfix-settings"),
            ("reuse.postconf-n.txt", "postfix-settings"),
            ("dist-3.10.master.cf", "postfix-settings"),
            ("instance.main.cf", "postfix-settings"),
            ("instance.master.cf", "postfix-settings"),
            ("instance.postconf-n.txt", "postfix-settings"),
            ("instance.postconf-M.txt", "postfix-settings"),
            ("instance.postconf-Mf.txt", "postfix-settings"),
            ("instance.postconf-P.txt", "postfix-settings"),
            ("postconf-mail_version.txt", "postfix-settings"),
            ("exim-4.96.bV.txt", "exim-version"),
            ("exim-4.96.d-bV.txt", "exim-version"),
            ("exim-4.98.2.bV.txt", "exim-version"),
            ("exim-4.96.bP.txt", "exim-settings"),
            ("exim-4.96.bP-transports.txt", "exim-settings"),
            ("openssl-1.1.1w.version-a.txt", "openssl-version"),
            ("openssl-3.0.19.version.txt", "openssl-version"),
            ("openssl-3.0.20-on-3.0.19.version-a.txt", "openssl-version"),
            ("openssl-3.5.9.version-a.txt", "openssl-version"),
            ("sendmail-8.17.1.d0.1.txt", "sendmail-version"),
            ("dns/dig.txt-spf.txt", "dns-answers"),
            ("dns/dig.txt-dmarc.txt", "dns-answers"),
            ("dns/dig.txt-dkim.txt", "dns-answers"),
            ("dns/dig.twospf.txt", "dns-answers"),
            ("dns/dig.multi-ttlunits.txt", "dns-answers"),
            ("dns/dig.nxdomain.txt", "dns-answers"),
            ("dns/dig.ptr-nxdomain.txt", "dns-answers"),
            ("dns/dig.timeout.txt", "dns-answers"),
            ("dns/dig.x-ptr.txt", "dns-answers"),
            ("dns/dig.noall-answer.txt", "dns-answers"),
            ("dns/host.txt", "dns-answers"),
            ("dns/kdig.txt", "dns-answers"),
            ("dns/nslookup.txt", "dns-answers"),
            ("dns/dig.yaml.txt", "dns-answers"),
            ("checkdmarc/sender.example.json", "checkdmarc"),
            ("checkdmarc/sender.example.csv", "checkdmarc"),
            ("postmaster/trafficStats.v1.json", "google-postmaster"),
            ("postmaster/domainStats.v2.json", "google-postmaster"),
            ("postmaster/complianceStatus.v2.json", "google-postmaster"),
            ("mta-sts.txt", "mta-sts-policy"),
            ("dns/dig.short-spf.txt", "dns-short"),
            ("dns/dig.short-dkim.txt", "dns-short"),
            ("dns/dig.x-ptr-short.txt", "dns-short"),
        ] {
            let (found, snapshot) = taken(&sample(name));
            assert_eq!(found, format, "{name}");
            assert_eq!(snapshot.accounting.unrecognised, 0, "{name}: {:?}", snapshot.unrecognised);
        }
    }

    #[test]
    fn other_files_are_not_taken_for_settings() {
        for text in [
            "",
            "\n\n",
            "[mysqld]\nuser = mysql\nport = 3306\nbind_address = 127.0.0.1\n",
            "net.ipv4.tcp_tw_reuse = 1\nnet.core.somaxconn = 4096\n",
            "The version is OpenSSL, and Exim version 4 is what we run.\n",
            "time,cpu\n2026-11-24T03:46:00Z,12\n2026-11-24T03:47:00Z,13\n",
            "queue unix - -\n",
            "Notes: smtp_tls_security_level = may was set on Monday.\nThen it was taken back.\n",
            "192.0.2.10\n192.0.2.11\n",
            "\"name\"\n\"value\"\n",
            "Invalid option: +json\nUsage:  dig [@global-server] [domain] [q-type]\n",
            "We asked on Monday:\nsender.example descriptive text \"v=spf1 -all\"\nand were content.\n",
            "; nothing but\n; comments\n",
            "auth_mechanisms = plain login\nmail_location = maildir:~/Maildir\nssl = required\n",
        ] {
            let found = recognise(Head { bytes: text.as_bytes(), whole: true });
            assert!(!matches!(found, Some((Format::Snapshot(_), _))), "{text}");
        }
    }

    #[test]
    fn one_file_may_hold_the_answers_of_several_commands() {
        let mut text = b"$ postconf mail_version\n".to_vec();
        for name in ["postconf-mail_version.txt", "openssl-3.0.19.version.txt", "throttle.postconf-n.txt"] {
            text.extend(sample(name));
        }
        let (format, snapshot) = taken(&text);
        assert_eq!(format, "postfix-settings");
        assert_eq!(snapshot.accounting.unrecognised, 0, "{:?}", snapshot.unrecognised);
        let versions: Vec<_> = snapshot.software.iter().map(|s| (s.text(), s.line)).collect();
        assert_eq!(versions, [("Postfix 3.7.11".to_owned(), 2), ("OpenSSL 3.0.19".to_owned(), 3)]);
        let delay = snapshot.settings.iter().find(|s| s.name == "queue_run_delay").expect("taken");
        assert_eq!((delay.line, delay.means), (3 + 24, Means::Seconds(30)));
    }

    #[test]
    fn no_bytes_make_a_reader_fail_otherwise_than_by_its_error() {
        let mut seed = 7_u64;
        let pieces: [&[u8]; 24] = [
            b"Server:\t\t127.0.0.1\nName:\ta.b\n",
            b"a.b\ttext =\n",
            b"- type: MESSAGE\n      status: NOERROR\n        - 'a. IN TXT'\n",
            b"version: STSv1\nmode: none\n",
            b"domain,base_domain,spf_record,dmarc_record\n\"",
            b"{\"name\": \"domains/a/trafficStats/20261123\",",
            b"; <<>> DiG 9\n;; ->>HEADER<<- status: NOERROR\n",
            b";a. IN TXT\n",
            b"a. 3 IN TXT (\n",
            b"a. 3 IN TXT \"\\",
            b";; WHEN: Tue Nov 24 02:43:07 UTC 2026\n;; ANSWER SECTION:\n",
            b"a.b is an alias for a.b.\n",
            b"smtp unix - - n - - smtp\n",
            b" -o {",
            b"a = ${b?{",
            b"${{x} < {",
            b"\xff\xfe",
            b"\n",
            b"OpenSSL 3",
            b"Exim version 4",
            b"Version 8.1\n Compiled with:",
            b"x transport:\n",
            b"= = =",
            b"syslog_name = $syslog_name\n",
        ];
        for _ in 0..2000 {
            let mut text = Vec::new();
            for _ in 0..8 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                text.extend_from_slice(pieces[(seed >> 33) as usize % pieces.len()]);
            }
            for format in SNAPSHOT_FORMATS {
                let _ = format.recognise(Head { bytes: &text, whole: false });
                if let Ok(snapshot) = read(*format, &text) {
                    assert!(snapshot.accounting.adds_up());
                    let part = Part { exhibit: crate::intake::Exhibit(1), snapshot: &snapshot };
                    let _ = NodeSettings::of("n", &[part]);
                }
            }
        }
    }

    #[test]
    fn the_kind_has_its_word() {
        let (format, why) = recognise(Head { bytes: &sample("throttle.master.cf"), whole: true }).expect("a format");
        assert_eq!((format.kind(), format.kind().word()), (Kind::Snapshot, "snapshot"));
        assert!(why.contains("27 services"), "{why}");
    }
}
