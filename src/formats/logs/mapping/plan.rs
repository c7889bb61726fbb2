//! What a mapping means once it was checked: how to cut, where to look, how to judge.

use regex::bytes::Regex;

use super::time::TimeRule;
use crate::smtp::{By, Outcome, Stage, TlsUse};

/// A checked mapping, ready to read with. A copy of it shares no lock with the original.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) container: Container,
    pub(super) encoding: Encoding,
    /// Bytes of a record.
    pub(super) longest: usize,
    /// Values of a row.
    pub(super) widest: usize,
    pub(super) detect: Option<Detect>,
    pub(super) explode: Vec<Pointer>,
    /// Whether the elements of an exploded list are recipients of one attempt.
    pub(super) recipients: bool,
    /// Whether records may go back in time.
    pub(super) unordered: bool,
    pub(super) keep: Option<When>,
    /// Conditions of records that are left out, each with the index of its reason.
    pub(super) ignore: Vec<(Option<When>, usize)>,
    /// Whether the selection looks at fields, so that they must be known before.
    pub(super) selects_by_fields: bool,
    /// Why records are left out: the words of `ignore`, then [`NOT_KEPT`].
    pub(super) reasons: Vec<String>,
    pub(super) time: TimeRule,
    /// In an order in which none needs one that follows.
    pub(super) fields: Vec<Field>,
    pub(super) splits: Vec<(Address, Regex)>,
    /// Names of the columns that are read.
    pub(super) columns: Vec<String>,
    pub(super) rules: Vec<Rule>,
    pub(super) collapse: Vec<Collapse>,
    pub(super) dedupe: Vec<Part>,
}

/// The reason of records that a mapping does not keep and says no more about.
pub(super) const NOT_KEPT: &str = "not kept";

/// How a file is cut into records.
#[derive(Clone, Debug)]
pub(super) enum Container {
    Rows(Rows),
    Json(Json),
    Lines(Lines),
}

/// Rows of values.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    pub(super) delimiter: u8,
    pub(super) quote: Option<u8>,
    pub(super) header: Header,
    /// Names of the columns where no header says them.
    pub(super) columns: Vec<String>,
    pub(super) comment: Vec<u8>,
    pub(super) ragged: bool,
    /// Whether a header in the middle is data.
    pub(super) repeated_header_is_data: bool,
    /// The last of so many values keeps further separators.
    pub(super) most_fields: Option<usize>,
}

/// Whether the first row names the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    Auto,
    Present,
    None,
}

/// JSON values.
#[derive(Clone, Debug)]
pub(super) struct Json {
    /// Whether a line end ends every value.
    pub(super) by_line: bool,
    /// Members of a value whose elements are read one by one.
    pub(super) lists: Vec<Vec<u8>>,
    /// Where records are, tried in order.
    pub(super) places: Vec<Place>,
    /// Texts that hold JSON, by their steps.
    pub(super) decode: Vec<Vec<Vec<u8>>>,
}

/// What a piece of JSON was cut out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// Nothing: it is a value itself.
    None,
    /// An array that is the value.
    Root,
    /// One of [`Json::lists`].
    Member(usize),
}

/// Where records are: so many steps into what was cut out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) list: List,
    pub(super) steps: Vec<Vec<u8>>,
}

/// Lines of text.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    pub(super) pattern: Regex,
    pub(super) unmatched_is_noise: bool,
    pub(super) fold: Option<Regex>,
    pub(super) syslog: bool,
}

/// How bytes are letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Latin1,
    Windows1251,
    Utf16Le,
}

/// By what records are recognised.
#[derive(Clone, Debug)]
pub(super) struct Detect {
    pub(super) all: Vec<When>,
    pub(super) none: Vec<When>,
}

/// A condition.
#[derive(Clone, Debug)]
pub(super) enum When {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    /// There is something.
    Has(Address),
    /// The record's text matches.
    Text(Regex),
    /// A value passes a test.
    Value(Address, Test),
}

