//! The canonical signals: what a metric measures, in which unit.

use std::fmt;

/// A canonical signal.
///
/// Most are measured as they stand. Four are only ways of writing another one
/// ([`Signal::canonical`]): a file or case.yaml may name them, a series never
/// carries them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// Idle share of all cores; written as 100 − idle, [`Signal::CpuPercent`].
    CpuIdlePercent,
    /// Busy share of all cores (an instance `cpu0` is one core).
    CpuPercent,
    /// Share of time in user code.
    CpuUserPercent,
    /// Share of time in the kernel.
    CpuSystemPercent,
    /// Share of time the hypervisor gave to others.
    CpuStealPercent,
    /// Share of time in soft interrupts: network work that no process shows.
    CpuSoftirqPercent,
    /// Load average over one minute.
    Load1,
    /// Tasks that wait for a core.
    RunQueue,
    /// Bytes sent per second; written as [`Signal::EgressBps`].
    EgressBytesPerS,
    /// Bits sent per second, per interface.
    EgressBps,
    /// Bytes sent since start; written as [`Signal::EgressBps`].
    EgressBytesTotal,
    /// Use of an interface's nominal speed.
    LinkUtilPercent,
    /// Packets dropped on the way out.
    EgressDrops,
    /// Packets lost on a path.
    PacketLossPercent,
    /// TCP segments sent again.
    RetransmitsPerS,
    /// TCP segments sent again since start; written as [`Signal::RetransmitsPerS`].
    RetransmitsTotal,
    /// TCP segments sent: the denominator of the retransmit ratio.
    OutSegments,
    /// Round-trip time.
    RttMs,
    /// Established TCP connections, all ports.
    ConnsEstablished,
    /// The MTA's connections to receivers.
    SmtpOutConnections,
    /// How many of those it may open.
    SmtpOutLimit,
    /// Connections in TIME_WAIT.
    TimeWait,
    /// Inbound connections dropped at the listen queue.
    ListenDrops,
    /// SYN segments sent again.
    SynRetrans,
    /// Open file handles; of the whole system unless the column says process.
    OpenFiles,
    /// Their limit.
    OpenFilesLimit,
    /// Entries of the connection-tracking table.
    ConntrackUsed,
    /// Its size.
    ConntrackLimit,
    /// Delivery processes at work.
    MtaWorkers,
    /// Messages in the queue; an instance is a queue or lane.
    QueueDepth,
    /// Memory that can be had without swapping.
    MemAvailablePercent,
}

/// What a number of a signal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalKind {
    /// A level at a moment.
    Gauge,
    /// An average over the time since the last sample, per second.
    Rate,
    /// A total since some start, only ever turned into a rate.
    Counter,
}

/// How the samples inside a minute fold into its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// The mean, with the maximum beside it.
    Mean,
    /// The largest.
    Max,
    /// The smallest.
    Min,
    /// The last.
    Last,
    /// The sum: for a rate, its mean times the 60 seconds of the minute.
    Sum,
}

/// What is known of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignalInfo {
    /// `egress_bps`
    pub name: &'static str,
    /// `bit/s`
    pub unit: &'static str,
    /// Level, rate or running total.
    pub kind: SignalKind,
    /// How a minute's value is made.
    pub aggregate: Aggregate,
}

impl Signal {
    /// All signals, those first that share a topic.
    pub const ALL: [Self; 31] = [
        Self::CpuIdlePercent,
        Self::CpuPercent,
        Self::CpuUserPercent,
        Self::CpuSystemPercent,
        Self::CpuStealPercent,
        Self::CpuSoftirqPercent,
        Self::Load1,
        Self::RunQueue,
        Self::EgressBytesPerS,
        Self::EgressBps,
        Self::EgressBytesTotal,
        Self::LinkUtilPercent,
        Self::EgressDrops,
        Self::PacketLossPercent,
        Self::RetransmitsPerS,
        Self::RetransmitsTotal,
        Self::OutSegments,
        Self::RttMs,
        Self::ConnsEstablished,
        Self::SmtpOutConnections,
        Self::SmtpOutLimit,
        Self::TimeWait,
        Self::ListenDrops,
        Self::SynRetrans,
        Self::OpenFiles,
        Self::OpenFilesLimit,
        Self::ConntrackUsed,
        Self::ConntrackLimit,
        Self::MtaWorkers,
        Self::QueueDepth,
        Self::MemAvailablePercent,
    ];

