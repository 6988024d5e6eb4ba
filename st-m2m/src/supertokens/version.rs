//! Versions of the Core Driver Interface.

use std::fmt;

/// A CDI version, ordered by number: 2.10 is newer than 2.9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CdiVersion {
    major: u16,
    minor: u16,
}

impl CdiVersion {
    /// The versions this crate speaks, oldest first.
    ///
    /// 2.21 introduced `useStaticSigningKey`. 5.5 only touches `WebAuthn`; 5.6 changes the meaning of
    /// `/recipe/session/verify` (`supertokens-core`, `CHANGELOG.md`, 12.1.0).
    pub(crate) const SUPPORTED: &'static [Self] = &[
        Self::new(2, 21),
        Self::new(3, 0),
        Self::new(3, 1),
        Self::new(4, 0),
        Self::new(5, 0),
        Self::new(5, 1),
        Self::new(5, 2),
        Self::new(5, 3),
        Self::new(5, 4),
    ];

    const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }

    /// Reads `X.Y`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            if plain { digits.parse().ok() } else { None }
        };
        let (major, minor) = text.split_once('.')?;
        Some(Self::new(number(major)?, number(minor)?))
    }

    /// Reads a version that the configuration pins.
    pub(crate) fn pinned(text: &str) -> Result<Self, String> {
        Self::parse(text.trim())
            .filter(|version| Self::SUPPORTED.contains(version))
            .ok_or_else(|| {
                format!(
                    "`{text}` is no version that this crate speaks; write one of {}, such as `5.4`",
                    list(Self::SUPPORTED)
                )
            })
    }

    /// The newest version that both sides speak. The core lists its versions in no order, and may list some below
    /// the minimum it is configured to accept (`supertokens-core`, `api/core/ApiVersionAPI.java`).
    pub(crate) fn newest_common(theirs: &[String]) -> Option<Self> {
        theirs
            .iter()
            .filter_map(|text| Self::parse(text))
            .filter(|version| Self::SUPPORTED.contains(version))
            .max()
    }

    /// Our versions, for a message.
    pub(crate) fn supported_list() -> String {
        list(Self::SUPPORTED)
    }
}

fn list(versions: &[CdiVersion]) -> String {
    versions
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

impl fmt::Display for CdiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number_and_order_does_not_matter() {
        let theirs = [
            "2.9", "5.10", "5.4", "2.21", "10.0", "abc", "5.3.1", "", "+5.4",
        ]
        .map(str::to_owned);
        let newest = CdiVersion::newest_common(&theirs).map(|version| version.to_string());
        assert_eq!(newest.as_deref(), Some("5.4"));
        assert!(CdiVersion::parse("2.10") > CdiVersion::parse("2.9"));
        assert_eq!(
            CdiVersion::newest_common(&["2.9".to_owned(), "2.10".to_owned()]),
            None
        );
    }
}
