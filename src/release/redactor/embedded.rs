//! Addresses inside local parts: VERP, SRS, BATV and the percent hack.

use super::addresses::is_domain_like;

/// A recipient that a local part carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Embedded {
    /// What precedes the recipient, its delimiter included: `bounce+`, `SRS0=HHH=TT=`.
    pub prefix: String,
    /// The recipient's local part.
    pub local: String,
    /// The recipient's domain; BATV shares the domain of the whole address.
    pub domain: Option<String>,
    /// What stands between local part and domain, or between domain and local part for SRS.
    pub delimiter: char,
    /// SRS writes the domain first.
    pub domain_first: bool,
}

/// Prefixes that name a mechanism, not a person or a list; they stay readable.
const MECHANISMS: &[&str] = &["b", "bounce", "bounces", "return", "verp", "srs0", "srs1", "prvs", "btv1", "bnc"];

/// The address in a local part, if it has one of the known forms. `known` says
/// whether an address was met elsewhere, which decides where a name begins.
pub(super) fn embedded(local: &str, known: &dyn Fn(&str) -> bool) -> Option<Embedded> {
    srs(local).or_else(|| batv(local)).or_else(|| verp(local, known))
}

/// The prefix as it may be shown: mechanisms stay, the rest is for the caller to hide.
pub(super) fn mechanism(prefix: &str) -> Option<&str> {
    let word = prefix.split(['+', '=', '-', '_', '.', '#']).next()?;
    MECHANISMS.contains(&word.to_ascii_lowercase().as_str()).then_some(word)
}

/// `SRS0=HHH=TT=domain=local`, `SRS1=HHH=forwarder==HHH=TT=domain=local`, first separator `=`, `+` or `-`.
fn srs(local: &str) -> Option<Embedded> {
    let head = local.get(..4)?.to_ascii_lowercase();
    if (head != "srs0" && head != "srs1") || !local.get(4..5).is_some_and(|s| "=+-".contains(s)) {
        return None;
    }
    let parts: Vec<&str> = local.get(5..)?.split('=').collect();
    // SRS1 names the forwarder before the original sender: skip past its `==`.
    let first = if head == "srs1" { parts.iter().position(|p| p.is_empty()).map_or(0, |at| at + 2) } else { 2 };
    let at = (first..parts.len()).find(|&k| parts.get(k).is_some_and(|p| is_domain_like(p)))?;
    let inner = parts.get(at + 1..)?.join("=");
    let domain = (*parts.get(at)?).to_owned();
    let prefix = local.get(..local.len() - domain.len() - 1 - inner.len())?.to_owned();
    (!inner.is_empty()).then_some(Embedded {
        prefix,
        local: inner,
        domain: Some(domain),
        delimiter: '=',
        domain_first: true,
    })
}

/// `prvs=TAG=local`, `btv1==TAG==local`: a signed local part of the same domain.
fn batv(local: &str) -> Option<Embedded> {
    let lower = local.to_ascii_lowercase();
    let inner = if lower.starts_with("prvs=") {
        local.get(5..)?.split_once('=')?.1
    } else if lower.starts_with("btv1==") {
        local.get(6..)?.split_once("==")?.1
    } else {
        return None;
    };
    let prefix = local.get(..local.len() - inner.len())?.to_owned();
    (!inner.is_empty()).then(|| Embedded {
        prefix,
        local: inner.to_owned(),
        domain: None,
        delimiter: '@',
        domain_first: false,
    })
}

/// `bounce+alice=example.com`, and any other pair of delimiters where the address is known.
fn verp(local: &str, known: &dyn Fn(&str) -> bool) -> Option<Embedded> {
    let mut fallback = None;
    for (at, delimiter) in local.char_indices().filter(|(_, c)| "=%#+-_!~$".contains(*c)) {
        let (Some(head), Some(domain)) = (local.get(..at), local.get(at + 1..)) else { continue };
        if head.is_empty() || !is_domain_like(domain) {
            continue;
        }
        let starts = head.char_indices().filter(|(_, c)| !c.is_alphanumeric()).map(|(k, c)| k + c.len_utf8());
        let exact = std::iter::once(0)
            .chain(starts)
            .find(|&k| head.get(k..).is_some_and(|user| known(&format!("{user}@{domain}"))));
        let start = match exact {
            Some(start) => start,
            // Without a known address only the delimiters that VERP and relays use by default count.
            None if "=%".contains(delimiter) => first_name(head),
            None => continue,
        };
        let made = Embedded {
            prefix: head.get(..start)?.to_owned(),
            local: head.get(start..)?.to_owned(),
            domain: Some(domain.to_owned()),
            delimiter,
            domain_first: false,
        };
        if exact.is_some() {
            return Some(made);
        }
        fallback = (!made.local.is_empty()).then_some(made);
    }
    fallback
}

/// Where the name begins in `bounce+alice` or `bounces-alice`.
fn first_name(head: &str) -> usize {
    if let Some(plus) = head.find('+') {
        return plus + 1;
    }
    let cut = head.find(['-', '=', '_']).map_or(0, |at| at + 1);
    if mechanism(head).is_some() { cut } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(local: &str, known: &[&str]) -> Option<(String, String, Option<String>)> {
        embedded(local, &|a| known.contains(&a)).map(|e| (e.prefix, e.local, e.domain))
    }

    fn some(prefix: &str, local: &str, domain: &str) -> Option<(String, String, Option<String>)> {
        Some((prefix.into(), local.into(), Some(domain.into())))
    }

    #[test]
    fn forms_that_carry_a_recipient() {
        assert_eq!(parts("bounce+alice.b=example.com", &[]), some("bounce+", "alice.b", "example.com"));
        assert_eq!(parts("bounce+alice+promo=example.com", &[]), some("bounce+", "alice+promo", "example.com"));
        assert_eq!(parts("bounces-alice=example.com", &[]), some("bounces-", "alice", "example.com"));
        assert_eq!(parts("alice%example.com", &[]), some("", "alice", "example.com"));
        assert_eq!(parts("SRS0=HHH=TT=example.com=alice.b", &[]), some("SRS0=HHH=TT=", "alice.b", "example.com"));
        assert_eq!(parts("SRS0+HHH=TT=example.com=a=b", &[]), some("SRS0+HHH=TT=", "a=b", "example.com"));
        assert_eq!(
            parts("SRS1=GGG=fwd.example==HHH=TT=example.com=alice", &[]),
            some("SRS1=GGG=fwd.example==HHH=TT=", "alice", "example.com")
        );
        assert_eq!(parts("prvs=0123456789=alice.b", &[]), Some(("prvs=0123456789=".into(), "alice.b".into(), None)));
    }

    #[test]
    fn a_known_address_decides_the_cut() {
        let known = ["alice.b@example.com"];
        assert_eq!(parts("list-x-alice.b-example.com", &known), some("list-x-", "alice.b", "example.com"));
        assert_eq!(parts("bounce.alice.b#example.com", &known), some("bounce.", "alice.b", "example.com"));
        assert_eq!(parts("news+x+alice.b=example.com", &known), some("news+x+", "alice.b", "example.com"));
    }

    #[test]
    fn ordinary_names_carry_none() {
        for local in ["alice.b", "first-last.name", "a+b", "x=y", "SRS0", "prvs=1"] {
            assert_eq!(parts(local, &[]), None, "{local}");
        }
    }
}
