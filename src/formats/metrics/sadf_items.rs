//! What `sadf -j` and `sadf -x` share (sysstat 10 to 12, its `json_stats.c` and `xml_stats.c`):
//! each sample's reports as elements with named fields, under names of their own.

use super::page::Page;
use super::stamps::{DateOrder, Told, read_time};
use super::sysstat::{Report, Taken};
use crate::time::Stamp;

/// The names of an element's fields in the reports that `sar` and `sadf -d` write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    /// `user` is `%user`.
    Share,
    /// `txkB` is `txkB/s`, `ifutil-percent` is `%ifutil`.
    PerSecond,
    /// `avail` is `kbavail`, `memused-percent` is `%memused`.
    Memory,
    /// As they are.
    Same,
}

impl Naming {
    /// Of an element; nothing for those of no signal.
    fn of(kind: &str) -> Option<Self> {
        Some(match kind {
            "cpu-load" | "cpu-load-all" | "cpu" => Self::Share,
            "net-dev" | "net-edev" | "net-tcp" | "net-etcp" => Self::PerSecond,
            "memory" => Self::Memory,
            "net-sock" | "queue" | "kernel" => Self::Same,
            _ => return None,
        })
    }

    fn column(self, field: &str) -> String {
        match (self, field.strip_suffix("-percent")) {
            (Self::Share, _) if matches!(field, "cpu" | "number") => "CPU".to_owned(),
            (Self::PerSecond, _) if field == "iface" => "IFACE".to_owned(),
            (Self::Share, _) => format!("%{field}"),
            (Self::PerSecond | Self::Memory, Some(share)) => format!("%{share}"),
            (Self::PerSecond, None) => format!("{field}/s"),
            (Self::Memory, None) => format!("kb{field}"),
            (Self::Same, _) => field.to_owned(),
        }
    }
}

/// Whether elements of this kind hold a signal.
pub(super) fn is_of_a_signal(kind: &str) -> bool {
    Naming::of(kind).is_some()
}

/// Folds one element. True when a value was used; nothing when a field is no number.
pub(super) fn put(page: &mut Page<'_>, kind: &str, fields: &[(String, String)], taken: Taken<'_>) -> Option<bool> {
    let Some(naming) = Naming::of(kind) else { return Some(false) };
    let mut columns: Vec<(String, &str)> =
        fields.iter().map(|(name, cell)| (naming.column(name), cell.as_str())).collect();
    // What is measured comes first, as in a report.
    columns.sort_by_key(|(name, _)| !matches!(name.as_str(), "CPU" | "IFACE"));
    let (names, cells): (Vec<String>, Vec<&str>) = columns.into_iter().unzip();
    Report::of(names, 0).put(page, &cells, taken)
}

/// The stamp of an element: date and time, in UTC where `utc` is 1.
pub(super) fn stamp(page: &mut Page<'_>, date: &str, time: &str, utc: bool) -> Option<Stamp> {
    let told = read_time(&format!("{date} {time}{}", if utc { " UTC" } else { "" }), DateOrder::DayFirst)?;
    place(page, told)
}

/// Places a stamp of sadf's, and says what a zone-less one is worth.
pub(super) fn place(page: &mut Page<'_>, told: Told) -> Option<Stamp> {
    let at = page.clock.place(told)?;
    if matches!(told, Told::Local(_)) {
        page.say("sadf -t and -T write times without a zone, and -t can write the date of another zone".to_owned());
    }
    Some(at)
}
