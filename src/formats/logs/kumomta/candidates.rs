//! `failed to connect to any candidate hosts: …`: one text for all hosts that were tried.
//!
//! KumoMTA tries the addresses of a site one after the other and logs only when none is
//! left: a sentence if all failed alike, then each error, joined by `, `. Each error is one
//! attempt at one address. The list is cut where a known opening follows a comma that
//! stands outside of any debug print, so that a receiver's own words cannot cut it.

use memchr::memmem;

use super::debug::{Host, end_of_quotes, host, without_dot};
use super::fault::{Fault, fault, of_client, of_handshake, own};
use crate::smtp::{By, Outcome, Stage, TlsUse};

/// One address that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate<'a> {
    pub(super) fault: Fault<'a>,
    /// As far as the error names it.
    pub(super) host: Host<'a>,
    pub(super) tls: TlsUse,
    /// The words that decided.
    pub(super) words: &'a str,
}

/// The addresses tried, in order.
pub(super) fn candidates(text: &str) -> impl Iterator<Item = Candidate<'_>> {
    let mut rest = Some(without_summary(text));
    std::iter::from_fn(move || {
        let (first, after) = cut(rest?);
        rest = after;
        Some(candidate(first))
    })
}

/// Takes off what KumoMTA says when all errors are of one kind: two sentences.
fn without_summary(text: &str) -> &str {
    if !text.starts_with("All failures are related to ") {
        return text;
    }
    let after = |text: &str| text.find(". ").into_iter().chain(text.find("? ")).min().map(|at| at + 2);
    let Some(second) = after(text) else { return text };
    after(&text[second..]).map_or(text, |end| &text[second + end..])
}

/// The first error of a list, and the list after it.
fn cut(list: &str) -> (&str, Option<&str>) {
    let bytes = list.as_bytes();
    let (mut at, mut depth) = (0, 0_u32);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b'"' if depth > 0 => match bytes.get(at + 1..).and_then(end_of_quotes) {
                Some(end) => at += end + 1,
                None => break,
            },
            b',' if depth == 0 && bytes.get(at + 1) == Some(&b' ') && opens(&list[at + 2..]) => {
                return (&list[..at], Some(&list[at + 2..]));
            }
            _ => {}
        }
        at += 1;
    }
    (list, None)
}

/// Whether an error of an attempt to connect begins here.
fn opens(text: &str) -> bool {
    const OPENINGS: &[&str] = &[
        "connect to ",
        "TLS handshake ",
        "ResolvedAddress {",
        "tls policy is ",
        "EHLO after ",
        "LHLO after ",
        "Command rejected Response {",
        "Timed Out ",
        "Error ",
        "DANE ",
        "TLS is not enabled and AUTH PLAIN",
        "TLS peer certificate was not validated",
        "authenticating as ",
        "fetching smtp_auth_plain_password",
        "smtp_auth_plain_password is not",
        "connection rate throttled for ",
        "no more addresses to try!",
        "No usable DANE TLSA records",
        "Invalid client certificate configured",
        "STARTTLS: ",
        "SSL Error: ",
        "response is not UTF8",
        "Malformed Response: ",
        "Response line is too long",
        "Not connected",
        "IO error: ",
        "exceeded timeout of ",
        "waiting for new connection refused",
        "waiting for max_connection_rate refused",
        "shutting down",
    ];
    OPENINGS.iter().any(|o| text.starts_with(o)) || after_a_host(text).is_some()
}

/// `HOST: EHLO after WHAT: error`, as `(HOST, "WHAT: error")`.
fn after_a_host(text: &str) -> Option<(&str, &str)> {
    // No name with its address is longer.
    let head = text.as_bytes().get(..512).unwrap_or(text.as_bytes());
    let find = |word| memmem::find(head, word);
    let at = find(b": EHLO after ").into_iter().chain(find(b": LHLO after ")).min()?;
    let (place, rest) = (&text[..at], &text[at + 13..]);
    (place.starts_with("ResolvedAddress {") || !place.contains(' ')).then_some((place, rest))
}

/// Understands one error.
fn candidate(text: &str) -> Candidate<'_> {
    if let Some(rest) = text.strip_prefix("connect to ")
        && let Some((place, error)) = rest.split_once(" and read initial banner: ")
    {
        // ` port 25` until 2024.11.
        let place = place.split(" port ").next().unwrap_or(place);
        return told(of_connect(error), host(place), TlsUse::Unknown, error);
    }
    if let Some(rest) = text.strip_prefix("TLS handshake with ")
        && let Some((place, error)) = rest.split_once(" failed: ")
    {
        return told(of_handshake(error), host(place), TlsUse::Failed, error);
    }
    if let Some(rest) = text.strip_prefix("TLS handshake failed") {
        return handshake_failed(rest);
    }
    if text.starts_with("tls policy is ") {
        let place = text.split_once(" not advertised by ").map_or("", |(_, place)| place);
        return told(fault(Outcome::TlsFailure, By::Sender, Stage::Ehlo), host(place), TlsUse::None, text);
    }
    if let Some((place, rest)) = after_a_host(text) {
        return after_ehlo(host(place), rest);
    }
    if let Some(rest) = text.get(4..).and_then(|rest| rest.strip_prefix(" after STARTLS failed")) {
        // Misspelt in the source; said only of sessions whose handshake had completed.
        let error = rest.trim_start_matches([':', ' ']);
        return match after_a_host(error) {
            Some((place, rest)) => after_ehlo(host(place), rest),
            None => told(of_client(without_plan(error), Stage::Ehlo), NOWHERE, TlsUse::Established, error),
        };
    }
    if let Some((_, rest)) = text.split_once(" via SMTP AUTH PLAIN to ") {
        let error = rest.split_once("}:").and_then(|(_, rest)| rest.split_once(": ")).map_or("", |(_, error)| error);
        return told(of_client(error, Stage::Unknown), host(rest), TlsUse::Unknown, error);
    }
    if text.starts_with("exceeded timeout of ") {
        // Until 2024.06 one limit held for the connection and the greeting.
        return told(fault(Outcome::Timeout, By::Unknown, Stage::Unknown), NOWHERE, TlsUse::Unknown, text);
    }
    own_decision(text).unwrap_or_else(|| told(of_client(text, Stage::Unknown), NOWHERE, TlsUse::Unknown, text))
}

