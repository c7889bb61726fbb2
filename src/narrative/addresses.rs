//! Long lists of IP addresses in little space: neighbours become ranges, the rest a count.

use std::net::IpAddr;

/// A stretch of neighbouring addresses: positions in the list it was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::narrative) struct Range {
    /// Position of the lowest address.
    pub(in crate::narrative) from: usize,
    /// Position of the highest address.
    pub(in crate::narrative) to: usize,
    /// How many of the list it holds.
    pub(in crate::narrative) count: usize,
}

/// Neighbouring addresses as ranges, in order of address; what has no address stands alone, last.
pub(in crate::narrative) fn ranges(list: &[Option<IpAddr>]) -> Vec<Range> {
    let mut order: Vec<usize> = (0..list.len()).collect();
    order.sort_by_key(|&i| {
        let ip = list.get(i).copied().flatten();
        (ip.is_none(), ip, i)
    });
    let mut found: Vec<Range> = Vec::new();
    for i in order {
        let ip = list.get(i).copied().flatten();
        if let Some(last) = found.last_mut()
            && let (Some(before), Some(ip)) = (list.get(last.to).copied().flatten(), ip)
            && (before == ip || follows(before, ip))
        {
            last.to = i;
            last.count += 1;
        } else {
            found.push(Range { from: i, to: i, count: 1 });
        }
    }
    found
}

fn follows(before: IpAddr, ip: IpAddr) -> bool {
    match (before, ip) {
        (IpAddr::V4(a), IpAddr::V4(b)) => u32::from(a).checked_add(1) == Some(u32::from(b)),
        (IpAddr::V6(a), IpAddr::V6(b)) => u128::from(a).checked_add(1) == Some(u128::from(b)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_become_ranges() {
        let ip = |t: &str| t.parse().ok();
        let list = [ip("192.0.2.13"), None, ip("192.0.2.11"), ip("192.0.2.12"), ip("192.0.2.20"), ip("2001:db8::1")];
        let range = |from, to, count| Range { from, to, count };
        assert_eq!(ranges(&list), [range(2, 0, 3), range(4, 4, 1), range(5, 5, 1), range(1, 1, 1)]);
        assert_eq!(ranges(&[]), []);
        let end = [ip("255.255.255.255"), ip("::")];
        assert_eq!(ranges(&end).len(), 2);
    }
}
