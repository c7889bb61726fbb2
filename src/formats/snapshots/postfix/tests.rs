//! Recorded settings to what they mean.

#![expect(clippy::expect_used, reason = "tests")]

use super::super::tests::{sample, taken};
use super::super::{Basis, Effective, Means, NodeSettings, Part, SendingIp};
use super::*;
use crate::intake::Exhibit;

/// `service name=value` of all settings.
fn told(snapshot: &Snapshot) -> Vec<String> {
    let one = |s: &Setting| format!("{} {}={}", s.service, s.name, s.value).trim_start().to_owned();
    snapshot.settings.iter().map(one).collect()
}

#[test]
fn a_recorded_master_cf_gives_services_and_options() {
    let (_, snapshot) = taken(&sample("throttle.master.cf"));
    assert_eq!(snapshot.services.len(), 27);
    let ip1 = snapshot.services.iter().find(|s| s.name == "ip1").expect("ip1");
    assert_eq!((ip1.program.as_str(), ip1.processes, ip1.line), ("smtp", Processes::Limit(80), 25));
    let bind = snapshot.settings.iter().find(|s| s.service == "ip2" && s.name == "smtp_bind_address");
    let bind = bind.expect("taken");
    assert_eq!((bind.value.as_str(), bind.line), ("192.0.2.12", 31));
    assert_eq!(bind.means, Means::Address("192.0.2.12".parse().expect("an address")));
    // Four for each of the three transports, qmgr, smtp, relay and scache.
    assert_eq!((snapshot.accounting.used, snapshot.accounting.irrelevant), (16, 20));
}

#[test]
fn recorded_parameters_are_typed_and_the_rest_is_counted() {
    let (_, snapshot) = taken(&sample("throttle.postconf-n.txt"));
    assert_eq!(snapshot.host.as_deref(), Some("mta1.send.example.com"));
    let limit = snapshot.settings.iter().find(|s| s.name == "ip3_destination_concurrency_limit").expect("taken");
    assert_eq!((limit.means, limit.line), (Means::Count(45, "deliveries"), 15));
    let maps = snapshot.settings.iter().find(|s| s.name == "transport_maps").expect("taken");
    assert_eq!(maps.value, "inline:(left out)");
    assert_eq!(snapshot.left_out, 13);
    assert_eq!(snapshot.accounting.read, snapshot.settings.len() as u64 + 13);
}

#[test]
fn main_cf_and_what_postconf_prints_of_it_say_the_same() {
    let (_, file) = taken(&sample("instance.main.cf"));
    let (_, printed) = taken(&sample("instance.postconf-n.txt"));
    let (mut a, mut b) = (told(&file), told(&printed));
    a.sort();
    b.sort();
    // What stands in two lines of the file is printed as one.
    let plain = |all: Vec<String>| all.into_iter().map(|s| s.split_whitespace().collect::<String>());
    assert_eq!(plain(a).collect::<Vec<_>>(), plain(b).collect::<Vec<_>>());
    assert!(file.addresses.contains_key("mybulk_ip"));
    for snapshot in [&file, &printed] {
        assert!(!format!("{snapshot:?}").contains("hunter2"), "a secret was taken");
        assert_eq!(snapshot.unrecognised, []);
    }
}

#[test]
fn four_ways_to_print_master_cf_say_the_same() {
    let mut all = Vec::new();
    for name in ["instance.master.cf", "instance.postconf-M.txt", "instance.postconf-Mf.txt"] {
        let (_, snapshot) = taken(&sample(name));
        assert!(!format!("{snapshot:?}").contains("hunter2"), "a secret was taken");
        assert_eq!(snapshot.services.len(), 8, "{name}");
        // smtp_header_checks, once.
        assert_eq!(snapshot.left_out, 1, "{name}");
        let mut told = told(&snapshot);
        told.sort();
        all.push(told);
    }
    let (_, options) = taken(&sample("instance.postconf-P.txt"));
    let mut told = told(&options);
    told.sort();
    all.push(told);
    assert!(all.iter().all(|one| Some(one) == all.first()), "{all:#?}");
    let (_, file) = taken(&sample("instance.master.cf"));
    let line = |name: &str| file.settings.iter().find(|s| s.service == "bulk" && s.name == name).map(|s| s.line);
    assert_eq!(
        [line("smtp_bind_address"), line("syslog_name"), line("smtp_bind_address6")],
        [Some(9), Some(11), Some(13)]
    );
}

