//! What is asked: case.yaml as typed, then as meant, with all problems at once.
//!
//! ```text
//! text ─▶ values + places ─ fit ─▶ RawCase ─ check ─▶ Case
//!                                   └── problems ──┘
//! ```
//!
//! `typed` reads any such text, a mapping file too; `fit` holds the file against the JSON
//! Schema that `raw` derives, so the schema that editors use and the reader agree by
//! construction; `check` gives each text its meaning. Neither stops at the first problem.

mod check;
mod fit;
mod meant;
mod nearest;
mod offset;
mod outline;
mod path;
mod places;
mod problem;
mod quantity;
mod raw;
mod read;
mod schema;
#[cfg(test)]
mod tests;
mod typed;
mod values;

pub use check::window;
pub use meant::{
    Attest, Budgets, Case, Change, Column, Gate, Launch, Node, Notes, Redact, Sender, SourceRule, SpamRate,
};
pub use nearest::nearest;
pub use outline::{Outline, OutlineSource, ZoneHint, commented};
pub use path::Path;
pub use problem::{Code, Problem, Problems};
pub use quantity::{Quantity, QuantityError};
pub use read::{Words, read};
pub use schema::schema_json;
pub use typed::{Slips, typed};
