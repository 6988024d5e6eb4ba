//! Versions of the Core Driver Interface.

use std::fmt;

/// What core 11.4.7 speaks, in the order in which it says so (recorded: `apiversion_plain`).
pub(super) const SUPPORTED: [&str; 23] = [
    "2.14", "2.13", "2.12", "2.11", "2.10", "2.21", "2.20", "2.19", "2.18", "2.17", "3.0", "2.16",
    "3.1", "4.0", "2.15", "5.0", "5.1", "5.2", "5.3", "2.7", "5.4", "2.8", "2.9",
];

/// A version as a request names it.
#[derive(Clone, Debug)]
pub(super) struct CdiVersion {
    text: String,
    numbers: (u32, u32),
}

impl CdiVersion {
    /// The newest supported one, which a request without a version means.
    pub(super) fn latest() -> Self {
        Self {
            text: "5.4".to_owned(),
            numbers: (5, 4),
        }
    }

    /// Reads `X.Y` or `X.Y.Z`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('.').collect();
        let all_digits = parts
            .iter()
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
        if !all_digits || !(2..=3).contains(&parts.len()) {
            return None;
        }
        // A number too large for u32 is a version too high in any case.
        let number = |part: &str| part.parse().unwrap_or(u32::MAX);
        Some(Self {
            text: text.to_owned(),
            numbers: (number(parts[0]), number(parts[1])),
        })
    }

    pub(super) fn is_supported(&self) -> bool {
        SUPPORTED.contains(&self.text.as_str())
    }

    /// Whether this is version `major.minor` or a later one.
    pub(super) fn is_at_least(&self, major: u32, minor: u32) -> bool {
        self.numbers >= (major, minor)
    }

    /// Whether this is later than the newest supported version.
    pub(super) fn is_too_high(&self) -> bool {
        self.numbers > Self::latest().numbers
    }
}

impl fmt::Display for CdiVersion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        let version = |text| CdiVersion::parse(text).expect("well-formed");
        assert!(version("2.10").is_at_least(2, 9));
        assert!(!version("2.9").is_at_least(2, 21));
        assert!(version("99.9").is_too_high());
        assert!(version("5.99999999999").is_too_high());
        assert!(!version("5.4.0").is_supported());
        assert!(SUPPORTED.iter().all(|text| version(text).is_supported()));
    }

    #[test]
    fn malformed_versions() {
        for text in [
            "abc", "", "5", "5.", ".4", "5.4.", "5.4.0.1", "-5.4", "5.x", "５.4",
        ] {
            assert!(CdiVersion::parse(text).is_none(), "{text}");
        }
    }
}
