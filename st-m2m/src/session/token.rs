//! Access tokens of sessions, as every version of the core writes them.
//!
//! Two questions, and two readers. *Does it look like a session?* is answered as the Node SDK answers it, tolerant base64
//! and all: the answer decides who else may look at the token. *Is it one?* is answered strictly.
//!
//! Sources: `supertokens-node`, `recipe/session/jwt.ts` and `accessToken.ts`; `supertokens-core`,
//! `session/accessToken/AccessToken.java` and `session/jwt/JWT.java`.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::verify::{
    Header, Jws, OLD_SESSION_HEADERS, Reason, Refusal, TOKEN_BYTES, TokenKind, date, object,
    present, string,
};

/// The tenant of whoever has none.
const PUBLIC_TENANT: &str = "public";
/// What is longer does not look like a session, nor like anything else of ours.
const SHAPE_BYTES: usize = 2 * TOKEN_BYTES;

/// The version of a token's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    /// Made under CDI versions before 2.21; version 1 has the same form.
    V2,
    V3,
    V4,
    V5,
}

/// A token that satisfies every rule but those that need a key, the time or the configuration.
#[derive(Debug)]
pub(super) struct SessionToken<'t> {
    pub(super) version: Version,
    /// Absent in version 2.
    pub(super) key_id: Option<String>,
    pub(super) signing_input: &'t [u8],
    pub(super) signature: Vec<u8>,
    pub(super) facts: Facts,
    /// What the application put into it and, from version 3 on, everything else: JSON text.
    pub(super) payload: String,
}

/// What a token says of its session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) user_id: String,
    pub(super) recipe_user_id: String,
    pub(super) tenant_id: String,
    pub(super) handle: String,
    /// Seconds since the Unix epoch.
    pub(super) issued_at: u64,
    /// Milliseconds since the Unix epoch.
    pub(super) expires_at_millis: u64,
    /// Seconds since the Unix epoch.
    pub(super) not_before: Option<u64>,
    pub(super) anti_csrf_token: Option<String>,
    /// Whether it was made by a refresh that nobody has confirmed at the core yet.
    pub(super) is_fresh_from_refresh: bool,
}

impl SessionToken<'_> {
    /// The rules that depend on the time. Sessions have no leeway, as in the SDK.
    pub(super) fn check_dates(&self, unix_millis: u64) -> Result<(), Reason> {
        let Facts {
            expires_at_millis,
            not_before,
            ..
        } = self.facts;
        let now = unix_millis / 1000;
        let is_expired = match self.version {
            Version::V2 => expires_at_millis < unix_millis,
            Version::V3 | Version::V4 | Version::V5 => expires_at_millis / 1000 <= now,
        };
        if is_expired {
            return Err(Reason::SessionExpired);
        }
        if not_before.is_some_and(|it| it > now) {
            return Err(Reason::SessionNotYetValid);
        }
        Ok(())
    }
}

/// Whether the Node SDK would take the token for a session, good or bad.
pub(super) fn has_shape(token: &str) -> bool {
    shape(token).is_some()
}

fn shape(token: &str) -> Option<()> {
    if token.len() > SHAPE_BYTES {
        return None;
    }
    let mut segments = token.split('.');
    let (header, payload) = (segments.next()?, segments.next()?);
    segments.next()?;
    if segments.next().is_some() {
        return None;
    }
    let version = if OLD_SESSION_HEADERS.contains(&header) {
        2
    } else {
        let header = tolerant_json(header)?;
        let version = match header.get("version") {
            Some(version) => parse_int(version.as_str()?)?,
            None => 3,
        };
        let is_header = header.get("typ")?.as_str()? == "JWT" && version >= 3;
        // A member that is null is there.
        header.get("kid").filter(|_| is_header)?;
        version
    };
    let payload = tolerant_json(payload)?;
    match payload.get("stt") {
        None => {}
        Some(stt) if stt.as_f64() == Some(0.0) => {}
        Some(_) => return None,
    }
    let are_strings = |names: &[&str]| {
        names
            .iter()
            .all(|it| payload.get(it).is_some_and(Value::is_string))
    };
    let are_numbers = |names: &[&str]| {
        names
            .iter()
            .all(|it| payload.get(it).is_some_and(Value::is_number))
    };
    let is_session = are_strings(&["sessionHandle", "refreshTokenHash1"])
        && if version >= 3 {
            are_strings(&["sub"])
                && are_numbers(&["exp", "iat"])
                && (version < 5 || are_strings(&["rsub"]))
        } else {
            are_strings(&["userId"])
                && are_numbers(&["expiryTime", "timeCreated"])
                && payload.get("userData").is_some()
        };
    is_session.then_some(())
}

