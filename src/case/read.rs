//! The text of case.yaml to a [`Case`], or to all that is wrong with it.

use super::check::check;
use super::meant::Case;
use super::problem::Problems;
use super::raw::RawCase;
use super::typed::typed;

/// The words that later rooms own and case.yaml may use. An empty list is not checked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words<'a> {
    /// Names of formats, for `sources[].format`.
    pub formats: &'a [&'a str],
    /// Names of signals, for `sources[].columns.*.signal` and `nodes.*.limits`.
    pub signals: &'a [&'a str],
    /// Conditions of transcripts, for `sources[].condition`.
    pub conditions: &'a [&'a str],
    /// Names of mappings that need no file, for `sources[].mapping`.
    pub mappings: &'a [&'a str],
}

/// Reads case.yaml. `folder` is the name of its folder, from which the case is
/// named when the file does not name it. An empty text is a bare case.
///
/// # Errors
/// All problems of the file at once. Only a text that is no YAML stops at its first.
pub fn read(text: &str, folder: &str, words: &Words<'_>) -> Result<Case, Problems> {
    let (raw, mut slips) = typed::<RawCase>(text)?;
    let case = check(raw, folder, words, &mut slips);
    slips.end(case)
}
