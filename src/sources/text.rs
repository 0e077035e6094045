//! The texts that banners wrap their values in.

use std::{borrow::Cow, fmt, marker::PhantomData};

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};
use time::{
    OffsetDateTime,
    format_description::well_known::{Rfc2822, Rfc3339},
};

/// One percent-decoding. Never two: `%2525` is `%25`. What is no escape stays as it is, as `decodeURIComponent` has none
/// and `unescape` leaves it.
pub(crate) fn percent_decoded(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'%') {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        if let (b'%', [high, low, after @ ..]) = (byte, rest)
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            decoded.push(high << 4 | low);
            rest = after;
        } else {
            decoded.push(*byte);
        }
    }
    Cow::Owned(decoded)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Base64 of either alphabet's standard form, padded or not.
pub(crate) fn base64_decoded(text: &[u8]) -> Option<Vec<u8>> {
    const EITHER: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, EITHER);
    STANDARD.decode(text).ok()
}

/// JSON in any of the forms in which tools write it into a cookie: raw, percent-encoded once, or base64 (of which the
/// padding may be percent-encoded).
pub(crate) fn json<T: DeserializeOwned>(value: &[u8]) -> Option<T> {
    if let Ok(read) = serde_json::from_slice(value) {
        return Some(read);
    }
    let decoded = percent_decoded(value);
    if let Ok(read) = serde_json::from_slice(&decoded) {
        return Some(read);
    }
    serde_json::from_slice(&base64_decoded(&decoded)?).ok()
}

/// JSON in any of these forms that is an object. For structs: serde takes an array for one as well, field by field.
pub(crate) fn json_object<T: DeserializeOwned>(value: &[u8]) -> Option<T> {
    json(value).map(|Object(read)| read)
}

struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfMap<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for OfMap<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(OfMap(PhantomData))
    }
}

/// A moment as `Date.prototype.toISOString` writes it, or with an offset, in Unix seconds.
pub(crate) fn iso_seconds(text: &str) -> Option<i64> {
    OffsetDateTime::parse(text, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp)
}

/// A moment as `Date.prototype.toUTCString` writes it, in Unix seconds.
pub(crate) fn http_date_seconds(text: &str) -> Option<i64> {
    OffsetDateTime::parse(text, &Rfc2822).ok().map(OffsetDateTime::unix_timestamp)
}

/// Milliseconds since 1970 as Unix seconds.
pub(crate) const fn seconds_of_millis(millis: i64) -> i64 {
    millis.div_euclid(1_000)
}

/// Digits as a number.
pub(crate) fn number(digits: &[u8]) -> Option<i64> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    str::from_utf8(digits).ok().filter(|_| is_number)?.parse().ok()
}