const NOWHERE: Host<'static> = Host { name: "", ip: "" };

const fn told<'a>(fault: Fault<'a>, host: Host<'a>, tls: TlsUse, words: &'a str) -> Candidate<'a> {
    Candidate { fault, host, tls, words }
}

/// What follows `TLS handshake failed`: ` with HOST: error` (2023), `: error`, and where the
/// session is to be tried again without TLS: `: error, will re-connect in the clear because …`.
fn handshake_failed(rest: &str) -> Candidate<'_> {
    let (place, error) = match rest.strip_prefix(" with ").and_then(|r| r.split_once("}:")) {
        Some((place, rest)) => (host(place), rest.split_once(": ").map_or(rest, |(_, error)| error)),
        None => (NOWHERE, rest.strip_prefix(": ").unwrap_or(rest)),
    };
    told(of_handshake(without_plan(error)), place, TlsUse::Failed, error)
}

/// An error without `, will re-connect in the clear because …`, which is no part of it.
fn without_plan(error: &str) -> &str {
    error.split_once(", will re-connect in the clear").map_or(error, |(error, _)| error)
}

/// What follows `HOST: EHLO after `.
fn after_ehlo<'a>(host: Host<'a>, rest: &'a str) -> Candidate<'a> {
    let (after, words) = rest.split_once(": ").unwrap_or((rest, ""));
    let error = without_plan(words);
    match after {
        "banner" => told(of_client(error, Stage::Ehlo), host, TlsUse::Unknown, words),
        // Misspelt where the session is tried again in clear.
        "STARTTLS" | "STARTLS failed" => told(of_client(error, Stage::Ehlo), host, TlsUse::Established, words),
        // `OpportunisticInsecure STARTTLS handshake status`, and since 2024.11 nothing of the
        // EHLO itself.
        _ => match (error.strip_prefix("failed: "), error.strip_prefix("OK: ")) {
            (Some(error), _) => told(of_handshake(error), host, TlsUse::Failed, words),
            (None, Some(error)) => told(of_client(error, Stage::Ehlo), host, TlsUse::Established, words),
            (None, None) => {
                let tls = if error == "OK" { TlsUse::Established } else { TlsUse::Unknown };
                told(fault(Outcome::Unclassified, By::Unknown, Stage::Ehlo), host, tls, rest)
            }
        },
    }
}

/// What follows `connect to IP:25 and read initial banner: `.
fn of_connect(error: &str) -> Fault<'_> {
    if let Some(error) = error.strip_prefix("reading banner: ") {
        return of_client(error, Stage::Banner);
    }
    if error == "deadline has elapsed" {
        // In 2023 one limit held for the connection and the greeting.
        return fault(Outcome::Timeout, By::Unknown, Stage::Unknown);
    }
    let says = |word: &&str| error.contains(*word);
    // Sources, proxies and their health are the sender's own.
    let own_side =
        ["is unhealthy and suspended", "candidates remain after filtering", "resolved to no usable addresses"];
    let by_proxy = [" HA {", " Socks5 {"].iter().any(says);
    if error.starts_with("bind ") || own_side.iter().any(says) || error.starts_with("timeout resolving ") {
        return own(Stage::Connect);
    }
    if by_proxy {
        // The proxy's answer about the receiver; all else is about the proxy.
        let about_the_receiver = error.contains("SocksV5Response") && !error.contains("proxy server failed to bind");
        let refused = fault(Outcome::ConnectFailure, By::Unknown, Stage::Connect);
        return if about_the_receiver { refused } else { own(Stage::Connect) };
    }
    let no_connection =
        ["refused", "unreachable", "No route to host", "timeout after ", "Connection timed out", "failed to connect"];
    if no_connection.iter().any(says) {
        return fault(Outcome::ConnectFailure, By::Unknown, Stage::Connect);
    }
    if error.starts_with("Connection reset by peer") {
        return fault(Outcome::RemoteClose, By::Receiver, Stage::Banner);
    }
    of_client(error, Stage::Banner)
}

/// Decisions that KumoMTA took in the course of an attempt.
fn own_decision(text: &str) -> Option<Candidate<'_>> {
    const OPENINGS: &[&str] = &[
        "TLS is not enabled and AUTH PLAIN",
        "TLS peer certificate was not validated",
        "fetching smtp_auth_plain_password",
        "smtp_auth_plain_password is not",
        "connection rate throttled for ",
        "no more addresses to try!",
        "shutting down",
        "waiting for new connection refused",
        "waiting for max_connection_rate refused",
    ];
    if let Some((_, name)) = text.strip_prefix("DANE ").and_then(|rest| rest.split_once(" lookup for ")) {
        let name = name.split(' ').next().unwrap_or_default();
        return Some(told(own(Stage::Unknown), Host { name: without_dot(name), ip: "" }, TlsUse::Unknown, text));
    }
    OPENINGS.iter().any(|o| text.starts_with(o)).then(|| {
        let place = text.find("ResolvedAddress {").map_or(NOWHERE, |at| host(&text[at..]));
        told(own(Stage::Unknown), place, TlsUse::Unknown, text)
    })
}
