//! Logs to measure with: seeded, of any size, with the line mix of the recordings.
//!
//! Thirty of a hundred seconds are an incident, so that a slice of a log has the mix of the whole:
//! the Gmail lane of two sending IPs is deferred, tried again some minutes later, and everything
//! else goes on. A `-storm` is a mix in which nearly all Gmail traffic is deferred under ids that
//! never come back. `postfix-fleet` is a node with 64 sending IPs, each of which sends about one message a
//! minute: half of them are deferred in two waves a day. A week of it is 550 MB.

mod kumomta;
mod log;
mod postfix;
mod powermta;
mod random;

use std::io::{self, Write};

pub(crate) use log::Written;
use log::{Log, START_MS};
use random::Random;

/// What a log is about: each message, when it comes.
trait Mix {
    /// Lines before the first message.
    fn begin(&mut self, _log: &mut Log) {}
    /// A message comes at this moment, in Unix milliseconds.
    fn message(&mut self, at: u64, random: &mut Random, log: &mut Log);
    /// Messages come in so many milliseconds each: a hundred a second.
    fn pace_ms(&self) -> u64 {
        10
    }
}

/// Writes at least so many bytes of a mix, in whole lines: `postfix`, `powermta`, `kumomta`, one of them
/// with `-storm`, or `postfix-fleet`. The same seed gives the same bytes.
///
/// # Errors
/// When the mix is none of these, or the output refuses.
pub(crate) fn write(mix: &str, bytes: u64, seed: u64, out: &mut impl Write) -> io::Result<Written> {
    let (format, storm) = mix.strip_suffix("-storm").map_or((mix, false), |format| (format, true));
    let mut mix: Box<dyn Mix> = match format {
        "postfix" => Box::new(postfix::Postfix::new(storm)),
        "postfix-fleet" if !storm => Box::new(postfix::Postfix::fleet()),
        "powermta" => Box::new(powermta::PowerMta { storm, rows: 0 }),
        "kumomta" => Box::new(kumomta::KumoMta { storm, records: 0 }),
        _ => {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the mixes are postfix, powermta, kumomta, each of them with -storm, and postfix-fleet",
            ));
        }
    };
    let (mut random, mut log, mut at) = (Random::new(seed), Log::default(), START_MS);
    mix.begin(&mut log);
    while log.written.bytes < bytes {
        mix.message(at, &mut random, &mut log);
        log.write_until(at, bytes, out)?;
        at += random.below(2 * mix.pace_ms() + 1);
    }
    Ok(log.written)
}

/// Whether the receiver defers at this moment.
const fn is_incident(at: u64) -> bool {
    let second = at / 1000 % 100;
    second >= 20 && second < 50
}

/// Whether a fleet's receiver defers: from 14:00 and from 17:00 UTC, for forty minutes.
const fn is_wave(at: u64) -> bool {
    let minute = at / 60_000 % 1440;
    matches!(minute, 840..880 | 1020..1060)
}

/// Google's token at the end of a reply.
fn token(random: &mut Random) -> String {
    let (a, b, c) = (random.below(1 << 52), random.below(1 << 44), random.below(100_000_000));
    format!("{a:013x}-{b:011x}si{c:08}{}.{}", (b'a' + (c % 6) as u8) as char, random.below(1300))
}

/// Gmail's five MX hosts with the addresses that they have in the recordings.
const GMAIL: [(&str, &str); 5] = [
    ("gmail-smtp-in.l.google.com", "198.51.100.26"),
    ("alt1.gmail-smtp-in.l.google.com", "198.51.100.27"),
    ("alt2.gmail-smtp-in.l.google.com", "203.0.113.26"),
    ("alt3.gmail-smtp-in.l.google.com", "203.0.113.27"),
    ("alt4.gmail-smtp-in.l.google.com", "203.0.113.28"),
];

/// Other receivers: recipient domain, host, address, and how they accept.
const OTHERS: [(&str, &str, &str, &str); 3] = [
    ("yahoo.com", "mta6.am0.yahoodns.net", "203.0.113.66", "250 ok dirdel"),
    ("example.net", "mx1.mail.example.net", "203.0.113.125", "250 2.0.0 Ok: queued as B640144716679"),
    (
        "outlook.com",
        "outlook-com.olc.protection.outlook.com",
        "203.0.113.77",
        "250 2.6.0 <7c0d2e5b@news.example.com> [InternalId=3401614101213, Hostname=DM6NAM12HT065.mail.protection.outlook.com] 15327 bytes in 0.241, 62.055 KB/sec Queued mail for delivery -> 250 2.1.5",
    ),
];
