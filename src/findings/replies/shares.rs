//! What the deferring answers speak of: shares, each with its base.

use super::ReplyGroup;
use crate::smtp::Category;

/// Share of 4xx answers that speak of reputation, content or policy, with its base.
pub(in crate::findings) fn policy_share(groups: &[ReplyGroup]) -> (u64, u64) {
    share(groups, |category| category == Category::Reputation)
}

/// Share of 4xx answers that speak of Google's own system, with its base.
pub(in crate::findings) fn system_share(groups: &[ReplyGroup]) -> (u64, u64) {
    share(groups, |category| category == Category::System)
}

/// Share of 4xx answers that put off what came without TLS or was not authenticated, with its
/// base. They name the sender's own lack as their reason, whatever they do to the rate; but those
/// to retries in clear name a consequence (`in_clear`), and are of no weight.
pub(in crate::findings) fn requirement_share(groups: &[ReplyGroup], lost: u64) -> (u64, u64) {
    let (part, whole) = share(groups, |category| matches!(category, Category::TlsRequired | Category::Authentication));
    let retries = in_clear(groups, lost);
    (part - retries, whole - retries)
}

/// Answers for want of TLS that retries in clear explain: after a handshake was lost, Postfix at
/// level `may` tries again without TLS. At most as many as handshakes were `lost`.
pub(in crate::findings) fn in_clear(groups: &[ReplyGroup], lost: u64) -> u64 {
    share(groups, |category| category == Category::TlsRequired).0.min(lost)
}

/// Attempts put off by answers of a kind, of all put off by pressure on the lane: a full
/// mailbox says nothing of the lane, however many there are.
fn share(groups: &[ReplyGroup], is_of_kind: impl Fn(Category) -> bool) -> (u64, u64) {
    let of_kind = super::pressing(groups).filter(|g| is_of_kind(g.category)).map(|g| g.attempts).sum();
    (of_kind, super::pressing(groups).map(|g| g.attempts).sum())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::smtp::{Outcome, Reply, meaning_of};
    use crate::time::Stamp;

    /// Answers of a wording, so many.
    fn answers(attempts: u64, reply: &str) -> ReplyGroup {
        let (reply, at) = (Reply::parse(reply), Stamp::from_seconds(0));
        let meaning = meaning_of(&reply);
        ReplyGroup {
            outcome: Outcome::Deferral,
            category: meaning.category,
            scope: meaning.scope,
            attempts,
            row: meaning.id,
            code: reply.code,
            enhanced: reply.enhanced,
            stages: BTreeMap::new(),
            span: (at, at),
            ips: BTreeSet::new(),
            mx_hosts: BTreeSet::new(),
            domains: crate::scan::LimitedDomains::default(),
            examples: Vec::new(),
        }
    }

    const FULL: &str = "452-4.2.2 The email account that you tried to reach is over quota.";
    const BUSY: &str = "450-4.2.1 The user you are trying to contact is receiving mail too quickly.";
    const SUSPICIOUS: &str =
        "421-4.7.0 This message is suspicious due to the very low reputation of the sending IP address.";
    const IN_CLEAR: &str =
        "421-4.7.29 Your email has been rate limited because this message wasn't sent over a TLS connection.";

    // oss trap 32: thousands of full mailboxes beside the eight answers that matter.
    #[test]
    fn full_mailboxes_outvote_no_word_about_the_lane() {
        let groups = [answers(2996, FULL), answers(2252, BUSY), answers(8, SUSPICIOUS)];
        assert_eq!(policy_share(&groups), (8, 8));
        assert_eq!(system_share(&groups), (0, 8));
        assert!(!groups[0].is_for_google() && !groups[1].is_for_google());
    }

    // oss trap 33: a limit for want of TLS is of the sender's making.
    #[test]
    fn a_limit_for_want_of_tls_is_a_requirement() {
        let groups = [answers(8, SUSPICIOUS), answers(90, IN_CLEAR)];
        assert_eq!(requirement_share(&groups, 0), (90, 98));
        assert_eq!(policy_share(&groups), (8, 98));
    }

    /// transcript trap 23: 4.7.29 after lost handshakes is their consequence, and no lack of the sender's.
    #[test]
    fn a_wave_for_want_of_tls_may_follow_from_lost_handshakes() {
        let groups = [answers(8, SUSPICIOUS), answers(90, IN_CLEAR)];
        assert_eq!((in_clear(&groups, 90), requirement_share(&groups, 90)), (90, (0, 8)));
        // More answers than lost handshakes: the rest came in clear by itself.
        assert_eq!((in_clear(&groups, 20), requirement_share(&groups, 20)), (20, (70, 78)));
    }
}
