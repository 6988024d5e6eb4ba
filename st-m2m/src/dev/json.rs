//! JSON as the core reads and writes it.
//!
//! The core reads bodies with Gson's lenient reader, which takes far more than JSON: unquoted and single-quoted
//! strings, comments, `=` for `:`, `;` for `,`, a byte order mark (recorded: unquoted and single-quoted bodies
//! mint tokens). And it keeps the order of members, which shows in every token, so `serde_json`'s sorted map
//! does not do.

use std::{
    collections::HashMap,
    fmt::{self, Write as _},
    sync::Arc,
};

/// Gson refuses deeper nesting; here it also bounds the recursion.
const MAX_DEPTH: usize = 255;
/// Objects with more members than this find them by an index. In smaller ones a search is as fast.
const MAX_SEARCHED: usize = 16;

/// A JSON value whose objects keep their order.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// A number as it was written.
    Number(String),
    String(String),
    Array(Vec<Self>),
    Object(Object),
}

/// An object's members in order; names are unique.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Object {
    members: Vec<(Arc<str>, Json)>,
    /// Where each name stands, once there are more than [`MAX_SEARCHED`]: a body may have a hundred thousand members,
    /// and a search for each would take minutes.
    #[expect(
        clippy::box_collection,
        reason = "unboxed it would double the size of every value, and one byte of a body can be a value: `[,,,]`"
    )]
    index: Option<Box<HashMap<Arc<str>, usize>>>,
}

/// The text is not what Gson's lenient reader accepts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Malformed;

impl Object {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Json> {
        self.position(name)
            .map(|position| &self.members[position].1)
    }

    /// Sets a member. One that exists keeps its place, as in Java's `LinkedHashMap`.
    pub(super) fn set(&mut self, name: impl Into<Arc<str>>, value: impl Into<Json>) {
        let name = name.into();
        let value = value.into();
        if let Some(position) = self.position(&name) {
            self.members[position].1 = value;
            return;
        }
        let position = self.members.len();
        if let Some(index) = &mut self.index {
            index.insert(Arc::clone(&name), position);
        }
        self.members.push((name, value));
        if self.index.is_none() && self.members.len() > MAX_SEARCHED {
            let names = self.members.iter().map(|(name, _)| Arc::clone(name));
            self.index = Some(Box::new(names.zip(0..).collect()));
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(name).copied(),
            None => self.members.iter().position(|(key, _)| &**key == name),
        }
    }

    /// [`set`](Self::set), for building in one expression.
    pub(super) fn with(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.set(name, value);
        self
    }

    /// Whether both have the same members, in any order.
    pub(super) fn equals(&self, other: &Self) -> bool {
        self.members.len() == other.members.len()
            && self
                .iter()
                .all(|(name, value)| other.get(name).is_some_and(|other| value.equals(other)))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.members.iter().map(|(name, value)| (&**name, value))
    }
}

impl Json {
    /// Reads a document.
    pub(super) fn parse(text: &str) -> Result<Self, Malformed> {
        let mut reader = Reader {
            rest: text.strip_prefix('\u{feff}').unwrap_or(text),
        };
        reader.skip_blank()?;
        if reader.rest.is_empty() {
            // Gson reads an empty document as null.
            return Ok(Self::Null);
        }
        let value = reader.value(0)?;
        reader.skip_blank()?;
        if reader.rest.is_empty() {
            Ok(value)
        } else {
            Err(Malformed)
        }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Whether both say the same: members of objects in any order, and numbers by their values, as Gson compares them.
    fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => {
                // Written in one way, they are equal even beyond what a float tells apart.
                one == other || one.parse::<f64>().ok() == other.parse::<f64>().ok()
            }
            (Self::Array(one), Self::Array(other)) => {
                one.len() == other.len()
                    && one.iter().zip(other).all(|(one, other)| one.equals(other))
            }
            (Self::Object(one), Self::Object(other)) => one.equals(other),
            (one, other) => one == other,
        }
    }

    /// A number's value as Java's `Number.longValue` gives it: fractions are cut off.
    pub(super) fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Number(text) => text.parse().ok().or_else(|| {
                let float: f64 = text.parse().ok()?;
                // Saturates at the ends of i64; Java keeps the low 64 bits there, which nothing relies on.
                #[expect(clippy::cast_possible_truncation)]
                float.is_finite().then_some(float as i64)
            }),
            _ => None,
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<i64> for Json {
    fn from(number: i64) -> Self {
        Self::Number(number.to_string())
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u64> for Json {
    fn from(number: u64) -> Self {
        Self::Number(number.to_string())
    }
}

impl From<Object> for Json {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl From<Vec<Self>> for Json {
    fn from(items: Vec<Self>) -> Self {
        Self::Array(items)
    }
}

impl From<Option<&str>> for Json {
    fn from(text: Option<&str>) -> Self {
        text.map_or(Self::Null, Self::from)
    }
}

impl fmt::Display for Json {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => out.write_str("null"),
            Self::Bool(true) => out.write_str("true"),
            Self::Bool(false) => out.write_str("false"),
            Self::Number(text) => out.write_str(text),
            Self::String(text) => write_string(out, text),
            Self::Array(items) => {
                out.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.write_char(',')?;
                    }
                    item.fmt(out)?;
                }
                out.write_char(']')
            }
            Self::Object(object) => object.fmt(out),
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_char('{')?;
        for (index, (name, value)) in self.members.iter().enumerate() {
            if index > 0 {
                out.write_char(',')?;
            }
            write_string(out, name)?;
            out.write_char(':')?;
            value.fmt(out)?;
        }
        out.write_char('}')
    }
}

