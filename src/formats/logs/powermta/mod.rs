//! PowerMTA, versions 3.5 to 5.5: accounting records, the log, queue events.
//!
//! Sources: the PowerMTA 5.0 user's guide (§3.3.11, §5.10, §6.3, §11.2), records that
//! operators quote (2012 to 2023), a capture of `pmta --dom show topqueues`.
//!
//! - `accounting` knows accounting files and `rows` reads them: `table` takes their lines
//!   apart into `cells`, `columns` says which cell is what, `record` holds the values of one
//!   record, `verdict` says what it means, `same` tells further recipients of a transaction,
//!   `seen` what the files cannot show.
//! - `log` reads `pmta.log` and `pmta trace`; `dialogue` follows one session.
//! - `queues` reads the error events of `pmta --dom show topqueues --errors`.
//! - `wording` knows PowerMTA's own words, which all three hold.

mod accounting;
mod cells;
mod columns;
mod dialogue;
mod log;
mod queues;
mod record;
mod rows;
mod same;
mod seen;
mod table;
#[cfg(test)]
mod tests;
mod verdict;
mod wording;

pub use accounting::Accounting;
pub use log::Log;
pub use queues::Queues;

use memchr::memrchr;

/// `HOST (IP)`.
fn host_and_ip(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (host, ip) = text.strip_suffix(b")").and_then(|text| text.split_at_checked(memrchr(b'(', text)?))?;
    let (host, ip) = (host.strip_suffix(b" ")?, ip.get(1..)?);
    let is_ip = ip.iter().all(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b':'));
    let shaped = !host.is_empty() && ip.len() >= 2 && is_ip && ip.iter().any(|b| matches!(b, b'.' | b':'));
    shaped.then_some((host, ip))
}

/// An address that stands for none is empty.
fn known_ip(ip: &[u8]) -> &[u8] {
    if matches!(ip, b"0.0.0.0" | b"::") { &[] } else { ip }
}
