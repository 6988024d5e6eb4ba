//! Asks the core for tokens, and checks what comes back.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{ServiceToken, requested_claims};
use crate::{
    clock::Clock,
    error::{ClaimsError, Error},
    excerpt::excerpt,
    observe,
    secret::Secret,
    supertokens::{CoreClient, MintRequest, SigningKey, wire},
};

/// How far behind ours the core's clock may be, in seconds: the largest leeway that any receiver may have.
const CORE_BEHIND: u64 = 60;

/// What to mint at start, checked.
#[derive(Clone, Debug)]
pub(crate) struct OwnToken {
    /// All claims but `source` and those the core adds.
    pub(crate) claims: Map<String, Value>,
    /// Seconds.
    pub(crate) validity: u64,
    pub(crate) signing_key: SigningKey,
}

/// How [`M2m::create_jwt`](crate::M2m::create_jwt) mints.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct JwtOptions {
    validity: Option<Duration>,
    signing_key: SigningKey,
}

impl JwtOptions {
    /// 100 years, the static key: the defaults of SuperTokens' SDKs.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long the token is valid, in whole seconds, from 1 s to 100 years.
    pub fn validity(mut self, validity: Duration) -> Self {
        self.validity = Some(validity);
        self
    }

    /// The kind of key that signs. A token that a dynamic key signed is verifiable for 2 h at the least and about a
    /// week at the most, whatever its validity.
    pub fn signing_key(mut self, signing_key: SigningKey) -> Self {
        self.signing_key = signing_key;
        self
    }
}

/// Mints a further token.
pub(crate) async fn create_jwt(
    core: &CoreClient,
    issuer: &str,
    claims: Value,
    options: &JwtOptions,
) -> Result<String, Error> {
    let claims = requested_claims(claims)?;
    let validity = match options.validity {
        None => wire::DEFAULT_VALIDITY_SECONDS,
        Some(validity) => {
            validity_seconds(validity).ok_or(ClaimsError::ValidityNotAccepted(validity))?
        }
    };
    let request = MintRequest {
        claims: &claims,
        issuer,
        validity,
        signing_key: options.signing_key,
    };
    Ok(core.mint(request).await?)
}

/// Mints this service's own token and holds it to what was asked: a core with a wrong clock, or something that is
/// no core at all, is found at start rather than by the first receiver.
pub(crate) async fn mint_at_start(
    core: &CoreClient,
    issuer: &str,
    own: &OwnToken,
    leeway: u64,
    clock: &dyn Clock,
) -> Result<ServiceToken, Error> {
    let mut claims = own.claims.clone();
    claims.insert("source".to_owned(), wire::SERVICE_SOURCE.into());
    let request = MintRequest {
        claims: &claims,
        issuer,
        validity: own.validity,
        signing_key: own.signing_key,
    };
    let asked_at = clock.unix_seconds();
    let token = Secret::new(core.mint(request).await?);
    let expected = Expected {
        claims: &claims,
        issuer,
        validity: own.validity,
        signing_key: own.signing_key,
        asked_at,
        answered_at: clock.unix_seconds(),
        leeway,
    };
    let (key_id, expires_at) = expected.check(&token).map_err(Error::UnusableToken)?;
    observe::minted(&key_id, expires_at);
    ServiceToken::new(token, expires_at)
        .ok_or_else(|| Error::UnusableToken("it cannot be sent in a header".to_owned()))
}

/// A validity in whole seconds, from 1 s to the 100 years that SuperTokens' SDKs take by default.
pub(crate) fn validity_seconds(validity: Duration) -> Option<u64> {
    let seconds = validity.as_secs();
    let accepted =
        validity.subsec_nanos() == 0 && (1..=wire::DEFAULT_VALIDITY_SECONDS).contains(&seconds);
    accepted.then_some(seconds)
}

/// What the minted token should be.
struct Expected<'a> {
    claims: &'a Map<String, Value>,
    issuer: &'a str,
    validity: u64,
    signing_key: SigningKey,
    asked_at: u64,
    answered_at: u64,
    leeway: u64,
}

