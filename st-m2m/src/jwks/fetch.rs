//! Fetches a key set.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::time::{Instant, sleep, timeout};
use url::{Position, Url};

use super::{KeySet, KeysError, key_set::DOCUMENT_BYTES, schedule};
use crate::{
    supertokens::CoreClient,
    transport::{self, Limits, Request, Transport, exchange},
};

/// Every source is asked within this time, whatever an exchange may take otherwise: requests wait for it.
const LONGEST_FETCH: Duration = Duration::from_secs(3);
/// A core announces a `max-age` down to 1 s just before it rotates (`supertokens-core`,
/// `api/core/JWKSPublicAPI.java`); taken at its word it would be asked all the time.
pub(crate) const SHORTEST_FRESH: Duration = Duration::from_secs(30);
/// A longer entity tag is not sent back. Bytes.
const ENTITY_TAG_BYTES: usize = 256;

/// A place where keys are fetched.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// A JWKS document behind a URL.
    Url {
        url: Url,
        transport: Arc<dyn Transport>,
    },
    /// SuperTokens Core.
    Core(Arc<CoreClient>),
}

/// Where keys are fetched: the first source that has a set wins.
#[derive(Debug)]
pub(crate) struct Sources {
    in_order: Vec<Source>,
    /// For one fetch, all sources together.
    limit: Duration,
    /// A set is fetched anew after this long at the latest, which bounds how long a removed key is trusted.
    longest_fresh: Duration,
}

/// What a fetch found.
#[derive(Debug)]
pub(super) struct Fetched {
    /// Those of the fetch before, where they are the same.
    pub(super) keys: Arc<KeySet>,
    /// How long the keys count as fresh.
    pub(super) fresh_for: Duration,
    /// What the source calls this state of its document, to ask whether it has changed since (RFC 9110 §13.1.2).
    version: Option<Version>,
}

#[derive(Debug)]
struct Version {
    source: usize,
    entity_tag: HeaderValue,
}

impl Sources {
    /// `exchange` is what one exchange may take.
    pub(crate) fn new(in_order: Vec<Source>, exchange: Duration, longest_fresh: Duration) -> Self {
        Self {
            in_order,
            limit: exchange.min(LONGEST_FETCH),
            longest_fresh,
        }
    }

    /// How long a fetch may take.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// Asks one source after the other. Where all broke off at once, as a connection does that stood idle for too long,
    /// they are asked once more.
    ///
    /// `last` is what the last fetch found that succeeded.
    pub(super) async fn fetch(&self, last: Option<&Fetched>) -> Result<Fetched, KeysError> {
        let began_at = Instant::now();
        match timeout(self.limit, self.round(last)).await {
            Ok(Err(error)) if broke_off(&error) => {
                let pause = schedule::retry();
                let Some(left) = self.limit.checked_sub(began_at.elapsed() + pause) else {
                    return Err(error);
                };
                sleep(pause).await;
                timeout(left, self.round(last)).await.unwrap_or(Err(error))
            }
            Ok(outcome) => outcome,
            Err(_) => Err(KeysError::TooSlow(self.limit)),
        }
    }

    async fn round(&self, last: Option<&Fetched>) -> Result<Fetched, KeysError> {
        // A source that hangs leaves time for the others.
        let sources = u32::try_from(self.in_order.len()).unwrap_or(u32::MAX);
        let total = self.limit / sources.max(1);
        let mut errors = Vec::new();
        for (index, source) in self.in_order.iter().enumerate() {
            match self.ask(index, source, last, total).await {
                Ok(fetched) => return Ok(fetched),
                Err(error) => errors.push(error),
            }
        }
        match errors.pop() {
            Some(only) if errors.is_empty() => Err(only),
            Some(last) => {
                errors.push(last);
                Err(KeysError::EverySource(errors))
            }
            None => Err(KeysError::EverySource(errors)),
        }
    }

