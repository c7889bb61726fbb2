//! What people type: the keys of case.yaml, each as text. The doc comments here are the
//! descriptions that editors show.
//!
//! A key that must be there is still an `Option`, marked `required` for the
//! schema alone, and so are the items of lists: one that is missing or
//! misshapen is reported by `fit`, and the rest of the file is still read.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// What no file can tell about an incident. Every key is optional.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "casefile: case.yaml")]
pub(super) struct RawCase {
    /// Names the output: small letters, digits and hyphens. Default: the name of the folder.
    pub(super) case: Option<String>,
    /// One line that says what happened.
    pub(super) title: Option<String>,
    /// When to look. Default: found in the data.
    pub(super) window: Option<RawWindow>,
    /// Who sends, and through whom.
    pub(super) sender: Option<RawSender>,
    /// Only for files that need a word. Paths are relative to the folder; the first match wins.
    #[serde(default)]
    #[schemars(with = "Vec<RawSource>")]
    pub(super) sources: Vec<Option<RawSource>>,
    /// Sending machines by name.
    #[serde(default)]
    pub(super) nodes: BTreeMap<String, Option<RawNode>>,
    /// Syslog tag, transport, binding or private IP to public IP; `mta1/tag` is that of one node.
    #[serde(default)]
    pub(super) sending_ips: BTreeMap<String, Option<String>>,
    /// Receivers by patterns of their MX hosts: a name, or `*.` and a suffix. Gmail and the large ones are built in.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    pub(super) lanes: BTreeMap<String, Vec<Option<String>>>,
    /// Campaign starts, drawn in the charts.
    #[serde(default)]
    #[schemars(with = "Vec<RawLaunch>")]
    pub(super) launches: Vec<Option<RawLaunch>>,
    /// What was changed, and when.
    #[serde(default)]
    #[schemars(with = "Vec<RawChange>")]
    pub(super) changes: Vec<Option<RawChange>>,
    /// Clock offsets. They are always reported, and applied only from here.
    pub(super) clocks: Option<RawClocks>,
    /// What only you can vouch for. Google asks for these before it helps.
    pub(super) attest: Option<RawAttest>,
    /// What is hidden or kept beyond the rules.
    pub(super) redact: Option<RawRedact>,
    /// How large each bundle may be, such as `5 MB`.
    pub(super) budgets: Option<RawBudgets>,
    /// Free text of yours for each reader: checked for leaks, never rewritten.
    pub(super) notes: Option<RawNotes>,
    /// Files that say how to read your own exports, by name.
    #[serde(default)]
    pub(super) mappings: BTreeMap<String, String>,
}

/// A stretch of minutes, its end excluded.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWindow {
    /// The first minute, such as 2026-11-03T09:00Z.
    pub(super) from: Option<String>,
    /// The minute after the last, such as 2026-11-03T15:00Z.
    pub(super) to: Option<String>,
    /// A stretch of the same length when all was well.
    pub(super) healthy: Option<RawHealthy>,
}

/// A stretch of minutes when all was well, its end excluded.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHealthy {
    /// The first minute.
    #[schemars(required)]
    pub(super) from: Option<String>,
    /// The minute after the last.
    #[schemars(required)]
    pub(super) to: Option<String>,
}

/// Who sends, and through whom.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSender {
    /// The name of the organisation.
    pub(super) organisation: Option<String>,
    /// Where the reader answers: an address or a telephone number.
    pub(super) contact: Option<String>,
    /// The domains in From:, DKIM and SPF.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) domains: Vec<Option<String>>,
    /// The ESP or host that gets the ESP bundle.
    pub(super) provider: Option<String>,
    /// The provider's ticket number.
    pub(super) provider_case: Option<String>,
}

/// A word about some files.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSource {
    /// A path or glob relative to the folder: `*` stays inside one folder, `**` does not.
    #[schemars(required)]
    pub(super) path: Option<String>,
    /// The machine that wrote the file.
    pub(super) node: Option<String>,
    /// The zone of its times: UTC, +01:00 or America/New_York.
    pub(super) zone: Option<String>,
    /// What comes first in its dates, such as 05/06/2026: day_first or month_first.
    pub(super) dates: Option<String>,
    /// The format, where recognition needs help.
    pub(super) format: Option<String>,
    /// One of `mappings`.
    pub(super) mapping: Option<String>,
    /// Columns of a CSV by their heading.
    #[serde(default)]
    pub(super) columns: BTreeMap<String, RawColumn>,
    /// What the machine was doing while a transcript was taken, such as idle or loaded.
    pub(super) condition: Option<String>,
    /// When a transcript was taken.
    pub(super) taken: Option<String>,
}

