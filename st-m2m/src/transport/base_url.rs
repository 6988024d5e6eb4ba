//! The base URL of another service.

/// The base URL of another service: absolute, and no more than scheme, host, port and path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaseUrl(url::Url);

impl BaseUrl {
    /// Reads and checks `text`.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        url::Url::parse(text.trim())
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .filter(|url| url.username().is_empty() && url.password().is_none())
            .filter(|url| url.query().is_none() && url.fragment().is_none())
            .map(Self)
            .ok_or("must be an absolute http(s) URL with no query, fragment or credentials")
    }

    pub(crate) fn as_url(&self) -> &url::Url {
        &self.0
    }

    /// The URL without a slash at its end, ready to have a path appended. RFC 3986's join is not wanted: it would
    /// drop the last segment of the base.
    pub(crate) fn as_prefix(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}
