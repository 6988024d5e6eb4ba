//! Access tokens of sessions, as every version of the core writes them.
//!
//! Two questions, and two readers. *Does it look like a session?* is answered as the Node SDK answers it, tolerant base64
//! and all: the answer decides who else may look at the token. *Is it one?* is answered strictly.
//!
//! Sources: `supertokens-node`, `recipe/session/jwt.ts` and `accessToken.ts`; `supertokens-core`,
//! `session/accessToken/AccessToken.java` and `session/jwt/JWT.java`.

use std::collections::HashMap;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use serde::Deserialize;
use serde_json::value::RawValue;

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
        let header = tolerant_text(header)?;
        let header = members(&header)?;
        let version = match header.get("version") {
            Some(version) => parse_int(&string(version)?)?,
            None => 3,
        };
        let is_header = string(header.get("typ")?)? == "JWT" && version >= 3;
        // A member that is null is there.
        header.get("kid").filter(|_| is_header)?;
        version
    };
    let payload = tolerant_text(payload)?;
    let payload = members(&payload)?;
    let is_other_kind = |stt: &&RawValue| stt.get().parse::<f64>() != Ok(0.0);
    if payload.get("stt").is_some_and(is_other_kind) {
        return None;
    }
    let are = |names: &[&str], is: fn(u8) -> bool| {
        let is = |raw: &&RawValue| raw.get().bytes().next().is_some_and(is);
        names.iter().all(|it| payload.get(*it).is_some_and(is))
    };
    let are_strings = |names| are(names, |first| first == b'"');
    let are_numbers = |names| are(names, |first| first == b'-' || first.is_ascii_digit());
    let is_session = are_strings(&["sessionHandle", "refreshTokenHash1"])
        && if version >= 3 {
            are_strings(&["sub"])
                && are_numbers(&["exp", "iat"])
                && (version < 5 || are_strings(&["rsub"]))
        } else {
            are_strings(&["userId"])
                && are_numbers(&["expiryTime", "timeCreated"])
                && payload.contains_key("userData")
        };
    is_session.then_some(())
}

/// The members of a JSON object, of which the last of each name counts. What is in those that do not matter does not
/// matter either: JavaScript reads numbers and strings that Rust does not.
fn members(text: &str) -> Option<HashMap<String, &RawValue>> {
    serde_json::from_str(text).ok()
}

