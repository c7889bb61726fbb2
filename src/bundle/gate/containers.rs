//! What an entry says once its own container's escaping is undone.

use std::io::Read as _;

use super::reading::Reading;

/// Bytes that a compressed text chunk of a picture may unpack to.
const LONGEST_CHUNK: u64 = 1 << 20;

/// All readings of an entry: as it stands, and as a program shows it.
pub(super) fn readings(name: &str, bytes: &[u8]) -> Vec<Reading> {
    let plain = Reading::plain(bytes);
    let mut out = Vec::new();
    match name.rsplit_once('.').map_or("", |(_, kind)| kind) {
        "png" => return vec![png_texts(bytes)],
        "json" => out.extend(json(&plain)),
        "csv" => out.extend(csv(&plain)),
        "md" => {
            let read = plain.undone(b"\\", markdown_escape);
            let read = read.as_ref().unwrap_or(&plain);
            out.extend(read.undone(b"&", entity).or_else(|| (read != &plain).then(|| read.clone())));
        }
        "html" | "svg" => {
            let read = plain.undone(b"&", entity);
            // An address may stand across tags: `alice<b>@</b>example.com` reads as one.
            out.extend(read.as_ref().unwrap_or(&plain).undone(b"<\xc2\xe2", tag_or_nothing));
            out.extend(read);
        }
        _ => {}
    }
    out.push(plain);
    out
}

/// JSON with the escapes of its strings undone.
fn json(plain: &Reading) -> Option<Reading> {
    plain.undone(b"\\", |rest| {
        let said: &[u8] = match rest.get(1)? {
            b'n' => b"\n",
            b'r' => b"\r",
            b't' => b"\t",
            b'b' | b'f' => b" ",
            b'u' => return utf16_escape(rest),
            mark @ (b'"' | b'\\' | b'/') => return Some((2, vec![*mark])),
            _ => return None,
        };
        Some((2, said.to_vec()))
    })
}

/// `\u0040`, and pairs of surrogates.
pub(super) fn utf16_escape(rest: &[u8]) -> Option<(usize, Vec<u8>)> {
    let unit = |at: usize| {
        let digits = rest.get(at..)?.strip_prefix(b"\\u")?.get(..4)?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let first = unit(0)?;
    let pair = [first, unit(6).unwrap_or(0)];
    let single = char::decode_utf16([first]).next()?.ok().map(|c| (6, c));
    let (taken, c) = single.or_else(|| Some((12, char::decode_utf16(pair).next()?.ok()?)))?;
    Some((taken, c.to_string().into_bytes()))
}

/// CSV (RFC 4180): quotation marks around cells gone, doubled ones single.
fn csv(plain: &Reading) -> Option<Reading> {
    plain.undone(b"\"", |rest| {
        let doubled = rest.get(1) == Some(&b'"');
        Some(if doubled { (2, b"\"".to_vec()) } else { (1, Vec::new()) })
    })
}

/// A backslash before punctuation is no character of its own (CommonMark 2.4).
fn markdown_escape(rest: &[u8]) -> Option<(usize, Vec<u8>)> {
    let mark = rest.get(1).filter(|b| b.is_ascii_punctuation())?;
    Some((2, vec![*mark]))
}

/// A numeric character reference, or the name of an ASCII character (HTML 13.5).
pub(super) fn entity(rest: &[u8]) -> Option<(usize, Vec<u8>)> {
    const NAMES: &[(&str, &str)] = &[
        ("amp", "&"),
        ("lt", "<"),
        ("gt", ">"),
        ("quot", "\""),
        ("apos", "'"),
        ("commat", "@"),
        ("period", "."),
        ("plus", "+"),
        ("equals", "="),
        ("lowbar", "_"),
        ("UnderBar", "_"),
        ("percnt", "%"),
        ("num", "#"),
        ("sol", "/"),
        ("bsol", "\\"),
        ("colon", ":"),
        ("semi", ";"),
        ("comma", ","),
        ("excl", "!"),
        ("quest", "?"),
        ("dollar", "$"),
        ("ast", "*"),
        ("grave", "`"),
        ("Hat", "^"),
        ("lpar", "("),
        ("rpar", ")"),
        ("lsqb", "["),
        ("lbrack", "["),
        ("rsqb", "]"),
        ("rbrack", "]"),
        ("lcub", "{"),
        ("rcub", "}"),
        ("verbar", "|"),
        ("vert", "|"),
        ("Tab", "\t"),
        ("NewLine", "\n"),
        ("nbsp", " "),
    ];
    let end = rest.iter().take(12).position(|b| *b == b';')?;
    let name = std::str::from_utf8(rest.get(1..end)?).ok()?;
    let said = match name.strip_prefix('#') {
        None => NAMES.iter().find(|(known, _)| *known == name)?.1.to_owned(),
        Some(number) => {
            let hex = number.strip_prefix(['x', 'X']);
            let point = hex.map_or_else(|| number.parse(), |hex| u32::from_str_radix(hex, 16)).ok()?;
            char::from_u32(point)?.to_string()
        }
    };
    Some((end + 1, said.into_bytes()))
}

/// Tags, and characters that take no room: soft hyphens, zero-width spaces and joiners.
fn tag_or_nothing(rest: &[u8]) -> Option<(usize, Vec<u8>)> {
    let opens = rest.get(1).is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'/' | b'!'));
    let taken = match rest {
        [b'<', ..] if opens => rest.iter().position(|b| *b == b'>')? + 1,
        [0xc2, 0xad, ..] => 2,
        [0xe2, 0x80, 0x8b..=0x8d, ..] => 3,
        _ => return None,
    };
    Some((taken, Vec::new()))
}

/// All of a PNG but its pixels: chunks of text, of anything else that is not drawn, and what
/// stands behind the end. Ours has none of these.
fn png_texts(bytes: &[u8]) -> Reading {
    let plain = Reading::plain(bytes);
    let mut out = Reading::default();
    let mut at = 8;
    while let Some([a, b, c, d, kind @ ..]) = bytes.get(at..at + 8) {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let data = at + 8..at.saturating_add(8).saturating_add(length).min(bytes.len());
        let drawn = matches!(kind, b"IHDR" | b"PLTE" | b"IDAT" | b"tRNS" | b"gAMA" | b"sRGB" | b"pHYs" | b"cHRM");
        if !drawn {
            let chunk = plain.part(data.clone());
            out.copy(&plain, data.clone());
            out.put(b"\n", &plain, data.start);
            for unpacked in unpacked(chunk) {
                out.put(&unpacked, &plain, data.start);
                out.put(b"\n", &plain, data.start);
            }
        }
        let ends = kind == b"IEND";
        at = data.end + 4;
        if ends {
            break;
        }
    }
    out.copy(&plain, at.min(bytes.len())..bytes.len());
    out
}

/// What a chunk holds in zlib's form: behind one, two or three zero bytes (`zTXt`, `iTXt`).
fn unpacked(chunk: &[u8]) -> Vec<Vec<u8>> {
    let starts = chunk.iter().enumerate().filter(|(_, b)| **b == 0x78).map(|(at, _)| at);
    let unpack = |at: usize| {
        let mut said = Vec::new();
        let packed = chunk.get(at..)?;
        // What is broken says what it says up to there.
        let _ = flate2::read::ZlibDecoder::new(packed).take(LONGEST_CHUNK).read_to_end(&mut said);
        (said.len() >= 3).then_some(said)
    };
    starts.filter_map(unpack).take(16).collect()
}
