//! Which parameters are taken, and what their values mean.
//!
//! A list of names, not of forbidden ones: whatever is not on it may be a password
//! (`smtp_sasl_*`, `ldap_bind_pw`, a name of the user's own) and is only counted.

use crate::formats::snapshots::Means;

/// How a value is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Take {
    /// As it stands.
    Text,
    /// A time span; a number without unit is in so many seconds.
    Seconds(u64),
    /// A number of things.
    Count(&'static str),
    /// `yes` or `no`.
    Flag,
    /// An address, perhaps in brackets.
    Address,
    /// Lookup tables: where they are, never what stands in them.
    Tables,
}

use Take::{Address, Count, Flag, Seconds, Tables, Text};

const HOUR: u64 = 3600;
const DAY: u64 = 86_400;

/// What `postconf` prints of a parameter that holds for all transports.
const KEPT: &[(&str, Take)] = &[
    // Which Postfix.
    ("mail_version", Text),
    ("mail_release_date", Text),
    ("compatibility_level", Text),
    ("myhostname", Text),
    ("multi_instance_name", Text),
    ("multi_instance_enable", Flag),
    ("syslog_name", Text),
    // Where mail leaves from, and where to.
    ("inet_interfaces", Text),
    ("inet_protocols", Text),
    ("proxy_interfaces", Text),
    ("smtp_address_preference", Text),
    ("smtp_balance_inet_protocols", Flag),
    ("smtp_bind_address", Address),
    ("smtp_bind_address6", Address),
    ("smtp_bind_address_enforce", Flag),
    ("smtp_helo_name", Text),
    ("relayhost", Text),
    ("smtp_fallback_relay", Text),
    ("default_transport", Text),
    ("relay_transport", Text),
    ("transport_maps", Tables),
    ("sender_dependent_default_transport_maps", Tables),
    ("sender_dependent_relayhost_maps", Tables),
    ("smtp_mx_address_limit", Count("addresses")),
    ("smtp_mx_session_limit", Count("sessions")),
    ("smtp_dns_support_level", Text),
    ("smtp_host_lookup", Text),
    ("smtp_sasl_auth_enable", Flag),
    ("smtp_sasl_password_maps", Tables),
    // How much at a time.
    ("default_destination_concurrency_failed_cohort_limit", Count("cohorts")),
    ("default_destination_concurrency_limit", Count("deliveries")),
    ("default_destination_concurrency_negative_feedback", Text),
    ("default_destination_concurrency_positive_feedback", Text),
    ("default_destination_rate_delay", Seconds(1)),
    ("default_destination_recipient_limit", Count("recipients")),
    ("default_process_limit", Count("processes")),
    ("default_transport_rate_delay", Seconds(1)),
    ("initial_destination_concurrency", Count("deliveries")),
    ("qmgr_message_active_limit", Count("messages")),
    ("max_idle", Seconds(1)),
    ("max_use", Count("uses")),
    ("smtp_connection_cache_destinations", Text),
    ("smtp_connection_cache_on_demand", Flag),
    ("smtp_connection_cache_time_limit", Seconds(1)),
    ("smtp_connection_reuse_count_limit", Count("messages")),
    ("smtp_connection_reuse_time_limit", Seconds(1)),
    // When again.
    ("queue_run_delay", Seconds(1)),
    ("minimal_backoff_time", Seconds(1)),
    ("maximal_backoff_time", Seconds(1)),
    ("maximal_queue_lifetime", Seconds(DAY)),
    ("bounce_queue_lifetime", Seconds(DAY)),
    ("delay_warning_time", Seconds(HOUR)),
    ("transport_retry_time", Seconds(1)),
    ("defer_transports", Text),
    ("smtp_skip_5xx_greeting", Flag),
    ("smtp_connect_timeout", Seconds(1)),
    ("smtp_helo_timeout", Seconds(1)),
    ("smtp_starttls_timeout", Seconds(1)),
    ("smtp_mail_timeout", Seconds(1)),
    ("smtp_rcpt_timeout", Seconds(1)),
    ("smtp_data_init_timeout", Seconds(1)),
    ("smtp_data_xfer_timeout", Seconds(1)),
    ("smtp_data_done_timeout", Seconds(1)),
    ("smtp_rset_timeout", Seconds(1)),
    ("smtp_quit_timeout", Seconds(1)),
    ("smtp_per_request_deadline", Flag),
    // TLS.
    ("smtp_tls_security_level", Text),
    ("smtp_use_tls", Flag),
    ("smtp_enforce_tls", Flag),
    ("smtp_tls_policy_maps", Tables),
    ("smtp_tls_per_site", Tables),
    ("smtp_tls_loglevel", Count("")),
    ("smtp_log_tls_feature_status", Flag),
    ("smtp_tls_note_starttls_offer", Flag),
    ("smtp_tls_protocols", Text),
    ("smtp_tls_mandatory_protocols", Text),
    ("smtp_tls_ciphers", Text),
    ("smtp_tls_mandatory_ciphers", Text),
    ("smtp_tls_exclude_ciphers", Text),
    ("smtp_tls_mandatory_exclude_ciphers", Text),
    ("smtp_tls_connection_reuse", Flag),
    ("smtp_tls_servername", Text),
    ("smtp_tls_wrappermode", Flag),
    ("smtp_tls_CAfile", Text),
    ("smtp_tls_CApath", Text),
    ("smtp_tls_dane_insecure_mx_policy", Text),
    ("smtp_tls_enforce_sts_mx_patterns", Flag),
    ("smtp_tls_session_cache_timeout", Seconds(1)),
    ("tls_high_cipherlist", Text),
    ("tls_medium_cipherlist", Text),
    ("tls_eecdh_auto_curves", Text),
    ("tls_ffdhe_auto_groups", Text),
    ("tls_ssl_options", Text),
    ("tls_disable_workarounds", Text),
    // What the log shows, and what it was made to show.
    ("enable_long_queue_ids", Flag),
    ("maillog_file", Text),
    ("soft_bounce", Flag),
    ("smtp_reply_filter", Tables),
    ("smtp_delivery_status_filter", Tables),
    ("default_delivery_status_filter", Tables),
    ("smtp_dns_reply_filter", Tables),
    ("smtp_discard_ehlo_keywords", Text),
    ("smtp_discard_ehlo_keyword_address_maps", Tables),
    ("smtputf8_enable", Flag),
];

