//! What a reason means in its session: with the lines before it, and the fields beside it.

use super::kept::Kept;
use super::line::{Host, Statement};
use super::reason::{Kind, Reason, handshake_failure};
use crate::formats::logs::Event;
use crate::formats::logs::handshake::fault;
use crate::formats::logs::text::Entry;
use crate::smtp::{By, Outcome, Stage, TlsUse};

/// What the lines of a session before its end tell.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Evidence<'a> {
    established: Option<Host<'a>>,
    /// `SSL_connect error to H: detail`: of the last host the first, as what comes after a fault
    /// follows from it.
    error: Option<(Host<'a>, &'a [u8])>,
    /// The library's reason: the first after that error, and before another.
    library: Option<&'a [u8]>,
    /// Another error of the same host came after.
    is_over: bool,
    unverified: Option<(Host<'a>, &'a [u8])>,
    own_fault: Option<&'a [u8]>,
    /// tlsproxy's address of a handshake that failed, and whether it had waited in vain.
    proxied: Option<&'a [u8]>,
    proxy_timeout: bool,
}

impl<'a> Evidence<'a> {
    pub(super) fn of(lines: &'a [Kept]) -> Self {
        let mut found = Self::default();
        for line in lines {
            match line.evidence() {
                Statement::Established(host) => found.established = Some(host),
                Statement::SslError(host, _) if found.error.is_some_and(|(of, _)| of == host) => found.is_over = true,
                Statement::SslError(host, detail) => {
                    (found.error, found.library, found.is_over) = (Some((host, detail)), None, false);
                }
                Statement::Library(reason) if !found.is_over => found.library = found.library.or(Some(reason)),
                Statement::Unverified(host, detail) => found.unverified = Some((host, detail)),
                Statement::OwnTlsFault(text) => found.own_fault = Some(text),
                Statement::ProxyFailed(ip) => found.proxied = Some(ip),
                Statement::ProxyTimeout => found.proxy_timeout = true,
                _ => {}
            }
        }
        found
    }

    /// Whether it tells why a handshake failed.
    pub(super) const fn knows_cause(&self) -> bool {
        self.error.is_some() || self.own_fault.is_some() || self.proxied.is_some()
    }

    /// The host that the lines name.
    pub(super) fn host(&self) -> Option<Host<'a>> {
        let named = self.error.or(self.unverified).map(|(host, _)| host).or(self.established);
        named.or(self.proxied.map(|ip| Host { name: &[], ip }))
    }

    /// What a handshake failed of, and the deciding words.
    fn handshake(&self) -> (Outcome, By, Option<&'a [u8]>) {
        if let Some(text) = self.own_fault {
            // oss trap 50
            return (Outcome::Local, By::Sender, Some(text));
        }
        let ((outcome, by), words) = match (self.error, self.proxied) {
            (Some((_, detail)), _) => (handshake_failure(Some(detail), self.library), self.library.or(Some(detail))),
            (None, Some(_)) if self.proxy_timeout => ((Outcome::Timeout, By::Unknown), None),
            // Only an end of the connection leaves no line of the library (`proxy.rs`).
            (None, Some(_)) => (self.library.map_or((Outcome::RemoteClose, By::Receiver), fault), self.library),
            (None, None) => (handshake_failure(None, self.library), self.library),
        };
        (outcome, by, words)
    }
}

/// The meaning of a reason in its session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verdict<'a> {
    pub(super) outcome: Outcome,
    pub(super) by: By,
    pub(super) stage: Stage,
    pub(super) tls: TlsUse,
    pub(super) host: Host<'a>,
    reply: &'a [u8],
    detail: &'a [u8],
    kind: Kind,
    /// Whether STARTTLS may have been sent in this session, for all that is known.
    may_have_asked: bool,
}

/// What further recipients of a transaction share with the first.
#[derive(Clone, Debug)]
pub(super) struct Inherited {
    pub(super) tls: TlsUse,
    may_have_asked: bool,
    /// What a handshake failed of.
    handshake: Option<(Outcome, By, Box<[u8]>)>,
}

impl<'a> Verdict<'a> {
    /// By a delivery's lines before the reason; the session's own begin at `session`.
    pub(super) fn of(reason: Reason<'a>, relay: Host<'a>, lines: &'a [Kept], session: usize) -> Self {
        let session = session.min(lines.len());
        let evidence = Evidence::of(&lines[session..]);
        let named = Some(relay).filter(|h| !h.ip.is_empty() || !h.name.is_empty());
        let host = reason.host.or(named).or(evidence.host()).unwrap_or_default();
        let established = evidence.established.is_some_and(|h| h.ip == host.ip || host.ip.is_empty());
        let Reason { outcome, by, stage, reply, detail, kind, .. } = reason;
        let (tls, may_have_asked) = (TlsUse::Unknown, true);
        let mut verdict = Self { outcome, by, stage, tls, host, reply, detail, kind, may_have_asked };
        match kind {
            Kind::Handshake => {
                let words;
                (verdict.outcome, verdict.by, words) = evidence.handshake();
                verdict.detail = words.unwrap_or(detail);
                verdict.tls = TlsUse::Failed;
            }
            Kind::Certificate => {
                verdict.detail = evidence.unverified.map_or(detail, |(_, words)| words);
                verdict.tls = TlsUse::Established;
            }
            _ if established => verdict.has_tls(),
            _ if outcome == Outcome::ConnectFailure || stage == Stage::Starttls => verdict.tls = TlsUse::None,
            _ if outcome == Outcome::TlsFailure && stage == Stage::Ehlo => verdict.tls = TlsUse::None,
            _ if fell_back(host, &lines[..session]) => (verdict.tls, verdict.may_have_asked) = (TlsUse::None, false),
            _ => {}
        }
        verdict
    }

