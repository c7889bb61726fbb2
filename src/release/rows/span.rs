//! Which minutes a table shows: all of them, unless that were more rows than anyone opens.

use super::Desk;
use crate::release::{Audience, Withheld};
use crate::time::{Minute, Window};

/// Rows that a table of minutes may have before it is kept to the waves: two days of 64 sending
/// IPs. A spreadsheet opens a million at most.
const MOST_ROWS: usize = 200_000;

/// Minutes shown before and after each wave.
const AROUND: i32 = 60;

/// The minutes of a table.
pub(super) enum Span {
    All,
    Near(Vec<Window>),
}

impl Span {
    pub(super) fn contains(&self, minute: Minute) -> bool {
        match self {
            Self::All => true,
            Self::Near(windows) => is_near(windows, minute),
        }
    }
}

/// The waves with the time before and after them.
pub(in crate::release) fn near(waves: &[Window]) -> Vec<Window> {
    waves.iter().map(|wave| Window::new(wave.from.plus(-AROUND), wave.to.plus(AROUND))).collect()
}

/// Whether a minute lies in one of some windows.
pub(in crate::release) fn is_near(windows: &[Window], minute: Minute) -> bool {
    windows.iter().any(|window| window.contains(minute))
}

/// How it is told that a table was kept to the waves.
pub(in crate::release) fn far(table: &str) -> String {
    format!("minutes of table {table}.csv more than an hour from a wave")
}

impl Desk<'_> {
    /// All minutes. The house reads them in the bundles.
    pub(super) fn whole(&self) -> Span {
        if self.audience == Audience::Internal { Span::Near(Vec::new()) } else { Span::All }
    }

    /// The minutes of a table that has one row for each of them and each of so many members.
    pub(super) fn span(&self, table: &str, members: usize) -> Span {
        let rows = members.saturating_mul(self.timeline.window.len());
        if rows <= MOST_ROWS || self.audience == Audience::Internal {
            return self.whole();
        }
        self.cut.borrow_mut().push(Withheld { item: far(table), why: format!("all of them would be {rows} rows") });
        Span::Near(near(&self.incident.windows()))
    }
}
