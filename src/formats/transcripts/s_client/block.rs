//! What the result block alone does not say: on which side of it standard error would stand, and
//! whether the handshake of the suite that it names was ever completed.

use std::net::IpAddr;

use super::super::Phase;
use super::super::shapes::{option, without_port};
use super::super::verdict::Sign;
use super::Reading;

impl Reading<'_> {
    /// Takes back what the order of the lines alone made of a close: standard error may stand before
    /// standard output, which has the 221, or behind it, where the block names a suite.
    pub(super) fn reorder(&mut self) {
        if self.parted {
            self.clues.retain(|c| c.sign != Sign::ClosedInside);
        }
        if self.established && !self.chain && !self.answered && self.t.bytes.is_some() {
            self.established = false;
            self.flight = true;
            for clue in self.clues.iter_mut().filter(|c| c.phase == Some(Phase::PostTls)) {
                clue.phase = None;
                if clue.sign == Sign::ClosedInside {
                    clue.sign = Sign::Closed;
                }
            }
            if self.clues.is_empty() {
                self.clue(Sign::Undecided, Some(Phase::ServerFlight), "a suite was chosen, and no certificate came");
            }
        }
    }

    /// Why a result block alone, without what standard error said, is no handshake that
    /// completed: `New, …` is printed as soon as a suite is chosen.
    pub(super) fn unfinished(&self) -> Option<&'static str> {
        let alone = self.clues.is_empty() && !self.answered && !self.parted && !self.ticket;
        let (Some((_, written)), true) = (self.t.bytes, self.established && alone) else { return None };
        match self.t.protocol.as_deref() {
            Some("TLSv1.3") if !self.tells_a_finished(written) => {
                Some("a certificate came, and the bytes written are too few for an answer to it")
            }
            Some("TLSv1.3") => None,
            _ => Some("a certificate came, and no session: it may have ended before the handshake did"),
        }
    }

    /// Whether so many bytes hold EHLO, STARTTLS, ClientHello and what ends a handshake of TLS 1.3.
    /// ClientHello of the usual options is 283 bytes or more (1.1.1), 1,533 with a hybrid key share
    /// (3.5), before a name; change cipher spec and Finished are 64 or more.
    fn tells_a_finished(&self, written: u64) -> bool {
        const END: u64 = 6 + 58;
        let plain = 17 + self.name_length();
        let bounds = [283, 1_533].map(|hello| plain + hello + self.server_name() + END);
        if written < 1_500 { written >= bounds[0] } else { written >= bounds[1] }
    }

    /// How many bytes of ClientHello name the server: nine, and the name of `-servername` or
    /// `-connect`. Without the command one of 29 characters is assumed, so that a longer name and
    /// an alert are not taken for the end of a handshake.
    fn server_name(&self) -> u64 {
        let Some(command) = self.command else { return 9 + 29 };
        if command.split_ascii_whitespace().any(|word| word == "-noservername") {
            return 0;
        }
        let by_target = || option(command, "-connect").map(without_port).filter(|t| t.parse::<IpAddr>().is_err());
        option(command, "-servername").or_else(by_target).map_or(0, |name| 9 + name.len() as u64)
    }
}