/// What a value is tested for.
#[derive(Clone, Debug)]
pub(super) enum Test {
    OneOf(Vec<Vec<u8>>),
    /// Both inside.
    Between(u64, u64),
    Matches(Regex),
}

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// A column by its position in [`Plan::columns`].
    Column(usize),
    /// The value of a row at a position.
    Position(usize),
    /// A member of a JSON record.
    Pointer(Pointer),
    /// A group of the pattern of lines.
    Group(usize),
    /// A field that is known before.
    Field(Target),
}

/// Steps into a JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pointer {
    /// Whether it begins at the record, not at the element that was exploded.
    pub(super) from_record: bool,
    pub(super) steps: Vec<Vec<u8>>,
}

macro_rules! targets {
    ($($(#[$meta:meta])* $variant:ident = $name:literal,)+) => {
        /// What a field is: a part of the event, or a value that only rules look at.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Target { $($(#[$meta])* $variant,)+ #[doc = "A value of the mapping's own, by its position."] Extra(u8) }

        impl Target {
            /// All but the mapping's own, with their names.
            pub(super) const NAMED: &'static [(Self, &'static str)] = &[$((Self::$variant, $name),)+];

            /// Its slot among the values of a record.
            pub(super) const fn slot(self) -> usize {
                match self { $(Self::$variant => Slot::$variant as usize,)+ Self::Extra(n) => Self::NAMED.len() + n as usize }
            }
        }

        enum Slot { $($variant,)+ }
    };
}

targets! {
    RcptDomain = "rcpt_domain",
    SourceIp = "source_ip",
    MxHost = "mx_host",
    MxIp = "mx_ip",
    Reply = "reply",
    Detail = "detail",
    Code = "code",
    Enhanced = "enhanced",
    Stage = "stage",
    Tls = "tls",
    Node = "node",
    Tag = "tag",
    Session = "session",
    QueueId = "queue_id",
    MessageId = "message_id",
    Attempt = "attempt",
    Weight = "weight",
    Recipients = "recipients",
    LastedMs = "lasted_ms",
}

impl Target {
    /// Values of the mapping's own that there may be.
    pub(super) const MOST_EXTRA: usize = 16;
    /// Slots of a record's values.
    pub(super) const SLOTS: usize = Self::NAMED.len() + Self::MOST_EXTRA;

    /// The one of a name that is not the mapping's own.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(_, n)| *n == name).map(|(target, _)| *target)
    }
}

/// How a field gets its value.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) target: Target,
    pub(super) source: Source,
    pub(super) shape: Shape,
}

/// Where a field's value comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Nowhere: the default is all there is.
    Nothing,
    /// The first of these that is there.
    FirstOf(Vec<Address>),
    /// By another value.
    By(Address, Vec<(Vec<u8>, Address)>),
    /// A group of one of [`Plan::splits`].
    Split(usize, usize),
}

/// What is made of a value, in this order.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) join: Vec<u8>,
    pub(super) pattern: Option<Regex>,
    pub(super) strip: Vec<u8>,
    pub(super) lower: bool,
    pub(super) map: Option<Vec<(Vec<u8>, Vec<u8>)>>,
    pub(super) kind: Kind,
    pub(super) range: Option<(u64, u64)>,
    pub(super) default: Option<Vec<u8>>,
}

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Int,
    Ip,
    /// Decimal seconds, kept as milliseconds.
    Seconds,
    /// A domain, or the one of an address.
    Domain,
    /// A host, without brackets and the dot of the root.
    Host,
}

/// One rule of judgement.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) when: Option<When>,
    pub(super) verdict: Verdict,
}

/// What a rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) outcome: Outcome,
    pub(super) by: By,
    pub(super) stage: Option<Stage>,
    pub(super) tls: Option<TlsUse>,
    pub(super) reason: Vec<u8>,
}

/// Records that one decision wrote in numbers.
#[derive(Clone, Debug)]
pub(super) struct Collapse {
    pub(super) when: When,
    pub(super) per: Vec<Part>,
    pub(super) verdict: Option<Verdict>,
}

/// A part of what makes two records the same.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Value(Address),
    Time,
    Second,
    Minute,
}
