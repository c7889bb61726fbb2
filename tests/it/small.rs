//! A small case: half an hour of one node with one short wave, built in a second or two.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::cases::{KEY, casefile};

/// The recipient of whom every failure tells.
pub(crate) const RECIPIENT: &str = "jane.doe@gmail.com";

const CASE: &str = "case: small\nsender: {organisation: Example Mailer, contact: ops@sender.example, domains: [sender.example]}\n\
                    sending_ips: {postfix-ip1: 192.0.2.11}\n";

/// Writes the case into a folder.
pub(crate) fn case(dir: &Path) -> PathBuf {
    fs::create_dir_all(dir).expect("a folder");
    fs::write(dir.join("mail.log"), log()).expect("a log");
    fs::write(dir.join("case.yaml"), CASE).expect("case.yaml");
    dir.to_owned()
}

/// Adds a line to its case.yaml.
pub(crate) fn with(case: &Path, line: &str) {
    fs::write(case.join("case.yaml"), format!("{CASE}{line}\n")).expect("case.yaml");
}

/// Builds it with the fixed key.
pub(crate) fn build(case: &Path, out: &Path, more: &[&str]) -> Output {
    let key = case.with_extension("key");
    fs::write(&key, KEY).expect("the key");
    let mut command = casefile();
    command.args(["build", "--quiet", "--key"]).arg(&key).arg("-o").arg(out).args(more).arg(case);
    command.output().expect("runs")
}

/// Postfix's log, as its 3.7 writes it.
pub(crate) fn log() -> String {
    let mut out = String::new();
    for minute in 0..30 {
        for k in 0..12 {
            let failed = (12..16).contains(&minute) && k % 4 != 0;
            let (relay, id) = ("gmail-smtp-in.l.google.com[198.51.100.26]", 0x0A00_0000 + minute * 64 + k);
            let at = format!("2026-11-24T04:{minute:02}:{:02}.120000+00:00", k * 5);
            let second = 1_795_492_800 + minute * 60 + k * 5;
            let (dsn, status) = if failed {
                let reply = format!(
                    "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your IP address [192.0.2.11      15]. To protect our users from spam, mail for <{RECIPIENT}> sent from your IP address has been temporarily rate limited, VERP bounce+jane.doe=gmail.com@bounce.sender.example. 421 4.7.28 review our Bulk Email Senders Guidelines. ffacd0b85a97d-4324eab2651si10575209f8f.{k} - gsmtp"
                );
                ("4.7.28", format!("deferred (host {relay} said: {reply} (in reply to end of DATA command))"))
            } else {
                ("2.0.0", format!("sent (250 2.0.0 OK  {second} ffacd0b85a97d-3a5b1c2f4e1si{k} - gsmtp)"))
            };
            writeln!(
                out,
                "{at} mta1 postfix-ip1/smtp[{}]: {id:X}: to=<{RECIPIENT}>, relay={relay}:25, delay=0.23, delays=0.04/0.08/0.07/0.04, dsn={dsn}, status={status}",
                200 + k
            )
            .expect("a String");
        }
    }
    out
}
