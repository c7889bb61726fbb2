//! Events to counts that merge by addition, in any order and any split.
//!
//! - `tally` holds the counts: integers only, so that addition is associative.
//! - `names` gives egresses and MX hosts small numbers.
//! - `collector` turns events into counts and keeps exact lines by content; `places` knows what
//!   names stand for, `kinds` counts attempts under a number for each kind, `known` and `replies`
//!   count what receivers say, each wording taken apart once, and `domains` which of the sender's
//!   domains their limits name.
//! - `accepted` counts how long accepted messages had waited, and `seconds` what stood near a TLS
//!   failure in logs without sessions.
//! - `counted` adds tables of counts a minute where no log is.
//! - `elsewhere` tells which attempts another file counts.
//! - `overlap` finds lines that several files hold.
//! - `turns` says which of them are read first.
//! - `asked` is the time that is asked for; `skim` passes over the lines of all other.
//! - `worker` says which logs are read, `reading` reads each `job` into a `part`, in parallel, and
//!   `pieces` one log by several threads; `scanned` joins their edges once and adds them up.
//! - `moved` gives lines the numbers that they have in the whole.
//! - `partial` carries parts from where logs are read to where they are added up.

mod accepted;
mod asked;
mod cell;
mod collector;
mod counted;
mod domains;
mod elsewhere;
mod error;
mod excerpt;
mod job;
mod kinds;
mod known;
mod moved;
mod names;
mod overlap;
mod part;
pub mod partial;
mod pieces;
mod places;
mod reading;
mod replies;
mod scanned;
mod seconds;
mod skim;
mod tally;
mod turns;
mod worker;

pub use accepted::{Accepted, WAITS};
pub use asked::Asked;
pub use cell::{Axis, CellKey, What};
pub use collector::Collector;
pub use counted::LeftOut;
pub use domains::{LimitedDomain, LimitedDomains};
pub use elsewhere::{Elsewhere, Kinship};
pub use error::ScanError;
pub use excerpt::{Excerpt, ExcerptLine};
pub use job::LogJob;
pub use names::{Egress, EgressId, MxId, Names};
pub use part::Part;
pub use scanned::{Repetition, ScanProblem, Scanned, join_edges};
pub use seconds::{Ending, Seconds};
pub use tally::{BUSY_SLOTS, FileTally, Noted, ReplyExample, ReplyKey, ReplyTally, Tally};
pub use worker::{Given, Progress, read_parts, scan, scan_with};
