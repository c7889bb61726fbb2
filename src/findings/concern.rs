//! How serious the incident is, and who should get the ticket.

use super::contrast::RowVerdict;
use super::items::{Items, Seen};
use super::mitigation;

/// How serious it is, by the first rule that fits.
pub(super) fn concern(seen: &Seen<'_>, items: &Items) -> (&'static str, String) {
    let failing = seen.contrast.others().filter(|j| j.verdict == RowVerdict::Failing).count();
    if seen.incident.waves.is_empty() {
        return ("low", "Low: single failures only, no wave.".to_owned());
    }
    if failing >= 2 && items.tls_alert.known == Some(true) {
        return (
            "tls_focused",
            "TLS-focused: several receivers fail, with TLS failures in most failed sessions.".to_owned(),
        );
    }
    let growing = mitigation::queue_grew(&seen.evident.timeline.metrics, &seen.incident.windows());
    let pressed = items.pressure.known == Some(true);
    match (pressed, items.others_clean.known, growing) {
        (true, Some(true), Some(true)) => ("investigate", "At least investigate: answers of 421 and remote closes on the Gmail lane alone, with the queue growing. A reduced rate of acceptance is not shown, so more cannot be said.".to_owned()),
        (true, _, None) => ("investigate", "At least investigate; more cannot be excluded without queue data.".to_owned()),
        _ => ("investigate", "Investigate: failures in waves on the Gmail lane.".to_owned()),
    }
}

/// Who should get the ticket.
pub(super) fn ticket(seen: &Seen<'_>, items: &Items) -> String {
    if seen.incident.waves.is_empty() {
        return "No ticket: there is no incident to report.".to_owned();
    }
    match items.others_clean.known {
        Some(false) => "Write to the ESP or host, not to Google: other receivers fail in the same minutes.".to_owned(),
        Some(true) => "Write to the ESP or host first; a request to Google is supported by the contrast with other receivers.".to_owned(),
        None => "Write to the ESP or host; whether other receivers were clean is not known, so a request to Google would be weak.".to_owned(),
    }
}