    async fn ask(
        &self,
        index: usize,
        source: &Source,
        last: Option<&Fetched>,
        total: Duration,
    ) -> Result<Fetched, KeysError> {
        let known = last.and_then(|it| it.version_of(index));
        let (url, answer) = match source {
            Source::Core(core) => core.jwks(total).await?,
            Source::Url { url, transport } => {
                // Without the query, which may be private.
                let shown = url[..Position::AfterPath].to_owned();
                let limits = Limits {
                    total,
                    response_bytes: DOCUMENT_BYTES,
                };
                let answer = match get(url, known) {
                    Ok(request) => exchange(transport.as_ref(), request, limits).await,
                    Err(error) => Err(error),
                };
                match answer {
                    Err(error) => return Err(KeysError::Fetch { url: shown, error }),
                    Ok(answer) => (shown, answer),
                }
            }
        };
        let fresh_for = fresh_for(answer.headers(), self.longest_fresh);
        let version = |entity_tag: &HeaderValue| Version {
            source: index,
            entity_tag: entity_tag.clone(),
        };
        match (answer.status(), last, known) {
            (StatusCode::OK, ..) => {}
            (StatusCode::NOT_MODIFIED, Some(last), Some(entity_tag)) => {
                return Ok(Fetched {
                    keys: Arc::clone(&last.keys),
                    fresh_for,
                    version: Some(version(entity_tag)),
                });
            }
            (status, ..) => {
                return Err(KeysError::Status {
                    url,
                    status: status.as_u16(),
                });
            }
        }
        let keys = std::str::from_utf8(answer.body())
            .map_err(|_| KeysError::NotAKeySet("not UTF-8".to_owned()))
            .and_then(KeySet::from_json)
            .map_err(|error| KeysError::At {
                url,
                error: Box::new(error),
            })?;
        Ok(Fetched {
            keys: match last {
                Some(last) => keys.replacing(&last.keys),
                None => Arc::new(keys),
            },
            fresh_for,
            version: answer
                .headers()
                .get(header::ETAG)
                .filter(|it| it.len() <= ENTITY_TAG_BYTES)
                .map(version),
        })
    }
}

impl Fetched {
    /// Keys that are in use already.
    pub(super) fn earlier(keys: Arc<KeySet>) -> Self {
        Self {
            keys,
            fresh_for: Duration::ZERO,
            version: None,
        }
    }

    fn version_of(&self, source: usize) -> Option<&HeaderValue> {
        let version = self.version.as_ref().filter(|it| it.source == source)?;
        Some(&version.entity_tag)
    }
}

fn get(url: &Url, known: Option<&HeaderValue>) -> Result<Request, transport::Error> {
    let mut request = http::Request::get(url.as_str())
        .header(header::ACCEPT, "application/json")
        // A cache on the way may keep the document for a week, which is what a core allows; a key that was removed must not
        // be trusted that long. Unlike `no-store` it lets the cache answer once it has asked.
        .header(header::CACHE_CONTROL, "no-cache");
    if let Some(entity_tag) = known {
        request = request.header(header::IF_NONE_MATCH, entity_tag);
    }
    request
        .body(Bytes::new())
        .map_err(|error| transport::Error::Broken(error.into()))
}

/// Whether it may work the next moment: nobody answered, and nobody took too long.
fn broke_off(error: &KeysError) -> bool {
    use transport::Error::{Broken, Connect};
    match error {
        KeysError::Fetch { error, .. } => matches!(error, Connect(_) | Broken(_)),
        KeysError::Core(crate::error::CoreError::Unreachable(failures)) => failures
            .iter()
            .all(|it| matches!(it.error, Connect(_) | Broken(_))),
        KeysError::EverySource(errors) => errors.iter().all(broke_off),
        _ => false,
    }
}

/// What is left of the answer's `max-age` (RFC 9111 §5.2.2.1) after its `Age` in caches (§5.1), within our bounds. SDKs let applications replace the header by
/// anything, so what cannot be read counts as absent.
fn fresh_for(headers: &HeaderMap, longest: Duration) -> Duration {
    let age = headers.get(header::AGE).and_then(|it| it.to_str().ok());
    let age: u64 = age.and_then(|it| it.trim().parse().ok()).unwrap_or(0);
    headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|directive| directive.trim().split_once('='))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("max-age"))
        .find_map(|(_, seconds)| seconds.trim().trim_matches('"').parse().ok())
        .map_or(longest, |seconds: u64| {
            Duration::from_secs(seconds.saturating_sub(age)).clamp(SHORTEST_FRESH, longest)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn max_age_is_read_within_bounds() {
        let longest = Duration::from_secs(600);
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
                fresh_for(&headers, longest),
                Duration::from_secs(expected),
                "{value}"
            );
        }
        assert_eq!(fresh_for(&HeaderMap::new(), longest), longest);
    }

    /// A core counts `max-age` down to its next key; a cache on the way does not.
    #[test]
    fn time_spent_in_caches_counts() {
        let longest = Duration::from_secs(600);
        for (age, expected) in [
            ("0", 400),
            ("100", 300),
            ("399", 30),
            ("18446744073709551615", 30),
            ("-1", 400),
            ("x", 400),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(
                header::CACHE_CONTROL,
                HeaderValue::from_static("max-age=400"),
            );
            headers.insert(header::AGE, HeaderValue::from_static(age));
            assert_eq!(
                fresh_for(&headers, longest),
                Duration::from_secs(expected),
                "{age}"
            );
        }
    }
}
