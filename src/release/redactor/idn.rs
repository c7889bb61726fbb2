//! One spelling of a domain: lower case, A-labels (RFC 5890), no trailing dot.

/// `Пример.РФ.` and `xn--e1afmkfd.XN--P1AI` are the same domain: both give the latter, lower-case.
pub(super) fn canonical_domain(domain: &str) -> String {
    let lower = domain.trim_end_matches('.').to_lowercase().replace(['。', '．', '｡'], ".");
    let labels: Vec<String> = lower.split('.').map(a_label).collect();
    labels.join(".")
}

fn a_label(label: &str) -> String {
    if label.is_ascii() {
        return label.to_owned();
    }
    punycode(label).map_or_else(|| label.to_owned(), |code| format!("xn--{code}"))
}

/// Punycode of one label (RFC 3492 §6.3); nothing on overflow.
fn punycode(label: &str) -> Option<String> {
    let points: Vec<u32> = label.chars().map(u32::from).collect();
    let total = u32::try_from(points.len()).ok()?;
    let mut out: String = label.chars().filter(char::is_ascii).collect();
    let basic = u32::try_from(out.len()).ok()?;
    if basic > 0 {
        out.push('-');
    }
    let (mut n, mut delta, mut bias, mut handled) = (128_u32, 0_u32, 72_u32, basic);
    while handled < total {
        let next = points.iter().copied().filter(|&p| p >= n).min()?;
        delta = delta.checked_add((next - n).checked_mul(handled + 1)?)?;
        n = next;
        for &point in &points {
            if point < n {
                delta = delta.checked_add(1)?;
            } else if point == n {
                push_delta(&mut out, delta, bias);
                bias = adapt(delta, handled + 1, handled == basic);
                delta = 0;
                handled += 1;
            }
        }
        delta = delta.checked_add(1)?;
        n += 1;
    }
    Some(out)
}

/// Writes `delta` as a generalised variable-length integer.
fn push_delta(out: &mut String, delta: u32, bias: u32) {
    let mut rest = delta;
    let mut k = 36;
    loop {
        let threshold = k.clamp(bias + 1, bias + 26) - bias;
        if rest < threshold {
            out.push(digit(rest));
            return;
        }
        out.push(digit(threshold + (rest - threshold) % (36 - threshold)));
        rest = (rest - threshold) / (36 - threshold);
        k += 36;
    }
}

fn digit(value: u32) -> char {
    let byte = u8::try_from(value).unwrap_or(0);
    char::from(if byte < 26 { b'a' + byte } else { b'0' + byte.saturating_sub(26) })
}

const fn adapt(delta: u32, count: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / count;
    let mut k = 0;
    while delta > 455 {
        delta /= 35;
        k += 36;
    }
    k + 36 * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use super::canonical_domain;

    #[test]
    fn unicode_and_a_labels_are_one_domain() {
        assert_eq!(canonical_domain("Пример.РФ."), "xn--e1afmkfd.xn--p1ai");
        assert_eq!(canonical_domain("XN--E1AFMKFD.xn--p1ai"), "xn--e1afmkfd.xn--p1ai");
        assert_eq!(canonical_domain("bücher.example"), "xn--bcher-kva.example");
        assert_eq!(canonical_domain("例え.テスト"), "xn--r8jz45g.xn--zckzah");
        assert_eq!(canonical_domain("Example.COM"), "example.com");
    }
}
