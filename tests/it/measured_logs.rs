//! The logs that speed is measured with: the same for a seed, understood line by line, and
//! counted as they were written.

use std::io::Write as _;

use casefile::smtp::Outcome;

#[path = "../../benches/reading/mod.rs"]
mod reading;
#[path = "../../benches/traffic/mod.rs"]
mod traffic;

/// A minute or more, an incident among them.
const BYTES: u64 = 5_000_000;

fn log(mix: &str, bytes: u64, seed: u64) -> (Vec<u8>, traffic::Written) {
    let mut log = Vec::new();
    let written = traffic::write(mix, bytes, seed, &mut log).expect("a known mix");
    (log, written)
}

#[test]
fn a_seed_is_a_log() {
    for mix in ["postfix", "powermta", "kumomta"] {
        let ((one, written), (other, _)) = (log(mix, 100_000, 7), log(mix, 100_000, 7));
        assert!(one == other, "{mix}");
        assert_eq!((written.bytes, written.lines), (one.len() as u64, one.split(|b| *b == b'\n').count() as u64 - 1));
        assert!(log(mix, 100_000, 8).0 != one, "{mix}");
    }
    assert!(traffic::write("exim", 1, 1, &mut Vec::new()).is_err());
}

#[test]
fn every_line_is_understood_and_every_delivery_counted() {
    for mix in ["postfix", "postfix-storm", "powermta", "powermta-storm", "kumomta", "kumomta-storm"] {
        let (bytes, written) = log(mix, BYTES, 20_261_124);
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(&bytes).expect("written");
        let job = reading::recognise(file.path()).expect("a log");
        let tally = reading::count(&job).expect("read");
        let file = tally.files.values().next().expect("one file");
        assert_eq!(mix.split('-').next(), Some(job.shape.format.name()));
        assert_eq!((file.accounting.read, file.accounting.unrecognised), (written.lines, 0), "{mix}");
        let counted = |outcome| file.outcomes.get(&outcome).copied().unwrap_or_default();
        assert_eq!(counted(Outcome::Delivered), written.delivered, "{mix}");
        assert_eq!(counted(Outcome::Rejection), written.bounced, "{mix}");
        match mix {
            // Five hosts are tried before one deferral.
            "postfix" => assert!(counted(Outcome::RemoteClose) > written.deferred && counted(Outcome::Plaintext) > 0),
            "postfix-storm" => assert!(counted(Outcome::Local) > written.deferred / 2),
            _ => assert_eq!(counted(Outcome::Deferral), written.deferred, "{mix}"),
        }
    }
}
