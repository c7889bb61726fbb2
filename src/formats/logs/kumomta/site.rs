//! The MX hosts behind a site's name, where a record names no peer.
//!
//! A site is called `source->GROUP@smtp_client`. The group is the site's MX hosts label by
//! label: `(alt1|alt2|alt3|alt4)?.gmail-smtp-in.l.google.com`; a level that some hosts lack
//! ends in `?`, and the alternatives of a level stand in order of first appearance
//! (`factor_names` in KumoMTA's crate `mailexchanger`).

use std::borrow::Cow;
use std::net::IpAddr;

/// A name that stands for the group: the labels that its hosts share. Where they share
/// no domain, those of the first host, as far as the group tells them.
pub(super) fn host_of(site: &str) -> Option<Cow<'_, str>> {
    let (_, group) = site.split_once("->")?;
    let group = group.rsplit_once('@').map_or(group, |(group, _)| group);
    let group = match group.strip_prefix("mx_list:") {
        Some(list) => list.split(',').next().unwrap_or(list),
        None => group,
    };
    let group = group.strip_suffix('.').unwrap_or(group);
    let is_ip = |text: &str| text.parse::<IpAddr>().is_ok();
    if group.is_empty() || group.starts_with(['[', '/']) || is_ip(group) {
        return None;
    }
    let shared = shared_labels(group);
    let name = if shared.contains('.') { Cow::Borrowed(without_port(shared)) } else { Cow::Owned(first_host(group)) };
    (!name.is_empty() && !is_ip(&name)).then_some(name)
}

/// The longest end of the group without alternatives.
fn shared_labels(group: &str) -> &str {
    let from = group.rfind([')', '?']).map_or(0, |at| at + 1);
    let tail = &group[from..];
    if from == 0 { tail } else { tail.split_once('.').map_or("", |(_, labels)| labels) }
}

/// The first alternative of each level, from the right, up to a level that leaves open
/// whether the first host has it.
fn first_host(group: &str) -> String {
    let mut labels = Vec::new();
    for level in group.rsplit('.') {
        let (alternatives, optional) = level.strip_suffix('?').map_or((level, false), |level| (level, true));
        let alternatives = alternatives.trim_start_matches('(').trim_end_matches(')');
        if optional && alternatives.contains('|') {
            break;
        }
        labels.push(without_port(alternatives.split('|').next().unwrap_or(alternatives)));
    }
    labels.reverse();
    labels.join(".")
}

fn without_port(name: &str) -> &str {
    name.split(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_documented_sites() {
        for (site, host) in [
            // log_record.md, and the tests of `factor_names`.
            (
                "source2->(alt1|alt2|alt3|alt4)?.gmail-smtp-in.l.google.com@smtp_client",
                Some("gmail-smtp-in.l.google.com"),
            ),
            ("source2->(alt1|alt2|alt3|alt4)?.gmail-smtp-in.l.google.com.", Some("gmail-smtp-in.l.google.com")),
            ("s->(mta5|mta6|mta7).am0.yahoodns.net@smtp_client", Some("am0.yahoodns.net")),
            ("s->(mta5|mta6|mta7).am0.yahoodns.net:123@smtp_client", Some("am0.yahoodns.net")),
            ("s->(mta5|mta6|mta7).am0.yahoodns.(net:123|net:456)@smtp_client", Some("mta5.am0.yahoodns.net")),
            (
                "s->(example-com|mx-biz).mail.(protection|am0).(outlook|yahoodns).(com|net)@smtp_client",
                Some("example-com.mail.protection.outlook.com"),
            ),
            ("s->smtp.google.com@smtp_client", Some("smtp.google.com")),
            // A Workspace domain with the older list of five hosts, factored by the same rule.
            (
                "s->(alt1|alt2)?.aspmx?.(l|aspmx2|aspmx3).(google|googlemail).com@smtp_client",
                Some("aspmx.l.google.com"),
            ),
            ("s->mx_list:smart.host.example:2525,[10.0.0.1]@smtp_client", Some("smart.host.example")),
            ("s->10.0.0.1@smtp_client", None),
            ("s->2001:db8::1@smtp_client", None),
            ("campaign:tenant@gmail.com", None),
            ("", None),
        ] {
            assert_eq!(host_of(site).as_deref(), host, "{site}");
        }
    }
}
