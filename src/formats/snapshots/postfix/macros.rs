//! `$name` in a parameter's value (postconf(5), `mac_expand.c`, `mac_parse.c`).

/// How deep references may go, how many there may be, and how long a value may grow.
const DEEPEST: u32 = 20;
const MOST: u32 = 500;
const LONGEST: usize = 4096;

/// What a reference leads to.
pub(super) enum Reach {
    /// A value, which may refer on.
    Value(String),
    /// Nothing that is known here.
    Unknown(String),
}

/// A value with all references replaced.
///
/// # Errors
/// The reason, where one cannot be.
pub(super) fn expand(value: &str, reach: &mut dyn FnMut(&str) -> Reach) -> Result<String, String> {
    let mut references = 0;
    let mut counted = |name: &str| {
        references += 1;
        if references > MOST { Reach::Unknown("it has too many references".to_owned()) } else { reach(name) }
    };
    expanded(value, &mut counted, 0)
}

fn expanded(value: &str, reach: &mut dyn FnMut(&str) -> Reach, depth: u32) -> Result<String, String> {
    if depth > DEEPEST || value.len() > LONGEST {
        return Err("its references go in a circle or too deep".to_owned());
    }
    let mut out = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(more) = after.strip_prefix('$') {
            out.push('$');
            rest = more;
            continue;
        }
        let (piece, more) = match after.chars().next() {
            Some('{') => braced(after, '{', '}').map(|(body, more)| (expression(body, reach, depth), more))?,
            Some('(') => braced(after, '(', ')').map(|(body, more)| (expression(body, reach, depth), more))?,
            _ => {
                let end = after.find(|c: char| !is_name(c)).unwrap_or(after.len());
                let (name, more) = after.split_at(end);
                (value_of(name, reach, depth), more)
            }
        };
        out.push_str(&piece?);
        rest = more;
        if out.len() > LONGEST {
            return Err("its references make it too long".to_owned());
        }
    }
    out.push_str(rest);
    Ok(out)
}

const fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The text between a bracket at the start and its partner, and what follows.
fn braced(text: &str, open: char, close: char) -> Result<(&str, &str), String> {
    let mut depth = 0_u32;
    for (at, c) in text.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                let body = text.get(open.len_utf8()..at).unwrap_or_default();
                return Ok((body, text.get(at + close.len_utf8()..).unwrap_or_default()));
            }
        }
    }
    Err("a bracket of it is not closed".to_owned())
}

fn value_of(name: &str, reach: &mut dyn FnMut(&str) -> Reach, depth: u32) -> Result<String, String> {
    match reach(name) {
        Reach::Value(value) => expanded(&value, reach, depth + 1),
        Reach::Unknown(why) => Err(why),
    }
}

/// `name`, `name?text`, `name:text`, `name?{a}:{b}`, `{a} == {b} ? {c} : {d}`.
fn expression(body: &str, reach: &mut dyn FnMut(&str) -> Reach, depth: u32) -> Result<String, String> {
    let body = body.trim();
    let (holds, value, rest) = if body.starts_with('{') {
        let (left, rest) = braced(body, '{', '}')?;
        let rest = rest.trim_start();
        let at = rest.find('{').ok_or("its comparison is not understood")?;
        let (sign, rest) = rest.split_at(at);
        let (right, rest) = braced(rest, '{', '}')?;
        let (left, right) = (expanded(left.trim(), reach, depth + 1)?, expanded(right.trim(), reach, depth + 1)?);
        let holds = compare(&left, sign.trim(), &right).ok_or("its comparison is not understood")?;
        (holds, if holds { "true".to_owned() } else { String::new() }, rest)
    } else {
        let end = body.find(|c: char| !is_name(c)).unwrap_or(body.len());
        let (name, rest) = body.split_at(end);
        let value = value_of(name, reach, depth)?;
        (!value.is_empty(), value, rest)
    };
    let rest = rest.trim_start();
    let (wanted, text) = match rest.chars().next() {
        None => return Ok(value),
        Some('?') => (true, &rest[1..]),
        Some(':') => (false, &rest[1..]),
        Some(_) => return Err("an expression of it is not understood".to_owned()),
    };
    let chosen = if text.trim_start().starts_with('{') {
        let (first, after) = braced(text.trim_start(), '{', '}')?;
        let second = match after.trim_start().strip_prefix(':') {
            Some(other) if wanted => Some(braced(other.trim_start(), '{', '}')?.0),
            _ => None,
        };
        if holds == wanted { Some(first) } else { second }
    } else {
        (holds == wanted).then_some(text)
    };
    chosen.map_or_else(|| Ok(String::new()), |text| expanded(text, reach, depth + 1))
}

