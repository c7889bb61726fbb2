//! Reads one plain log as a scan does and prints what it counts: `read_log FILE`.
//!
//! The program whose instructions `benches/instructions.sh` counts. The digest of the file is
//! left out: valgrind has no SHA instructions, so it would count another program's.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command that says what it read")]

#[path = "../benches/reading/mod.rs"]
mod reading;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: read_log FILE");
        return ExitCode::from(2);
    };
    let Some(job) = reading::recognise(Path::new(&path)) else {
        eprintln!("{path}: no log that is known");
        return ExitCode::FAILURE;
    };
    match reading::count(&job) {
        Ok(tally) => {
            for (outcome, n) in tally.files.values().flat_map(|file| &file.outcomes) {
                println!("{outcome} {n}");
            }
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{path}: {problem}");
            ExitCode::FAILURE
        }
    }
}
