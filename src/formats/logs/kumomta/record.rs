//! One record: the fields that the analysis needs, borrowed from the line.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use memchr::{memchr, memchr_iter, memrchr};
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, SeqAccess, Visitor};

use super::skim::{Order, holds_controls, null, plain_string, value, whole_number};
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
        Self::of_next(line, &mut Orders::default())
    }

    /// Takes a line apart; `orders` know those before.
    pub(super) fn of_next(line: &'a [u8], orders: &mut Orders) -> Option<Self> {
        // That a line is text is found out for all of it far quicker than for each of its strings.
        match std::str::from_utf8(line) {
            Ok(line) => Self::skim(line, orders).or_else(|| serde_json::from_str(line).ok()),
            Err(_) => serde_json::from_slice(line).ok(),
        }
    }

    /// Takes a record apart that is written as KumoMTA writes them; nothing for any other.
    fn skim(line: &'a str, orders: &mut Orders) -> Option<Self> {
        if holds_controls(line.as_bytes()) {
            return None;
        }
        let mut record = Self::default();
        let Orders { record: order, response, enhanced, peer, source } = orders;
        let rest = order.fields(line, |field, rest| match field {
            0 => record.kind.skim(rest),
            1 => record.id.skim(rest),
            2 => record.queue.skim(rest),
            3 => record.site.skim(rest),
            4 => record.event_time.skim(rest),
            5 => record.egress_pool.skim(rest),
            6 => record.egress_source.skim(rest),
            7 => record.delivery_protocol.skim(rest),
            8 => record.reception_protocol.skim(rest),
            9 => record.session_id.skim(rest),
            10 => record.recipient.skim(rest),
            11 => {
                let after;
                (record.response, after) = or_null(rest, |rest| Response::skim(rest, response, enhanced))?;
                Some(after)
            }
            12 => {
                let (value, after) = value(rest)?;
                record.timestamp = match whole_number(value) {
                    Some((second, "")) => Some(second as f64),
                    _ => serde_json::from_str(value).ok()?,
                };
                Some(after)
            }
            13 => {
                let after;
                (record.source_address, after) = or_null(rest, |rest| Source::skim(rest, source))?;
                Some(after)
            }
            14 => {
                let (value, after) = value(rest)?;
                record.tls_cipher = (value != "null").then_some(IgnoredAny);
                Some(after)
            }
            16 => {
                let (value, after) = value(rest)?;
                record.created = value.parse().ok();
                Some(after)
            }
            _ => {
                let (found, after) = or_null(rest, |rest| Peer::skim(rest, peer))?;
                record.peer_address = found.unwrap_or(Peer::None);
                Some(after)
            }
        })?;
        rest.is_empty().then_some(record)
    }

    /// When it was logged: to the nanosecond since 2025.10, before to the second.
    pub(super) fn at(&self) -> Option<Stamp> {
        self.at_in(&mut Seconds::default())
    }

    /// The same; the second may be one that was read before.
    pub(super) fn at_in(&self, seconds: &mut Seconds) -> Option<Stamp> {
        if let Some(at) = seconds.moment(&self.event_time.0) {
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
        let domain = memrchr(b'@', address.as_bytes()).map_or(&**address, |at| &address[at + 1..]);
        memchr(b'!', domain.as_bytes()).map_or(domain, |at| &domain[..at])
    }

    /// Whether the message goes elsewhere than to a receiver's MX: to a webhook, a maildir,
    /// another node, or from a queue inside KumoMTA.
    pub(super) fn is_no_mail(&self) -> bool {
        let protocol = &*self.delivery_protocol.0;
        let by_protocol = !matches!(protocol, "" | "ESMTP" | "SMTP" | "LMTP");
        let site = self.site.0.as_bytes();
        let by_site = memrchr(b'@', site).is_some_and(|at| {
            let has_arrow = memchr_iter(b'>', &site[..at]).any(|at| site[..at].ends_with(b"-"));
            has_arrow && !site[at + 1..].starts_with(b"smtp_client")
        });
        let inside = self.queue.0.ends_with(".kumomta.internal") || self.reception_protocol.0 == "LogRecord";
        by_protocol || by_site || inside
    }
}

/// In which order the fields of records stand, and those of the objects inside.
pub(super) struct Orders {
    record: Order,
    response: Order,
    enhanced: Order,
    peer: Order,
    source: Order,
}

impl Default for Orders {
    fn default() -> Self {
        Self {
            record: Order::of(|name| {
                Some(match name {
                    "type" => 0,
                    "id" => 1,
                    "queue" => 2,
                    "site" => 3,
                    "event_time" => 4,
                    "egress_pool" => 5,
                    "egress_source" => 6,
                    "delivery_protocol" => 7,
                    "reception_protocol" => 8,
                    "session_id" => 9,
                    "recipient" => 10,
                    "response" => 11,
                    "timestamp" => 12,
                    "source_address" => 13,
                    "tls_cipher" => 14,
                    "peer_address" => 15,
                    "created" => 16,
                    _ => return None,
                })
            }),
            response: Order::of(|name| number_in(&["code", "enhanced_code", "content", "command"], name)),
            enhanced: Order::of(|name| number_in(&["class", "subject", "detail"], name)),
            peer: Order::of(|name| number_in(&["name", "addr"], name)),
            source: Order::of(|name| number_in(&["address"], name)),
        }
    }
}

fn number_in(names: &[&str], name: &str) -> Option<u32> {
    names.iter().position(|known| *known == name).map(|at| at as u32)
}