#[test]
fn the_whole_of_postconf_gives_what_it_states() {
    let (_, snapshot) = taken(&sample("throttle.postconf-3.7.11.txt"));
    assert_eq!(snapshot.software.first().map(Software::text).as_deref(), Some("Postfix 3.7.11"));
    let value = |name: &str| snapshot.settings.iter().find(|s| s.name == name).map(|s| s.value.as_str());
    assert_eq!(value("initial_destination_concurrency"), Some("10"));
    assert_eq!(value("smtp_data_done_timeout"), Some("60s"));
    assert_eq!(value("smtp_tls_protocols"), Some(">=TLSv1"));
    assert_eq!(value("smtp_sasl_password_maps"), Some(""));
    assert!(snapshot.left_out > 700, "{}", snapshot.left_out);
}

fn parts(snapshots: &[Snapshot]) -> NodeSettings {
    let part = |(i, snapshot)| Part { exhibit: Exhibit(i), snapshot };
    NodeSettings::of("mta1", &(1..).zip(snapshots).map(part).collect::<Vec<_>>())
}

fn node(names: &[&str]) -> NodeSettings {
    parts(&names.iter().map(|name| taken(&sample(name)).1).collect::<Vec<_>>())
}

fn written(texts: &[&str]) -> NodeSettings {
    parts(&texts.iter().map(|text| taken(text.as_bytes()).1).collect::<Vec<_>>())
}

/// `tag: address, why (cite)`
fn leaves(node: &NodeSettings) -> Vec<String> {
    let address = |s: &SendingIp| s.address.map_or_else(|| "-".to_owned(), |ip| ip.to_string());
    node.sending_ips.iter().map(|s| format!("{}: {}, {} ({})", s.tag, address(s), s.why, s.cite)).collect()
}

/// `value basis`
fn shown(effective: Option<&Effective>) -> String {
    effective.map_or_else(String::new, |e| match &e.basis {
        Basis::Stated(at) => format!("{} {at}", e.value),
        Basis::Default(_) => format!("{} default", e.value),
        Basis::Unknown(why) => format!("unknown: {why}"),
    })
}

#[test]
fn recorded_transports_leave_from_the_addresses_they_bind() {
    let node = node(&["throttle.postconf-n.txt", "throttle.master.cf"]);
    assert_eq!(
        leaves(&node),
        [
            "postfix: -, no address is bound, so the kernel chooses (S02:14)",
            "postfix-ip1: 192.0.2.11, bound (S02:27)",
            "postfix-ip2: 192.0.2.12, bound (S02:31)",
            "postfix-ip3: 192.0.2.13, bound (S02:35)",
        ]
    );
    let of = |transport: &str, limit: &str| {
        shown(node.transports.iter().find(|t| t.name == transport).and_then(|t| t.limit(limit)))
    };
    assert_eq!(of("ip1", "destination_concurrency_limit"), "6 S01:13");
    assert_eq!(of("ip3", "destination_concurrency_limit"), "45 S01:15");
    assert_eq!(of("relay", "destination_concurrency_limit"), "20 default");
    assert_eq!(of("ip1", "initial_destination_concurrency"), "10 S01:12");
    assert_eq!(of("ip1", "processes"), "80 S02:25");
    assert_eq!(of("smtp", "processes"), "200 S01:8");
    assert_eq!(of("ip1", "smtp_tls_security_level"), "may S01:37");
    assert_eq!(shown(node.setting("maximal_backoff_time")), "240s S01:16");
    assert_eq!(shown(node.setting("soft_bounce")), "no default");
    assert_eq!(shown(node.setting("smtp_tls_protocols")), "unknown: smtp_tls_protocols is not stated");
}

/// The same settings, listed whole: no value is a default any more.
#[test]
fn the_whole_of_postconf_says_what_the_short_form_says() {
    let (short, whole) = (
        node(&["throttle.postconf-n.txt", "throttle.master.cf"]),
        node(&["throttle.postconf-3.7.11.txt", "throttle.master.cf"]),
    );
    let ips = |n: &NodeSettings| n.sending_ips.iter().map(|s| (s.tag.clone(), s.address)).collect::<Vec<_>>();
    assert_eq!(ips(&short), ips(&whole));
    for (a, b) in short.transports.iter().zip(&whole.transports) {
        for (x, y) in a.limits.iter().zip(&b.limits).filter(|(x, _)| !matches!(x.basis, Basis::Unknown(_))) {
            assert_eq!((a.name.as_str(), x.name, &x.value), (b.name.as_str(), y.name, &y.value));
        }
    }
    let stated = |n: &NodeSettings| n.whole.iter().filter(|e| matches!(e.basis, Basis::Stated(_))).count();
    assert_eq!((stated(&short), stated(&whole)), (14, 24));
}

