//! Events to counts that merge by addition, in any order and any split.
//!
//! - `tally` holds the counts: integers only, so that addition is associative.
//! - `names` gives egresses and MX hosts small numbers.
//! - `collector` turns events into counts and keeps exact lines by content; `known` and `replies`
//!   count what receivers say, each wording taken apart once.
//! - `counted` adds tables of counts a minute where no log is.
//! - `elsewhere` tells which attempts another file counts.
//! - `overlap` finds lines that several files hold.
//! - `turns` says which of them are read first.
//! - `worker` reads files in parallel and joins their edges once.

mod cell;
mod collector;
mod counted;
mod elsewhere;
mod excerpt;
mod known;
mod names;
mod overlap;
mod replies;
mod tally;
mod turns;
mod worker;

pub use cell::{Axis, CellKey, What};
pub use collector::Collector;
pub use counted::LeftOut;
pub use elsewhere::{Elsewhere, Kinship};
pub use excerpt::{Excerpt, ExcerptLine};
pub use names::{Egress, EgressId, MxId, Names};
pub use tally::{BUSY_SLOTS, FileTally, Noted, ReplyExample, ReplyKey, ReplyTally, Tally};
pub use worker::{LogJob, Progress, Repetition, ScanProblem, Scanned, scan};