impl Expected<'_> {
    /// The key id and the expiry of a token that is what it should be.
    fn check(&self, token: &Secret) -> Result<(String, u64), String> {
        let mut segments = token.expose().split('.');
        let (Some(header), Some(payload), Some(_), None) = (
            segments.next(),
            segments.next(),
            segments.next(),
            segments.next(),
        ) else {
            return Err("it is not three segments".to_owned());
        };
        let header: Map<String, Value> = read(header).ok_or("its header cannot be read")?;
        let payload: Map<String, Value> = read(payload).ok_or("its claims cannot be read")?;
        let key_id = self.check_header(&header)?;
        if payload.get("iss").and_then(Value::as_str) != Some(self.issuer) {
            return Err(format!(
                "its issuer is {}, but receivers demand `{}`: check `api_domain`",
                excerpt(&payload.get("iss").unwrap_or(&Value::Null).to_string()),
                self.issuer
            ));
        }
        for (name, value) in self.claims {
            if !payload.get(name).is_some_and(|minted| same(minted, value)) {
                return Err(format!("its claim `{name}` is not what was asked for"));
            }
        }
        let date = |name: &str| payload.get(name).and_then(Value::as_u64);
        let (Some(issued_at), Some(expires_at)) = (date("iat"), date("exp")) else {
            return Err("it has no `iat` or no `exp`".to_owned());
        };
        self.check_clock(issued_at)?;
        // The core truncates both dates to seconds, each from the same instant.
        if expires_at.abs_diff(issued_at.saturating_add(self.validity)) > 1 {
            return Err(format!(
                "it is valid for {} s instead of {} s",
                expires_at.saturating_sub(issued_at),
                self.validity
            ));
        }
        Ok((key_id, expires_at))
    }

    fn check_header(&self, header: &Map<String, Value>) -> Result<String, String> {
        let text = |name: &str| header.get(name).and_then(Value::as_str);
        if text("alg") != Some(wire::ALGORITHM) || text("typ") != Some("JWT") {
            return Err("its header is not that of an RS256 JWT".to_owned());
        }
        if header.contains_key("version") {
            return Err("its header is that of a session".to_owned());
        }
        let key_id = text("kid").ok_or("its header names no key")?;
        let dynamic = wire::is_dynamic(key_id);
        if dynamic != (self.signing_key == SigningKey::Dynamic) {
            return Err(format!(
                "it is signed with a {} key (`{}`), which was not asked for",
                if dynamic { "dynamic" } else { "static" },
                excerpt(key_id)
            ));
        }
        Ok(key_id.to_owned())
    }

    fn check_clock(&self, issued_at: u64) -> Result<(), String> {
        let ahead = issued_at.saturating_sub(self.answered_at);
        let behind = self.asked_at.saturating_sub(issued_at);
        if ahead > self.leeway {
            return Err(format!(
                "the core's clock is {ahead} s ahead of this machine's, more than the leeway of {} s: receivers would take the token for one from the future; set one of the clocks",
                self.leeway
            ));
        }
        if behind > CORE_BEHIND {
            return Err(format!(
                "the core's clock is {behind} s behind this machine's: set one of the clocks"
            ));
        }
        Ok(())
    }
}

/// Whether two claims are one value. Numbers are compared as numbers: the core writes `1.50` as `1.5`, and `serde_json`,
/// where any crate of the program enables its `arbitrary_precision`, compares their text.
fn same(minted: &Value, asked: &Value) -> bool {
    match (minted, asked) {
        (Value::Number(minted), Value::Number(asked)) => match (minted.as_i64(), asked.as_i64()) {
            (Some(minted), Some(asked)) => minted == asked,
            _ => minted == asked || minted.as_f64() == asked.as_f64(),
        },
        (Value::Array(minted), Value::Array(asked)) => {
            minted.len() == asked.len() && minted.iter().zip(asked).all(|(a, b)| same(a, b))
        }
        (Value::Object(minted), Value::Object(asked)) => {
            minted.len() == asked.len()
                && asked
                    .iter()
                    .all(|(name, b)| minted.get(name).is_some_and(|a| same(a, b)))
        }
        (minted, asked) => minted == asked,
    }
}

fn read<T: DeserializeOwned>(segment: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(segment).ok()?).ok()
}
