//! Which cell of an accounting row holds what: by the header, else by what the cells hold.
//!
//! The header is the union of the columns of all record types of the file, in an order that
//! `record-fields` may change, and it may stand in the middle of a file (each start of a pipe
//! writes one) or nowhere. Rows may be shorter or longer than it.

use super::cells::Cells;
use super::host_and_ip;

/// The columns that say something of a delivery attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    TimeLogged,
    TimeQueued,
    Rcpt,
    Orcpt,
    Status,
    Diag,
    Mta,
    Category,
    DlvType,
    SourceIp,
    DestinationIp,
    Esmtp,
    Vmta,
    Queue,
    Tls,
}

/// Their names in headers and as JSON keys.
const NAMES: &[(&str, Column)] = &[
    ("timeLogged", Column::TimeLogged),
    ("timeQueued", Column::TimeQueued),
    ("rcpt", Column::Rcpt),
    ("orcpt", Column::Orcpt),
    ("dsnStatus", Column::Status),
    ("dsnDiag", Column::Diag),
    ("dsnMta", Column::Mta),
    ("bounceCat", Column::Category),
    ("dlvType", Column::DlvType),
    ("dlvSourceIp", Column::SourceIp),
    ("dlvDestinationIp", Column::DestinationIp),
    ("dlvEsmtpAvailable", Column::Esmtp),
    ("vmta", Column::Vmta),
    ("queue", Column::Queue),
    ("dlvTlsProtocol", Column::Tls),
];

/// Columns that PowerMTA does not have, of a plugin of Haraka's that names the others alike
/// (haraka-plugin-accounting-files). It says less in them, and `b` is another verdict there.
const OF_HARAKA: &[&str] = &["srcIp", "destIp", "dsnMsg"];

/// Which cell holds each column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout([Option<u16>; NAMES.len()]);