/// What `postconf` prints of a parameter that has a transport's name before it.
const OF_TRANSPORTS: &[(&str, Take)] = &[
    ("_destination_concurrency_failed_cohort_limit", Count("cohorts")),
    ("_destination_concurrency_limit", Count("deliveries")),
    ("_destination_concurrency_negative_feedback", Text),
    ("_destination_concurrency_positive_feedback", Text),
    ("_initial_destination_concurrency", Count("deliveries")),
    ("_destination_rate_delay", Seconds(1)),
    ("_destination_recipient_limit", Count("recipients")),
    ("_transport_rate_delay", Seconds(1)),
];

/// Names that stand first in a `postconf` listing or a main.cf, and are not taken.
const FIRST_NAMES: [&str; 8] = [
    "2bounce_notice_recipient",
    "alias_database",
    "alias_maps",
    "append_dot_mydomain",
    "biff",
    "command_directory",
    "config_directory",
    "smtpd_banner",
];

/// How a parameter is taken; nothing when it is not.
pub(super) fn take(name: &str) -> Option<Take> {
    let of_transport = || OF_TRANSPORTS.iter().find(|(end, _)| name.len() > end.len() && name.ends_with(end));
    KEPT.iter().find(|(n, _)| *n == name).or_else(of_transport).map(|(_, take)| *take)
}

/// Whether a name can only be Postfix's.
pub(super) fn is_ours(name: &str) -> bool {
    take(name).is_some() || FIRST_NAMES.contains(&name)
}

/// A value as it is kept, and what it means.
pub(super) fn kept(take: Take, name: &str, value: &str) -> (String, Means) {
    match take {
        // Which domain has which level is no secret, and decides what the log can show.
        Tables if name != "smtp_tls_policy_maps" => (tables(value), Means::Text),
        _ => (value.to_owned(), meaning(take, value)),
    }
}

/// What a value without references means.
pub(super) fn meaning(take: Take, value: &str) -> Means {
    let found = match take {
        Text | Tables => None,
        Seconds(unit) => seconds(value, unit).map(Means::Seconds),
        Count(unit) => value.parse().ok().map(|n| Means::Count(n, unit)),
        Flag => match value {
            "yes" => Some(Means::Flag(true)),
            "no" => Some(Means::Flag(false)),
            _ => None,
        },
        Address => value.trim_matches(['[', ']']).parse().ok().map(Means::Address),
    };
    found.unwrap_or(Means::Text)
}

