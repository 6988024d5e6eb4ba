//! Fields of a request's body, coerced as Gson does.

use http::{HeaderMap, header::CONTENT_TYPE};

use super::{
    json::{Json, Object},
    reply::Refusal,
};

/// A body that is a JSON object.
#[derive(Debug)]
pub(super) struct Fields(Object);

impl Fields {
    /// Reads a body, or gives the core's answer to one that is no object.
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
        match Json::parse(&decode(headers, body)) {
            Ok(Json::Object(object)) => Ok(Self(object)),
            _ => Err(Refusal::bad_request("Invalid Json Input")),
        }
    }

    /// A string. Gson takes the single element of an array for the array; numbers are refused.
    pub(super) fn string(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name)
            .and_then(Json::as_str)
            .ok_or_else(|| invalid(name))
    }

    /// A string that may be absent. An explicit null is refused.
    pub(super) fn optional_string(&self, name: &str) -> Result<Option<&str>, Refusal> {
        self.optional(name, Self::string)
    }

    /// An object.
    pub(super) fn object(&self, name: &str) -> Result<&Object, Refusal> {
        self.0
            .get(name)
            .and_then(Json::as_object)
            .ok_or_else(|| invalid(name))
    }

    /// An object that may be absent. An explicit null is refused.
    pub(super) fn optional_object(&self, name: &str) -> Result<Option<&Object>, Refusal> {
        self.optional(name, Self::object)
    }

    /// A list of strings that may be absent. An explicit null is refused.
    pub(super) fn optional_strings(&self, name: &str) -> Result<Option<Vec<String>>, Refusal> {
        let Some(value) = self.0.get(name) else {
            return Ok(None);
        };
        let Json::Array(items) = value else {
            return Err(invalid(name));
        };
        let strings = items.iter().map(|item| only(item).as_str());
        let strings: Option<Vec<String>> = strings.map(|it| it.map(str::to_owned)).collect();
        strings.map(Some).ok_or_else(|| invalid(name))
    }

    /// Whether there is such a field, even if it is null.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some()
    }

    /// Whether the field is there and null.
    pub(super) fn is_null(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(Json::Null))
    }

    /// A whole number: also one in a string, or one with a fraction, which is cut off (recorded:
    /// `jwt_validity_string`, `jwt_validity_float`).
    pub(super) fn long(&self, name: &str) -> Result<i64, Refusal> {
        match self.get(name) {
            Some(Json::String(text)) => text.parse().ok(),
            Some(number) => number.as_i64(),
            None => None,
        }
        .ok_or_else(|| invalid(name))
    }

    /// A boolean. A number is false, whichever it is; a string or null is refused.
    pub(super) fn boolean(&self, name: &str) -> Result<bool, Refusal> {
        match self.get(name) {
            Some(Json::Bool(value)) => Ok(*value),
            Some(Json::Number(_)) => Ok(false),
            _ => Err(invalid(name)),
        }
    }

    /// A boolean that may be absent. An explicit null is refused (recorded: `jwt_useStaticSigningKey_null`).
    pub(super) fn optional_boolean(&self, name: &str) -> Result<Option<bool>, Refusal> {
        self.optional(name, Self::boolean)
    }

    fn optional<'a, T>(
        &'a self,
        name: &str,
        read: impl FnOnce(&'a Self, &str) -> Result<T, Refusal>,
    ) -> Result<Option<T>, Refusal> {
        if self.0.get(name).is_none() {
            return Ok(None);
        }
        read(self, name).map(Some)
    }

    /// A member, or the only element of one that is an array, as `JsonArray.getAs…` reads it.
    fn get(&self, name: &str) -> Option<&Json> {
        self.0.get(name).map(only)
    }
}

/// A value, or the only element of an array.
fn only(mut value: &Json) -> &Json {
    while let Json::Array(items) = value
        && let [only] = items.as_slice()
    {
        value = only;
    }
    value
}

fn invalid(name: &str) -> Refusal {
    Refusal::bad_request(format!("Field name '{name}' is invalid in JSON input"))
}

