//! Fetches a key set.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use url::{Position, Url};

use super::{KeySet, KeysError, key_set::DOCUMENT_BYTES};
use crate::{
    supertokens::CoreClient,
    transport::{Limits, Request, Transport, exchange},
};

/// A set is fetched anew after this long at the latest, which bounds how long a removed key is trusted.
const LONGEST_FRESH: Duration = Duration::from_secs(600);
/// A core announces a `max-age` down to 1 s just before it rotates (`supertokens-core`,
/// `api/core/JWKSPublicAPI.java`); taken at its word it would be asked by every request.
const SHORTEST_FRESH: Duration = Duration::from_secs(30);

/// Where keys are fetched.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// A JWKS document behind a URL.
    Url {
        url: Url,
        transport: Arc<dyn Transport>,
        /// Of one exchange. The size limit is ours.
        total: Duration,
    },
    /// SuperTokens Core.
    Core(Arc<CoreClient>),
}

/// Keys, and how long they count as fresh.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) keys: KeySet,
    pub(crate) fresh_for: Duration,
}

impl Source {
    /// How long a fetch may take.
    pub(super) fn limit(&self) -> Duration {
        match self {
            Self::Url { total, .. } => *total,
            Self::Core(core) => core.time_limit(),
        }
    }

    pub(crate) async fn fetch(&self) -> Result<Fetched, KeysError> {
        let (url, answer) = match self {
            Self::Core(core) => core.jwks().await?,
            Self::Url {
                url,
                transport,
                total,
            } => {
                // Without the query, which may be private.
                let shown = url[..Position::AfterPath].to_owned();
                let limits = Limits {
                    total: *total,
                    response_bytes: DOCUMENT_BYTES,
                };
                let answer = match get(url) {
                    Ok(request) => exchange(transport.as_ref(), request, limits).await,
                    Err(error) => Err(error),
                };
                match answer {
                    Err(error) => return Err(KeysError::Fetch { url: shown, error }),
                    Ok(answer) if answer.status() != StatusCode::OK => {
                        return Err(KeysError::Status {
                            url: shown,
                            status: answer.status().as_u16(),
                        });
                    }
                    Ok(answer) => (shown, answer),
                }
            }
        };
        let keys = std::str::from_utf8(answer.body())
            .map_err(|_| KeysError::NotAKeySet("not UTF-8".to_owned()))
            .and_then(KeySet::from_json)
            .map_err(|error| KeysError::At {
                url,
                error: Box::new(error),
            })?;
        Ok(Fetched {
            keys,
            fresh_for: fresh_for(answer.headers()),
        })
    }
}

fn get(url: &Url) -> Result<Request, crate::transport::Error> {
    http::Request::get(url.as_str())
        .header(header::ACCEPT, "application/json")
        .body(Bytes::new())
        .map_err(|error| crate::transport::Error::Broken(error.into()))
}

/// The answer's `max-age` (RFC 9111 §5.2.2.1) within our bounds. SDKs let applications replace the header by
/// anything, so what cannot be read counts as absent.
fn fresh_for(headers: &HeaderMap) -> Duration {
    headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|directive| directive.trim().split_once('='))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("max-age"))
        .find_map(|(_, seconds)| seconds.trim().trim_matches('"').parse().ok())
        .map_or(LONGEST_FRESH, |seconds| {
            Duration::from_secs(seconds).clamp(SHORTEST_FRESH, LONGEST_FRESH)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn max_age_is_read_within_bounds() {
        for (value, expected) in [
            ("max-age=604516, must-revalidate", 600),
            ("max-age=1, must-revalidate", 30),
            ("must-revalidate, MAX-AGE=\"60\"", 60),
            ("asdf", 600),
            ("max-age=-1", 600),
            ("max-age=99999999999999999999", 600),
            ("", 600),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(
                header::CACHE_CONTROL,
                value.parse().expect("a header value"),
            );
            assert_eq!(
                fresh_for(&headers),
                Duration::from_secs(expected),
                "{value}"
            );
        }
        assert_eq!(fresh_for(&HeaderMap::new()), LONGEST_FRESH);
    }
}
