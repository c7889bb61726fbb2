//! What can go wrong with words.

use thiserror::Error;

/// Why a text could not be rendered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NarrativeError {
    /// A template says something that the facts cannot answer, or is malformed.
    #[error("template {template}, line {line}: {message}")]
    Template {
        /// The template's name, as given or as in the registry.
        template: String,
        /// The line in it, from 1; 0 when the engine could not tell.
        line: usize,
        /// What is wrong.
        message: String,
    },
}

impl NarrativeError {
    /// The innermost error that names a place: an error inside a macro is reported there.
    pub(in crate::narrative) fn from_engine(template: &str, error: &minijinja::Error) -> Self {
        let mut innermost = error;
        let mut next = std::error::Error::source(error);
        while let Some(source) = next {
            if let Some(inner) = source.downcast_ref::<minijinja::Error>() {
                innermost = inner;
            }
            next = source.source();
        }
        Self::Template {
            template: innermost.name().unwrap_or(template).to_owned(),
            line: innermost.line().unwrap_or(0),
            message: innermost.detail().map_or_else(|| innermost.kind().to_string(), str::to_owned),
        }
    }
}
