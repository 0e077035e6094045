//! JSON objects as programs send them: every field once, and no other field than those that are known.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;

use super::fault::Fault;

/// The fields of an object, in their order.
#[derive(Debug)]
pub(super) struct Object(Vec<(String, Value)>);

impl Object {
    /// Reads the body of a request. Nothing at all is an object without fields.
    pub(super) fn parse(body: &[u8], known: &[&str]) -> Result<Self, Fault> {
        let Ok(text) = std::str::from_utf8(body) else {
            return Err(Fault::malformed("body", &body.escape_ascii().to_string(), "this is not UTF-8"));
        };
        let read = |error: serde_json::Error| Fault::malformed("body", text, &format!("no JSON object: {error}"));
        let object: Self = serde_json::from_str(text).map_err(read)?;
        for (at, (name, value)) in object.0.iter().enumerate() {
            let why = if !known.contains(&name.as_str()) {
                format!("there is no such field; known are {}", known.join(", "))
            } else if object.0.iter().take(at).any(|(earlier, _)| earlier == name) {
                "this field stands twice".to_owned()
            } else {
                continue;
            };
            return Err(Fault::malformed(name.clone(), &value.to_string(), &why));
        }
        Ok(object)
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub(super) fn number(&self, name: &'static str) -> Result<Option<u32>, Fault> {
        // `3.0` is a whole number to JSON Schema, and what some languages write.
        let whole = |number: f64| {
            (number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number)).then_some(number as u32)
        };
        let number = |value: &Value| match value.as_u64() {
            Some(number) => u32::try_from(number).ok(),
            None => value.as_f64().and_then(whole),
        };
        self.read(name, "a whole number from 0 to 4294967295 is expected", number)
    }

    pub(super) fn flag(&self, name: &'static str) -> Result<bool, Fault> {
        Ok(self.read(name, "true or false is expected", Value::as_bool)?.unwrap_or(false))
    }

    pub(super) fn text(&self, name: &'static str) -> Result<Option<&str>, Fault> {
        let Some(value) = self.value(name) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| Fault::malformed(name, &value.to_string(), "a text is expected"))
    }

    /// The texts of a list.
    pub(super) fn texts(&self, name: &'static str) -> Result<Vec<&str>, Fault> {
        let Some(value) = self.value(name) else { return Ok(Vec::new()) };
        let texts = value.as_array().and_then(|list| list.iter().map(Value::as_str).collect());
        texts.ok_or_else(|| Fault::malformed(name, &value.to_string(), "a list of names is expected"))
    }

    fn read<T>(
        &self,
        name: &'static str,
        expected: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        let Some(value) = self.value(name) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| Fault::malformed(name, &value.to_string(), expected))
    }
}

// A map would keep the last of two fields and say nothing.
impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Object(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}
