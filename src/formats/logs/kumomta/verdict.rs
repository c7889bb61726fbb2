//! Whose words a record's response is: the receiver's, or KumoMTA's own.
//!
//! KumoMTA writes its own decisions as SMTP responses, most of them after `KumoMTA
//! internal: `, some without. What names no peer at all was decided without a session.

use super::fault::{Fault, fault, of_client, own, stage_of};
use super::record::{Peer, Record, Response};
use crate::smtp::{By, Outcome, Stage};

/// What a response stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict<'a> {
    /// The receiver's reply: its code, and its text without KumoMTA's note.
    Reply { code: u16, content: &'a str },
    /// An error of the connection, or a decision of KumoMTA.
    Fault(Fault<'a>),
    /// All hosts were tried in vain: the list of their errors.
    Candidates(&'a str),
    /// One decision written once for each message of a queue.
    Bulk,
}

/// Understands the response of a record about an attempt.
pub(super) fn verdict<'a>(record: &Record<'_>, response: &'a Response<'_>) -> Verdict<'a> {
    let content = &*response.content.0;
    if matches!(&*record.kind.0, "Expiration" | "AdminBounce" | "Delayed") {
        return Verdict::Fault(own(Stage::Unknown));
    }
    let marked = content.strip_prefix("KumoMTA internal: ");
    if let Some(fault) = own_time_out(marked.unwrap_or(content), &response.command.0) {
        return Verdict::Fault(fault);
    }
    if let Some(said) = marked {
        return internal(said);
    }
    if content.starts_with("bulk delay of ready queue") {
        return Verdict::Bulk;
    }
    if response.command.0.is_empty()
        && let Some(fault) = unmarked(content)
    {
        return Verdict::Fault(fault);
    }
    if matches!(record.peer_address, Peer::None) && response.command.0.is_empty() {
        return Verdict::Fault(own(Stage::Unknown));
    }
    let (code, content) = before_rewriting(response.code, content);
    Verdict::Reply { code, content }
}

/// `failed to send message to QUEUE PEER: Timed Out waiting 60s for response to X`, written
/// as 421 4.4.2, which is KumoMTA's own verdict and no reply. Unmarked until 2025.05.
fn own_time_out<'a>(said: &str, command: &str) -> Option<Fault<'a>> {
    let (_, waited) = said.strip_prefix("failed to send message to ")?.split_once(": Timed Out waiting ")?;
    let printed = [" for response to ", " to write "].into_iter().find_map(|w| waited.split_once(w))?.1;
    let stage = match stage_of(command) {
        Stage::Unknown => stage_of(printed),
        stage => stage,
    };
    Some(fault(Outcome::Timeout, By::Unknown, stage))
}

/// What stands after `KumoMTA internal: `.
fn internal(said: &str) -> Verdict<'_> {
    if let Some(errors) = said.strip_prefix("failed to connect to any candidate hosts: ") {
        return Verdict::Candidates(errors);
    }
    if let Some(error) = said.strip_prefix("failed to send message: ") {
        return Verdict::Fault(of_client(error, Stage::Unknown));
    }
    // Until 2025.05 the errors of the connection stood among those of the spool.
    if let Some(error) = said.strip_prefix("error in deliver_message: ")
        && ["Error ", "Timed Out ", "Command rejected "].iter().any(|o| error.starts_with(o))
    {
        return Verdict::Fault(of_client(error, Stage::Unknown));
    }
    if said.starts_with("failed to ") {
        return Verdict::Fault(fault(Outcome::Unclassified, By::Unknown, Stage::Unknown));
    }
    Verdict::Fault(own(Stage::Unknown))
}

/// KumoMTA's own responses that do not say so.
fn unmarked<'a>(content: &str) -> Option<Fault<'a>> {
    let no_address = fault(Outcome::ConnectFailure, By::Unknown, Stage::Connect);
    if content == "MX didn't resolve to any hosts" {
        return Some(no_address);
    }
    if content.starts_with("failed to resolve queue ") {
        // Either the DNS, or an MTA-STS policy that allows none of the hosts.
        return Some(if content.contains("MTA-STS") { own(Stage::Unknown) } else { no_address });
    }
    let own_words = content == "Recipient address has a null MX"
        || content.starts_with("MX consisted solely of hosts on the skip_hosts list")
        || content.contains(" is on the list of prohibited_hosts ")
        || content.starts_with("dispatcher watchdog aborted task");
    own_words.then_some(own(Stage::Unknown))
}

/// The code that the receiver gave, where a policy's hook put another in its place:
/// `… (kumomta: status was rewritten from 550 -> 451)`.
fn before_rewriting(code: u16, content: &str) -> (u16, &str) {
    const NOTE: &str = " (kumomta: status was rewritten from ";
    let parts = content.strip_suffix(')').and_then(|c| c.rsplit_once(NOTE));
    let found = parts.and_then(|(text, codes)| Some((codes.split_once(" -> ")?.0.parse().ok()?, text)));
    found.unwrap_or((code, content))
}
