//! `casefile templates`: the postmortem's templates shown, and a user's own tried; and which
//! of them a build was asked for.

use std::fs;
use std::path::{Path, PathBuf};

use super::args::{Build, Templates as Command};
use super::exit::Failure;
use super::words::shown;
use crate::case::nearest;
use crate::intake::IntakeError;
use crate::narrative::{self, Document, POSTMORTEMS, Postmortem};
use crate::release::Release;

/// The template a build was asked for.
pub(super) enum Chosen {
    /// One that casefile brings.
    Ours(Postmortem),
    /// The user's: the name in errors, and the text.
    Theirs(String, String),
}

impl Chosen {
    /// Finds it, and tries a user's own before anything is read or written.
    ///
    /// # Errors
    /// When there is none of that name, or the user's file cannot be read or is wrong.
    pub(super) fn of(args: &Build) -> Result<Self, Failure> {
        match (&args.template, &args.postmortem) {
            (Some(path), _) => own(path).map(|(name, text)| Self::Theirs(name, text)),
            (None, Some(name)) => ours(name).map(Self::Ours),
            (None, None) => Ok(Self::Ours(POSTMORTEMS[0])),
        }
    }

    /// The postmortem; a user's keeps the ending of its template.
    ///
    /// # Errors
    /// When the template asks the facts for what they do not hold.
    pub(super) fn render(&self, internal: &Release) -> Result<Document, Failure> {
        match self {
            Self::Ours(postmortem) => Ok(narrative::postmortem(internal, postmortem)?),
            Self::Theirs(name, text) => {
                let document = narrative::render_file(text, name, internal).map_err(wrong)?;
                let ending = Path::new(name).extension().and_then(|e| e.to_str());
                let ending = ending.filter(|e| matches!(*e, "txt" | "html")).unwrap_or("md");
                Ok(Document { path: format!("postmortem.{ending}"), ..document })
            }
        }
    }
}

pub(super) fn templates(command: &Command) -> Result<String, Failure> {
    match command {
        Command::List => Ok(list()),
        Command::Show { name } => show(name),
        Command::Check { file } => {
            let (name, _) = own(file)?;
            Ok(format!("{}: every name is a slot", shown(&name)))
        }
    }
}

fn list() -> String {
    let parts = narrative::shared_templates().map(|(name, _)| name);
    let widest = POSTMORTEMS.iter().map(|p| p.name.len()).chain(parts.map(str::len)).max().unwrap_or_default();
    let ours = POSTMORTEMS.iter().map(|p| format!("{:widest$}  postmortem {}\n", p.name, p.about));
    let parts = narrative::shared_templates().map(|(name, _)| format!("{name:widest$}  to import or include\n"));
    ours.chain(parts).collect()
}

fn show(name: &str) -> Result<String, Failure> {
    match narrative::shared_templates().find(|(part, _)| *part == name) {
        Some((_, text)) => Ok(text.to_owned()),
        None => ours(name).map(|postmortem| postmortem.source().to_owned()),
    }
}

fn ours(name: &str) -> Result<Postmortem, Failure> {
    if let Some(found) = POSTMORTEMS.iter().find(|p| p.name == name) {
        return Ok(*found);
    }
    let names = || POSTMORTEMS.iter().map(|p| p.name);
    let help = match nearest(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are: {}", names().collect::<Vec<_>>().join(", ")),
    };
    Err(Failure::Usage(format!("casefile brings no postmortem `{}`; {help}", shown(name))))
}

/// A template of the user's, tried: its name in errors, and its text.
fn own(path: &PathBuf) -> Result<(String, String), Failure> {
    let io = |source| Failure::Input(IntakeError::Io { path: path.clone(), source });
    let text = fs::read_to_string(path).map_err(io)?;
    let name = path.file_name().map_or_else(|| "template".to_owned(), |name| name.to_string_lossy().into_owned());
    narrative::check_template(&text, &name).map_err(wrong)?;
    Ok((name, text))
}

/// A wrong template is a matter of what was typed.
fn wrong(error: narrative::NarrativeError) -> Failure {
    Failure::Usage(error.to_string())
}