#[test]
fn two_families_make_one_name_ambiguous_unless_one_is_off() {
    let both = "it depends on the family of the MX address: 192.0.2.41 for IPv4, 2001:db8:25::41 for IPv6";
    let found = leaves(&node(&["noise.postconf-n.txt", "noise.master.cf"]));
    assert_eq!(found.get(1), Some(&format!("postfix-ip1: -, {both} (S02:25)")));
    let master = String::from_utf8(sample("noise.master.cf")).expect("text");
    let main = String::from_utf8(sample("noise.postconf-n.txt")).expect("text");
    let only = |family: &str| {
        let main = main.replace("inet_protocols = all", &format!("inet_protocols = {family}"));
        leaves(&written(&[&main, &master])).get(1).cloned().unwrap_or_default()
    };
    assert_eq!(only("ipv4"), "postfix-ip1: 192.0.2.41, bound (S02:27)");
    assert_eq!(only("ipv6"), "postfix-ip1: 2001:db8:25::41, bound (S02:28)");
}

#[test]
fn a_master_cf_alone_says_what_its_options_say_and_no_limit() {
    let node = node(&["throttle.master.cf"]);
    assert_eq!(
        leaves(&node),
        [
            "postfix: -, no address is bound, and main.cf is not there; the log name is Postfix's default, main.cf is not there (S01:14)",
            "postfix-ip1: 192.0.2.11, bound for IPv4; an IPv6 session would leave from another address (S01:27)",
            "postfix-ip2: 192.0.2.12, bound for IPv4; an IPv6 session would leave from another address (S01:31)",
            "postfix-ip3: 192.0.2.13, bound for IPv4; an IPv6 session would leave from another address (S01:35)",
        ]
    );
    let ip1 = node.transports.iter().find(|t| t.name == "ip1").expect("ip1");
    assert_eq!(shown(ip1.limit("processes")), "80 S01:25");
    assert_eq!(
        shown(ip1.limit("destination_concurrency_limit")),
        "unknown: default_destination_concurrency_limit is not stated, nor is main.cf there"
    );
    assert_eq!(node.whole, []);
}

/// Names and addresses with references: an instance of its own, `$service_name`, an
/// address under a name of the user's own, a private one.
#[test]
fn references_are_followed_through_both_files() {
    let node = node(&["instance.main.cf", "instance.master.cf"]);
    let four = "bound for IPv4; an IPv6 session would leave from another address";
    assert_eq!(
        leaves(&node),
        [
            "postfix-bulk: -, it depends on the family of the MX address: 198.51.100.10 for IPv4, 2001:db8::10 for IPv6 (S02:8)".to_owned(),
            format!("postfix-new: 198.51.100.13, {four} (S02:18)"),
            format!("postfix-out: 198.51.100.7, {four} (S01:6)"),
            format!("postfix-out/relay: 198.51.100.7, {four} (S01:6)"),
            format!("postfix/bulk2: 10.0.0.9, {four} (S02:15)"),
        ]
    );
    let private = node.sending_ips.iter().find(|s| s.tag == "postfix/bulk2").expect("bulk2");
    assert_eq!((private.public(), private.address.is_some()), (None, true));
    let limit =
        |name: &str, limit: &str| shown(node.transports.iter().find(|t| t.name == name).and_then(|t| t.limit(limit)));
    assert_eq!(limit("bulk", "destination_concurrency_limit"), "12 S01:10");
    assert_eq!(limit("bulk2", "destination_rate_delay"), "2s S01:11");
    assert_eq!(limit("bulk2", "processes"), "100 default");
    assert_eq!(node.setting("maximal_queue_lifetime").map(|e| e.means), Some(Means::Seconds(172_800)));
}

#[test]
fn a_main_cf_alone_speaks_of_its_default_transport() {
    let node = node(&["instance.postconf-n.txt"]);
    let due = "postfix-out: 198.51.100.7, bound for IPv4; an IPv6 session would leave from another address (S01:11)";
    assert_eq!(leaves(&node), [due]);
    let names: Vec<_> = node.transports.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names, ["smtp"]);
}

const SMTP: &str = "smtp inet n - n - - smtpd\n -o syslog_name=postfix/in\nsmtp unix - - n - - smtp\n";

/// Ten parameters: a listing, so that what is not there is at its default.
fn listing(more: &str) -> String {
    format!(
        "{}{more}",
        String::from_utf8_lossy(&sample("instance.main.cf"))
            .replace("smtp_bind_address = 198.51.100.7\n", "")
            .replace("multi_instance_name = postfix-out\n", "")
    )
}

