//! Which reader gets which table: one list, default-deny.

use super::Audience;

/// The tables that leave, and for whom; of the others outsiders never hear.
const SEEN: &[(&str, &[Audience])] = &[
    ("minutes_by_lane", BOTH),
    ("minutes_by_ip", BOTH),
    ("minutes_by_mx", BOTH),
    ("minutes_by_node", ESP),
    ("load_by_minute", BOTH),
    ("metrics_by_minute", ESP),
    ("contrast", BOTH),
    ("sessions", BOTH),
    ("waves", BOTH),
    ("wave_outcomes", BOTH),
    ("ips", BOTH),
    ("mx_hosts", BOTH),
    ("lanes", BOTH),
    ("closes_by_stage", BOTH),
    ("dose_response", BOTH),
    ("waits", BOTH),
    ("replies", BOTH),
    ("limited_domains", BOTH),
    ("transcripts", BOTH),
    ("coverage", BOTH),
    ("tls_failures", BOTH),
    ("queue_ids", ESP),
    ("nodes", ESP),
];

const BOTH: &[Audience] = &[Audience::Esp, Audience::Google];
const ESP: &[Audience] = &[Audience::Esp];

/// Whether a reader gets the table of this name; the sender's own team gets all.
pub(super) fn may_see(audience: Audience, table: &str) -> bool {
    audience == Audience::Internal || SEEN.iter().any(|(name, readers)| *name == table && readers.contains(&audience))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_entry_stays_in_the_house() {
        for table in ["timeline", "something_new"] {
            assert!(may_see(Audience::Internal, table));
            assert!(!may_see(Audience::Esp, table) && !may_see(Audience::Google, table), "{table}");
        }
        assert!(may_see(Audience::Esp, "minutes_by_node") && !may_see(Audience::Google, "minutes_by_node"));
    }
}