    /// Name, unit, kind and aggregate.
    #[must_use]
    pub const fn info(self) -> SignalInfo {
        use Aggregate::{Last, Max, Mean, Min, Sum};
        use SignalKind::{Counter, Gauge, Rate};
        let (name, unit, kind, aggregate) = match self {
            Self::CpuIdlePercent => ("cpu_idle_percent", "%", Gauge, Min),
            Self::CpuPercent => ("cpu_percent", "%", Gauge, Max),
            Self::CpuUserPercent => ("cpu_user_percent", "%", Gauge, Max),
            Self::CpuSystemPercent => ("cpu_system_percent", "%", Gauge, Max),
            Self::CpuStealPercent => ("cpu_steal_percent", "%", Gauge, Max),
            Self::CpuSoftirqPercent => ("cpu_softirq_percent", "%", Gauge, Max),
            Self::Load1 => ("load1", "tasks", Gauge, Max),
            Self::RunQueue => ("run_queue", "tasks", Gauge, Max),
            Self::EgressBytesPerS => ("egress_bytes_per_s", "B/s", Rate, Mean),
            Self::EgressBps => ("egress_bps", "bit/s", Rate, Mean),
            Self::EgressBytesTotal => ("egress_bytes_total", "B", Counter, Mean),
            Self::LinkUtilPercent => ("link_util_percent", "%", Gauge, Max),
            Self::EgressDrops => ("egress_drops", "packets/s", Rate, Sum),
            Self::PacketLossPercent => ("packet_loss_percent", "%", Gauge, Max),
            Self::RetransmitsPerS => ("retransmits_per_s", "seg/s", Rate, Mean),
            Self::RetransmitsTotal => ("retransmits_total", "seg", Counter, Mean),
            Self::OutSegments => ("out_segments", "seg/s", Rate, Mean),
            Self::RttMs => ("rtt_ms", "ms", Gauge, Max),
            Self::ConnsEstablished => ("conns_established", "n", Gauge, Max),
            Self::SmtpOutConnections => ("smtp_out_connections", "n", Gauge, Max),
            Self::SmtpOutLimit => ("smtp_out_limit", "n", Gauge, Last),
            Self::TimeWait => ("time_wait", "n", Gauge, Max),
            Self::ListenDrops => ("listen_drops", "n/s", Rate, Sum),
            Self::SynRetrans => ("syn_retrans", "seg/s", Rate, Sum),
            Self::OpenFiles => ("open_files", "n", Gauge, Max),
            Self::OpenFilesLimit => ("open_files_limit", "n", Gauge, Last),
            Self::ConntrackUsed => ("conntrack_used", "n", Gauge, Max),
            Self::ConntrackLimit => ("conntrack_limit", "n", Gauge, Last),
            Self::MtaWorkers => ("mta_workers", "n", Gauge, Max),
            Self::QueueDepth => ("queue_depth", "msgs", Gauge, Last),
            Self::MemAvailablePercent => ("mem_available_percent", "%", Gauge, Min),
        };
        SignalInfo { name, unit, kind, aggregate }
    }

