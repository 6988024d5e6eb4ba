//! One host of `connection_uri`.

use std::fmt;

/// Where one core is: `scheme://host[:port]` and a path, both normalised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CoreHost(String);

impl CoreHost {
    pub(crate) fn new(domain: &str, path: &str) -> Self {
        Self(format!("{domain}{path}"))
    }

    /// The absolute URL of `path` at this host.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl fmt::Display for CoreHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