fn compare(left: &str, sign: &str, right: &str) -> Option<bool> {
    use std::cmp::Ordering;
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let (sign, by_level) = match sign.strip_suffix("level") {
        Some(sign) => (sign.trim_end(), true),
        None => (sign, false),
    };
    let order = if by_level {
        level(left)?.cmp(&level(right)?)
    } else if digits(left) && digits(right) {
        left.parse::<u64>().ok()?.cmp(&right.parse::<u64>().ok()?)
    } else {
        left.cmp(right)
    };
    Some(match sign {
        "==" => order == Ordering::Equal,
        "!=" => order != Ordering::Equal,
        "<" => order == Ordering::Less,
        "<=" => order != Ordering::Greater,
        ">" => order == Ordering::Greater,
        ">=" => order != Ordering::Less,
        _ => return None,
    })
}

/// A compatibility level: `3.11` is more than `3.6`.
fn level(text: &str) -> Option<[u32; 3]> {
    let mut parts = [0; 3];
    let mut given = text.split('.');
    for part in &mut parts {
        match given.next() {
            Some(number) => *part = number.parse().ok()?,
            None => break,
        }
    }
    given.next().is_none().then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{sample, taken};
    use super::*;

    fn with(value: &str) -> Result<String, String> {
        expand(value, &mut |name| match name {
            "empty" => Reach::Value(String::new()),
            "a" => Reach::Value("x".to_owned()),
            "b" => Reach::Value("$a-$a".to_owned()),
            "circle" => Reach::Value("$circle".to_owned()),
            "grow" => Reach::Value("$more$more$more$more$more$more$more$more".to_owned()),
            "wide" => Reach::Value("$wide8$wide8$wide8".to_owned()),
            "wide8" => Reach::Value("$empty$empty$empty$empty".repeat(99)),
            "more" => Reach::Value("0123456789".repeat(80)),
            "compatibility_level" => Reach::Value("3.6".to_owned()),
            other => Reach::Unknown(format!("${other} is not known")),
        })
    }

    #[test]
    fn references_are_replaced_as_postconf_5_says() {
        for (value, expanded) in [
            ("plain", "plain"),
            ("$a/$b", "x/x-x"),
            ("$(a)b ${a}b $$a", "xb xb $a"),
            ("${a?yes} ${empty?yes} ${a:no} ${empty:no}", "yes   no"),
            ("${a?{1}:{2}}${empty?{1}:{2}}${a:{3}}${empty:{3}}", "123"),
            ("${{$a} == {x} ? {same} : {other}}", "same"),
            ("${{9} < {10} ? {n} : {s}}${{9} < {10a} ? {n} : {s}}", "ns"),
            ("${{$compatibility_level} <level {3.11} ? {old} : {new}}", "old"),
            ("${{$compatibility_level} < {3.11} ? {old} : {new}}", "new"),
            ("${{1} == {1}}", "true"),
        ] {
            assert_eq!(with(value).as_deref(), Ok(expanded), "{value}");
        }
        for bad in ["$unknown", "${a", "$circle", "$grow", "$wide", "${{a} ~ {b} ? {c} : {d}}", "${{a}", "${a!b}"] {
            assert!(with(bad).is_err(), "{bad}");
        }
    }

    /// `postconf -x -P` expanded the same options.
    #[test]
    fn options_expand_as_postfix_itself_expands_them() {
        let (_, main) = taken(&sample("instance.main.cf"));
        let (_, options) = taken(&sample("instance.postconf-P.txt"));
        let (_, expanded) = taken(&sample("instance.postconf-xP.txt"));
        assert_eq!(options.settings.len(), 8);
        for (given, due) in options.settings.iter().zip(&expanded.settings) {
            let found = expand(&given.value, &mut |name| {
                let stated = main.settings.iter().find(|s| s.name == name).map(|s| s.value.clone());
                let own = || main.addresses.get(name).map(ToString::to_string);
                match name {
                    "service_name" => Reach::Value(given.service.clone()),
                    _ => stated.or_else(own).map_or_else(|| Reach::Unknown(name.to_owned()), Reach::Value),
                }
            });
            assert_eq!(found.as_deref(), Ok(due.value.as_str()), "{} {}", given.service, given.name);
        }
    }
}
