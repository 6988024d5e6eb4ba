//! What can go wrong before the first request is served: configuration, the core, minting, keys.

use std::{fmt, sync::Arc, time::Duration};

use crate::transport;

/// Why a service could not start, mint a token or read keys.
///
/// Every message says what to do. None contains a token or an api key. `Debug` shows the message too, so that a `main`
/// that returns a `Result` prints it.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration is incomplete or contradictory.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// SuperTokens Core did not do what was asked.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// Claims that may not be minted.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// The core minted a token that receivers would refuse.
    #[error("the core minted a token that receivers would refuse: {0}")]
    UnusableToken(String),
    /// Public keys could not be fetched or read.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The process's own token cannot be used.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// There is no core to mint with.
    #[error("there is no core that could mint: set `connection_uri`")]
    NoCore,
    /// No further revocation can be kept.
    #[error(
        "65,536 subjects and token ids are revoked, which is the most: revoke by time of issue, or remove the key at the issuer"
    )]
    TooManyRevocations,
    /// [`init`](crate::init) succeeded before in this process.
    #[error(
        "st_m2m::init succeeded before in this process; use M2m::global(), or M2m::start for a second service"
    )]
    AlreadyInitialized,
    /// The HTTP client could not be set up.
    #[error("cannot set up the HTTP client: {0}")]
    Transport(transport::Error),
}

/// A configuration that cannot work: which key, its value unless it is secret, and what is accepted.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigError {
    key: String,
    problem: String,
}

impl ConfigError {
    pub(crate) fn new(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            problem: problem.into(),
        }
    }

    /// The same problem of something with another name.
    pub(crate) fn renamed(self, key: String) -> Self {
        Self { key, ..self }
    }

    /// The configuration key, `api_domain` for example, or the environment variable.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "configuration: `{}`: {}", self.key, self.problem)
    }
}

impl std::error::Error for ConfigError {}

/// Claims that are refused before the core is asked to sign them.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsError {
    /// The name is reserved: the core lets a caller's claims overwrite its own, so a stray `exp` or
    /// `sessionHandle` would change what the token is (recorded: `jwt_ok_payload_reserved_iss_exp_iat`).
    #[error("claim `{name}` is reserved: {instead}")]
    #[non_exhaustive]
    Reserved {
        /// The claim.
        name: String,
        /// What to use instead.
        instead: &'static str,
    },
    /// The claims are not a JSON object.
    #[error("claims must be a JSON object, such as a struct or a map with string keys: {0}")]
    NotAnObject(String),
    /// An integer above `i64::MAX`, which the core answers with status 500
    /// (`auth0/java-jwt`, `JWTCreator.java`).
    #[error(
        "claim `{0}` holds an integer above 2^63 - 1, which the core cannot sign; mint it as a string"
    )]
    IntegerTooLarge(String),
    /// A validity that is not whole seconds, from 1 s to 100 years.
    #[error(
        "a validity of {0:?} cannot be minted; it must be whole seconds, from 1 s to 100 years"
    )]
    ValidityNotAccepted(Duration),
}

/// What SuperTokens Core answered instead of what was asked.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum CoreError {
    /// No host of `connection_uri` answered.
    #[error(
        "No SuperTokens core available to query: {}; check that the core runs and that `connection_uri` names it",
        tried(.0)
    )]
    Unreachable(Vec<HostFailure>),
    /// The core refuses the api key (status 401).
    #[error(
        "the SuperTokens core at {host} {} (status 401): set `api_key` to one of the core's `api_keys`",
        if *sent { "refuses the api key" } else { "wants an api key, and none is set" }
    )]
    #[non_exhaustive]
    ApiKeyRefused {
        /// The core's address.
        host: String,
        /// Whether a key was sent at all.
        sent: bool,
    },
    /// The core answered with a redirect, which is never followed: it would carry the api key elsewhere.
    #[error(
        "the SuperTokens core at {host} answered {method} {path} with a redirect (status {status}): `connection_uri` must name the core itself"
    )]
    #[non_exhaustive]
    Redirect {
        /// The core's address.
        host: String,
        /// The request's method.
        method: http::Method,
        /// The request's path.
        path: String,
        /// The status, 300 to 399.
        status: u16,
    },
    /// Any other status than 200. The wording is the official SDKs'.
    #[error(
        "SuperTokens core threw an error for a {method} request to path: '{path}' with status code: {status} and message: {message}{}",
        doubt(host, *status, message)
    )]
    #[non_exhaustive]
    Status {
        /// The core's address.
        host: String,
        /// The request's method.
        method: http::Method,
        /// The request's path.
        path: String,
        /// The status.
        status: u16,
        /// The beginning of the body, which is plain text.
        message: String,
    },
    /// Status 200 with a body that is not what the interface promises.
    #[error(
        "{host} answered {path} with something that is no SuperTokens core's answer ({problem}); does `connection_uri` name a SuperTokens core?"
    )]
    #[non_exhaustive]
    Garbage {
        /// The core's address.
        host: String,
        /// The request's path.
        path: String,
        /// What is wrong with the body. Never the body itself: it may hold a token.
        problem: String,
    },
    /// The core speaks no version of its interface that this crate speaks.
    #[error("the core speaks CDI {theirs}, this crate speaks {ours}: update the older of the two")]
    #[non_exhaustive]
    NoCommonVersion {
        /// The core's versions.
        theirs: String,
        /// Ours.
        ours: String,
    },
    /// The core does not know RS256.
    #[error("the core answers UNSUPPORTED_ALGORITHM_ERROR for RS256")]
    UnsupportedAlgorithm,
    /// A status that this crate does not know.
    #[error("the core answers {path} with the unknown status `{status}`")]
    #[non_exhaustive]
    UnknownStatus {
        /// The request's path.
        path: String,
        /// The status member of the answer.
        status: String,
    },
}

