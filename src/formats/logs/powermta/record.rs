//! One accounting record: what its cells, or its JSON values, say.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

use super::cells::{Cells, text_of};
use super::columns::{Column, Layout};
use crate::formats::logs::LogClock;
use crate::formats::logs::envelope::local_stamp;
use crate::time::{Stamp, parse_rfc3339};

/// What kind of record it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `d`: a recipient was delivered.
    Delivered,
    /// `b`: PowerMTA gave a recipient up.
    Bounced,
    /// `t`: an attempt for a recipient failed, and will be repeated.
    Transient,
    /// `tq`: an attempt of a queue failed before any recipient.
    Queue,
    /// `r`, `f`, `rb`, `rs`: what came in.
    Inbound,
}

impl Kind {
    pub(super) fn of(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"d" => Self::Delivered,
            b"b" => Self::Bounced,
            b"t" => Self::Transient,
            b"tq" => Self::Queue,
            b"r" | b"f" | b"rb" | b"rs" => Self::Inbound,
            _ => return None,
        })
    }
}

/// The values of a record. A column that is not there is empty, but for `tls`.
#[derive(Clone, Debug, Default)]
pub(super) struct Record<'a> {
    /// `timeLogged`.
    pub(super) time: &'a [u8],
    /// `timeQueued`: the time of injection.
    pub(super) queued: &'a [u8],
    pub(super) rcpt: &'a [u8],
    pub(super) status: &'a [u8],
    pub(super) diag: Cow<'a, [u8]>,
    pub(super) mta: &'a [u8],
    pub(super) category: &'a [u8],
    pub(super) dlv_type: &'a [u8],
    pub(super) source_ip: &'a [u8],
    pub(super) destination_ip: &'a [u8],
    pub(super) esmtp: &'a [u8],
    pub(super) vmta: &'a [u8],
    pub(super) queue: &'a [u8],
    /// `dlvTlsProtocol`; nothing when there is no such column.
    pub(super) tls: Option<&'a [u8]>,
}

impl<'a> Record<'a> {
    pub(super) fn of_cells(row: &'a [u8], cells: &Cells, layout: &Layout) -> Self {
        let cell = |column| layout.at(column).and_then(|at| cells.get(row, at));
        let value = |column| cell(column).unwrap_or_default();
        Self {
            time: value(Column::TimeLogged),
            queued: value(Column::TimeQueued),
            rcpt: value(Column::Rcpt),
            status: value(Column::Status),
            diag: text_of(value(Column::Diag)),
            mta: value(Column::Mta),
            category: value(Column::Category),
            dlv_type: value(Column::DlvType),
            source_ip: value(Column::SourceIp),
            destination_ip: value(Column::DestinationIp),
            esmtp: value(Column::Esmtp),
            vmta: value(Column::Vmta),
            queue: value(Column::Queue),
            tls: cell(Column::Tls),
        }
    }
}

/// `2019-02-08 21:54:05+0000`, or seconds since 1970 (`iso-times no`). A time without a zone
/// is in that of the log's clock.
pub(super) fn moment(time: &[u8], clock: &mut LogClock) -> Option<Stamp> {
    match zoned(time) {
        Some(at) => Some(at),
        None => local_stamp(time).map(|local| clock.zone_less(local)),
    }
}

/// The moment of a time that says its zone.
pub(super) fn zoned(time: &[u8]) -> Option<Stamp> {
    if (9..=10).contains(&time.len()) {
        let second = time.iter().try_fold(0_i64, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))?;
        return Some(Stamp::from_seconds(second));
    }
    parse_rfc3339(std::str::from_utf8(time).ok()?).ok()
}

/// How long before `at`, which was read from `time`, a message came in.
pub(super) fn waited_ms(queued: &[u8], time: &[u8], at: Stamp) -> Option<u64> {
    let stamps = match zoned(queued) {
        Some(queued) => (queued, at),
        // Both without a zone: whichever it is, it is that of both.
        None => local_stamp(queued).zip(local_stamp(time))?,
    };
    u64::try_from(stamps.1.millis() - stamps.0.millis()).ok()
}