/// What a column measures.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawColumn {
    /// The signal, such as egress.
    #[schemars(required)]
    pub(super) signal: Option<String>,
    /// Its unit, such as `bytes_per_s`.
    pub(super) unit: Option<String>,
}

/// A sending machine.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNode {
    /// The provider's name for it.
    pub(super) provider_id: Option<String>,
    /// What it can do at most, by signal: `1 Gbit/s`, `65536`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Amount>")]
    pub(super) limits: BTreeMap<String, String>,
}

/// A number, with its unit where it has one.
#[derive(JsonSchema)]
#[schemars(extend("type" = ["number", "string"]))]
#[expect(dead_code, reason = "only its schema is used: `fit` hands on the text")]
struct Amount(String);

/// A campaign start.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLaunch {
    /// When, such as 2026-11-03T10:00Z.
    #[schemars(required)]
    pub(super) at: Option<String>,
    /// What you call it.
    pub(super) name: Option<String>,
    /// How many messages it held.
    pub(super) messages: Option<u64>,
}

/// A change of configuration or infrastructure.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawChange {
    /// When, such as 2026-11-03T10:40Z.
    #[schemars(required)]
    pub(super) at: Option<String>,
    /// What was changed, from what to what.
    #[schemars(required)]
    pub(super) what: Option<String>,
}

/// Clock offsets.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawClocks {
    /// What is added to the times of a source: `-60m`, `+90s`, `1h`.
    #[serde(default)]
    pub(super) apply: BTreeMap<String, String>,
}

/// What only the sender can vouch for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAttest {
    /// The user-reported spam rate of Postmaster Tools.
    pub(super) spam_rate: Option<RawSpamRate>,
    /// SPF passes.
    pub(super) spf: Option<RawGate>,
    /// DKIM passes.
    pub(super) dkim: Option<RawGate>,
    /// A DMARC record exists and passes.
    pub(super) dmarc: Option<RawGate>,
    /// Promotional mail carries one-click unsubscribe (RFC 8058).
    pub(super) one_click_unsubscribe: Option<bool>,
    /// Unsubscribes are honoured within 48 hours.
    pub(super) unsubscribe_48h: Option<bool>,
    /// Sending IPs have a PTR record whose name leads back to them.
    pub(super) ptr: Option<bool>,
    /// From: is aligned with the SPF or DKIM organisational domain.
    pub(super) from_aligned: Option<bool>,
    /// Display names follow Google's rules.
    pub(super) display_name: Option<bool>,
}

// Its values are told by its users' descriptions: a doc comment on a variant would turn the plain list of the
// schema, which `fit` reads, into alternatives.
/// Whether a check passes.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawGate {
    Pass,
    Fail,
    Unknown,
}

/// The user-reported spam rate.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSpamRate {
    /// In percent, with the sign: `0.05 %`.
    #[schemars(required)]
    pub(super) value: Option<String>,
    /// The day that it was shown for, such as 2026-11-02.
    #[schemars(required)]
    pub(super) date: Option<String>,
}

/// What is hidden or kept beyond the rules.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRedact {
    /// Your own domains: kept, where the rules would hide others.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) own_domains: Vec<Option<String>>,
    /// Words that may be shown.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) allow: Vec<Option<String>>,
    /// Words that must never be shown, such as the name of a project.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) deny: Vec<Option<String>>,
    /// Recipient domains at Google Workspace that may be shown.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) keep_workspace_domains: Vec<Option<String>>,
}

/// How large each bundle may be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBudgets {
    /// The bundle for the ESP or host. Default: 5 MB.
    #[schemars(with = "Option<Amount>")]
    pub(super) esp: Option<String>,
    /// The bundle for Google. Default: 1 MB.
    #[schemars(with = "Option<Amount>")]
    pub(super) google: Option<String>,
}

/// Free text for each reader.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNotes {
    /// For the ESP or host.
    pub(super) esp: Option<String>,
    /// For Google.
    pub(super) google: Option<String>,
}