/// The body's text. Without a charset a servlet reads ISO-8859-1, even JSON, so that `é` becomes `Ã©`
/// (Jakarta Servlet §3.12; measured on core 11.4.7). An unknown charset is read as UTF-8.
fn decode(headers: &HeaderMap, body: &[u8]) -> String {
    let charset = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(charset)
        .unwrap_or_else(|| "iso-8859-1".to_owned());
    match charset.as_str() {
        "iso-8859-1" | "latin1" | "us-ascii" => body.iter().copied().map(char::from).collect(),
        _ => String::from_utf8_lossy(body).into_owned(),
    }
}

fn charset(content_type: &str) -> Option<String> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches('"').to_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn fields(body: &str) -> Fields {
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        );
        Fields::read(&headers, body.as_bytes()).expect("an object")
    }

    fn message(result: Result<impl std::fmt::Debug, Refusal>) -> String {
        let refusal = result.expect_err("refused");
        assert_eq!(refusal.status, 400);
        refusal.message
    }

    #[test]
    fn longs() {
        for (value, long) in [
            ("3600", 3600),
            ("\"3600\"", 3600),
            ("1.5", 1),
            ("\"+5\"", 5),
            ("[[7]]", 7),
        ] {
            assert_eq!(
                fields(&format!("{{v:{value}}}")).long("v").ok(),
                Some(long),
                "{value}"
            );
        }
        for value in [
            "true", "null", "{}", "[]", "[1,2]", "\"1.5\"", "\"\"", "x", "1e999",
        ] {
            assert_eq!(
                message(fields(&format!("{{v:{value}}}")).long("v")),
                "Field name 'v' is invalid in JSON input",
                "{value}"
            );
        }
    }

    #[test]
    fn booleans() {
        for (value, boolean) in [
            ("true", true),
            ("FALSE", false),
            ("1", false),
            ("0", false),
            ("[true]", true),
        ] {
            assert_eq!(
                fields(&format!("{{v:{value}}}")).boolean("v").ok(),
                Some(boolean),
                "{value}"
            );
        }
        for value in ["\"true\"", "null", "{}", "[]"] {
            assert!(
                fields(&format!("{{v:{value}}}")).boolean("v").is_err(),
                "{value}"
            );
            assert!(
                fields(&format!("{{v:{value}}}"))
                    .optional_boolean("v")
                    .is_err(),
                "{value}"
            );
        }
        assert_eq!(fields("{}").optional_boolean("v").ok(), Some(None));
    }

    #[test]
    fn strings_and_objects() {
        assert_eq!(fields("{v:'x'}").string("v").ok(), Some("x"));
        assert_eq!(fields("{v:['x']}").string("v").ok(), Some("x"));
        for value in ["1", "true", "null", "{}", "['x','y']"] {
            assert!(
                fields(&format!("{{v:{value}}}")).string("v").is_err(),
                "{value}"
            );
        }
        assert!(fields("{v:{}}").object("v").is_ok());
        for value in ["'x'", "1", "null", "[{}]"] {
            assert!(
                fields(&format!("{{v:{value}}}")).object("v").is_err(),
                "{value}"
            );
        }
    }

    #[test]
    fn charsets() {
        let text = |content_type: Option<&'static str>, body: &[u8]| {
            let mut headers = HeaderMap::new();
            if let Some(content_type) = content_type {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            }
            decode(&headers, body)
        };
        assert_eq!(text(Some("application/json"), "é".as_bytes()), "Ã©");
        assert_eq!(text(None, "é".as_bytes()), "Ã©");
        assert_eq!(
            text(Some("application/json; charset=utf-8"), "é".as_bytes()),
            "é"
        );
        assert_eq!(
            text(Some("application/json;Charset=\"UTF-8\""), "é".as_bytes()),
            "é"
        );
        assert_eq!(
            text(Some("application/json; charset=utf-8"), b"\xff"),
            "\u{fffd}"
        );
    }

    #[test]
    fn bodies_that_are_no_object() {
        for body in ["", "[]", "\"x\"", "null", "1", "{not json", "\u{0}"] {
            let answer = Fields::read(&HeaderMap::new(), body.as_bytes());
            assert_eq!(message(answer), "Invalid Json Input", "{body}");
        }
    }
}
