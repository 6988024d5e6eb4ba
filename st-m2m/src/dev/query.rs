//! Parameters of a request's query, as a servlet reads them.

use url::form_urlencoded;

use super::reply::Refusal;

/// The parameters in order; a name may repeat.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn read(query: Option<&str>) -> Self {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        Self(pairs.into_owned().collect())
    }

    /// A parameter, the first of its name. It may be empty, and may lack even the equals sign.
    pub(super) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.optional(name).ok_or_else(|| {
            Refusal::bad_request(format!("Field name '{name}' is missing in GET request"))
        })
    }

    /// A parameter that may be absent.
    pub(super) fn optional(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether a parameter is `true` in any case; an absent one is.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.optional(name)
            .is_none_or(|value| value.eq_ignore_ascii_case("true"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters() {
        let query = Query::read(Some("a=1&a=2&b&c=&d=x%2Fy+z&%65=TRUE&f=no"));
        for (name, value) in [("a", "1"), ("b", ""), ("c", ""), ("d", "x/y z")] {
            assert_eq!(query.required(name).ok(), Some(value), "{name}");
        }
        assert!(query.is_true("e") && query.is_true("absent"));
        assert!(!query.is_true("f") && !query.is_true("c"));
        let refusal = query.required("A").expect_err("missing");
        assert_eq!(refusal.message, "Field name 'A' is missing in GET request");
        assert!(Query::read(None).optional("a").is_none());
    }
}
