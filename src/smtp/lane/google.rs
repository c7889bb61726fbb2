//! The names of Google's mail hosts: which take mail for Gmail, and which send it for customers.

use super::ends_with_ignore_case;

/// What a host's name says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// An MX of Gmail or Workspace.
    Mx,
    /// The reverse name of one of Google's addresses: an MX, unless the reply says otherwise.
    ReverseName,
    /// Submission or relay: Google sends for its customer there.
    Relay,
    /// Not of Google.
    Foreign,
}

/// Tells what a host is; no trailing dot, any case.
///
/// MX hosts, consumer and Workspace: `gmail-smtp-in.l.google.com` and its `alt` hosts,
/// `aspmx.l.google.com` and its, `aspmx2` to `aspmx5.googlemail.com` of old sets,
/// `smtp.google.com` since 2023, `gmr-smtp-in.l.google.com` of forwarded domains, `mx1` to
/// `mx4.smtp.goog` for DANE, and Postini's `*.psmtp.com` in logs of old. `mx.google.com` is the
/// name in their greeting.
pub(super) fn host(name: &[u8]) -> Host {
    let is = |other: &[u8]| name.eq_ignore_ascii_case(other);
    let before = |suffix: &[u8]| ends_with_ignore_case(name, suffix).then(|| &name[..name.len() - suffix.len()]);
    if is(b"smtp.google.com") || is(b"mx.google.com") || before(b".psmtp.com").is_some() {
        return Host::Mx;
    }
    if let Some(host) = before(b".l.google.com").or_else(|| before(b".googlemail.com")) {
        return if contains(host, b"smtp-in") || contains(host, b"aspmx") {
            Host::Mx
        } else if contains(host, b"smtp") {
            Host::Relay
        } else {
            Host::Foreign
        };
    }
    if before(b".smtp.goog").is_some_and(is_mx_and_digit) {
        Host::Mx
    } else if before(b".gmail.com").is_some_and(|host| contains(host, b"smtp")) {
        Host::Relay
    } else if before(b".1e100.net").is_some() || before(b".google.com").is_some() {
        Host::ReverseName
    } else {
        Host::Foreign
    }
}

/// `mx1` of `mx1.smtp.goog`.
fn is_mx_and_digit(host: &[u8]) -> bool {
    matches!(host, [b'm' | b'M', b'x' | b'X', b'0'..=b'9'])
}

fn contains(name: &[u8], word: &[u8]) -> bool {
    name.windows(word.len()).any(|w| w.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    // oss trap 25: capitals, Workspace's hosts, old names, and Google's relays, which are no MX.
    #[test]
    fn names_and_what_they_are() {
        let mx = [
            "gmail-smtp-in.l.google.com",
            "alt1.gmail-smtp-in.l.google.com",
            "alt4.gmail-smtp-in.l.google.com",
            "aspmx.l.google.com",
            "ALT2.ASPMX.L.GOOGLE.com",
            "aspmx2.googlemail.com",
            "ASPMX5.GOOGLEMAIL.COM",
            "alt1.aspmx.l.googlemail.com",
            "smtp.google.com",
            "mx.google.com",
            "gmr-smtp-in.l.google.com",
            "alt4.gmr-smtp-in.l.google.com",
            "mx1.smtp.goog",
            "mx4.smtp.goog",
            "example.com.s8a1.psmtp.com",
        ];
        // Reverse names of the MX addresses, as OpenSMTPD logs them.
        let reverse = ["ws-in-f27.1e100.net", "wa-in-f26.1e100.net", "ee-in-f27.google.com"];
        let relay = [
            "smtp.gmail.com",
            "smtp-relay.gmail.com",
            "SMTP-RELAY.GMAIL.COM",
            "gmail-smtp-msa.l.google.com",
            "smtp.googlemail.com",
        ];
        let foreign = [
            "google.com",
            "gmail.com",
            "gmail-smtp-in.l.google.com.example.net",
            "notgoogle.com",
            "mx10.smtp.goog",
            "smtp.goog",
            "1e100.net",
            "ghs.l.google.com",
            "mta5.am0.yahoodns.net",
            "",
        ];
        for (names, kind) in [
            (&mx[..], Host::Mx),
            (&reverse[..], Host::ReverseName),
            (&relay[..], Host::Relay),
            (&foreign[..], Host::Foreign),
        ] {
            for name in names {
                assert_eq!(host(name.as_bytes()), kind, "{name}");
            }
        }
    }
}
