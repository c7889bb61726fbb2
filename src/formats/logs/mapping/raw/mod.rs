//! What people type: the keys of a mapping file, each as text. The doc comments here are the
//! descriptions that editors show.
//!
//! As in case.yaml, what must be there is still an `Option`, marked `required` for the schema
//! alone, and so are the items of lists: what is missing or misshapen is reported, and the
//! rest of the file is still read.

mod container;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

pub(super) use container::{
    RawContainer, RawCsv, RawDelimited, RawEncoding, RawHeader, RawJson, RawKind, RawLines, RawRagged, RawRepeatHeader,
    RawUnmatched,
};

/// How the records of one source become delivery events.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "casefile: mapping", extend("x-elsewhere" = {
    "session": "sessions of several records are not read by mappings: map the record that carries the outcome, and its session's name with `fields: {session: …}`",
    "redact": "what is hidden is decided for all sources alike, see `redact` of case.yaml",
    "lane": "receivers are told by `mx_host`, `reply` and `rcpt_domain`; add your own with `lanes` of case.yaml",
    "tables": "map the binding to `tag`, and say its address in `sending_ips` of case.yaml",
    "sendlane_mapping": "write `casefile_mapping: 1`",
}))]
pub(super) struct RawMapping {
    /// The version of this schema: 1.
    #[schemars(required)]
    pub(super) casefile_mapping: Option<u64>,
    /// Names the source in reports: small letters, digits and hyphens.
    #[schemars(required)]
    pub(super) id: Option<String>,
    /// What the source is, in a few words.
    pub(super) title: Option<String>,
    /// How the shape of its records is known: a manual, a source file, an export of yours.
    pub(super) provenance: Option<String>,
    /// How a file is cut into records.
    #[schemars(required)]
    pub(super) container: Option<RawContainer>,
    /// How much one record may hold.
    pub(super) limits: Option<RawLimits>,
    /// By what a file of this source is recognised: four in five of its first 200 records fit.
    pub(super) detect: Option<RawDetect>,
    /// Lists inside a record of which each element becomes an event, as JSON pointers that end in `*`; the first that is there counts.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) explode: Vec<Option<String>>,
    /// What an element of such a list is: an attempt of its own, or a further recipient of one attempt.
    pub(super) exploded: Option<RawExploded>,
    /// The order of records in a file. Default: file.
    pub(super) order: Option<RawOrder>,
    /// Which records report delivery attempts.
    pub(super) select: Option<RawSelect>,
    /// When the outcome was known.
    pub(super) time: Option<RawTime>,
    /// What a record says about the attempt. `extra.` and a name of yours keeps a value for the rules.
    #[serde(default)]
    pub(super) fields: BTreeMap<String, RawField>,
    /// Values that one pattern takes apart; its named groups are fields.
    #[serde(default)]
    #[schemars(with = "Vec<RawSplit>")]
    pub(super) split: Vec<Option<RawSplit>>,
    /// What became of the attempt: rules in order, the first that fits counts, the last has no `when`.
    #[serde(default)]
    #[schemars(with = "Vec<RawRule>", required)]
    pub(super) outcome: Vec<Option<RawRule>>,
    /// Records that one decision wrote in numbers, told as one event with their number as weight.
    #[serde(default)]
    #[schemars(with = "Vec<RawCollapse>")]
    pub(super) collapse: Vec<Option<RawCollapse>>,
    /// What makes two records of a file the same: fields, and `time`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) dedupe: Vec<Option<String>>,
    /// Logs that tell of the same attempts, and of more: `haraka`. Where a case holds one, of the same machine and time, attempts of the kinds that it holds are counted there alone.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) counted_by: Vec<Option<String>>,
    /// What the source cannot show.
    pub(super) claims: Option<RawClaims>,
    /// Real records and what they mean: at least three, one of them a deferral.
    #[serde(default)]
    #[schemars(with = "Vec<RawExample>")]
    pub(super) examples: Vec<Option<RawExample>>,
}

/// How much one record may hold.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-elsewhere" = {
    "bad_ratio": "more than 2 % of records that are not understood are always told",
}))]
pub(super) struct RawLimits {
    /// Bytes of a record; a longer one counts as not understood. Default: 1048576.
    pub(super) max_record_bytes: Option<u64>,
    /// Values of a row; those beyond are not read. Default: 256.
    pub(super) max_columns: Option<u64>,
}

/// By what a record of the source is recognised.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDetect {
    /// All of these hold.
    #[serde(default)]
    #[schemars(with = "Vec<RawWhen>")]
    pub(super) all: Vec<Option<RawWhen>>,
    /// None of these holds.
    #[serde(default)]
    #[schemars(with = "Vec<RawWhen>")]
    pub(super) none: Vec<Option<RawWhen>>,
}

/// What an element of an exploded list is.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawExploded {
    Attempts,
    Recipients,
}

/// The order of records in a file.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawOrder {
    File,
    Reverse,
    Time,
}

/// Which records report delivery attempts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSelect {
    /// Records to use. Without `ignore` all others are irrelevant; beside it, what neither names is not understood.
    pub(super) keep: Option<RawWhen>,
    /// Records that are understood and say nothing of deliveries.
    #[serde(default)]
    #[schemars(with = "Vec<RawIgnore>")]
    pub(super) ignore: Vec<Option<RawIgnore>>,
}

/// Records that are left out, and why.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawIgnore {
    /// Which; without it, all that are left.
    pub(super) when: Option<RawWhen>,
    /// Why, in a word or two.
    #[schemars(required)]
    pub(super) reason: Option<String>,
}

