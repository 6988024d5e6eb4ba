//! The process's own token, ready to be sent.

use std::{fmt, sync::Arc};

use http::HeaderValue;

use crate::secret::Secret;

/// A service's own token. Cheap to clone; `Debug` does not show it.
#[derive(Clone)]
pub struct ServiceToken(Arc<Inner>);

struct Inner {
    token: Secret,
    authorization: HeaderValue,
    expires_at: u64,
}

impl ServiceToken {
    /// Builds the header value once, marked sensitive. The token is a checked JWT, so it is a valid header value.
    pub(super) fn new(token: Secret, expires_at: u64) -> Option<Self> {
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", token.expose())).ok()?;
        authorization.set_sensitive(true);
        Some(Self(Arc::new(Inner {
            token,
            authorization,
            expires_at,
        })))
    }

    /// The token itself. Whoever has it is this service until it expires: keep it out of logs and out of
    /// browsers.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.token.expose()
    }

    /// The value of an `Authorization` header with this token, marked sensitive.
    #[must_use]
    pub fn authorization(&self) -> HeaderValue {
        self.0.authorization.clone()
    }

    /// When the token expires, in seconds since the Unix epoch.
    #[must_use]
    pub fn expires_at(&self) -> u64 {
        self.0.expires_at
    }
}

impl fmt::Debug for ServiceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceToken")
            .field("expires_at", &self.0.expires_at)
            .finish_non_exhaustive()
    }
}
