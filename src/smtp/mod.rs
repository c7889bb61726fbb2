//! The words of the field: outcomes, stages, replies and what they mean, lanes.
//!
//! Everything a log, a table or a narrative says about an SMTP session is said
//! in these words, and in no others.

mod lane;
mod limit;
mod meaning;
mod outcome;
mod reply;
mod token;

pub use lane::{Lane, LaneError, LaneEvidence, Lanes, NameSays, Sublane};
pub use limit::{Named, named_by_limit};
pub use meaning::{Category, Meaning, Scope, gmail_replies_date, meaning_of, row_id};
pub use outcome::{By, Outcome, Stage, TlsUse};
pub use reply::{Reply, Subject};
pub use token::{Token, TokenKind, acceptance_second, google_tail, split_at_token};