/// A record of the JSON export: the keys are the names of the CSV's columns.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Values<'a> {
    #[serde(borrow)]
    pub(super) r#type: Value<'a>,
    #[serde(borrow)]
    time_logged: Value<'a>,
    #[serde(borrow)]
    time_queued: Value<'a>,
    #[serde(borrow)]
    rcpt: Value<'a>,
    #[serde(borrow)]
    dsn_status: Value<'a>,
    #[serde(borrow)]
    dsn_diag: Value<'a>,
    #[serde(borrow)]
    dsn_mta: Value<'a>,
    #[serde(borrow)]
    bounce_cat: Value<'a>,
    #[serde(borrow)]
    dlv_type: Value<'a>,
    #[serde(borrow)]
    dlv_source_ip: Value<'a>,
    #[serde(borrow)]
    dlv_destination_ip: Value<'a>,
    #[serde(borrow)]
    dlv_esmtp_available: Value<'a>,
    #[serde(borrow)]
    vmta: Value<'a>,
    #[serde(borrow)]
    queue: Value<'a>,
    #[serde(borrow)]
    dlv_tls_protocol: Option<Value<'a>>,
}

impl Values<'_> {
    /// Takes a line apart that is one JSON object.
    pub(super) fn of(line: &[u8]) -> Option<Values<'_>> {
        serde_json::from_slice(line).ok()
    }

    pub(super) fn record(&self) -> Record<'_> {
        Record {
            time: self.time_logged.bytes(),
            queued: self.time_queued.bytes(),
            rcpt: self.rcpt.bytes(),
            status: self.dsn_status.bytes(),
            diag: Cow::Borrowed(self.dsn_diag.bytes()),
            mta: self.dsn_mta.bytes(),
            category: self.bounce_cat.bytes(),
            dlv_type: self.dlv_type.bytes(),
            source_ip: self.dlv_source_ip.bytes(),
            destination_ip: self.dlv_destination_ip.bytes(),
            esmtp: self.dlv_esmtp_available.bytes(),
            vmta: self.vmta.bytes(),
            queue: self.queue.bytes(),
            tls: self.dlv_tls_protocol.as_ref().map(Value::bytes),
        }
    }
}

/// A JSON value as text: strings as they are, whole numbers spelt out, null as nothing.
#[derive(Debug, Default)]
pub(super) struct Value<'a>(Cow<'a, str>);

impl Value<'_> {
    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Value<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text, a whole number or null")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Value(Cow::Borrowed(text)))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Value(Cow::Owned(text.to_owned())))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Value(Cow::Owned(number.to_string())))
            }
            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(Value::default())
            }
        }
        deserializer.deserialize_any(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Zone;

    #[test]
    fn times_in_every_form() {
        let mut clock = LogClock::new(Zone::Fixed(-5 * 3600), None);
        let mut at = |t: &str| moment(t.as_bytes(), &mut clock).map(|s| s.to_string());
        // esp trap 5
        assert_eq!(at("2019-02-08 21:54:05+0000").as_deref(), Some("2019-02-08T21:54:05Z"));
        assert_eq!(at("2017-09-07 11:50:25-0400").as_deref(), Some("2017-09-07T15:50:25Z"));
        assert_eq!(at("2014-08-24 16:00:14+0530").as_deref(), Some("2014-08-24T10:30:14Z"));
        assert_eq!(at("1178807903").as_deref(), Some("2007-05-10T14:38:23Z"));
        assert_eq!(at("2019-02-08 21:54:05").as_deref(), Some("2019-02-09T02:54:05Z"));
        for none in ["", "relayed", "12345", "02/08/2019 21:54:05+0000", "2019-02-08", "12345678x0"] {
            assert_eq!(at(none), None, "{none}");
        }
    }
}