/// A condition: one of `all`, `any`, `not`, `has`, `regex`, or `field` with one test.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWhen {
    /// All of these hold.
    #[schemars(with = "Option<Vec<Self>>")]
    pub(super) all: Option<Vec<Option<Self>>>,
    /// One of these holds.
    #[schemars(with = "Option<Vec<Self>>")]
    pub(super) any: Option<Vec<Option<Self>>>,
    /// This does not hold.
    pub(super) not: Option<Box<Self>>,
    /// The record holds something here.
    pub(super) has: Option<String>,
    /// The text of the record matches this pattern.
    pub(super) regex: Option<String>,
    /// The value that is tested.
    pub(super) field: Option<String>,
    /// It is one of these.
    #[serde(rename = "in")]
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) one_of: Option<Vec<Option<String>>>,
    /// It is a number from the first to the second, both inside.
    #[schemars(with = "Option<Vec<u64>>")]
    pub(super) between: Option<Vec<Option<u64>>>,
    /// It is a number, at least this.
    pub(super) ge: Option<u64>,
    /// It is a number, at most this.
    pub(super) le: Option<u64>,
    /// It matches this pattern.
    #[serde(rename = "match")]
    pub(super) matches: Option<String>,
}

/// When the outcome was known.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTime {
    /// Where the time stands.
    pub(super) field: Option<String>,
    /// Where it may stand; the first that is there counts.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) first_of: Option<Vec<Option<String>>>,
    /// Its forms, tried in order: `epoch_s`, `epoch_ms`, `epoch_us`, `epoch_float`, `rfc3339`, `strptime:%Y-%m-%d %H:%M:%S%z`, `auto`. Default: auto.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) formats: Vec<Option<String>>,
    /// The zone of times that name none: `utc`, `ask`, a name such as America/New_York, or `embedded` where none may lack it. Default: embedded.
    pub(super) zone: Option<String>,
    /// How fine the times are, such as `1ms`. Default: as they stand.
    pub(super) resolution: Option<String>,
}

/// Where a value stands, and what is made of it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-elsewhere" = {
    "public_from": "name it first in `first_of`",
}))]
pub(super) struct RawField {
    /// Where it stands.
    pub(super) from: Option<String>,
    /// Where it may stand; the first that is there counts.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) first_of: Option<Vec<Option<String>>>,
    /// Where it stands by another value: `field` names that, every other key is one of its values.
    pub(super) by: Option<BTreeMap<String, String>>,
    /// A pattern; the value is its first group, or what it matches.
    pub(super) regex: Option<String>,
    /// What stands between the lines, or the elements, of a value that has several. Default: a blank.
    pub(super) join: Option<String>,
    /// Characters that are taken off both ends.
    pub(super) strip: Option<String>,
    /// Whether it is written in small letters.
    pub(super) lower: Option<bool>,
    /// Words for words, `*` for all others; a value that is not among them is as good as absent.
    pub(super) map: Option<BTreeMap<String, String>>,
    /// What it must be; anything else is as good as absent. `seconds` are turned into milliseconds.
    #[serde(rename = "type")]
    pub(super) kind: Option<RawType>,
    /// A number from the first to the second; anything else is as good as absent.
    #[schemars(with = "Option<Vec<u64>>")]
    pub(super) range: Option<Vec<Option<u64>>>,
    /// What it is where it is absent.
    pub(super) default: Option<String>,
}

/// What a value must be.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawType {
    Text,
    Int,
    Ip,
    Seconds,
}

/// A value that one pattern takes apart.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSplit {
    /// Where it stands.
    #[schemars(required)]
    pub(super) from: Option<String>,
    /// A pattern whose named groups are fields.
    #[schemars(required)]
    pub(super) regex: Option<String>,
}

/// What became of the attempts that a condition describes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    /// Which; without it, all that are left.
    pub(super) when: Option<RawWhen>,
    /// What became of them.
    #[schemars(required)]
    pub(super) set: Option<RawSet>,
}

/// What became of an attempt, in the words of all reports.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSet {
    /// `delivered`, `deferral`, `rejection`, `remote_close`, `tls_failure`, `plaintext`, `timeout`, `connect_failure`, `local` or `unclassified`.
    #[schemars(required)]
    pub(super) outcome: Option<String>,
    /// Who decided: `receiver`, `sender` or `unknown`. Default: who alone can have.
    pub(super) by: Option<String>,
    /// At which stage, where the field `stage` does not tell.
    pub(super) stage: Option<String>,
    /// What it shows of TLS, where the field `tls` does not tell.
    pub(super) tls: Option<String>,
    /// Which words decided, where it is not the reply.
    pub(super) reason: Option<String>,
}

/// Records that are told as one event.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCollapse {
    /// Which.
    #[schemars(required)]
    pub(super) when: Option<RawWhen>,
    /// What they have in common: fields, and `second` or `minute`.
    #[serde(default)]
    #[schemars(with = "Vec<String>", required)]
    pub(super) per: Vec<Option<String>>,
    /// What became of them. Default: as the rules of `outcome` say.
    pub(super) set: Option<RawSet>,
}

/// What the source cannot show.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawClaims {
    /// What is never in it, in words of this schema: `mx_host`, `stage`, `deferrals`. What no field is mapped to is known by itself.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) absent: Vec<Option<String>>,
    /// What else it cannot show, each a clause that goes on after "cannot show:".
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) caveat: Vec<Option<String>>,
}

/// A real record, and what it means.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExample {
    /// Its text, as it stands in a file; for CSV with its header.
    #[schemars(required)]
    pub(super) input: Option<String>,
    /// What it says, by the names of the event's parts: `outcome`, `by`, `stage`, `tls`, `minute`, `lane`, `code`, `reply`, or a field. `ignored: REASON` for records that are left out. For several events, of the first.
    #[serde(default)]
    pub(super) expect: BTreeMap<String, String>,
    /// How many events it gives. Default: 1.
    pub(super) events: Option<u64>,
}
