//! Tokens: keyed names for values, stable within a case and one reader.
//!
//! HMAC-SHA-256 under a key of the case, one subkey for each reader and class,
//! so that two readers cannot join their bundles and a dictionary of known
//! addresses reverses nothing. 60 bits in Crockford's base32: 12 characters.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;
use thiserror::Error;

use super::policy::Class;
use crate::release::Audience;

/// Crockford's base32 in lower case: no i, l, o, u.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Characters after the prefix; five bits each.
const LENGTH: usize = 12;

/// The 32 random bytes that all tokens of a case hang on. Never printed, never in a bundle.
#[derive(Clone)]
pub struct CaseKey([u8; 32]);

impl CaseKey {
    /// Wraps the bytes of `case.key`.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for CaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CaseKey(hidden)")
    }
}

/// Two values of a case share a token: nothing may be published under it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("two values share the token {token}; build again with another case key")]
pub struct Collision {
    /// The token in question; never a value.
    pub token: String,
}

/// Makes tokens for one reader, and remembers those it has given out.
pub struct Tokens {
    key: [u8; 32],
    issued: Mutex<BTreeMap<String, String>>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("issued", &self.table().len()).finish_non_exhaustive()
    }
}

impl Tokens {
    /// Tokens of this case for one reader.
    #[must_use]
    pub fn new(key: &CaseKey, audience: Audience) -> Self {
        Self { key: mac(&key.0, &[b"casefile", b"audience", audience.word().as_bytes()]), issued: Mutex::default() }
    }

    /// The token of a canonical value: `rcpt-7k3q9x2mhd4w`. The same for the same
    /// class and value, whatever came before.
    ///
    /// # Errors
    /// [`Collision`] if another value already has it.
    pub fn token(&self, class: Class, value: &str) -> Result<String, Collision> {
        let subkey = mac(&self.key, &[b"class", class.word().as_bytes()]);
        let sum = mac(&subkey, &[b"value", value.as_bytes()]);
        let token = format!("{}-{}", prefix(class), base32(&sum));
        self.issue(token, value)
    }

    /// All tokens given out so far with their values, sorted: the lines of `keep/tokens.map`.
    #[must_use]
    pub fn published(&self) -> Vec<(String, String)> {
        self.table().iter().map(|(token, value)| (token.clone(), value.clone())).collect()
    }

    /// Whether this text is a token we gave out, so that it is never tokenised again.
    pub(super) fn is_issued(&self, text: &str) -> bool {
        text.len() > LENGTH && text.is_ascii() && self.table().contains_key(text)
    }

    fn issue(&self, token: String, value: &str) -> Result<String, Collision> {
        let mut table = self.table();
        match table.get(&token) {
            Some(holder) if holder == value => {}
            Some(_) => return Err(Collision { token }),
            None => drop(table.insert(token.clone(), value.to_owned())),
        }
        Ok(token)
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        // A panic elsewhere cannot leave a map half-changed here.
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What stands before the dash.
const fn prefix(class: Class) -> &'static str {
    match class {
        Class::Recipient => "rcpt",
        Class::SenderLocal => "sndr",
        Class::QueueId => "q",
        Class::MessageId => "mid",
        Class::ClientIp => "ip",
        Class::ClientHost => "host",
        _ => "val",
    }
}

/// HMAC-SHA-256 over length-prefixed parts, so that no two lists of parts read the same.
fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // RFC 2104 pads a short key with zeros to the block of the hash: 64 bytes.
    let mut block = [0_u8; 64];
    block[..32].copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The first 60 bits.
fn base32(sum: &[u8; 32]) -> String {
    let bits = sum.iter().take(8).fold(0_u64, |bits, &byte| bits << 8 | u64::from(byte));
    let digit = |k: usize| DIGITS.get((bits >> (59 - 5 * k)) as usize & 31).copied().unwrap_or(b'0');
    (0..LENGTH).map(|k| char::from(digit(k))).collect()
}

/// `a` … `z`, `aa`, `ab` …: the letters of the n-th node, from 0.
pub(super) fn letters(n: usize) -> String {
    let last = char::from(b'a' + u8::try_from(n % 26).unwrap_or(0));
    if n < 26 { last.to_string() } else { format!("{}{last}", letters(n / 26 - 1)) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use super::*;

    fn tokens(key: u8, audience: Audience) -> Tokens {
        Tokens::new(&CaseKey::new([key; 32]), audience)
    }

    #[test]
    fn a_token_depends_on_key_reader_class_and_value_only() {
        let of = |t: &Tokens, c, v: &str| t.token(c, v).expect("no collision");
        let esp = tokens(1, Audience::Esp);
        let first = of(&esp, Class::Recipient, "alice.b@example.com");
        of(&esp, Class::Recipient, "bob@example.com");
        assert_eq!(first, of(&esp, Class::Recipient, "alice.b@example.com"));
        assert_eq!(first, of(&tokens(1, Audience::Esp), Class::Recipient, "alice.b@example.com"));
        assert_ne!(first, of(&tokens(1, Audience::Google), Class::Recipient, "alice.b@example.com"));
        assert_ne!(first, of(&tokens(2, Audience::Esp), Class::Recipient, "alice.b@example.com"));
        assert_ne!(first[5..], of(&esp, Class::MessageId, "alice.b@example.com")[4..]);
        assert_ne!(first, of(&esp, Class::Recipient, "Alice.b@example.com"));
        assert_eq!(first.len(), "rcpt-7k3q9x2mhd4w".len());
        assert!(first[5..].bytes().all(|b| DIGITS.contains(&b)), "{first}");
        assert!(esp.is_issued(&first) && !esp.is_issued("rcpt-7k3q9x2mhd4w"));
    }

    #[test]
    fn the_hash_is_rfc_4231s() {
        // Test case 2 of RFC 4231 through the same primitive, without the length prefix.
        let mut key = [0_u8; 64];
        key[..4].copy_from_slice(b"Jefe");
        let mut hmac = <Hmac<Sha256> as KeyInit>::new(&key.into());
        hmac.update(b"what do ya want for nothing?");
        let sum: [u8; 32] = hmac.finalize().into_bytes().into();
        assert_eq!(sum[..8], [0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e]);
        assert_eq!(base32(&sum), "bfec2hnzc1tm");
    }

    #[test]
    fn a_collision_stops() {
        let tokens = tokens(1, Audience::Esp);
        tokens.issue("rcpt-000000000000".to_owned(), "a@example.com").expect("free");
        tokens.issue("rcpt-000000000000".to_owned(), "a@example.com").expect("the same value");
        let clash = tokens.issue("rcpt-000000000000".to_owned(), "b@example.com");
        assert_eq!(clash, Err(Collision { token: "rcpt-000000000000".to_owned() }));
    }

    #[test]
    fn parts_are_separated() {
        assert_ne!(mac(&[0; 32], &[b"ab", b"c"]), mac(&[0; 32], &[b"a", b"bc"]));
    }

    #[test]
    fn nodes_count_like_columns() {
        assert_eq!([0, 25, 26, 51, 52, 701, 702].map(letters), ["a", "z", "aa", "az", "ba", "zz", "aaa"]);
    }

    #[test]
    fn the_key_prints_nothing() {
        assert_eq!(format!("{:?}", CaseKey::new([7; 32])), "CaseKey(hidden)");
    }
}
