//! "Did you mean": the known word nearest to a typed one.

/// The known word that `typed` was most likely meant to be, if one is near.
///
/// Near is at most one slip in three letters, or one word inside the other
/// (`timezone` for `zone`). On ties the first of `known` wins.
#[must_use]
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |word: &str| word.to_lowercase().replace(['-', ' '], "_");
    let wanted = plain(typed);
    known
        .into_iter()
        .filter_map(|word| {
            let candidate = plain(word);
            let slips = strsim::damerau_levenshtein(&wanted, &candidate);
            let longest = wanted.chars().count().max(candidate.chars().count());
            let inside =
                wanted.len().min(candidate.len()) >= 3 && (wanted.contains(&candidate) || candidate.contains(&wanted));
            (slips * 3 <= longest || inside).then_some((slips, word))
        })
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_and_words_inside_words_are_near() {
        let keys = ["path", "node", "zone", "format", "sending_ips"];
        assert_eq!(nearest("zoen", keys), Some("zone"));
        assert_eq!(nearest("timezone", keys), Some("zone"));
        assert_eq!(nearest("sending-ip", keys), Some("sending_ips"));
        assert_eq!(nearest("colour", keys), None);
        assert_eq!(nearest("", keys), None);
    }
}
