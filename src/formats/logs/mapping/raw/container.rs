//! The keys that say how a file is cut into records.

use schemars::JsonSchema;
use serde::Deserialize;

/// How a file is cut into records.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct RawContainer {
    /// The shape of the file.
    #[schemars(required)]
    pub(in super::super) kind: Option<RawKind>,
    /// Always told from the file's content.
    #[expect(dead_code, reason = "its one word says what is done anyway")]
    pub(in super::super) compression: Option<RawCompression>,
    /// A file that breaks off is read as far as it goes, and that is said.
    #[expect(dead_code, reason = "its one word says what is done anyway")]
    pub(in super::super) truncated: Option<RawTruncated>,
    /// How its bytes are letters. Default: utf-8.
    pub(in super::super) encoding: Option<RawEncoding>,
    /// For `kind: csv`.
    pub(in super::super) csv: Option<RawCsv>,
    /// For `kind: delimited`.
    pub(in super::super) delimited: Option<RawDelimited>,
    /// For `kind: json` and `ndjson`.
    pub(in super::super) json: Option<RawJson>,
    /// For `kind: lines`.
    pub(in super::super) lines: Option<RawLines>,
}

/// The shape of a file.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(in super::super) enum RawKind {
    Csv,
    Delimited,
    Ndjson,
    Json,
    Lines,
}

/// How a file is compressed.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(in super::super) enum RawCompression {
    Auto,
}

/// What is done with a file that breaks off.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(in super::super) enum RawTruncated {
    Keep,
}

/// How bytes are letters.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(in super::super) enum RawEncoding {
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "latin1")]
    Latin1,
    #[serde(rename = "windows-1251")]
    Windows1251,
    #[serde(rename = "utf-16le")]
    Utf16Le,
}

/// Rows of values, quoted where they must be (RFC 4180).
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct RawCsv {
    /// One character, such as `;` or `"\t"`. Default: a comma.
    pub(in super::super) delimiter: Option<String>,
    /// One character, or nothing for none. Default: `"`.
    pub(in super::super) quote: Option<String>,
    /// Whether the first row names the columns. `auto` looks whether it holds names that the mapping reads; a line `#Fields:` names them too. Default: auto.
    pub(in super::super) header: Option<RawHeader>,
    /// The names of the columns of a file without a header.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(in super::super) columns: Vec<Option<String>>,
    /// What lines that are no rows begin with.
    pub(in super::super) comment: Option<String>,
    /// Whether rows may be shorter or longer than the header. Default: allow.
    pub(in super::super) ragged: Option<RawRagged>,
    /// What a header in the middle of a file is. Default: skip, and its order of columns holds from there.
    pub(in super::super) repeat_header: Option<RawRepeatHeader>,
}

/// Whether the first row names the columns.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(in super::super) enum RawHeader {
    Auto,
    Present,
    None,
}

/// Whether rows may differ in length.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(in super::super) enum RawRagged {
    Allow,
    Reject,
}

/// What a header in the middle of a file is.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(in super::super) enum RawRepeatHeader {
    Skip,
    Data,
}

/// Values apart by one character, without quotes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct RawDelimited {
    /// One character.
    #[schemars(required)]
    pub(in super::super) separator: Option<String>,
    /// The last of so many values keeps further separators.
    pub(in super::super) max_fields: Option<u64>,
}

/// JSON values: one a line, one after the other, or in arrays.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct RawJson {
    /// Where the records are: `/` for each value itself, `/items/*` for the elements of a list.
    pub(in super::super) records: Option<String>,
    /// Where else they may be, tried in order.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(in super::super) also_accept: Vec<Option<String>>,
    /// Texts that hold JSON themselves.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(in super::super) decode_strings: Vec<Option<String>>,
}

/// Lines of text.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct RawLines {
    /// A pattern with named groups.
    #[schemars(required)]
    pub(in super::super) pattern: Option<String>,
    /// What a line is that the pattern does not match: `count` among those not understood, or `ignore`. Default: count.
    pub(in super::super) unmatched: Option<RawUnmatched>,
    /// What lines begin with that go on with the line before.
    pub(in super::super) fold: Option<String>,
    /// What stands before the text that the pattern sees: with `syslog`, a stamp, host and process in any form that syslog, journalctl and containers write. The line's time is then that stamp.
    pub(in super::super) envelope: Option<RawEnvelope>,
}

/// What a line is that no pattern matches.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(in super::super) enum RawUnmatched {
    Count,
    Ignore,
}

/// What stands before a line's own text.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(in super::super) enum RawEnvelope {
    Syslog,
}
