//! Answers that may not be what they say: "no such user" while Google's own systems fail.
//!
//! No recording shows it. The wording of both answers is that of Google's report on its outage of 14 to 16
//! December 2020, the lines are those of the small case.

use std::fmt::Write as _;
use std::fs;

use crate::small;

/// The small case whose wave has another limit, and a bounce for each fifth of its sessions.
fn log(limit: &str) -> String {
    let bounce = "550-5.1.1 The email account that you tried to reach does not exist. 550 5.1.1  https://support.google.com/mail/?p=NoSuchUser ffacd0b85a97d-4324eab2651si10575209f8f.1 - gsmtp (in reply to RCPT TO command))";
    let mut lines = String::new();
    for (n, line) in small::log().lines().enumerate() {
        match line.split_once(", dsn=4.7.28, status=deferred (host ") {
            Some((head, said)) => {
                let host = said.split_once(" said: ").map_or("", |(host, _)| host);
                let (dsn, status, said) =
                    if n % 5 == 0 { ("5.1.1", "bounced", bounce) } else { ("4.3.0", "deferred", limit) };
                writeln!(lines, "{head}, dsn={dsn}, status={status} (host {host} said: {said}").expect("a String");
            }
            None => writeln!(lines, "{line}").expect("a String"),
        }
    }
    lines
}

fn doubts(limit: &str) -> serde_json::Value {
    let dir = tempfile::tempdir().expect("a folder");
    let case = small::case(&dir.path().join("case"));
    fs::write(case.join("mail.log"), log(limit)).expect("a log");
    let ran = small::build(&case, &dir.path().join("out"), &[]);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let facts = fs::read(dir.path().join("out/keep/facts.json")).expect("facts");
    let facts: serde_json::Value = serde_json::from_slice(&facts).expect("JSON");
    assert_eq!(facts["incident"]["state"], "found");
    facts["doubtful_bounces"].clone()
}

#[test]
fn no_such_user_is_doubted_in_a_fault_of_google_and_nowhere_else() {
    let fault = "421-4.3.0 Temporary System Problem.  Try again later (10). ffacd0b85a97d-4324eab2651si10575209f8f.2 - gsmtp (in reply to RCPT TO command))";
    let told = doubts(fault);
    let told = told.as_str().expect("a sentence");
    assert!(
        told.starts_with("16.7 % (8 of 48) of the sessions in the waves were answered 5xx, and 0 outside"),
        "{told}"
    );
    assert!(told.ends_with("so keep these addresses until they are tried again."), "{told}");
    let rate = "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your IP address [192.0.2.11      15]. ffacd0b85a97d-4324eab2651si10575209f8f.2 - gsmtp (in reply to RCPT TO command))";
    assert!(doubts(rate).is_null());
}