/// One host of `connection_uri` and why it gave no answer.
#[derive(Debug)]
#[non_exhaustive]
pub struct HostFailure {
    /// The core's address.
    pub host: String,
    /// Why it gave no answer.
    pub error: transport::Error,
}

/// What a core does not answer to what this crate asks.
fn doubt(host: &str, status: u16, message: &str) -> String {
    if matches!(status, 404 | 405) || message.is_empty() {
        format!(" ({host}: is it a SuperTokens core? check `connection_uri`)")
    } else {
        format!(" ({host})")
    }
}

fn tried(failures: &[HostFailure]) -> String {
    failures
        .iter()
        .map(|failure| format!("{} ({})", failure.host, failure.error))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Why something could not be done with a session.
///
/// With axum it is an answer: 401 where the session has ended, 503 where the core cannot be asked, 500 for claims or data
/// that are not as they must be.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The session has ended: somebody revoked it, or it was not refreshed in time. The browser is told so.
    #[error("the session has ended")]
    Ended,
    /// The core did not do what was asked.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// There is no core to ask.
    #[error("there is no core that knows sessions: set `connection_uri`")]
    NoCore,
    /// Claims that may not be set.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// The session's data does not have the shape that was asked for, or cannot be written as JSON.
    #[error("the session's data: {0}")]
    Data(#[from] serde_json::Error),
}

/// Why the process has no usable token of its own.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The configuration mints nothing.
    #[error(
        "this service mints no token (verify-only): set `connection_uri`, and leave `mint` on, to call other services"
    )]
    VerifyOnly,
    /// The token has expired.
    #[error(
        "this service's token expired {seconds_ago} s ago; it is not renewed yet: restart the service, or leave `token_validity` unset"
    )]
    #[non_exhaustive]
    Expired {
        /// Seconds since the token expired.
        seconds_ago: u64,
    },
}

/// Why public keys could not be fetched or read.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The issuer gave no answer.
    #[error("cannot fetch keys from {url}: {error}")]
    #[non_exhaustive]
    Fetch {
        /// Where the keys should be.
        url: String,
        /// Why no answer was had.
        error: transport::Error,
    },
    /// The issuer answered with another status than 200. Redirects are not followed.
    #[error("{url} answered with status {status} instead of keys")]
    #[non_exhaustive]
    Status {
        /// Where the keys should be.
        url: String,
        /// The status.
        status: u16,
    },
    /// The core did not give its keys.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// What the issuer answered is no usable key set.
    #[error("the keys of {url}: {error}")]
    #[non_exhaustive]
    At {
        /// Where the answer came from.
        url: String,
        /// What is wrong with it.
        error: Box<Self>,
    },
    /// No source answered in time.
    #[error("no keys within {} ms", .0.as_millis())]
    TooSlow(Duration),
    /// Several sources are configured, and none gave keys.
    #[error("{}", one_after_the_other(.0))]
    EverySource(Vec<Self>),
    /// The fetch that everybody waits for failed, for this reason.
    #[error("{0}")]
    Failed(Arc<Self>),
    /// The issuer was asked a moment ago and gave no keys.
    #[error("the issuer was asked for keys a moment ago and gave none; try again in 10 s")]
    TooSoon,
    /// The text is not a JWKS document.
    #[error("not a JWKS document: {0}")]
    NotAKeySet(String),
    /// The document holds no key that can verify a token.
    #[error("no usable key{}", skipped_list(.0))]
    NoUsableKey(Vec<SkippedKey>),
    /// The text is not PEM, or holds something other than RSA public keys.
    #[error("not RSA public keys in PEM: {0}")]
    Pem(String),
    /// The key cannot be written as PEM.
    #[error("the key cannot be written as PEM")]
    Encode,
}

/// A key of a JWKS document that is not used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkippedKey {
    /// The beginning of the key's id, where it has one, with anything but plain characters escaped.
    pub key_id: Option<String>,
    /// Why it is not used.
    pub reason: &'static str,
}

fn one_after_the_other(errors: &[KeysError]) -> String {
    let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

fn skipped_list(skipped: &[SkippedKey]) -> String {
    // A hostile document may hold many keys.
    let mut text = String::new();
    for key in skipped.iter().take(5) {
        text.push_str(if text.is_empty() { ": " } else { ", " });
        let key_id = key.key_id.as_deref().unwrap_or("without kid");
        text.extend([key_id, " (", key.reason, ")"]);
    }
    if skipped.len() > 5 {
        text.push_str(", …");
    }
    text
}

/// What a program prints whose `main` returns one of these, and what `unwrap` says: the message, rather than the
/// names of variants and fields.
macro_rules! debug_shows_the_message {
    ($($error:ty),*) => {
        $(impl fmt::Debug for $error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        })*
    };
}

debug_shows_the_message!(
    Error,
    ConfigError,
    ClaimsError,
    CoreError,
    SessionError,
    TokenError,
    KeysError
);
