//! Forms as browsers send them (`application/x-www-form-urlencoded`).

use http::{HeaderMap, header};

use super::fault::{Fault, FaultKind};

/// The fields of a form, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Fault> {
        let pieces = body.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty());
        let fields = pieces.map(|piece| {
            let (name, value) = piece
                .iter()
                .position(|byte| *byte == b'=')
                .and_then(|at| piece.split_at_checked(at))
                .map_or((piece, &[][..]), |(name, value)| (name, value.get(1..).unwrap_or_default()));
            let name = String::from_utf8(decode(name));
            let name = name.map_err(|error| bad_utf8("a field's name", error.as_bytes()))?;
            match String::from_utf8(decode(value)) {
                Ok(value) => Ok((name, value)),
                Err(error) => Err(bad_utf8(&name, error.as_bytes())),
            }
        });
        fields.collect::<Result<_, _>>().map(Self)
    }

    /// The value of a field that stands once at most.
    pub(super) fn one(&self, name: &'static str) -> Result<Option<&str>, Fault> {
        let mut values = self.all(name);
        let first = values.next();
        match values.next() {
            Some(second) => Err(Fault::malformed(name, second, "the form has this field twice")),
            None => Ok(first),
        }
    }

    /// The values of a field that can be repeated.
    pub(super) fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn bad_utf8(name: &str, bytes: &[u8]) -> Fault {
    Fault::malformed(name.to_owned(), &bytes.escape_ascii().to_string(), "this is not UTF-8")
}

/// Decodes as the URL standard says: what is no escape stands for itself.
fn decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'+' => decoded.push(b' '),
            b'%' => match after.split_at_checked(2).and_then(|(digits, after)| Some((hex(digits)?, after))) {
                Some((byte, after)) => {
                    decoded.push(byte);
                    rest = after;
                }
                None => decoded.push(b'%'),
            },
            _ => decoded.push(*byte),
        }
    }
    decoded
}

/// The byte of two hexadecimal digits.
pub(super) fn hex(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match digits {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    }
}

/// A text as a value of a query: everything but letters, digits and `-._~/` is escaped.
pub(super) fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                encoded.push(char::from(byte))
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
        encoded
    })
}

/// Refuses a body of another type than this one.
pub(super) fn require_type(headers: &HeaderMap, wanted: &str) -> Result<(), Fault> {
    let mut copies = headers.get_all(header::CONTENT_TYPE).iter();
    let only = copies.next().filter(|_| copies.next().is_none());
    let Some(said) = only.and_then(|value| value.to_str().ok()) else {
        let mut fault = Fault::missing("Content-Type", &format!("it must be {wanted}"));
        fault.kind = FaultKind::WrongType;
        return Err(fault);
    };
    let mut parts = said.split(';').map(str::trim);
    let is_wanted = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case(wanted));
    // Both are UTF-8 by definition; whoever says otherwise sends something else.
    let is_utf8 = parts.all(|parameter| {
        parameter.split_once('=').is_none_or(|(name, value)| {
            !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
    });
    if is_wanted && is_utf8 {
        return Ok(());
    }
    Err(Fault::of_field(FaultKind::WrongType, "Content-Type", said, &format!("it must be {wanted}")))
}
