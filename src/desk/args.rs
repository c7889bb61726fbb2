//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::exit::Failure;
use crate::case::{Case, window};

/// Turns the evidence of a mail incident into two bundles: one for the ESP or host,
/// one for Google.
#[derive(Debug, Parser)]
#[command(name = "casefile", version, about, long_about = None, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Build both bundles, the postmortem and the receipt from a folder or a case.yaml
    Build(Build),
    /// Say what each file is, what it covers, and what is missing
    Inspect(Inspect),
    /// Scan logs where they lie into a partial; `build` takes partials beside logs
    Scan(Scan),
    /// Look at a folder and write a commented case.yaml
    Init(Init),
    /// Check a bundle: a zip, or the folder it was unpacked to
    Verify(Verify),
    /// Turn tokens of a bundle back into values, from standard input to standard output
    Reveal(Reveal),
    /// Print delivery attempts as NDJSON, one a line
    Events(Events),
    /// Date the waves of per-minute counts: a CSV with minute, attempts and failed_sessions
    Detect(Detect),
    /// Print the JSON Schema of case.yaml, for editors
    Schema,
    /// Mappings: YAML files that say how a delivery event log without a reader is read
    #[command(subcommand)]
    Mapping(Mapping),
    /// Templates of the postmortem: those that casefile brings, and a check of your own
    #[command(subcommand)]
    Templates(Templates),
}

#[derive(Debug, Subcommand)]
pub(super) enum Templates {
    /// List the postmortems that casefile brings, and the parts they are made of
    List,
    /// Print a postmortem's template or a part, to begin one of your own with
    Show {
        /// Its name, as `list` prints it
        name: String,
    },
    /// Try a template of your own on made-up facts
    Check {
        /// The template file
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Mapping {
    /// Read a mapping file, try it on its examples and, if given, on files
    Check(MappingCheck),
    /// List the mappings that casefile brings
    List,
    /// Print a mapping that casefile brings, to begin one of your own with
    Show {
        /// Its name, as `list` prints it
        name: String,
    },
    /// Print the JSON Schema of mapping files, for editors
    Schema,
}

#[derive(Args, Debug)]
pub(super) struct MappingCheck {
    /// The mapping file
    pub(super) file: PathBuf,
    /// Files to read with it
    pub(super) logs: Vec<PathBuf>,
}

/// The time to look at; what `window` of case.yaml says otherwise.
#[derive(Args, Debug, Default)]
pub(super) struct Time {
    /// First minute to look at, such as 2026-11-24T03:46Z, over `window` of case.yaml; logs are
    /// read from an hour before
    #[arg(long, value_name = "T", requires = "to")]
    from: Option<String>,
    /// The minute after the last one; logs are read to an hour after
    #[arg(long, value_name = "T", requires = "from")]
    to: Option<String>,
}

impl Time {
    pub(super) const fn is_given(&self) -> bool {
        self.from.is_some()
    }

    /// Sets the window of a case, where one was typed.
    pub(super) fn lay(&self, case: &mut Case) -> Result<(), Failure> {
        if let (Some(from), Some(to)) = (&self.from, &self.to) {
            case.look_at(window(from, to).map_err(|why| Failure::Usage(format!("--from and --to: {why}")))?);
        }
        Ok(())
    }
}

#[derive(Args, Debug)]
pub(super) struct Build {
    /// A folder of evidence, or a case.yaml in it
    pub(super) path: PathBuf,
    /// Output folder [default: ./<case>/]
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
    /// Replace an existing output; its key is kept
    #[arg(long)]
    pub(super) force: bool,
    /// Key of the tokens, 32 bytes as 64 hex digits [default: keep/case.key of the output]
    #[arg(long, value_name = "FILE")]
    pub(super) key: Option<PathBuf>,
    /// Order of the postmortem's sections: sre, pagerduty, atlassian or incident-io [default: sre]
    #[arg(long, value_name = "NAME")]
    pub(super) postmortem: Option<String>,
    /// Your own template of the postmortem; docs/TEMPLATES.md lists what it may name
    #[arg(long, value_name = "FILE", conflicts_with = "postmortem")]
    pub(super) template: Option<PathBuf>,
    #[command(flatten)]
    pub(super) time: Time,
    /// Threads to read with [default: one for each core]
    #[arg(long, value_name = "N")]
    pub(super) threads: Option<usize>,
    /// Exit with 4 when a must-have of a bundle is missing
    #[arg(long)]
    pub(super) require_ready: bool,
    /// Print nothing but errors
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// Print one JSON object on standard output
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct Inspect {
    /// Files and folders
    #[arg(required = true)]
    pub(super) paths: Vec<PathBuf>,
    /// Print one JSON object on standard output
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct Scan {
    /// Logs, or folders of logs; partials, to make one of several; `-` for standard input
    #[arg(required = true)]
    pub(super) paths: Vec<PathBuf>,
    /// The partial to write, `-` for standard output. It is internal: do not send it
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: PathBuf,
    /// Replace an existing partial
    #[arg(long)]
    pub(super) force: bool,
    /// The case.yaml that the build will use: its lanes, zones, nodes and clocks hold here too
    #[arg(long, value_name = "FILE")]
    pub(super) case: Option<PathBuf>,
    /// The node that wrote these logs [default: as case.yaml or the logs name it]
    #[arg(long, value_name = "NAME")]
    pub(super) node: Option<String>,
    /// What standard input, or the only file, is called [default: - or its path]
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
    /// The input is this piece of a log, cut at line ends; pieces are numbered from 0 or 1
    #[arg(long, value_name = "K")]
    pub(super) part: Option<u32>,
    /// Keep no line as it stood; what needs one cannot be shown then, nor can sessions be joined
    /// with other partials
    #[arg(long)]
    pub(super) no_excerpts: bool,
    #[command(flatten)]
    pub(super) time: Time,
    /// Threads to read with [default: one for each core]
    #[arg(long, value_name = "N")]
    pub(super) threads: Option<usize>,
    /// Print nothing but errors
    #[arg(short, long)]
    pub(super) quiet: bool,
}

#[derive(Args, Debug)]
pub(super) struct Init {
    /// The folder of evidence
    pub(super) dir: PathBuf,
    /// Replace an existing case.yaml
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Args, Debug)]
pub(super) struct Verify {
    /// The bundle
    pub(super) path: PathBuf,
    /// Key of the case; with --inputs the tokens and all that must not leave are checked too
    #[arg(long, value_name = "FILE", requires = "inputs")]
    pub(super) key: Option<PathBuf>,
    /// The folder of evidence, or the case.yaml in it, that the bundle was built from
    #[arg(long, value_name = "PATH", requires = "key")]
    pub(super) inputs: Option<PathBuf>,
    #[command(flatten)]
    pub(super) time: Time,
    /// Print one JSON object on standard output
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args, Debug)]
pub(super) struct Reveal {
    /// The output folder of the case
    #[arg(long = "case", value_name = "DIR")]
    pub(super) case: PathBuf,
}

#[derive(Args, Debug)]
pub(super) struct Events {
    /// Logs, or folders of logs
    #[arg(required = true)]
    pub(super) paths: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct Detect {
    /// A table with a row for each minute; series_id, lane, observed, and the ways to fail
    /// (deferred_421, remote_close, tls_fail, timeout) may stand in it too
    pub(super) file: PathBuf,
    /// Print one JSON object on standard output
    #[arg(long)]
    pub(super) json: bool,
}