/// `240s`, `5d`, `1000`: a number with the letter of its unit.
fn seconds(value: &str, unit: u64) -> Option<u64> {
    let digits = value.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match value.get(digits.len()..)? {
        "" => unit,
        "s" => 1,
        "m" => 60,
        "h" => HOUR,
        "d" => DAY,
        "w" => 7 * DAY,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

/// Lookup tables without their content: `static:user:password` holds a secret in its name,
/// `inline:{…}` may.
fn tables(value: &str) -> String {
    const FILES: [&str; 12] =
        ["hash", "btree", "lmdb", "cdb", "dbm", "sdbm", "texthash", "regexp", "pcre", "cidr", "proxy", "mysql"];
    let mut shown: Vec<String> = Vec::new();
    for (_, word) in super::services::words(value) {
        let word = word.trim_end_matches(',');
        let (kind, place) = word.split_once(':').unwrap_or((word, ""));
        let is_path = |p: &str| p.starts_with(['/', '$']) || FILES.iter().any(|f| p.starts_with(&format!("{f}:/")));
        let plain = |p: &str| p.bytes().all(|b| b.is_ascii_alphanumeric() || b"/$._-{}:".contains(&b));
        match place {
            // A reference to another parameter: `$default_delivery_status_filter`.
            "" if kind.starts_with('$') && plain(kind) => shown.push(kind.to_owned()),
            p if is_path(p) && plain(p) => shown.push(word.to_owned()),
            _ if kind.bytes().all(|b| b.is_ascii_alphanumeric()) && !place.is_empty() => {
                shown.push(format!("{kind}:(left out)"));
            }
            _ => shown.push("(left out)".to_owned()),
        }
    }
    shown.dedup_by(|a, b| a == "(left out)" && a == b);
    shown.join(" ")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::*;

    #[test]
    fn values_have_their_units() {
        let of = |name: &str, value: &str| kept(take(name).expect("on the list"), name, value);
        assert_eq!(of("queue_run_delay", "30s").1, Means::Seconds(30));
        assert_eq!(of("queue_run_delay", "5m").1, Means::Seconds(300));
        assert_eq!(of("maximal_queue_lifetime", "2").1, Means::Seconds(172_800));
        assert_eq!(of("ip1_destination_concurrency_limit", "6").1, Means::Count(6, "deliveries"));
        assert_eq!(of("ip1_destination_concurrency_limit", "$x").1, Means::Text);
        assert_eq!(of("soft_bounce", "yes").1, Means::Flag(true));
        assert_eq!(of("smtp_bind_address", "[192.0.2.11]").1.unit(), None);
        assert_eq!(of("queue_run_delay", "99999999999999999999w").1, Means::Text);
    }

    #[test]
    fn names_off_the_list_are_not_taken() {
        for name in [
            "mydb_password",
            "ldap_bind_pw",
            "smtp_sasl_security_options",
            "_destination_concurrency_limit",
            "smtpd_tls_key_file",
            "mysql_password",
        ] {
            assert_eq!(take(name), None, "{name}");
        }
    }

    #[test]
    fn tables_lose_what_stands_in_them() {
        for (value, shown) in [
            ("hash:/etc/postfix/sasl_passwd", "hash:/etc/postfix/sasl_passwd"),
            ("static:someuser:hunter2", "static:(left out)"),
            ("inline:{ { [smtp.example.com] = user:hunter2 } }", "inline:(left out)"),
            ("inline:{gmail.com=out11:,workspace-customer.example=out11:}", "inline:(left out)"),
            (
                "proxy:mysql:/etc/postfix/sql.cf, lmdb:${config_directory}/x",
                "proxy:mysql:/etc/postfix/sql.cf lmdb:${config_directory}/x",
            ),
            ("$default_delivery_status_filter", "$default_delivery_status_filter"),
            ("user:hunter2@db", "user:(left out)"),
            ("hunter2", "(left out)"),
            ("", ""),
        ] {
            assert_eq!(tables(value), shown, "{value}");
        }
    }
}