/// JSON in base64 as Node.js reads it: either alphabet, padded or not, and whatever is in neither is passed over.
fn tolerant_json(segment: &str) -> Option<Value> {
    const TOLERANT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let mut text: Vec<u8> = segment
        .bytes()
        .filter_map(|byte| match byte {
            b'-' => Some(b'+'),
            b'_' => Some(b'/'),
            b'+' | b'/' => Some(byte),
            _ => byte.is_ascii_alphanumeric().then_some(byte),
        })
        .collect();
    // Six bits are no byte.
    if text.len() % 4 == 1 {
        text.pop();
    }
    let bytes = TOLERANT.decode(text).ok()?;
    serde_json::from_str(&String::from_utf8_lossy(&bytes)).ok()
}

/// JavaScript's `Number.parseInt`: the number that a text begins with.
fn parse_int(text: &str) -> Option<u64> {
    let text = text.trim_start();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"))
    {
        Some(rest) => (16, rest),
        None => (10, digits),
    };
    let mut number = None;
    for digit in digits.chars().map_while(|it| it.to_digit(radix)) {
        let so_far: u64 = number.unwrap_or(0);
        number = Some(
            so_far
                .saturating_mul(radix.into())
                .saturating_add(digit.into()),
        );
    }
    number.filter(|it| !negative || *it == 0)
}

/// The claims that matter, each as it stands in the token. A claim that occurs twice is an error.
#[derive(Debug, Deserialize)]
struct Claims<'c> {
    #[serde(borrow, default, deserialize_with = "present")]
    sub: Option<&'c RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    rsub: Option<&'c RawValue>,
    #[serde(borrow, default, deserialize_with = "present", rename = "tId")]
    tenant: Option<&'c RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    exp: Option<&'c RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    iat: Option<&'c RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    nbf: Option<&'c RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    stt: Option<&'c RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    source: Option<&'c RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    client_id: Option<&'c RawValue>,
    #[serde(
        borrow,
        default,
        deserialize_with = "present",
        rename = "sessionHandle"
    )]
    handle: Option<&'c RawValue>,
    #[serde(
        borrow,
        default,
        deserialize_with = "present",
        rename = "refreshTokenHash1"
    )]
    refresh_token_hash: Option<&'c RawValue>,
    #[serde(
        borrow,
        default,
        deserialize_with = "present",
        rename = "parentRefreshTokenHash1"
    )]
    parent_refresh_token_hash: Option<&'c RawValue>,
    #[serde(
        borrow,
        default,
        deserialize_with = "present",
        rename = "antiCsrfToken"
    )]
    anti_csrf_token: Option<&'c RawValue>,
    #[serde(borrow, default, deserialize_with = "present", rename = "userId")]
    user_id: Option<&'c RawValue>,
    #[serde(borrow, default, deserialize_with = "present", rename = "expiryTime")]
    expiry_time: Option<&'c RawValue>,
    #[serde(borrow, default, deserialize_with = "present", rename = "timeCreated")]
    time_created: Option<&'c RawValue>,
    #[serde(borrow, default, deserialize_with = "present", rename = "userData")]
    user_data: Option<&'c RawValue>,
}

/// Reads a token that [`has_shape`], strictly.
///
/// It is stricter than the SDK: base64 has one spelling, no claim occurs twice, `alg` and the other header members are
/// held to what the core writes, and `version` is one of those that cores write. Without `version` a token is a session
/// only where `allow_unversioned` says so, and then only without marks of another kind.
pub(super) fn read(token: &str, allow_unversioned: bool) -> Result<SessionToken<'_>, Refusal> {
    if token.len() > TOKEN_BYTES {
        return Err(malformed(Reason::TokenTooLong));
    }
    let is_old = token
        .split_once('.')
        .is_some_and(|(header, _)| OLD_SESSION_HEADERS.contains(&header));
    if is_old {
        read_old(token)
    } else {
        read_new(token, allow_unversioned)
    }
}

fn malformed(reason: Reason) -> Refusal {
    Refusal::found(Reason::SessionMalformed, reason.as_str())
}

fn incomplete() -> Refusal {
    Refusal::found(Reason::SessionMalformed, "claims")
}

