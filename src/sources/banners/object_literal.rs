//! A flat JavaScript object literal: bare keys, and booleans, integers or texts in single quotes as values. Nothing is
//! evaluated, and what is not exactly this is none.

/// More than any banner writes.
const MAX_FIELDS: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Flag(bool),
    /// An integer, as it stands.
    Number(&'a [u8]),
    /// What stands between the quotes. Nothing is escaped in it.
    Text(&'a [u8]),
}

/// The fields in order, each once. `None`: it is no such literal.
pub(super) fn fields(text: &[u8]) -> Option<Vec<(&[u8], Value<'_>)>> {
    let mut rest = text.strip_prefix(b"{")?.strip_suffix(b"}")?;
    let mut fields: Vec<(&[u8], Value<'_>)> = Vec::new();
    while fields.len() < MAX_FIELDS {
        let colon = memchr::memchr(b':', rest)?;
        let key = rest.get(..colon)?;
        let is_name = key.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        if !is_name || !key.first()?.is_ascii_alphabetic() || fields.iter().any(|(known, _)| *known == key) {
            return None;
        }
        let (value, after) = value(rest.get(colon + 1..)?)?;
        fields.push((key, value));
        match after {
            [] => return Some(fields),
            [b',', next @ ..] => rest = next,
            _ => return None,
        }
    }
    None
}

/// The value that a text begins with, and what follows.
fn value(text: &[u8]) -> Option<(Value<'_>, &[u8])> {
    if let [b'\'', quoted @ ..] = text {
        let end = memchr::memchr2(b'\'', b'\\', quoted)?;
        let [b'\'', after @ ..] = quoted.get(end..)? else { return None };
        return Some((Value::Text(quoted.get(..end)?), after));
    }
    let (word, after) = text.split_at(memchr::memchr(b',', text).unwrap_or(text.len()));
    let value = match word {
        b"true" => Value::Flag(true),
        b"false" => Value::Flag(false),
        _ => {
            let digits = word.strip_prefix(b"-").unwrap_or(word);
            let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
            is_number.then_some(Value::Number(word))?
        }
    };
    Some((value, after))
}

#[cfg(test)]
mod tests {
    use super::{Value, fields};

    #[test]
    fn a_literal_is_read_whole_or_not_at_all() {
        let read = fields(b"{a:true,b_2:false,c:'x,y:{}',d:-12,e:''}");
        let expected: [(&[u8], Value<'_>); 5] = [
            (b"a", Value::Flag(true)),
            (b"b_2", Value::Flag(false)),
            (b"c", Value::Text(b"x,y:{}")),
            (b"d", Value::Number(b"-12")),
            (b"e", Value::Text(b"")),
        ];
        assert_eq!(read.as_deref(), Some(&expected[..]));
        for text in [
            "",
            "{",
            "}",
            "{}",
            "{a}",
            "{a:}",
            "{a:true",
            "a:true}",
            "{a:true,}",
            "{,a:true}",
            "{a:true,a:false}",
            "{a:True}",
            "{a:!0}",
            "{a:1.5}",
            "{a:-}",
            "{a:yes}",
            "{a:'x}",
            "{a:'x'y}",
            r"{a:'\'',b:true,c:'}",
            "{a:'x''y'}",
            "{a:\"x\"}",
            "{\"a\":true}",
            "{a:{b:true}}",
            "{a:[true]}",
            "{1:true}",
            "{a: true}",
            "{a:true}}",
            "{a:true};x",
        ] {
            assert_eq!(fields(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn fields_are_bounded() {
        let of = |count: usize| {
            let fields: Vec<_> = (0..count).map(|number| format!("a{number}:1")).collect();
            format!("{{{}}}", fields.join(","))
        };
        assert_eq!(fields(of(32).as_bytes()).map(|fields| fields.len()), Some(32));
        assert_eq!(fields(of(33).as_bytes()), None);
    }
}
