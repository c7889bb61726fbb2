//! One record: the fields that the analysis needs, borrowed from the line.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, SeqAccess, Visitor};

use super::skim::{NOT_ASKED, fields};
use crate::time::{Stamp, parse_rfc3339};

/// A log record. Fields that a version or an exporter leaves out are empty.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Record<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) recipient: Recipients<'a>,
    #[serde(borrow)]
    pub(super) queue: Text<'a>,
    #[serde(borrow)]
    pub(super) site: Text<'a>,
    #[serde(borrow)]
    pub(super) response: Option<Response<'a>>,
    #[serde(borrow, deserialize_with = "peer")]
    pub(super) peer_address: Peer<'a>,
    #[serde(borrow)]
    event_time: Text<'a>,
    /// A fraction where a policy's Lua wrote the record.
    timestamp: Option<f64>,
    /// When the message came in, in seconds.
    #[serde(deserialize_with = "number_or_none")]
    created: Option<f64>,
    #[serde(borrow)]
    pub(super) egress_pool: Text<'a>,
    #[serde(borrow)]
    pub(super) egress_source: Text<'a>,
    #[serde(borrow)]
    pub(super) source_address: Option<Source<'a>>,
    #[serde(borrow)]
    pub(super) delivery_protocol: Text<'a>,
    #[serde(borrow)]
    pub(super) reception_protocol: Text<'a>,
    tls_cipher: Option<IgnoredAny>,
    #[serde(borrow)]
    pub(super) session_id: Text<'a>,
}

/// What answered, or what KumoMTA put in its place.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Response<'a> {
    pub(super) code: u16,
    pub(super) enhanced_code: Option<Enhanced>,
    #[serde(borrow)]
    pub(super) content: Text<'a>,
    #[serde(borrow)]
    pub(super) command: Text<'a>,
}

/// An enhanced status code (RFC 3463).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Enhanced {
    pub(super) class: u16,
    pub(super) subject: u16,
    pub(super) detail: u16,
}

/// The receiving host.
#[derive(Default)]
pub(super) enum Peer<'a> {
    /// The record was cut down by an exporter: it does not tell.
    #[default]
    Absent,
    /// There was no connection.
    None,
    Host {
        name: Cow<'a, str>,
        addr: Cow<'a, str>,
    },
}

/// Where the session left from.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Source<'a> {
    /// `ip:port`, or the path of a socket.
    #[serde(borrow)]
    pub(super) address: Text<'a>,
}

impl<'a> Record<'a> {
    /// Takes a line apart.
    pub(super) fn of(line: &'a [u8]) -> Option<Self> {
        // That a line is text is found out for all of it far quicker than for each of its strings.
        match std::str::from_utf8(line) {
            Ok(line) => Self::skim(line).or_else(|| serde_json::from_str(line).ok()),
            Err(_) => serde_json::from_slice(line).ok(),
        }
    }

    /// Takes a record apart that is written as KumoMTA writes them; nothing for any other.
    fn skim(line: &'a str) -> Option<Self> {
        let mut record = Self::default();
        fields(line, |key, value| match key {
            "type" => record.kind.set(value, 0),
            "id" => record.id.set(value, 1),
            "queue" => record.queue.set(value, 2),
            "site" => record.site.set(value, 3),
            "event_time" => record.event_time.set(value, 4),
            "egress_pool" => record.egress_pool.set(value, 5),
            "egress_source" => record.egress_source.set(value, 6),
            "delivery_protocol" => record.delivery_protocol.set(value, 7),
            "reception_protocol" => record.reception_protocol.set(value, 8),
            "session_id" => record.session_id.set(value, 9),
            "recipient" => parse(value, &mut record.recipient, 10),
            "response" => {
                record.response = if value == "null" { None } else { Some(Response::skim(value)?) };
                Some(11)
            }
            "timestamp" => parse(value, &mut record.timestamp, 12),
            "created" => {
                record.created = value.parse().ok();
                Some(16)
            }
            "source_address" => parse(value, &mut record.source_address, 13),
            "tls_cipher" => {
                record.tls_cipher = (value != "null").then_some(IgnoredAny);
                Some(14)
            }
            "peer_address" => {
                record.peer_address = peer(&mut serde_json::Deserializer::from_str(value)).ok()?;
                Some(15)
            }
            _ => Some(NOT_ASKED),
        })?;
        Some(record)
    }

    /// When it was logged: to the nanosecond since 2025.10, before to the second.
    pub(super) fn at(&self) -> Option<Stamp> {
        if let Ok(at) = parse_rfc3339(&self.event_time.0) {
            return Some(at);
        }
        let second = self.timestamp.filter(|s| s.is_finite() && s.abs() < 1e11)?;
        Some(Stamp::from_millis((second * 1000.0) as i64))
    }

    /// How long before `at` the message came in, in milliseconds.
    pub(super) fn waited_ms(&self, at: Stamp) -> Option<u64> {
        let created = self.created.filter(|s| s.is_finite() && s.abs() < 1e11)?;
        u64::try_from(at.millis() - (created * 1000.0) as i64).ok()
    }

    /// Whether its time is finer than a second.
    pub(super) fn is_fine(&self) -> bool {
        !self.event_time.0.is_empty()
    }

    /// Whether it has the fields that only KumoMTA's records have together.
    pub(super) fn is_kumomta(&self) -> bool {
        let kinds = [
            "Reception",
            "Delivery",
            "Bounce",
            "TransientFailure",
            "Expiration",
            "AdminBounce",
            "OOB",
            "Feedback",
            "Rejection",
            "AdminRebind",
            "DeferredInjectionRebind",
            "Delayed",
            "XferOut",
            "XferIn",
        ];
        let named = !self.id.0.is_empty() && !self.queue.0.is_empty();
        kinds.contains(&&*self.kind.0) && named && self.response.is_some() && self.at().is_some()
    }