    /// `egress_bps`
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.info().name
    }

    /// `bit/s`, `%`, `msgs`, `n`.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        self.info().unit
    }

    /// What people call it: `egress`, `CPU use`. The one place where sentences, charts and
    /// cells for people take its name from.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::CpuIdlePercent => "idle CPU",
            Self::CpuPercent => "CPU use",
            Self::CpuUserPercent => "CPU use in user code",
            Self::CpuSystemPercent => "CPU use in the kernel",
            Self::CpuStealPercent => "CPU time taken by the hypervisor",
            Self::CpuSoftirqPercent => "CPU use in soft interrupts",
            Self::Load1 => "load average of one minute",
            Self::RunQueue => "tasks waiting for a core",
            Self::EgressBytesPerS | Self::EgressBps => "egress",
            Self::EgressBytesTotal => "bytes sent since start",
            Self::LinkUtilPercent => "link use",
            Self::EgressDrops => "dropped outbound packets",
            Self::PacketLossPercent => "packet loss",
            Self::RetransmitsPerS => "TCP retransmissions",
            Self::RetransmitsTotal => "TCP retransmissions since start",
            Self::OutSegments => "TCP segments sent",
            Self::RttMs => "round-trip time",
            Self::ConnsEstablished => "established TCP connections",
            Self::SmtpOutConnections => "open SMTP connections",
            Self::SmtpOutLimit => "limit of SMTP connections",
            Self::TimeWait => "connections in TIME_WAIT",
            Self::ListenDrops => "inbound connections dropped",
            Self::SynRetrans => "SYN retransmissions",
            Self::OpenFiles => "open files",
            Self::OpenFilesLimit => "limit of open files",
            Self::ConntrackUsed => "tracked connections",
            Self::ConntrackLimit => "limit of tracked connections",
            Self::MtaWorkers => "delivery processes",
            Self::QueueDepth => "queue depth",
            Self::MemAvailablePercent => "available memory",
        }
    }

    /// The same of one part of a node: `egress of eth0`.
    #[must_use]
    pub fn label_of(self, instance: &str) -> String {
        if instance.is_empty() { self.label().to_owned() } else { format!("{} of {instance}", self.label()) }
    }

    /// The signal of this name, or of the short name that case.yaml allows
    /// (`egress`, `cpu`, `connections`, `queue`, …).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let short = match name {
            "cpu" => Self::CpuPercent,
            "egress" => Self::EgressBps,
            "egress_drops_per_s" => Self::EgressDrops,
            "retransmits" => Self::RetransmitsPerS,
            "rtt" => Self::RttMs,
            "connections" => Self::SmtpOutConnections,
            "listen_drops_per_s" => Self::ListenDrops,
            "syn_retrans_per_s" => Self::SynRetrans,
            "workers" => Self::MtaWorkers,
            "queue" => Self::QueueDepth,
            _ => return Self::ALL.into_iter().find(|s| s.name() == name),
        };
        Some(short)
    }

    /// The signal that a series carries for this one: itself, except for the
    /// four that are only other ways of writing.
    #[must_use]
    pub const fn canonical(self) -> Self {
        match self {
            Self::CpuIdlePercent => Self::CpuPercent,
            Self::EgressBytesPerS | Self::EgressBytesTotal => Self::EgressBps,
            Self::RetransmitsTotal => Self::RetransmitsPerS,
            same => same,
        }
    }

    /// The signal that states this one's limit, if there is one.
    #[must_use]
    pub const fn limited_by(self) -> Option<Self> {
        match self {
            Self::OpenFiles => Some(Self::OpenFilesLimit),
            Self::ConntrackUsed => Some(Self::ConntrackLimit),
            Self::SmtpOutConnections => Some(Self::SmtpOutLimit),
            _ => None,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signal_is_found_by_its_name_and_counters_become_rates() {
        for signal in Signal::ALL {
            assert_eq!(Signal::from_name(signal.name()), Some(signal));
            assert_eq!(signal.canonical().canonical(), signal.canonical());
            assert_ne!(signal.canonical().info().kind, SignalKind::Counter, "{signal}");
            assert!(!signal.label().contains('_') || signal == Signal::TimeWait, "{signal} is a name for programs");
        }
        let mut labels: Vec<_> = Signal::ALL.iter().filter(|s| s.canonical() == **s).map(|s| s.label()).collect();
        labels.sort_unstable();
        labels.dedup();
        assert_eq!(labels.len(), 27, "two signals of one name");
        assert_eq!(Signal::EgressBps.label_of("eth0"), "egress of eth0");
        assert_eq!(Signal::from_name("egress"), Some(Signal::EgressBps));
        assert_eq!(Signal::from_name("egres"), None);
    }
}
