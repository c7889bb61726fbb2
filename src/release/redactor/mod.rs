//! From evidence to text that one reader may see, in two passes.
//!
//! [`Learner`] reads everything that can reach a bundle and learns who and what is in it;
//! [`Redactor`] then rewrites each text. Both read through `marks`, which joins the
//! grammars of this folder: addresses, what local parts carry, encodings two layers deep,
//! fields and headers, secrets, hosts and queue ids; `records` and `seams` give it in one piece
//! what stands in several lines. `policy` alone decides what happens
//! to what was found, and `tokens` makes the names that replace it.

mod across;
mod addresses;
mod cells;
mod embedded;
mod encodings;
mod fields;
mod headers;
mod hosts;
mod idn;
mod json;
mod known;
mod learn;
mod lines;
mod lists;
mod marks;
mod needles;
mod options;
mod places;
mod policy;
mod records;
mod report;
mod rewrite;
mod seams;
mod secrets;
mod tokens;
mod urls;
mod words;

#[cfg(test)]
pub(crate) mod attacks;
#[cfg(test)]
mod laws;
#[cfg(test)]
pub(crate) mod suite;

#[cfg(test)]
pub(crate) use marks::Rule;

pub use learn::Learner;
pub use policy::{Action, Class, action, policy_markdown};
pub use report::{Counts, RedactionReport};
pub use rewrite::Redactor;
pub use tokens::{CaseKey, Collision, Tokens};

use std::net::IpAddr;

use super::Audience;

/// What the redactor is told; everything else it learns.
#[derive(Clone, Debug)]
pub struct RedactorConfig {
    /// Who will read.
    pub audience: Audience,
    /// Key of the case.
    pub key: CaseKey,
    /// The sender's own domains, subdomains included: envelope, From, DKIM, EHLO. They stay.
    pub own_domains: Vec<String>,
    /// Recipient domains that stay by the user's word, subdomains included.
    pub keep_domains: Vec<String>,
    /// Words that stay as they are wherever they stand whole: an EHLO name, a contact address.
    pub allow: Vec<String>,
    /// Words that go wherever they stand.
    pub deny: Vec<String>,
    /// Host names of receivers, as far as known; they stay. Those that lines name as the
    /// other side of a connection are learnt.
    pub receivers: Vec<String>,
    /// Names of our nodes, as far as known; those in syslog's host field are learnt.
    pub nodes: Vec<String>,
    /// Other names that are known beforehand, with their class: customers, provider ids,
    /// staff; campaigns in the order in which they shall be numbered.
    pub names: Vec<(Class, String)>,
    /// The IPs we send from; they stay.
    pub sending_ips: Vec<IpAddr>,
    /// Private and other IPs that stay all the same.
    pub kept_ips: Vec<IpAddr>,
}

impl RedactorConfig {
    /// Nothing known beforehand.
    #[must_use]
    pub const fn new(audience: Audience, key: CaseKey) -> Self {
        Self {
            audience,
            key,
            own_domains: Vec::new(),
            keep_domains: Vec::new(),
            allow: Vec::new(),
            deny: Vec::new(),
            receivers: Vec::new(),
            nodes: Vec::new(),
            names: Vec::new(),
            sending_ips: Vec::new(),
            kept_ips: Vec::new(),
        }
    }
}

/// A value that must not be in a bundle. Never print it: the gate names its class and place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Forbidden {
    /// What it is.
    pub class: Class,
    /// The value; ASCII case does not matter in a comparison.
    pub value: String,
    /// Counts only where no letter or digit (of any script) stands beside its ends.
    /// Host names of others may hold such a word as a label; those were left out.
    pub whole_word: bool,
}

impl std::fmt::Debug for Forbidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Forbidden").field("class", &self.class).finish_non_exhaustive()
    }
}
