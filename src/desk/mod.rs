//! Where people come in: arguments, commands, every printed sentence, exit codes.
//!
//! Nothing below this room prints, exits, or reads the clock or the environment.

mod args;
mod build;
mod carried;
mod claims;
mod clocks;
mod counts;
mod dated;
mod detect;
mod earlier;
mod events;
mod evidence;
mod exit;
mod init;
mod inspect;
mod log_file;
mod mapping;
mod names;
mod partials;
mod progress;
mod reveal;
mod scan;
mod settings;
mod signals;
mod store;
mod taken;
mod templates;
mod threads;
mod verify;
mod words;

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use serde_json::json;

use args::{Arguments, Build, Command, Reveal, Verify};
use exit::Failure;
use signals::STOP;

/// Runs the command that was typed and returns its exit code.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(e) => {
            // Help and version go to standard output and end well; all else is usage.
            let code = if e.use_stderr() { 2 } else { 0 };
            let _ = e.print();
            return ExitCode::from(code);
        }
    };
    signals::watch();
    match obey(arguments.command) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            tell(&words::failure(&failure));
            ExitCode::from(if failure.is_interruption() { signals::exit_code() } else { failure.code() })
        }
    }
}

fn obey(command: Command) -> Result<u8, Failure> {
    match command {
        Command::Build(args) => run_build(&args),
        Command::Inspect(args) => say(&inspect::inspect(&args, &STOP)?),
        Command::Scan(args) => scan::scan(&args, &STOP).map(|()| 0),
        Command::Init(args) => say(&init::init(&args, &STOP)?),
        Command::Verify(args) => run_verify(&args),
        Command::Reveal(args) => run_reveal(&args),
        Command::Events(args) => events::events(&args, std::io::stdout().lock(), &STOP).map(|()| 0),
        Command::Detect(args) => say(&detect::detect(&args)?),
        Command::Mapping(command) => say(mapping::mapping(&command)?.trim_end()),
        Command::Templates(command) => say(templates::templates(&command)?.trim_end()),
        Command::Schema => say(crate::case::schema_json().trim_end()),
    }
}

fn run_build(args: &Build) -> Result<u8, Failure> {
    let built = build::build(args, &STOP)?;
    if args.json {
        let bundles: Vec<_> = built
            .bundles
            .iter()
            .map(|b| json!({"audience": b.audience, "path": b.path, "bytes": b.bytes, "sha256": b.sha256}))
            .collect();
        say(&json!({"case": built.case, "bundles": bundles, "facts": built.facts, "readiness": built.readiness, "problems": built.problems}).to_string())?;
    } else if !args.quiet {
        tell(&words::built(&built));
    }
    if args.require_ready && !built.ready {
        return Err(Failure::NotReady("a must-have is missing, see the lines above".to_owned()));
    }
    Ok(0)
}

fn run_verify(args: &Verify) -> Result<u8, Failure> {
    let verified = verify::verify(args, &STOP)?;
    let valid = verified.faults.is_empty();
    if args.json {
        say(&verify::as_json(&verified).to_string())?;
    } else {
        for fault in &verified.faults {
            tell(&words::shown(&format!("{}: {}", fault.entry, fault.what)));
        }
        say(&words::verified(&verified))?;
    }
    Ok(u8::from(!valid))
}

/// Tokens to values, everything else as it came.
fn run_reveal(args: &Reveal) -> Result<u8, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|source| Failure::Write { path: "standard input".to_owned(), source })?;
    print(&reveal::reveal(&reveal::map_of(&args.case)?, &text))?;
    Ok(0)
}

/// A line on standard output.
fn say(text: &str) -> Result<u8, Failure> {
    print(text)?;
    print("\n")?;
    Ok(0)
}

fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(source) if source.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::Write { path: "standard output".to_owned(), source })
        }
        _ => Ok(()),
    }
}

/// A line on standard error; where that is closed there is nobody to tell.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
