//! Limits that case.yaml states, by node and signal.

use super::headroom::Limits;
use crate::case::Case;

/// Stated limits in the canonical unit of each signal.
pub(super) fn limits(case: &Case) -> Limits {
    let mut limits = Limits::new();
    for (node, card) in &case.nodes {
        for (name, quantity) in &card.limits {
            let signal = canonical_limit(name);
            // People state a link in bytes as often as in bits; the signal counts bits.
            let scale = if signal == "egress_bps" && quantity.unit == "B/s" { 8.0 } else { 1.0 };
            limits.insert((node.clone(), signal.to_owned()), quantity.value * scale);
        }
    }
    limits
}

/// The short names that people write for limits.
fn canonical_limit(name: &str) -> &str {
    match name {
        "egress" | "bandwidth" => "egress_bps",
        "workers" => "mta_workers",
        "connections" => "smtp_out_connections",
        "conntrack" => "conntrack_used",
        "cpu" => "cpu_percent",
        other => other,
    }
}
