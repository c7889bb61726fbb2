//! DNS answers as `dig`, `kdig`, `host` and `nslookup` print them.
//!
//! - `answers` reads a file of them, `dig` its comments, `yaml` those of `dig +yaml`, `row` its
//!   rows, `host` its sentences, `nslookup` its pages.
//! - `answer` is what one says; only records of SPF, DKIM, DMARC, names and addresses are kept.
//! - `short` knows `dig +short`, whose lines name nothing they answer.

mod answer;
mod answers;
mod dig;
mod host;
mod nslookup;
mod row;
mod short;
#[cfg(test)]
mod tests;
mod yaml;

pub use answer::{Answer, Asked, Record, Said, reverse_name};
pub(super) use answer::{plain, text_record};
pub(super) use answers::DnsAnswers;
pub(super) use short::DnsShort;
