//! Moments in files that casefile alone reads: as milliseconds, so that each comes back as it was.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize as _, Deserializer, Serialize, Serializer};

use super::Stamp;

/// What holds a moment.
pub trait Moments: Sized {
    /// The same as a number.
    type Number: Serialize + DeserializeOwned;
    /// As a number.
    fn number(&self) -> Self::Number;
    /// From a number; nothing for one that is no moment of any log.
    fn of(number: Self::Number) -> Option<Self>;
}

/// Moments lie within so many milliseconds of 1970: some 30,000 years.
const FARTHEST: u64 = 1_000_000_000_000_000;

impl Moments for Stamp {
    type Number = i64;
    fn number(&self) -> i64 {
        self.millis()
    }
    fn of(number: i64) -> Option<Self> {
        (number.unsigned_abs() <= FARTHEST).then(|| Self::from_millis(number))
    }
}

/// Seconds, and the moment at which they were told.
impl Moments for (i64, Stamp) {
    type Number = (i64, i64);
    fn number(&self) -> (i64, i64) {
        (self.0, self.1.number())
    }
    fn of((seconds, at): (i64, i64)) -> Option<Self> {
        (seconds.unsigned_abs() <= FARTHEST).then_some(seconds).zip(Stamp::of(at))
    }
}

impl<T: Moments> Moments for Option<T> {
    type Number = Option<T::Number>;
    fn number(&self) -> Self::Number {
        self.as_ref().map(T::number)
    }
    fn of(number: Self::Number) -> Option<Self> {
        match number {
            Some(number) => T::of(number).map(Some),
            None => Some(None),
        }
    }
}

/// Writes the number.
///
/// # Errors
/// As the serializer's.
pub fn serialize<S: Serializer, T: Moments>(moments: &T, serializer: S) -> Result<S::Ok, S::Error> {
    moments.number().serialize(serializer)
}

/// Reads the number.
///
/// # Errors
/// When there is none, or no log has such a moment.
pub fn deserialize<'de, D: Deserializer<'de>, T: Moments>(deserializer: D) -> Result<T, D::Error> {
    T::of(T::Number::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("no moment"))
}
