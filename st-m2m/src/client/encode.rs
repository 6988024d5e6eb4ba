//! Arguments as path segments and query parameters.
//!
//! Values go through serde, so that names are spelled as they would be in JSON: strings, numbers (as `Display` writes
//! them), booleans, unit variants and newtypes of those.

use std::fmt::Display;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{
    Serialize,
    ser::{Error as _, Impossible, SerializeSeq, SerializeStruct, SerializeTuple, Serializer},
};
use url::form_urlencoded;

/// All but RFC 3986's unreserved characters.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Why a value cannot be sent.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct EncodeError(String);

impl serde::ser::Error for EncodeError {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// One percent-encoded path segment.
///
/// A value that is empty or a dot segment is refused: URL parsers treat `..`, even percent-encoded, as a step up, and
/// the request, with its token, would go to another endpoint (WHATWG URL Standard, "double-dot URL path segment"). So
/// is one that holds a dot segment between slashes, which some proxies decode before they normalise.
pub(super) fn segment<T: Serialize + ?Sized>(value: &T) -> Result<String, EncodeError> {
    let mut values = scalars(value)?;
    let (Some(text), true) = (values.pop(), values.is_empty()) else {
        return Err(EncodeError::custom("a path segment is exactly one value"));
    };
    if text.is_empty() || text.split(['/', '\\']).any(|it| matches!(it, "." | "..")) {
        return Err(EncodeError::custom(
            "a path segment must not be empty, nor hold `.` or `..` as a whole or between slashes",
        ));
    }
    Ok(utf8_percent_encode(&text, SEGMENT).to_string())
}

/// Appends `key=value` once for every value: none for `None`, several for a sequence.
pub(super) fn query<T: Serialize + ?Sized>(
    key: &str,
    value: &T,
    query: &mut String,
) -> Result<(), EncodeError> {
    for text in scalars(value)? {
        if !query.is_empty() {
            query.push('&');
        }
        query.extend(form_urlencoded::byte_serialize(key.as_bytes()));
        query.push('=');
        query.extend(form_urlencoded::byte_serialize(text.as_bytes()));
    }
    Ok(())
}

fn scalars<T: Serialize + ?Sized>(value: &T) -> Result<Vec<String>, EncodeError> {
    let mut values = Vec::new();
    value.serialize(Scalars {
        values: &mut values,
        within_sequence: false,
    })?;
    Ok(values)
}

/// Collects the scalars of a value: one, or those of an option or a flat sequence.
struct Scalars<'v> {
    values: &'v mut Vec<String>,
    within_sequence: bool,
}

impl Scalars<'_> {
    #[expect(
        clippy::unnecessary_wraps,
        reason = "so that every method of the serializer below is one expression"
    )]
    fn push(self, value: &impl Display) -> Result<(), EncodeError> {
        self.values.push(value.to_string());
        Ok(())
    }

    fn sequence(self) -> Result<Self, EncodeError> {
        if self.within_sequence {
            return Err(EncodeError::custom("a list of lists has no form here"));
        }
        Ok(Self {
            within_sequence: true,
            ..self
        })
    }
}

fn unsupported<T>(what: &str) -> Result<T, EncodeError> {
    Err(EncodeError(format!(
        "{what} has no form here; send its fields one by one"
    )))
}

fn not_finite() -> EncodeError {
    EncodeError::custom("a number that is not finite has no form here")
}

/// What `serde_json::Number` calls itself where any crate of the program enables `arbitrary_precision`: a struct with
/// this name and one field, the number's text.
const JSON_NUMBER: &str = "$serde_json::private::Number";

type Never = Impossible<(), EncodeError>;

