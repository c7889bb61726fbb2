//! Small numbers for the names that repeat on every line.

use rustc_hash::FxHashMap;

/// What a log shows of where a session left from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Egress {
    /// The node that logged.
    pub node: String,
    /// Postfix's syslog name, a transport, a binding: what stands for the IP.
    pub tag: String,
    /// The sending IP, where the log itself shows it; else empty.
    pub ip: String,
}

/// Number of an [`Egress`] in [`Names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EgressId(pub u16);

/// Number of an MX host in [`Names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MxId(pub u16);

/// The names of one tally. Numbers are local to it; merging translates them.
#[derive(Clone, Debug, Default)]
pub struct Names {
    egresses: Vec<Egress>,
    mx_hosts: Vec<String>,
    egress_index: FxHashMap<Box<[u8]>, EgressId>,
    mx_index: FxHashMap<Box<[u8]>, MxId>,
    scratch: Vec<u8>,
}

impl Names {
    /// The number of an egress; a new one when it was not seen before.
    pub fn egress(&mut self, node: &[u8], tag: &[u8], ip: &[u8]) -> EgressId {
        self.scratch.clear();
        for part in [node, tag, ip] {
            self.scratch.extend_from_slice(part);
            self.scratch.push(0);
        }
        if let Some(id) = self.egress_index.get(&*self.scratch) {
            return *id;
        }
        // Beyond 65,535 names the last one stands for the rest.
        let id = EgressId(u16::try_from(self.egresses.len()).unwrap_or(u16::MAX));
        if usize::from(id.0) == self.egresses.len() {
            let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
            self.egresses.push(Egress { node: text(node), tag: text(tag), ip: text(ip) });
        }
        self.egress_index.insert(self.scratch.as_slice().into(), id);
        id
    }

    /// The number of an MX host, case-insensitively.
    pub fn mx(&mut self, host: &[u8]) -> MxId {
        // Known by its small letters; most hosts come in these.
        if let Some(id) = self.mx_index.get(host) {
            return *id;
        }
        self.scratch.clear();
        self.scratch.extend(host.iter().map(u8::to_ascii_lowercase));
        if let Some(id) = self.mx_index.get(&*self.scratch) {
            return *id;
        }
        let id = MxId(u16::try_from(self.mx_hosts.len()).unwrap_or(u16::MAX));
        if usize::from(id.0) == self.mx_hosts.len() {
            self.mx_hosts.push(String::from_utf8_lossy(&self.scratch).into_owned());
        }
        self.mx_index.insert(self.scratch.as_slice().into(), id);
        id
    }

    /// The egress of a number.
    #[must_use]
    pub fn egress_of(&self, id: EgressId) -> Option<&Egress> {
        self.egresses.get(usize::from(id.0))
    }

    /// The host of a number.
    #[must_use]
    pub fn mx_of(&self, id: MxId) -> Option<&str> {
        self.mx_hosts.get(usize::from(id.0)).map(String::as_str)
    }

    /// All egresses with their numbers, in order of number.
    pub fn egresses(&self) -> impl Iterator<Item = (EgressId, &Egress)> {
        (0..).map(EgressId).zip(&self.egresses)
    }

    /// All MX hosts with their numbers, in order of number.
    pub fn mx_hosts(&self) -> impl Iterator<Item = (MxId, &str)> {
        (0..).map(MxId).zip(self.mx_hosts.iter().map(String::as_str))
    }

    /// Whether nothing has a name.
    pub(super) fn is_empty(&self) -> bool {
        self.egresses.is_empty() && self.mx_hosts.is_empty()
    }

    /// This table's numbers for another's names.
    pub(super) fn adopt(&mut self, other: &Self) -> Translation {
        let egresses =
            other.egresses.iter().map(|e| self.egress(e.node.as_bytes(), e.tag.as_bytes(), e.ip.as_bytes())).collect();
        let mx_hosts = other.mx_hosts.iter().map(|h| self.mx(h.as_bytes())).collect();
        Translation { egresses, mx_hosts }
    }
}

/// One table's numbers in terms of another's.
pub(super) struct Translation {
    egresses: Vec<EgressId>,
    mx_hosts: Vec<MxId>,
}

impl Translation {
    pub(super) fn egress(&self, id: EgressId) -> EgressId {
        self.egresses.get(usize::from(id.0)).copied().unwrap_or(id)
    }

    pub(super) fn mx(&self, id: MxId) -> MxId {
        self.mx_hosts.get(usize::from(id.0)).copied().unwrap_or(id)
    }
}