    /// As a further recipient of the transaction of another.
    pub(super) fn inheriting(mut self, first: &'a Inherited) -> Self {
        if let Some((outcome, by, detail)) = first.handshake.as_ref().filter(|_| self.kind == Kind::Handshake) {
            (self.outcome, self.by, self.detail) = (*outcome, *by, detail);
        }
        self.may_have_asked &= first.may_have_asked;
        match (self.tls, first.tls) {
            (TlsUse::Unknown, TlsUse::Established) => self.has_tls(),
            (TlsUse::Unknown, tls) => self.tls = tls,
            _ => {}
        }
        self
    }

    /// With the `tls=` field of 3.11 and later. A connection that is used again never
    /// decides anew (`smtp_proto.c` decides at STARTTLS), so there `?` says nothing.
    pub(super) fn with_field(mut self, field: TlsField, used_again: bool) -> Self {
        self.may_have_asked &= !used_again && field != TlsField::Off;
        match field {
            TlsField::Off => self.tls = TlsUse::None,
            TlsField::Plain => self.tls = TlsUse::None,
            TlsField::Established if self.tls == TlsUse::Unknown => self.has_tls(),
            TlsField::Undecided if !used_again && self.tls == TlsUse::Unknown && self.is_failed_attempt() => {
                self.tls = TlsUse::None;
            }
            _ => {}
        }
        self
    }

    fn is_failed_attempt(&self) -> bool {
        self.outcome.is_attempt() && self.outcome != Outcome::Delivered
    }

    /// A refusal after the handshake can only answer the second EHLO.
    fn has_tls(&mut self) {
        self.tls = TlsUse::Established;
        if self.kind == Kind::Refused {
            self.stage = Stage::Ehlo;
        }
    }

    /// The stage, as far as it is sure. At level `may` Postfix writes nothing of a 421 that
    /// answers STARTTLS, goes on, and finds the connection lost at MAIL FROM; so that stage is
    /// sure inside TLS, and where STARTTLS was not sent.
    const fn sure_stage(&self) -> Stage {
        let is_unsure = self.may_have_asked && !matches!(self.tls, TlsUse::Established);
        match (self.kind, self.stage) {
            (Kind::Lost, Stage::Mail) if is_unsure => Stage::Unknown,
            (_, stage) => stage,
        }
    }

    /// What further recipients share.
    pub(super) fn inherited(&self) -> Inherited {
        let handshake = (self.kind == Kind::Handshake).then(|| (self.outcome, self.by, self.detail.into()));
        Inherited { tls: self.tls, may_have_asked: self.may_have_asked, handshake }
    }

    /// The event of a line that it was reached on.
    pub(super) fn event(&self, entry: &Entry<'a>) -> Event<'a> {
        Event {
            outcome: self.outcome,
            by: self.by,
            stage: self.sure_stage(),
            tls: self.tls,
            reply: self.reply,
            mx_host: self.host.name,
            mx_ip: self.host.ip,
            detail: self.detail,
            ..entry.event()
        }
    }
}

/// Whether a delivery tries a host again at which its TLS failed: Postfix then asks for none
/// (`smtp.h`, `RETRY_AS_PLAINTEXT`); otherwise it tries each address once.
fn fell_back(host: Host<'_>, before: &[Kept]) -> bool {
    !host.name.is_empty()
        && before.iter().any(|line| match line.evidence() {
            Statement::SslError(tried, _) | Statement::Established(tried) => tried == host,
            _ => false,
        })
}

/// What the `tls=` field says of the session's TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TlsField {
    /// `may`, `encrypt`, `dane:halfdane`
    Established,
    /// `none`: it was not asked for.
    Off,
    /// `may:none`: it was not offered, or refused.
    Plain,
    /// `may?`: the session ended before.
    Undecided,
    /// No field, or `!encrypt`: a policy was not met, and the reason tells how.
    Silent,
}

/// Form: `[!]NAME[:GOT][?]`, the level first, other features after a slash.
pub(super) fn tls_of_field(tls: &[u8]) -> TlsField {
    let level = tls.split(|b| *b == b'/').next().unwrap_or(tls);
    match level {
        b"" => TlsField::Silent,
        _ if level.starts_with(b"!") => TlsField::Silent,
        _ if level.ends_with(b"?") => TlsField::Undecided,
        b"none" => TlsField::Off,
        _ if level.ends_with(b":none") => TlsField::Plain,
        _ => TlsField::Established,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tls_field() {
        // postconf(5) smtp_log_tls_feature_status of 3.11.
        let rows = [
            ("", TlsField::Silent),
            ("none", TlsField::Off),
            ("may", TlsField::Established),
            ("may?", TlsField::Undecided),
            ("may:none", TlsField::Plain),
            ("encrypt", TlsField::Established),
            ("!encrypt", TlsField::Silent),
            ("dane:halfdane", TlsField::Established),
            ("verify/requiretls:nocertmatch", TlsField::Established),
            ("may:none/!requiretls:nostarttls", TlsField::Plain),
            ("dane?/requiretls?", TlsField::Undecided),
        ];
        for (field, expected) in rows {
            assert_eq!(tls_of_field(field.as_bytes()), expected, "{field}");
        }
    }
}
