//! Writes a log to measure with: `cargo run --release --example write_log -- MIX SIZE [SEED]`.
//!
//! A size is bytes, or a number of `M` (10⁶) or `G` (10⁹); the mixes are `postfix`, `powermta`,
//! `kumomta`, each of them with `-storm`, and `postfix-fleet`. The log goes to standard output, what it holds to
//! standard error.

#![expect(clippy::print_stderr, reason = "a command that says what it wrote")]

#[path = "../benches/traffic/mod.rs"]
mod traffic;

use std::io::{BufWriter, Write as _};
use std::process::ExitCode;

/// The seed of the sizes that documents quote.
const SEED: u64 = 20_261_124;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (Some(mix), Some(bytes)) = (words.first(), words.get(1).and_then(|size| bytes_of(size))) else {
        eprintln!("usage: write_log MIX SIZE [SEED]");
        return ExitCode::from(2);
    };
    let seed = words.get(2).and_then(|seed| seed.parse().ok()).unwrap_or(SEED);
    let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    match traffic::write(mix, bytes, seed, &mut out).and_then(|written| out.flush().map(|()| written)) {
        Ok(traffic::Written { bytes, lines, delivered, deferred, bounced }) => {
            eprintln!("{bytes} bytes, {lines} lines, {delivered} delivered, {deferred} deferred, {bounced} bounced");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// `100M`, `1G`, or a number of bytes.
fn bytes_of(size: &str) -> Option<u64> {
    let (number, unit) = match size.strip_suffix(['M', 'G']) {
        Some(number) => (number, if size.ends_with('M') { 1_000_000 } else { 1_000_000_000 }),
        None => (size, 1),
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}