/// Text in base64 as Node.js reads it: either alphabet, up to the first `=`, and whatever is in neither is passed over.
fn tolerant_text(segment: &str) -> Option<String> {
    const TOLERANT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::RequireNone)
            .with_decode_allow_trailing_bits(true),
    );
    let mut text: Vec<u8> = segment
        .bytes()
        .take_while(|byte| *byte != b'=')
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
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// JavaScript's `Number.parseInt`: the number that a text begins with.
fn parse_int(text: &str) -> Option<u64> {
    let is_space = |it: char| (it.is_whitespace() && it != '\u{85}') || it == '\u{feff}';
    let text = text.trim_start_matches(is_space);
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

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::Value;

    use super::*;

    const HEADER: &str = r#"{"kid":"d-1","typ":"JWT","version":"5","alg":"RS256"}"#;
    const CLAIMS: &str = r#"{"iat":1,"exp":3601,"sub":"u","tId":"t1","rsub":"r","sessionHandle":"h_t1","refreshTokenHash1":"x","parentRefreshTokenHash1":null,"antiCsrfToken":null}"#;
    const OLD_CLAIMS: &str = r#"{"userId":"u","expiryTime":3601500,"timeCreated":1500,"sessionHandle":"h","refreshTokenHash1":"x","antiCsrfToken":"a","userData":{"role":"admin"}}"#;

    fn token(header: &str, claims: &str) -> String {
        let [header, claims, signature] =
            [header, claims, "signature"].map(|it| URL_SAFE_NO_PAD.encode(it));
        format!("{header}.{claims}.{signature}")
    }

    fn old_token(claims: &str) -> String {
        let [claims, signature] = [claims, "signature"].map(|it| STANDARD.encode(it));
        format!("{}.{claims}.{signature}", OLD_SESSION_HEADERS[1])
    }

    fn with_header(header: &str) -> String {
        token(header, CLAIMS)
    }

    fn without(claim: &str) -> String {
        let mut claims: Value = serde_json::from_str(CLAIMS).expect("JSON");
        claims.as_object_mut().expect("an object").remove(claim);
        token(HEADER, &claims.to_string())
    }

    fn with(claim: &str, value: &str) -> String {
        let mut claims: Value = serde_json::from_str(CLAIMS).expect("JSON");
        claims[claim] = serde_json::from_str(value).expect("JSON");
        token(HEADER, &claims.to_string())
    }

    fn reason(token: &str) -> Option<&'static str> {
        read(token, false).err().map(|it| it.reason.as_str())
    }

    /// What looks like a session to the Node SDK, and why it is none to us, if it is none. That the two agree on the shape
    /// was checked with the SDK's own `parseJWTWithoutSignatureVerification` and `validateAccessTokenStructure` on 60,000
    /// generated tokens with changes of these kinds.
    #[test]
    #[expect(clippy::too_many_lines, reason = "it is one table")]
    fn shape_is_told_as_the_sdk_tells_it_and_form_is_held_to_what_cores_write() {
        const MALFORMED: Option<&str> = Some("session_malformed");
        const VERSION: Option<&str> = Some("session_version_not_accepted");
        let header = |version: &str| {
            with_header(&format!(
                r#"{{"kid":"d-1","typ":"JWT","version":{version},"alg":"RS256"}}"#
            ))
        };
        let shaped = [
            (with_header(HEADER), None),
            (header(r#""4""#), None),
            (header(r#""3""#), None),
            (header(r#""6""#), VERSION),
            (header(r#""99999999999999999999999""#), VERSION),
            (header(r#""5abc""#), VERSION),
            (header(r#"" 5""#), VERSION),
            (header(r#""\ufeff\t5""#), VERSION),
            (header(r#""+5""#), VERSION),
            (header(r#""3.9""#), VERSION),
            (header(r#""0x10""#), VERSION),
            (header(r#""\u0035""#), VERSION),
            (
                with_header(r#"{"kid":"d-1","typ":"JWT","alg":"RS256"}"#),
                VERSION,
            ),
            // The SDK does not look at `alg` here, and `null` is a key id to it.
            (
                with_header(r#"{"kid":"d-1","typ":"JWT","version":"5"}"#),
                MALFORMED,
            ),
            (
                with_header(r#"{"kid":"d-1","typ":"JWT","version":"5","alg":"none"}"#),
                MALFORMED,
            ),
            (
                with_header(r#"{"kid":"d-1","typ":"JWT","version":"5","alg":"HS256"}"#),
                MALFORMED,
            ),
            (
                with_header(r#"{"kid":null,"typ":"JWT","version":"5","alg":"RS256"}"#),
                MALFORMED,
            ),
            (
                with_header(r#"{"kid":7,"typ":"JWT","version":"5","alg":"RS256"}"#),
                MALFORMED,
            ),
            (
                with_header(
                    r#"{"kid":"d-1","typ":"JWT","version":"5","alg":"RS256","crit":["b64"]}"#,
                ),
                MALFORMED,
            ),
            // The last of two members counts there.
            (
                with_header(r#"{"kid":"d-1","typ":"x","typ":"JWT","version":"5","alg":"RS256"}"#),
                MALFORMED,
            ),
            (
                token(
                    HEADER,
                    &CLAIMS.replace(r#""sub":"u""#, r#""sub":7,"sub":"u""#),
                ),
                MALFORMED,
            ),
            // What JavaScript reads and Rust does not, in claims of the application.
            (
                token(
                    HEADER,
                    &CLAIMS.replacen('{', r#"{"a":"\ud800","b":1e400,"#, 1),
                ),
                None,
            ),
            (with("stt", "0"), None),
            (with("stt", "0.0"), MALFORMED),
            (with("nbf", r#""soon""#), MALFORMED),
            (with("nbf", "5"), None),
            (with("source", r#""microservice""#), None),
            (with("antiCsrfToken", "7"), None),
            (with("parentRefreshTokenHash1", "[]"), None),
            (without("antiCsrfToken"), None),
            (without("parentRefreshTokenHash1"), None),
            (with("exp", "-1"), MALFORMED),
            (with("exp", "1e300"), MALFORMED),
            (with("sub", r#""  ""#), MALFORMED),
            // The tenant is required by the core and by the Go SDK; the Node SDK meant to.
            (without("tId"), MALFORMED),
            (with("tId", "7"), MALFORMED),
            (format!("{}=", with_header(HEADER)), MALFORMED),
            (with_header(HEADER).replacen('.', "!.", 1), MALFORMED),
            (with_header(HEADER).replacen('.', "=x.", 1), MALFORMED),
            (with_header(HEADER).replacen('.', " .", 1), MALFORMED),
            (old_token(OLD_CLAIMS), None),
            (
                old_token(&OLD_CLAIMS.replace(r#"{"role":"admin"}"#, "null")),
                None,
            ),
            (
                old_token(&OLD_CLAIMS.replace(r#""userId":"u""#, r#""userId":"""#)),
                MALFORMED,
            ),
        ];
        for (token, expected) in shaped {
            assert!(has_shape(&token), "{token}");
            assert_eq!(reason(&token), expected, "{token}");
        }
        let claims = [
            "sub",
            "exp",
            "iat",
            "rsub",
            "sessionHandle",
            "refreshTokenHash1",
        ];
        let foreign = [
            String::new(),
            "a.b.c".to_owned(),
            "nope".to_owned(),
            "..".to_owned(),
            format!("{}.x", with_header(HEADER)),
            with_header(HEADER).replace('.', ""),
            with_header("[]"),
            with_header("null"),
            with_header(r#""JWT""#),
            with_header(r#"{"kid":"d-1","version":"5","alg":"RS256"}"#),
            with_header(r#"{"kid":"d-1","typ":"jwt","version":"5","alg":"RS256"}"#),
            with_header(r#"{"kid":"d-1","typ":7,"version":"5","alg":"RS256"}"#),
            with_header(r#"{"typ":"JWT","version":"5","alg":"RS256"}"#),
            header("5"),
            header("null"),
            header("[]"),
            header(r#""""#),
            header(r#""1""#),
            header(r#""2""#),
            header(r#""-5""#),
            header(r#""x5""#),
            token(HEADER, "[]"),
            token(HEADER, "null"),
            token(HEADER, "{}"),
            with("stt", "1"),
            with("stt", "null"),
            with("stt", r#""0""#),
            with("sub", "7"),
            with("sub", "null"),
            with("exp", r#""tomorrow""#),
            with("sessionHandle", "null"),
            // Without its padding the header is no literal, and its version none of a new form.
            old_token(OLD_CLAIMS).replace('=', ""),
            old_token("{}"),
            old_token(&OLD_CLAIMS.replace(r#","userData":{"role":"admin"}"#, "")),
            old_token(&OLD_CLAIMS.replace("3601500", r#""3601500""#)),
            token(HEADER, OLD_CLAIMS),
        ];
        for token in foreign.into_iter().chain(claims.map(without)) {
            assert!(!has_shape(&token), "{token}");
        }
        // Version 4 has no `rsub`, version 3 no tenant of its own.
        let older = |version: &str| {
            let claims = CLAIMS.replace(r#","rsub":"r""#, "");
            token(&HEADER.replace(r#""5""#, version), &claims)
        };
        for (version, tenant) in [(r#""4""#, "t1"), (r#""3""#, "public")] {
            let token = older(version);
            assert!(has_shape(&token));
            let facts = read(&token, false).expect("a session").facts;
            assert_eq!(
                (&*facts.recipe_user_id, &*facts.tenant_id),
                ("u", tenant),
                "{version}"
            );
        }
    }

    #[test]
    fn what_a_token_says_is_read() {
        let claims = CLAIMS.replace(
            r#""parentRefreshTokenHash1":null,"antiCsrfToken":null"#,
            r#""parentRefreshTokenHash1":"p","antiCsrfToken":" a ","nbf":2"#,
        );
        let text = token(HEADER, &claims);
        let read_token = read(&text, false).expect("a session");
        assert_eq!(read_token.version, Version::V5);
        assert_eq!(read_token.key_id.as_deref(), Some("d-1"));
        assert_eq!(read_token.payload, claims);
        assert_eq!(
            read_token.facts,
            Facts {
                user_id: "u".to_owned(),
                recipe_user_id: "r".to_owned(),
                tenant_id: "t1".to_owned(),
                handle: "h_t1".to_owned(),
                issued_at: 1,
                expires_at_millis: 3_601_000,
                not_before: Some(2),
                anti_csrf_token: Some("a".to_owned()),
                is_fresh_from_refresh: true,
            }
        );
        let text = old_token(OLD_CLAIMS);
        let read_token = read(&text, false).expect("a session");
        assert_eq!((read_token.version, read_token.key_id), (Version::V2, None));
        assert_eq!(read_token.payload, r#"{"role":"admin"}"#);
        assert_eq!(
            read_token.facts,
            Facts {
                user_id: "u".to_owned(),
                recipe_user_id: "u".to_owned(),
                tenant_id: "public".to_owned(),
                handle: "h".to_owned(),
                issued_at: 1,
                expires_at_millis: 3_601_500,
                not_before: None,
                anti_csrf_token: Some("a".to_owned()),
                is_fresh_from_refresh: false,
            }
        );
    }

    #[test]
    fn sessions_expire_to_the_second_and_old_ones_to_the_millisecond() {
        const EXPIRED: Option<&str> = Some("session_expired");
        let check = |text: &str, unix_millis| {
            read(text, false)
                .expect("a session")
                .check_dates(unix_millis)
                .err()
                .map(Reason::as_str)
        };
        let new = with_header(HEADER);
        let old = old_token(OLD_CLAIMS);
        let early = with("nbf", "5");
        for (text, unix_millis, expected) in [
            (&new, 3_600_999, None),
            (&new, 3_601_000, EXPIRED),
            (&old, 3_601_500, None),
            (&old, 3_601_501, EXPIRED),
            (&early, 4_999, Some("session_not_yet_valid")),
            (&early, 5_000, None),
        ] {
            assert_eq!(check(text, unix_millis), expected, "{unix_millis}");
        }
    }

    #[test]
    fn without_a_version_it_takes_a_setting_and_no_mark_of_another_kind() {
        let header = r#"{"kid":"d-1","typ":"JWT","alg":"RS256"}"#;
        let minted = |further: &str| token(header, &CLAIMS.replacen('{', further, 1));
        for (text, is_allowed) in [
            (minted("{"), true),
            (minted(r#"{"role":"admin","#), true),
            (minted(r#"{"source":"microservice","#), false),
            (minted(r#"{"source":null,"#), false),
            (minted(r#"{"client_id":"stcl_1","#), false),
        ] {
            assert!(has_shape(&text));
            assert_eq!(reason(&text), Some("session_version_not_accepted"));
            assert_eq!(read(&text, true).is_ok(), is_allowed, "{text}");
        }
        let text = minted("{");
        let facts = read(&text, true).expect("a session").facts;
        assert_eq!(facts.tenant_id, "public", "as in version 3");
    }

    #[test]
    fn what_is_too_long_is_not_read() {
        let long = |length: usize| with("role", &format!("{:?}", "x".repeat(length)));
        assert!(has_shape(&long(TOKEN_BYTES)));
        assert_eq!(reason(&long(TOKEN_BYTES)), Some("session_malformed"));
        assert!(!has_shape(&long(2 * SHAPE_BYTES)));
    }
}