impl Layout {
    /// The layout that a header states; nothing when the row is none of PowerMTA's.
    pub(super) fn of_header(row: &[u8], cells: &Cells) -> Option<Self> {
        let mut layout = Self::default();
        for at in 1..cells.count() {
            let name = cells.get(row, at)?.trim_ascii();
            if OF_HARAKA.iter().any(|other| other.as_bytes().eq_ignore_ascii_case(name)) {
                return None;
            }
            let named = NAMES.iter().find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name));
            if let Some((_, column)) = named
                && layout.at(*column).is_none()
            {
                layout.set(*column, at);
            }
        }
        let has = |column| layout.at(column).is_some();
        let timed = has(Column::TimeLogged) || has(Column::TimeQueued);
        // A table of anything may have a column `type`.
        let of_mail = has(Column::Rcpt) || has(Column::Status) || has(Column::Vmta) || has(Column::Queue);
        (timed && of_mail).then_some(layout)
    }

    /// The layout of a `d`, `b` or `t` row without a header. The columns stand in the stock
    /// order around `dsnAction`, which stands at 6, before 4.5 at 7 (`timeImprinted`), with
    /// the columns of 5.5 at 8.
    pub(super) fn of_message(row: &[u8], cells: &Cells) -> Option<Self> {
        let cell = |at| cells.get(row, at);
        let is_action = |at: &usize| {
            let action = matches!(cell(*at), Some(b"relayed" | b"delivered" | b"failed" | b"delayed" | b"expanded"));
            action && cell(at + 1).is_some_and(|status| status.is_empty() || is_status(status))
        };
        let action = [6, 7, 8].into_iter().find(is_action)?;
        let mut layout = Self::default();
        layout.set(Column::TimeLogged, 1);
        layout.set(Column::TimeQueued, 2);
        layout.set(Column::Rcpt, action - 2);
        layout.set(Column::Orcpt, action - 1);
        let after = [
            (Column::Status, 1),
            (Column::Diag, 2),
            (Column::Mta, 3),
            (Column::Category, 4),
            (Column::DlvType, 7),
            (Column::SourceIp, 8),
            (Column::DestinationIp, 9),
            (Column::Esmtp, 10),
            (Column::Vmta, 12),
        ];
        for (column, distance) in after {
            layout.set(column, action + distance);
        }
        // What follows is as configured; only a protocol shows that its column is there.
        let is_tls = |at: &usize| cell(*at).is_some_and(|c| c.starts_with(b"TLSv") || c.starts_with(b"SSLv"));
        if let Some(at) = (action + 15..cells.count()).find(is_tls) {
            layout.set(Column::Tls, at);
        }
        Some(layout)
    }

    /// The layout of a row of what came in: only its time matters.
    pub(super) fn of_inbound() -> Self {
        let mut layout = Self::default();
        layout.set(Column::TimeLogged, 1);
        layout
    }

    /// The layout of a `tq` row without a header, or shorter than it. `dsnStatus` to
    /// `dlvDestinationIp` stand together; the manual lists queue and VirtualMTA before them,
    /// and its sample has them after.
    pub(super) fn of_queue(row: &[u8], cells: &Cells) -> Option<Self> {
        let cell = |at| cells.get(row, at);
        let by_status = || (2..cells.count()).find(|at| cell(*at).is_some_and(is_status));
        let is_host = |at: &usize| cell(*at).is_some_and(|c| host_and_ip(c).is_some());
        let by_host = || (4..cells.count()).find(is_host).map(|at| at - 2);
        let status = by_status().or_else(by_host)?;
        let delivery = cell(status + 3)?;
        if !matches!(delivery, b"" | b"smtp" | b"pipe" | b"file" | b"discard") {
            return None;
        }
        let mut layout = Self::default();
        layout.set(Column::TimeLogged, 1);
        let columns = [Column::Status, Column::Diag, Column::Mta, Column::DlvType, Column::SourceIp];
        for (distance, column) in columns.into_iter().enumerate() {
            layout.set(column, status + distance);
        }
        layout.set(Column::DestinationIp, status + 5);
        let (queue, vmta) = if status == 4 { (2, 3) } else { (status + 7, status + 6) };
        layout.set(Column::Queue, queue);
        layout.set(Column::Vmta, vmta);
        Some(layout)
    }

    /// Whether a `tq` row fits: it may lack the cells of other record types.
    pub(super) fn fits_queue(&self, row: &[u8], cells: &Cells) -> bool {
        let cell = |column| self.at(column).and_then(|at| cells.get(row, at));
        match (cell(Column::Status), cell(Column::Mta)) {
            (Some(status), _) if is_status(status) => true,
            (_, Some(mta)) => host_and_ip(mta).is_some(),
            _ => false,
        }
    }

    /// Where a column stands.
    pub(super) fn at(&self, column: Column) -> Option<usize> {
        self.0.get(column as usize).copied().flatten().map(usize::from)
    }

    fn set(&mut self, column: Column, at: usize) {
        if let Some(slot) = self.0.get_mut(column as usize) {
            *slot = u16::try_from(at).ok();
        }
    }
}

/// `4.7.0 (other or undefined security status)`.
pub(super) fn is_status(cell: &[u8]) -> bool {
    let code = cell.split(|b| *b == b' ').next().unwrap_or(cell);
    let mut parts = code.split(|b| *b == b'.');
    let mut number = || parts.next().is_some_and(|p| (1..=3).contains(&p.len()) && p.iter().all(u8::is_ascii_digit));
    matches!(code.first(), Some(b'2' | b'4' | b'5')) && number() && number() && number() && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_the_order_of_columns() {
        for (at, (_, column)) in NAMES.iter().enumerate() {
            assert_eq!(*column as usize, at);
        }
    }

    #[test]
    fn statuses() {
        for status in ["4.4.1 (no answer from host)", "2.0.0", "5.7.26 (x)"] {
            assert!(is_status(status.as_bytes()), "{status}");
        }
        for other in ["10.1.2.3", "1.2.3", "4.4", "4.4.1.9", "smtp", "", "4.4.x"] {
            assert!(!is_status(other.as_bytes()), "{other}");
        }
    }
}