/// postconf(5), `inet_interfaces`, and Note 1 of `smtp_bind_address`.
#[test]
fn a_single_interface_address_is_bound_and_a_loopback_is_not() {
    for (interfaces, due) in [
        ("192.0.2.5", "192.0.2.5, bound for IPv4; an IPv6 session would leave from another address (S01:"),
        (
            "[192.0.2.5], 2001:db8::5",
            "-, it depends on the family of the MX address: 192.0.2.5 for IPv4, 2001:db8::5 for IPv6 (S02:",
        ),
        ("192.0.2.5, 127.0.0.1", "-, no address is bound, so the kernel chooses (S02:"),
        ("127.0.0.1", "-, no address is bound, so the kernel chooses (S02:"),
        ("loopback-only", "-, no address is bound, so the kernel chooses (S02:"),
        ("$myhostname", "-, inet_interfaces names a host, not an address (S02:"),
    ] {
        let found = leaves(&written(&[&listing(&format!("inet_interfaces = {interfaces}\n")), SMTP]));
        let line = found.first().map(String::as_str).unwrap_or_default();
        assert!(line.starts_with(&format!("postfix: {due}")), "{interfaces}: {line}");
    }
}

#[test]
fn services_that_share_a_name_and_differ_are_ambiguous() {
    let main = listing("inet_protocols = ipv4\n");
    let master = "a unix - - n - - smtp -o smtp_bind_address=192.0.2.1\nb unix - - n - - smtp -o smtp_bind_address=192.0.2.2\nc unix - - n - - smtp -o syslog_name=c -o smtp_bind_address=192.0.2.3\nd unix - - n - - smtp -o syslog_name=c -o smtp_bind_address=192.0.2.3\n";
    assert_eq!(
        leaves(&written(&[&main, master])),
        [
            "c: 192.0.2.3, bound (S02:3)",
            "postfix: -, several services log under this name: a (192.0.2.1, S02:1); b (192.0.2.2, S02:2) (S02:1)",
        ]
    );
}

#[test]
fn files_that_differ_make_a_value_unknown() {
    let (one, two) = (listing("queue_run_delay = 30s\n"), listing("queue_run_delay = 60s\n"));
    let node = written(&[&one, &two]);
    assert_eq!(shown(node.setting("queue_run_delay")), "unknown: S01 and S02 state queue_run_delay differently");
    assert_eq!(shown(node.setting("maximal_queue_lifetime")), "2 S01:14");
}

/// master(8): of two entries for one service the last counts; main.cf likewise.
#[test]
fn the_last_statement_counts() {
    let main = listing("inet_protocols = all\ninet_protocols = ipv4\n");
    let master = "a unix - - n - - smtp -o syslog_name=x -o smtp_bind_address=192.0.2.1\na unix - - n - - smtp -o smtp_bind_address=192.0.2.2\n";
    assert_eq!(leaves(&written(&[&main, master])), ["postfix: 192.0.2.2, bound (S02:2)"]);
}

// oss trap 49: filters change the words that the log has; their settings tell of them.
#[test]
fn what_a_setting_does_to_the_log_is_said() {
    let says = |n: &NodeSettings| n.notes.iter().map(|n| format!("{} {}", n.warns, n.says)).collect::<Vec<_>>();
    let reuse =
        "false smtp_tls_connection_reuse is on: TLS lines stand under tlsproxy, and failures without the host's name";
    assert_eq!(says(&node(&["reuse.postconf-n.txt"])), [reuse]);
    let main = listing(
        "soft_bounce = yes\nsmtp_reply_filter = pcre:/etc/postfix/reply_filter\nrelayhost = [relay.example.com]:587\n",
    );
    let found = says(&written(&[&main, SMTP]));
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found.iter().filter(|n| n.starts_with("true ")).count() == 3, "{found:?}");
    assert!(found.iter().any(|n| n.contains("smtp_tls_loglevel is 0")), "{found:?}");
}

/// What Debian ships: `relay` logs under a name of its own, and nothing is bound.
#[test]
fn a_master_cf_as_shipped_binds_nothing() {
    let node = node(&["instance.main.cf", "dist-3.10.master.cf"]);
    let tags: Vec<_> = node.sending_ips.iter().map(|s| (s.tag.as_str(), s.services.join(" "))).collect();
    assert_eq!(tags, [("postfix-out", "smtp".to_owned()), ("postfix-out/relay", "relay".to_owned())]);
}
