//! The `casefile` command: everything it does stands in the library.

fn main() -> std::process::ExitCode {
    casefile::desk::run()
}
