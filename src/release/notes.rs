//! The user's own words go out as they are, or not at all.

use thiserror::Error;

use super::Audience;
use super::redactor::{Class, Collision, Counts, Redactor};
use crate::case::Case;

/// A note of case.yaml that its reader may not see as it stands.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "case.yaml: notes.{reader} holds what must not leave ({what}), and your own words are never rewritten; \
     nothing was published. Take it out, or list it under `redact: allow` if this reader may see it"
)]
pub struct NoteFault {
    /// Whose note: `esp`.
    pub reader: &'static str,
    /// The classes of what it holds: `recipient, node`. Never the value.
    pub what: String,
}

/// Whether the note for this reader would have to change. `tell` writes text of our own, in
/// which places go by the names that this reader may see.
pub(super) fn fault(
    case: &Case,
    audience: Audience,
    redactor: &Redactor,
    tell: &dyn Fn(&str) -> String,
) -> Result<Option<NoteFault>, Collision> {
    let note = match audience {
        Audience::Esp => &case.notes.esp,
        Audience::Google => &case.notes.google,
        Audience::Internal => &None,
    };
    let Some(note) = note else { return Ok(None) };
    let mut counts = Counts::default();
    let rewritten = redactor.rewrite(note.as_bytes(), &mut counts)?;
    let mut held: Vec<_> = Class::ALL.iter().copied().filter(|class| counts.of(*class) > 0).collect();
    if held.is_empty() && tell(note) != rewritten.as_str() {
        held.push(Class::Node);
    }
    let what = held.iter().map(|class| class.word()).collect::<Vec<_>>().join(", ");
    Ok((!held.is_empty()).then(|| NoteFault { reader: audience.word(), what }))
}