/// An object at the start of a text, or none, and what follows.
fn or_null<'a, T>(text: &'a str, skim: impl FnOnce(&'a str) -> Option<(T, &'a str)>) -> Option<(Option<T>, &'a str)> {
    match null(text) {
        Some(after) => Some((None, after)),
        None => skim(text).map(|(found, after)| (Some(found), after)),
    }
}

impl<'a> Response<'a> {
    fn skim(text: &'a str, order: &mut Order, enhanced: &mut Order) -> Option<(Self, &'a str)> {
        let mut response = Self::default();
        let after = order.fields(text, |field, rest| match field {
            0 => short_number(rest, &mut response.code),
            1 => {
                let after;
                (response.enhanced_code, after) = or_null(rest, |rest| Enhanced::skim(rest, enhanced))?;
                Some(after)
            }
            2 => response.content.skim(rest),
            _ => response.command.skim(rest),
        })?;
        Some((response, after))
    }
}

impl Enhanced {
    fn skim<'a>(text: &'a str, order: &mut Order) -> Option<(Self, &'a str)> {
        let (mut code, mut found) = (Self::default(), 0);
        let after = order.fields(text, |field, rest| {
            found += 1;
            short_number(
                rest,
                match field {
                    0 => &mut code.class,
                    1 => &mut code.subject,
                    _ => &mut code.detail,
                },
            )
        })?;
        // None of them may be left out.
        (found == 3).then_some((code, after))
    }
}

impl<'a> Peer<'a> {
    fn skim(text: &'a str, order: &mut Order) -> Option<(Self, &'a str)> {
        let (mut name, mut addr) = (Text::default(), Text::default());
        let after = order.fields(text, |field, rest| if field == 0 { name.skim(rest) } else { addr.skim(rest) })?;
        Some((Self::Host { name: name.0, addr: addr.0 }, after))
    }
}

impl<'a> Source<'a> {
    fn skim(text: &'a str, order: &mut Order) -> Option<(Self, &'a str)> {
        let mut source = Self::default();
        let after = order.fields(text, |_, rest| source.address.skim(rest))?;
        Some((source, after))
    }
}

fn short_number<'a>(text: &'a str, to: &mut u16) -> Option<&'a str> {
    let (number, after) = whole_number(text)?;
    *to = u16::try_from(number).ok()?;
    Some(after)
}

/// Text, borrowed where it holds no escapes; `null` is empty.
#[derive(Debug, Default)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl<'a> Text<'a> {
    /// Takes its value from the start of a text, and gives what follows.
    fn skim(&mut self, text: &'a str) -> Option<&'a str> {
        if let Some((plain, after)) = plain_string(text) {
            self.0 = Cow::Borrowed(plain);
            return Some(after);
        }
        let (value, after) = value(text)?;
        *self = serde_json::from_str(value).ok()?;
        Some(after)
    }
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

impl<'a> Recipients<'a> {
    fn skim(&mut self, text: &'a str) -> Option<&'a str> {
        if let Some((plain, after)) = plain_string(text) {
            *self = Self { first: Cow::Borrowed(plain), count: 1 };
            return Some(after);
        }
        let (value, after) = value(text)?;
        *self = serde_json::from_str(value).ok()?;
        Some(after)
    }
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

/// The second that was read last: records of one second stand together, and only what follows
/// its point is read of the next.
#[derive(Default)]
pub(super) struct Seconds {
    /// `2026-11-24T03:56:43`
    written: [u8; 19],
    begins: Option<Stamp>,
}

impl Seconds {
    /// The moment of a time in RFC 3339.
    pub(super) fn moment(&mut self, time: &str) -> Option<Stamp> {
        let Some((written, millis)) = second_and_millis(time.as_bytes()) else { return parse_rfc3339(time).ok() };
        if let Some(begins) = self.begins.filter(|_| *written == self.written) {
            return Some(begins.plus_millis(millis));
        }
        let at = parse_rfc3339(time).ok()?;
        (self.written, self.begins) = (*written, Some(at.plus_millis(-millis)));
        Some(at)
    }
}

/// Splits `2026-11-24T03:56:43.120440526Z`; nothing for a time of another form.
fn second_and_millis(time: &[u8]) -> Option<(&[u8; 19], i64)> {
    let (written, rest) = time.split_first_chunk::<19>()?;
    let digits = rest.strip_prefix(b".")?.strip_suffix(b"Z")?;
    let is_fraction = digits.len() >= 3 && digits.iter().all(u8::is_ascii_digit);
    let millis = digits.iter().take(3).fold(0, |n, digit| n * 10 + i64::from(digit.wrapping_sub(b'0')));
    is_fraction.then_some((written, millis))
}

/// Looked for in each reception, so built once.
static TIMESTAMP: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(r#","timestamp":"#));

/// The id and the time of a record about a message's reception, without taking it apart.
/// Between a third and a half of a log are such records, and each says no more here.
pub(super) fn reception<'a>(line: &'a [u8], seconds: &mut Seconds) -> Option<(&'a [u8], Stamp)> {
    let rest = line.strip_prefix(br#"{"type":"Reception","id":""#)?;
    let id = &rest[..memchr(b'"', rest)?];
    // Inside a string these quotes would be escaped, and the objects that others fill follow.
    let at = TIMESTAMP.find(rest)? + 13;
    let rest = line.ends_with(b"}").then(|| &rest[at..])?;
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let (second, rest) = (std::str::from_utf8(&rest[..digits]).ok()?, &rest[digits..]);
    if let Some(time) = rest.strip_prefix(br#","event_time":""#) {
        let time = &time[..memchr(b'"', time)?];
        return Some((id, seconds.moment(std::str::from_utf8(time).ok()?)?));
    }
    Some((id, Stamp::from_seconds(second.parse().ok().filter(|s: &i64| *s < 100_000_000_000)?)))
}
