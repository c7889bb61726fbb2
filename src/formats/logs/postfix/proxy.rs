//! Handshakes that tlsproxy did for the SMTP client (`smtp_tls_connection_reuse`).
//!
//! The client then logs `Cannot start TLS: handshake failure` without the cause; tlsproxy
//! logged it just before, by the receiver's address alone: the TLS library's line where
//! OpenSSL has one, and `TLS handshake failed for service=smtp peer=[IP]:25`. Without a
//! library's line the connection ended (`tlsproxy.c`, `tlsp_eval_tls_error`).

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use super::kept::Kept;
use super::line::Statement;
use crate::formats::logs::text::Entry;
use crate::time::Stamp;

/// Handshakes that failed, until the client's line about each.
#[derive(Default)]
pub(super) struct Proxy {
    /// What each process said last of a fault.
    faults: FxHashMap<Box<[u8]>, Kept>,
    failed: VecDeque<Failed>,
    /// Addresses of which the client told first: it gave up waiting before tlsproxy did.
    told: VecDeque<(Box<[u8]>, Stamp)>,
}

struct Failed {
    ip: Box<[u8]>,
    lines: Vec<Kept>,
}

/// The two lines about one handshake stand so near to each other, in milliseconds.
const REACH_MS: i64 = 2000;
/// tlsproxy runs in few processes.
const MOST_PROCESSES: usize = 256;
/// Failures that no client tells of are forgotten.
const MOST_FAILED: usize = 1024;

impl Proxy {
    /// A line of tlsproxy. Whether it is about a handshake of ours.
    pub(super) fn take(&mut self, entry: &Entry<'_>, said: Statement<'_>) -> bool {
        let key = entry.node_and_process();
        match said {
            Statement::Library(_) | Statement::ProxyTimeout => {
                if self.faults.len() >= MOST_PROCESSES {
                    self.faults.clear();
                }
                self.faults.insert(key.into(), Kept::of(entry, said));
                true
            }
            Statement::ProxyFailed(ip) => {
                let fault = self.faults.remove(key);
                self.forget(entry.envelope.at);
                match self.told.iter().position(|(told, _)| **told == *ip) {
                    Some(told) => drop(self.told.remove(told)),
                    None => {
                        let lines = fault.into_iter().chain([Kept::of(entry, said)]).collect();
                        self.failed.push_back(Failed { ip: ip.into(), lines });
                    }
                }
                true
            }
            _ => false,
        }
    }

    /// A process whose name was cut turns out to be a client: what it said is its own.
    pub(super) fn is_client(&mut self, entry: &Entry<'_>) {
        if !self.faults.is_empty() {
            self.faults.remove(entry.node_and_process());
        }
    }

    /// The lines about the handshake that a client tells of now, of this address if the
    /// client names one. Without an address they are those of the only candidate.
    pub(super) fn claim(&mut self, ip: &[u8], at: Stamp) -> Vec<Kept> {
        self.forget(at);
        let wanted = if ip.is_empty() { self.failed.front().map(|f| f.ip.clone()) } else { Some(ip.into()) };
        let Some(wanted) = wanted else { return Vec::new() };
        let of_another = self.failed.iter().any(|f| f.ip != wanted);
        let first = self.failed.iter().position(|f| f.ip == wanted);
        match first {
            Some(first) if !(ip.is_empty() && of_another) => {
                self.failed.remove(first).map_or_else(Vec::new, |failed| failed.lines)
            }
            Some(_) => Vec::new(),
            None => {
                self.told.push_back((wanted, at));
                Vec::new()
            }
        }
    }

    fn forget(&mut self, now: Stamp) {
        let old = |at: Stamp| now.millis() - at.millis() > REACH_MS;
        while self.failed.front().is_some_and(|f| f.lines.last().is_none_or(|l| old(l.at())))
            || self.failed.len() > MOST_FAILED
        {
            self.failed.pop_front();
        }
        while self.told.front().is_some_and(|(_, at)| old(*at)) || self.told.len() > MOST_FAILED {
            self.told.pop_front();
        }
    }

    /// The lines that no client has told of yet.
    pub(super) fn into_lines(self) -> Vec<Kept> {
        self.failed.into_iter().flat_map(|f| f.lines).chain(self.faults.into_values()).collect()
    }
}