    /// Whether a TLS handshake had completed on the connection, or on an earlier one of the
    /// same session.
    pub(super) const fn has_tls(&self) -> bool {
        self.tls_cipher.is_some()
    }

    /// The domain of the recipients; of the queue's name where there are none.
    pub(super) fn rcpt_domain(&self) -> &str {
        let address = if self.recipient.first.is_empty() { &self.queue.0 } else { &self.recipient.first };
        let domain = address.rsplit_once('@').map_or(&**address, |(_, domain)| domain);
        domain.split('!').next().unwrap_or(domain)
    }

    /// Whether the message goes elsewhere than to a receiver's MX: to a webhook, a maildir,
    /// another node, or from a queue inside KumoMTA.
    pub(super) fn is_no_mail(&self) -> bool {
        let protocol = &*self.delivery_protocol.0;
        let by_protocol = !matches!(protocol, "" | "ESMTP" | "SMTP" | "LMTP");
        let by_site = self
            .site
            .0
            .rsplit_once('@')
            .is_some_and(|(ready, protocol)| ready.contains("->") && !protocol.starts_with("smtp_client"));
        let inside = self.queue.0.ends_with(".kumomta.internal") || self.reception_protocol.0 == "LogRecord";
        by_protocol || by_site || inside
    }
}

impl<'a> Response<'a> {
    fn skim(value: &'a str) -> Option<Self> {
        let mut response = Self::default();
        fields(value, |key, value| match key {
            "code" => parse(value, &mut response.code, 0),
            "enhanced_code" => parse(value, &mut response.enhanced_code, 1),
            "content" => response.content.set(value, 2),
            "command" => response.command.set(value, 3),
            _ => Some(NOT_ASKED),
        })?;
        Some(response)
    }
}

/// Text, borrowed where it holds no escapes; `null` is empty.
#[derive(Debug, Default)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl<'a> Text<'a> {
    /// Takes its value from one that stands in a record, and gives the number of its field.
    fn set(&mut self, value: &'a str, field: u32) -> Option<u32> {
        match value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) {
            Some(plain) if memchr::memchr(b'\\', plain.as_bytes()).is_none() => self.0 = Cow::Borrowed(plain),
            _ => *self = serde_json::from_str(value).ok()?,
        }
        Some(field)
    }
}

fn parse<'a, T: Deserialize<'a>>(value: &'a str, to: &mut T, field: u32) -> Option<u32> {
    *to = serde_json::from_str(value).ok()?;
    Some(field)
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl<'de> Visitor<'de> for Words {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }
            fn visit_borrowed_str<E: Error>(self, v: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(v)))
            }
            fn visit_str<E: Error>(self, v: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(v.to_owned())))
            }
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Text::default())
            }
        }
        deserializer.deserialize_any(Words)
    }
}

/// One address, or since 2025.12 a list of them.
#[derive(Debug, Default)]
pub(super) struct Recipients<'a> {
    /// The first of them.
    pub(super) first: Cow<'a, str>,
    pub(super) count: u32,
}

impl<'de: 'a, 'a> Deserialize<'de> for Recipients<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Recipients<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an address or a list of addresses")
            }
            fn visit_borrowed_str<E: Error>(self, v: &'de str) -> Result<Self::Value, E> {
                Ok(Recipients { first: Cow::Borrowed(v), count: 1 })
            }
            fn visit_str<E: Error>(self, v: &str) -> Result<Self::Value, E> {
                Ok(Recipients { first: Cow::Owned(v.to_owned()), count: 1 })
            }
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Recipients::default())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let Some(Text(first)) = seq.next_element()? else { return Ok(Recipients::default()) };
                let mut count = 1;
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Recipients { first, count })
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}

/// A number; what else stands there is none, and spoils no record.
fn number_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Loose {
        Number(f64),
        Other(IgnoredAny),
    }
    Ok(match Loose::deserialize(deserializer)? {
        Loose::Number(number) => Some(number),
        Loose::Other(IgnoredAny) => None,
    })
}

/// A field that stands with `null` is not a field left out.
fn peer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Peer<'de>, D::Error> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Address<'a> {
        #[serde(borrow)]
        name: Text<'a>,
        #[serde(borrow)]
        addr: Text<'a>,
    }
    let address = Option::<Address<'de>>::deserialize(deserializer)?;
    Ok(address.map_or(Peer::None, |a| Peer::Host { name: a.name.0, addr: a.addr.0 }))
}

/// Looked for in each reception, so built once.
static TIMESTAMP: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r#","timestamp":"#));

/// The id and the time of a record about a message's reception, without taking it apart.
/// Between a third and a half of a log are such records, and each says no more here.
pub(super) fn reception(line: &[u8]) -> Option<(&[u8], Stamp)> {
    let rest = line.strip_prefix(br#"{"type":"Reception","id":""#)?;
    let id = &rest[..memchr::memchr(b'"', rest)?];
    // Inside a string these quotes would be escaped, and the objects that others fill follow.
    let at = TIMESTAMP.find(rest)? + 13;
    let rest = line.ends_with(b"}").then(|| &rest[at..])?;
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let (second, rest) = (std::str::from_utf8(&rest[..digits]).ok()?, &rest[digits..]);
    if let Some(time) = rest.strip_prefix(br#","event_time":""#) {
        let time = &time[..memchr::memchr(b'"', time)?];
        return Some((id, parse_rfc3339(std::str::from_utf8(time).ok()?).ok()?));
    }
    Some((id, Stamp::from_seconds(second.parse().ok().filter(|s: &i64| *s < 100_000_000_000)?)))
}
