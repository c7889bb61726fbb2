//! From where a session left and to where: what the names of an event stand for, found once.

use rustc_hash::FxHashMap;

use super::{EgressId, MxId, Names};
use crate::formats::logs::Event;
use crate::smtp::{Lanes, NameSays};

/// What the names of events stand for.
///
/// A log names the same few pairs again and again. Those seen last are known by comparing,
/// which costs a fraction of looking each name up.
pub(super) struct Places {
    recent: Box<[Option<Place>; RECENT]>,
    /// What the names of MX hosts say, so that the patterns are tried once a host.
    hosts: FxHashMap<Box<[u8]>, NameSays>,
}

/// Pairs that are known by comparing.
const RECENT: usize = 1024;

/// Names of hosts that are remembered: a log may tell of any number.
const MOST_HOSTS: usize = 4096;

/// What the names of one event stand for.
pub(super) struct Place {
    node: Box<[u8]>,
    tag: Box<[u8]>,
    source_ip: Box<[u8]>,
    mx_host: Box<[u8]>,
    /// What the host's name says of the lane.
    pub(super) says: NameSays,
    pub(super) egress: EgressId,
    /// Hosts of Gmail's lane alone have a number.
    mx: Option<MxId>,
}

impl Default for Places {
    fn default() -> Self {
        Self { recent: Box::new([const { None }; RECENT]), hosts: FxHashMap::default() }
    }
}

impl Places {
    /// What an event's names stand for; `node` is the one that case.yaml names over the log's.
    pub(super) fn of(&mut self, event: &Event<'_>, node: Option<&str>, lanes: &Lanes, names: &mut Names) -> &mut Place {
        let Self { recent, hosts } = self;
        let slot = &mut recent[slot_of(event)];
        if !slot.as_ref().is_some_and(|place| place.is_of(event)) {
            *slot = None;
        }
        slot.get_or_insert_with(|| {
            let says = hosts.get(event.mx_host).copied().unwrap_or_else(|| {
                let says = lanes.read_name(event.mx_host);
                if hosts.len() < MOST_HOSTS {
                    hosts.insert(event.mx_host.into(), says);
                }
                says
            });
            Place {
                node: event.node.into(),
                tag: event.tag.into(),
                source_ip: event.source_ip.into(),
                mx_host: event.mx_host.into(),
                says,
                egress: names.egress(node.map_or(event.node, str::as_bytes), event.tag, event.source_ip),
                mx: None,
            }
        })
    }
}

impl Place {
    fn is_of(&self, event: &Event<'_>) -> bool {
        *self.mx_host == *event.mx_host
            && *self.tag == *event.tag
            && *self.source_ip == *event.source_ip
            && *self.node == *event.node
    }

    /// The number of the MX host.
    pub(super) fn mx(&mut self, names: &mut Names) -> MxId {
        *self.mx.get_or_insert_with(|| names.mx(&self.mx_host))
    }
}

/// Where the names of an event are looked for. Names differ at their beginning or their end.
fn slot_of(event: &Event<'_>) -> usize {
    let sample = |name: &[u8]| match (name.first_chunk::<8>(), name.last_chunk::<8>()) {
        (Some(first), Some(last)) => u64::from_le_bytes(*first).rotate_left(23) ^ u64::from_le_bytes(*last),
        _ => name.iter().fold(0, |n, b| n << 8 | u64::from(*b)),
    };
    let names = [event.mx_host, event.tag, event.source_ip, event.node];
    let hash = names
        .into_iter()
        .fold(0_u64, |hash, name| (hash.rotate_left(5) ^ sample(name)).wrapping_mul(0x517c_c1b7_2722_0a95));
    (hash >> 54) as usize % RECENT
}