fn read_new(token: &str, allow_unversioned: bool) -> Result<SessionToken<'_>, Refusal> {
    let mut jws = Jws::split(token).map_err(malformed)?;
    let header = Header::read(jws.header()).map_err(malformed)?;
    let key_id = header
        .check(TokenKind::Session.types())
        .map_err(malformed)?;
    let key_id = key_id.to_owned();
    let version = match header.version.map(RawValue::get) {
        Some(r#""3""#) => Version::V3,
        Some(r#""4""#) => Version::V4,
        Some(r#""5""#) => Version::V5,
        None if allow_unversioned => Version::V3,
        None => return Err(Refusal::found(Reason::SessionVersionNotAccepted, "none")),
        Some(other) => return Err(Refusal::found(Reason::SessionVersionNotAccepted, other)),
    };
    let is_versioned = header.version.is_some();
    let claims: Claims<'_> =
        object(jws.payload()).map_err(|_| malformed(Reason::MalformedToken))?;
    if claims.stt.is_some_and(|it| it.get() != "0") {
        return Err(incomplete());
    }
    // Whoever may mint could write the claims of a session into a service's token.
    if !is_versioned && (claims.source.is_some() || claims.client_id.is_some()) {
        return Err(Refusal::found(Reason::SessionVersionNotAccepted, "none"));
    }
    let facts = claims.facts(version).ok_or_else(incomplete)?;
    Ok(SessionToken {
        version,
        key_id: Some(key_id),
        signing_input: jws.signing_input,
        signature: std::mem::take(&mut jws.signature),
        facts,
        payload: jws.into_payload(),
    })
}

/// Version 2: padded standard base64, and no key id.
fn read_old(token: &str) -> Result<SessionToken<'_>, Refusal> {
    let decode = |segment: &str| {
        STANDARD
            .decode(segment)
            .map_err(|_| malformed(Reason::MalformedToken))
    };
    let not_ours = || malformed(Reason::MalformedToken);
    let (signing_input, signature) = token.rsplit_once('.').ok_or_else(not_ours)?;
    let (_, payload) = signing_input.split_once('.').ok_or_else(not_ours)?;
    let signature = decode(signature)?;
    let payload = String::from_utf8(decode(payload)?).map_err(|_| not_ours())?;
    let claims: Claims<'_> = object(&payload).map_err(|_| not_ours())?;
    if claims.stt.is_some_and(|it| it.get() != "0") {
        return Err(incomplete());
    }
    let facts = claims.old_facts().ok_or_else(incomplete)?;
    let user_data = claims.user_data.ok_or_else(incomplete)?.get().to_owned();
    Ok(SessionToken {
        version: Version::V2,
        key_id: None,
        signing_input: signing_input.as_bytes(),
        signature,
        facts,
        payload: user_data,
    })
}

impl Claims<'_> {
    fn facts(&self, version: Version) -> Option<Facts> {
        let user_id = named(self.sub)?;
        let recipe_user_id = match self.rsub {
            None if version < Version::V5 => user_id.clone(),
            rsub => named(rsub)?,
        };
        // Before version 4 the claim is the application's own.
        let tenant_id = if version >= Version::V4 {
            named(self.tenant)?
        } else {
            PUBLIC_TENANT.to_owned()
        };
        named(self.refresh_token_hash)?;
        let not_before = match self.nbf {
            Some(raw) => Some(date(raw)?),
            None => None,
        };
        Some(Facts {
            user_id,
            recipe_user_id,
            tenant_id,
            handle: named(self.handle)?,
            issued_at: self.iat.and_then(date)?,
            expires_at_millis: self.exp.and_then(date)?.saturating_mul(1000),
            not_before,
            anti_csrf_token: named(self.anti_csrf_token),
            is_fresh_from_refresh: self.parent_refresh_token_hash.and_then(string).is_some(),
        })
    }

    fn old_facts(&self) -> Option<Facts> {
        let user_id = named(self.user_id)?;
        named(self.refresh_token_hash)?;
        Some(Facts {
            recipe_user_id: user_id.clone(),
            user_id,
            tenant_id: PUBLIC_TENANT.to_owned(),
            handle: named(self.handle)?,
            issued_at: self.time_created.and_then(date)? / 1000,
            expires_at_millis: self.expiry_time.and_then(date)?,
            not_before: None,
            anti_csrf_token: named(self.anti_csrf_token),
            is_fresh_from_refresh: self.parent_refresh_token_hash.and_then(string).is_some(),
        })
    }
}

/// A string with something in it, without the white space around it, which the SDK drops.
fn named(raw: Option<&RawValue>) -> Option<String> {
    let text = string(raw?)?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