fn write_string(out: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            '\u{8}' => out.write_str("\\b")?,
            '\u{c}' => out.write_str("\\f")?,
            control if control < ' ' => write!(out, "\\u{:04X}", u32::from(control))?,
            plain => out.write_char(plain)?,
        }
    }
    out.write_char('"')
}

/// Gson's lenient `JsonReader`.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let character = characters.next();
        self.rest = characters.as_str();
        character
    }

    /// Skips `wanted` when it comes next.
    fn skip(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Skips white space and comments.
    fn skip_blank(&mut self) -> Result<(), Malformed> {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
            if let Some(comment) = self.rest.strip_prefix("/*") {
                self.rest = comment.split_once("*/").ok_or(Malformed)?.1;
            } else if self.rest.starts_with("//") || self.rest.starts_with('#') {
                self.rest = self
                    .rest
                    .find(['\n', '\r'])
                    .map_or("", |end| &self.rest[end..]);
            } else {
                return Ok(());
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json, Malformed> {
        if depth > MAX_DEPTH {
            return Err(Malformed);
        }
        self.skip_blank()?;
        match self.peek().ok_or(Malformed)? {
            '{' => self.object(depth),
            '[' => self.array(depth),
            quote @ ('"' | '\'') => self.quoted(quote).map(Json::String),
            _ => self.literal().map(interpret),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, Malformed> {
        self.take();
        let mut object = Object::new();
        self.skip_blank()?;
        if self.skip('}') {
            return Ok(Json::Object(object));
        }
        loop {
            self.skip_blank()?;
            let name = match self.peek().ok_or(Malformed)? {
                quote @ ('"' | '\'') => self.quoted(quote)?.into(),
                _ => Arc::from(self.literal()?),
            };
            self.skip_blank()?;
            match self.take() {
                Some(':') => {}
                Some('=') => {
                    self.skip('>');
                }
                _ => return Err(Malformed),
            }
            let value = self.value(depth + 1)?;
            object.set(name, value);
            self.skip_blank()?;
            match self.take() {
                Some('}') => return Ok(Json::Object(object)),
                Some(',' | ';') => {}
                _ => return Err(Malformed),
            }
        }
    }

    /// An array; an element left out is null.
    fn array(&mut self, depth: usize) -> Result<Json, Malformed> {
        self.take();
        let mut items = Vec::new();
        self.skip_blank()?;
        if self.skip(']') {
            return Ok(Json::Array(items));
        }
        loop {
            self.skip_blank()?;
            if let Some(',' | ';' | ']') = self.peek() {
                items.push(Json::Null);
            } else {
                items.push(self.value(depth + 1)?);
                self.skip_blank()?;
            }
            match self.take() {
                Some(']') => return Ok(Json::Array(items)),
                Some(',' | ';') => {}
                _ => return Err(Malformed),
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Result<String, Malformed> {
        self.take();
        let mut text = String::new();
        loop {
            match self.take().ok_or(Malformed)? {
                '\\' => text.push(self.escape()?),
                end if end == quote => return Ok(text),
                plain => text.push(plain),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Malformed> {
        Ok(match self.take().ok_or(Malformed)? {
            'u' => {
                let unit = self.code_unit()?;
                if (0xd800..0xdc00).contains(&unit) && self.rest.starts_with("\\u") {
                    let after_first = self.rest;
                    self.rest = &self.rest[2..];
                    let low = self.code_unit()?;
                    let pair = char::decode_utf16([unit, low]).next();
                    if let Some(Ok(character)) = pair {
                        return Ok(character);
                    }
                    self.rest = after_first;
                }
                // Java keeps a lone surrogate, which no Rust string can hold.
                char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            't' => '\t',
            'b' => '\u{8}',
            'n' => '\n',
            'r' => '\r',
            'f' => '\u{c}',
            same @ ('\n' | '\'' | '"' | '\\' | '/') => same,
            _ => return Err(Malformed),
        })
    }

    fn code_unit(&mut self) -> Result<u16, Malformed> {
        let digits = self.rest.get(..4).ok_or(Malformed)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(Malformed);
        }
        self.rest = &self.rest[4..];
        u16::from_str_radix(digits, 16).map_err(|_| Malformed)
    }

    /// Unquoted text.
    fn literal(&mut self) -> Result<&'a str, Malformed> {
        let end = self
            .rest
            .find([
                '/', '\\', ';', '#', '=', '{', '}', '[', ']', ':', ',', ' ', '\t', '\u{c}', '\r',
                '\n',
            ])
            .unwrap_or(self.rest.len());
        if end == 0 {
            return Err(Malformed);
        }
        let (literal, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok(literal)
    }
}

fn interpret(literal: &str) -> Json {
    if literal.eq_ignore_ascii_case("null") {
        Json::Null
    } else if literal.eq_ignore_ascii_case("true") {
        Json::Bool(true)
    } else if literal.eq_ignore_ascii_case("false") {
        Json::Bool(false)
    } else if is_number(literal) {
        Json::Number(literal.to_owned())
    } else {
        Json::String(literal.to_owned())
    }
}

/// RFC 8259 §6. What looks like a number but is none, such as `01`, Gson takes for a string.
fn is_number(literal: &str) -> bool {
    fn digits(text: &str) -> Option<&str> {
        let rest = text.trim_start_matches(|character: char| character.is_ascii_digit());
        (rest.len() < text.len()).then_some(rest)
    }
    let unsigned = literal.strip_prefix('-').unwrap_or(literal);
    let integer = match unsigned.strip_prefix('0') {
        Some(rest) => Some(rest),
        None => digits(unsigned),
    };
    let fraction = integer.and_then(|rest| match rest.strip_prefix('.') {
        Some(fraction) => digits(fraction),
        None => Some(rest),
    });
    let exponent = fraction.and_then(|rest| match rest.strip_prefix(['e', 'E']) {
        Some(exponent) => digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)),
        None => Some(rest),
    });
    exponent == Some("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reparsed(text: &str) -> Option<String> {
        Json::parse(text).ok().map(|value| value.to_string())
    }

    #[test]
    fn json_keeps_its_order_and_its_numbers() {
        for text in [
            r#"{"b":1,"a":[1.50,"x",null,true,{"z":{}}],"n":12345678901,"u":"h\"é世\\"}"#,
            "[]",
            "-0.5e+3",
            r#""\n\t\u0001""#,
        ] {
            assert_eq!(reparsed(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn objects_of_every_size_keep_their_order_and_take_the_last_of_duplicates() {
        for count in [1, MAX_SEARCHED, MAX_SEARCHED + 1, 3 * MAX_SEARCHED] {
            let mut object = Object::new();
            for number in 0..count {
                object.set(format!("m{number}"), 0_u64);
            }
            for number in (0..count).rev() {
                object.set(format!("m{number}"), number as u64);
            }
            assert_eq!(object.iter().count(), count);
            for (number, (name, value)) in object.iter().enumerate() {
                assert_eq!(name, format!("m{number}"));
                assert_eq!(value, &Json::from(number as u64));
                assert_eq!(object.get(name), Some(value));
            }
            assert_eq!(object.get("m"), None);
            let written = object.to_string();
            assert_eq!(reparsed(&written), Some(written));
        }
    }

    #[test]
    fn what_gson_accepts_beyond_json() {
        for (text, json) in [
            ("{a:1}", r#"{"a":1}"#),
            ("{'a':'b c'}", r#"{"a":"b c"}"#),
            ("{a=1;b=>x}", r#"{"a":1,"b":"x"}"#),
            ("\u{feff}{a:TRUE,b:Null}", r#"{"a":true,"b":null}"#),
            ("/* x */ {a:1} // y", r#"{"a":1}"#),
            ("# c\n{a:1}", r#"{"a":1}"#),
            ("[1,,2]", "[1,null,2]"),
            ("[01,1.,-]", r#"["01","1.","-"]"#),
            (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
            (r#""\ud83d\ude00""#, "\"😀\""),
            (r#""\ud83dx""#, "\"\u{fffd}x\""),
            ("", "null"),
        ] {
            assert_eq!(reparsed(text).as_deref(), Some(json), "{text}");
        }
    }

    #[test]
    fn what_gson_refuses() {
        for text in [
            "{not json",
            "{not json}",
            "{",
            "[",
            "[1",
            "\"",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{} {}",
            "/*",
            r#""\x""#,
            r#""\u12""#,
            r#""\u+123""#,
            "}",
        ] {
            assert_eq!(Json::parse(text), Err(Malformed), "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Json::parse(&nested(200)).is_ok());
        assert_eq!(Json::parse(&nested(100_000)), Err(Malformed));
        assert_eq!(Json::parse(&"{a:".repeat(100_000)), Err(Malformed));
    }

    #[test]
    fn numbers_become_longs_as_in_java() {
        let long = |text: &str| Json::Number(text.to_owned()).as_i64();
        assert_eq!(long("1.9"), Some(1));
        assert_eq!(long("-1.9"), Some(-1));
        assert_eq!(long("9223372036854775807"), Some(i64::MAX));
        assert_eq!(long("1e3"), Some(1000));
        assert_eq!(long("1e999"), None);
    }
}
