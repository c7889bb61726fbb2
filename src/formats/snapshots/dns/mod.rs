//! DNS answers as `dig`, `kdig` and `host` print them.
//!
//! - `answers` reads a file of them, `dig` its comments, `row` its rows, `host` its sentences.
//! - `answer` is what one says; only records of SPF, DKIM, DMARC, names and addresses are kept.
//! - `short` knows `dig +short`, whose lines name nothing they answer.

mod answer;
mod answers;
mod dig;
mod host;
mod row;
mod short;
#[cfg(test)]
mod tests;

pub use answer::{Answer, Asked, Record, Said, reverse_name};
pub(super) use answers::DnsAnswers;
pub(super) use short::DnsShort;
