//! Month names as glibc abbreviates them: journalctl writes those of whoever ran it.

/// The month, 1 to 12, of an abbreviated name in one of the languages below; a trailing
/// dot and letter case do not matter. Source: `abmon` of glibc's locale files.
pub(super) fn month_named(name: &str) -> Option<u32> {
    // Lines of other kinds begin with anything, and are asked as well.
    if name.bytes().any(|b| b.is_ascii() && !b.is_ascii_alphabetic() && b != b'.') {
        return None;
    }
    let name = name.trim_end_matches('.').to_lowercase();
    let of_language = |months: &&str| months.split(' ').position(|m| m == name);
    let found = LANGUAGES.iter().find_map(of_language)?;
    u32::try_from(found + 1).ok()
}

const LANGUAGES: [&str; 13] = [
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "jan feb mär apr mai jun jul aug sep okt nov dez",
    "janv févr mars avril mai juin juil août sept oct nov déc",
    "ene feb mar abr may jun jul ago sep oct nov dic",
    "gen feb mar apr mag giu lug ago set ott nov dic",
    "jan fev mar abr mai jun jul ago set out nov dez",
    "jan feb mrt apr mei jun jul aug sep okt nov dec",
    "sty lut mar kwi maj cze lip sie wrz paź lis gru",
    "янв фев мар апр мая июн июл авг сен окт ноя дек",
    "янв фев мар апр май июн июл авг сен окт ноя дек",
    "led úno bře dub kvě čen čec srp zář říj lis pro",
    "jan feb mar apr maj jun jul aug sep okt nov dec",
    "oca şub mar nis may haz tem ağu eyl eki kas ara",
];

#[cfg(test)]
mod tests {
    use super::*;

    // oss trap 36: journalctl writes the month in the language of whoever asks.
    #[test]
    fn months_of_several_languages() {
        assert_eq!(["Nov", "nov.", "ноя", "DÉC.", "mär", "paź"].map(month_named), [11, 11, 11, 12, 3, 10].map(Some));
        assert_eq!(month_named("Foo"), None);
    }
}