impl Serializer for Scalars<'_> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStruct = Self;
    type SerializeStructVariant = Never;

    fn serialize_bool(self, value: bool) -> Result<(), EncodeError> {
        self.push(&value)
    }
    fn serialize_i8(self, value: i8) -> Result<(), EncodeError> {
        self.push(&value)
    }
    fn serialize_i16(self, value: i16) -> Result<(), EncodeError> {
        self.push(&value)
    }
    fn serialize_i32(self, value: i32) -> Result<(), EncodeError> {
        self.push(&value)
    }
    fn serialize_i64(self, value: i64) -> Result<(), EncodeError> {
        self.push(&value)
    }
    fn serialize_i128(self, value: i128) -> Result<(), EncodeError> {
        self.push(&value)
    }
    fn serialize_u8(self, value: u8) -> Result<(), EncodeError> {
        self.push(&value)
    }
    fn serialize_u16(self, value: u16) -> Result<(), EncodeError> {
        self.push(&value)
    }
    fn serialize_u32(self, value: u32) -> Result<(), EncodeError> {
        self.push(&value)
    }
    fn serialize_u64(self, value: u64) -> Result<(), EncodeError> {
        self.push(&value)
    }
    fn serialize_u128(self, value: u128) -> Result<(), EncodeError> {
        self.push(&value)
    }
    fn serialize_f32(self, value: f32) -> Result<(), EncodeError> {
        if value.is_finite() {
            self.push(&value)
        } else {
            Err(not_finite())
        }
    }
    fn serialize_f64(self, value: f64) -> Result<(), EncodeError> {
        if value.is_finite() {
            self.push(&value)
        } else {
            Err(not_finite())
        }
    }
    fn serialize_char(self, value: char) -> Result<(), EncodeError> {
        self.push(&value)
    }
    fn serialize_str(self, value: &str) -> Result<(), EncodeError> {
        self.push(&value)
    }
    fn serialize_bytes(self, _value: &[u8]) -> Result<(), EncodeError> {
        unsupported("a byte string")
    }
    fn serialize_none(self) -> Result<(), EncodeError> {
        if self.within_sequence {
            return Err(EncodeError::custom("a list with gaps has no form here"));
        }
        Ok(())
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), EncodeError> {
        unsupported("`()`")
    }
    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), EncodeError> {
        unsupported("a unit struct")
    }
    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), EncodeError> {
        self.push(&variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<(), EncodeError> {
        unsupported("an enum variant with a value")
    }
    fn serialize_seq(self, _len: Option<usize>) -> Result<Self, EncodeError> {
        self.sequence()
    }
    fn serialize_tuple(self, _len: usize) -> Result<Self, EncodeError> {
        self.sequence()
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Never, EncodeError> {
        unsupported("a tuple struct")
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Never, EncodeError> {
        unsupported("an enum variant with values")
    }
    fn serialize_map(self, _len: Option<usize>) -> Result<Never, EncodeError> {
        unsupported("a map")
    }
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Self, EncodeError> {
        if name == JSON_NUMBER {
            Ok(self)
        } else {
            unsupported("a struct")
        }
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Never, EncodeError> {
        unsupported("an enum variant with fields")
    }
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        self.push(&value)
    }
}

impl SerializeSeq for Scalars<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        value.serialize(Scalars {
            values: self.values,
            within_sequence: true,
        })
    }

    fn end(self) -> Result<(), EncodeError> {
        Ok(())
    }
}

impl SerializeStruct for Scalars<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<(), EncodeError> {
        Ok(())
    }
}

impl SerializeTuple for Scalars<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<(), EncodeError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Serialize)]
    #[serde(rename_all = "kebab-case")]
    enum Status {
        InFlight,
        Done(u8),
    }

    #[derive(Serialize)]
    struct Id(u64);

    fn pairs<T: Serialize>(value: T) -> String {
        let mut text = String::new();
        query("k", &value, &mut text).map_or_else(|error| error.to_string(), |()| text)
    }

    #[test]
    fn segments_hold_one_value_with_everything_reserved_encoded() {
        for (value, expected) in [
            ("plain-._~", "plain-._~"),
            ("a/b", "a%2Fb"),
            ("a b+c", "a%20b%2Bc"),
            ("%2e%2e", "%252e%252e"),
            ("{id}", "%7Bid%7D"),
            ("?q#f", "%3Fq%23f"),
            ("é世", "%C3%A9%E4%B8%96"),
            ("...", "..."),
            ("\r\nHost: evil", "%0D%0AHost%3A%20evil"),
        ] {
            assert_eq!(segment(value).as_deref(), Ok(expected));
        }
        assert_eq!(segment(&Id(7)).as_deref(), Ok("7"));
        assert_eq!(segment(&Status::InFlight).as_deref(), Ok("in-flight"));
        assert_eq!(segment(&Some(1)).as_deref(), Ok("1"));
        for refused in ["", ".", "..", "../admin", "a/../b", "..\\admin", "a/."] {
            assert!(segment(refused).is_err(), "{refused:?}");
        }
        assert!(segment(&None::<u8>).is_err());
        assert!(segment(&[1, 2]).is_err());
        assert!(segment(&Status::Done(1)).is_err());
        assert!(segment(&f64::NAN).is_err());
    }

    #[test]
    fn queries_omit_none_and_repeat_lists() {
        assert_eq!(pairs(1), "k=1");
        assert_eq!(pairs("a&b=c d"), "k=a%26b%3Dc+d");
        assert_eq!(pairs(""), "k=");
        assert_eq!(pairs(None::<u8>), "");
        assert_eq!(pairs(Some("x")), "k=x");
        assert_eq!(pairs(Vec::<u8>::new()), "");
        assert_eq!(pairs([1, 2]), "k=1&k=2");
        assert_eq!(pairs((1, "b")), "k=1&k=b");
        assert_eq!(pairs(true), "k=true");
        assert_eq!(pairs(0.1_f32), "k=0.1");
        assert_eq!(pairs(0.1_f64), "k=0.1");
        assert_eq!(pairs(serde_json::json!(1.5)), "k=1.5");
        assert_eq!(pairs('é'), "k=%C3%A9");
        assert!(pairs(BTreeMap::from([("a", 1)])).contains("a map"));
        assert!(pairs([[1]]).contains("list of lists"));
        assert!(pairs([Some(1), None]).contains("gaps"));
        assert!(pairs(()).contains("`()`"));
    }
}
