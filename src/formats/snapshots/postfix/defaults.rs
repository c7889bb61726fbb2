//! What holds where no line states a parameter.
//!
//! Printed by `postconf -d` of 3.5.25, 3.7.11 and 3.10.13, which agree, and defined so in
//! `mail_params.h` of 3.12-20260821.

/// The versions for which [`default_of`] speaks.
pub(super) const VERSIONS: &str = "Postfix 3.5 to 3.12";

const DEFAULTS: &[(&str, &str)] = &[
    ("syslog_name", "${multi_instance_name?{$multi_instance_name}:{postfix}}"),
    ("multi_instance_name", ""),
    ("inet_interfaces", "all"),
    ("inet_protocols", "all"),
    ("smtp_bind_address", ""),
    ("smtp_bind_address6", ""),
    ("smtp_bind_address_enforce", "no"),
    ("proxy_interfaces", ""),
    ("relayhost", ""),
    ("default_destination_concurrency_limit", "20"),
    ("initial_destination_concurrency", "5"),
    ("default_destination_rate_delay", "0s"),
    ("default_transport_rate_delay", "0s"),
    ("default_destination_recipient_limit", "50"),
    ("default_process_limit", "100"),
    ("queue_run_delay", "300s"),
    ("minimal_backoff_time", "300s"),
    ("maximal_backoff_time", "4000s"),
    ("maximal_queue_lifetime", "5d"),
    ("smtp_connect_timeout", "30s"),
    ("smtp_helo_timeout", "300s"),
    ("smtp_starttls_timeout", "300s"),
    ("smtp_mail_timeout", "300s"),
    ("smtp_rcpt_timeout", "300s"),
    ("smtp_data_init_timeout", "120s"),
    ("smtp_data_xfer_timeout", "180s"),
    ("smtp_data_done_timeout", "600s"),
    ("smtp_tls_policy_maps", ""),
    ("smtp_tls_loglevel", "0"),
    ("smtp_tls_connection_reuse", "no"),
    ("smtp_connection_cache_on_demand", "yes"),
    ("smtp_connection_cache_destinations", ""),
    ("enable_long_queue_ids", "no"),
    ("soft_bounce", "no"),
    ("smtp_reply_filter", ""),
    ("default_delivery_status_filter", ""),
    ("smtp_delivery_status_filter", "$default_delivery_status_filter"),
    ("maillog_file", ""),
];

/// The default of a parameter; nothing for versions and parameters of which it is not known.
pub(super) fn default_of(name: &str, version: Option<(u32, u32)>) -> Option<&'static str> {
    if version.is_some_and(|v| !((3, 5)..=(3, 12)).contains(&v)) {
        return None;
    }
    match (name, version) {
        // 3.11 made it depend on the compatibility level; 3.6 changed the way to name versions.
        ("smtp_tls_security_level", Some(v)) if v < (3, 11) => Some(""),
        ("smtp_tls_protocols", Some(v)) => Some(if v < (3, 6) { "!SSLv2, !SSLv3" } else { ">=TLSv1" }),
        _ => DEFAULTS.iter().find(|(n, _)| *n == name).map(|(_, value)| *value),
    }
}

/// `3.7.11`, `3.12-20260821` as numbers.
pub(super) fn version_of(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Some((major, minor)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::super::super::tests::sample;
    use super::*;

    /// The recorded `postconf` prints the default of whatever its main.cf does not state.
    #[test]
    fn defaults_are_those_that_postconf_prints() {
        let printed = String::from_utf8(sample("throttle.postconf-3.7.11.txt")).expect("text");
        let stated = String::from_utf8(sample("throttle.postconf-n.txt")).expect("text");
        let value = |text: &str, name: &str| {
            text.lines().find_map(|l| Some(l.strip_prefix(name)?.strip_prefix(" =")?.trim().to_owned()))
        };
        let mut compared = 0;
        for (name, _) in DEFAULTS.iter().copied().chain([("smtp_tls_protocols", "")]) {
            if value(&stated, name).is_none() {
                assert_eq!(value(&printed, name).as_deref(), default_of(name, Some((3, 7))), "{name}");
                compared += 1;
            }
        }
        assert_eq!(compared, 22);
    }

    #[test]
    fn other_versions_have_no_default_here() {
        assert_eq!(default_of("queue_run_delay", Some((2, 11))), None);
        assert_eq!(default_of("queue_run_delay", None), Some("300s"));
        assert_eq!(default_of("smtp_tls_security_level", None), None);
        assert_eq!(default_of("smtp_tls_security_level", Some((3, 12))), None);
        assert_eq!(default_of("smtp_tls_protocols", Some((3, 5))), Some("!SSLv2, !SSLv3"));
        assert_eq!(version_of("3.12-20260821"), Some((3, 12)));
        assert_eq!(version_of("snapshot"), None);
    }
}
