//! Why a request is refused.

use std::fmt;

use super::TokenKind;

/// Why a request is refused. For logs and metrics: callers are told no more than a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// No `Authorization` header, or one of another scheme than `Bearer`.
    NoCredentials,
    /// More than one `Authorization` header. Which one counts would be anybody's guess.
    SeveralAuthorizationHeaders,
    /// An `Authorization` header that is not `Bearer`, one or more spaces, and one token (RFC 6750 §2.1).
    MalformedAuthorizationHeader,
    /// A token longer than 8 KiB.
    TokenTooLong,
    /// Not three segments of canonical base64url without padding (RFC 7515 §3.1), or not JSON objects within, or
    /// a header or registered claim that occurs twice.
    MalformedToken,
    /// An algorithm other than RS256.
    AlgorithmNotAccepted,
    /// A `typ` other than `JWT`, or than `JWT` and `at+jwt` if it is an `OAuth2` access token.
    TypeNotAccepted,
    /// A header member that changes the meaning of the token: `crit`, `b64`, `cty`, or a key of its own (`jwk`,
    /// `jku`, `x5u`, `x5c`).
    HeaderNotAccepted,
    /// No key id, or one that no core writes.
    KeyIdNotAccepted,
    /// A key that rotates, where only static keys are accepted.
    DynamicKeyNotAccepted,
    /// A token of another kind, whatever its claims say: a user's session, an `OAuth2` access token where
    /// `accept_oauth2_clients` is off, an ID token, any other JWT.
    WrongKind(TokenKind),
    /// Claim `source` is not the string `microservice`.
    SourceNotAccepted,
    /// An `OAuth2` access token whose claim `client_id` is missing, empty, or not a string.
    ClientIdMissing,
    /// An `OAuth2` access token whose claim `sub` is not its `client_id`: a user had it issued, no service.
    OAuth2TokenOfAUser,
    /// Claim `iss` is missing or not a string.
    IssuerMissing,
    /// Claim `iss` is not among the accepted issuers.
    IssuerNotAccepted,
    /// Claim `exp` is missing or not a number from 0 to 2^53 - 1.
    ExpiryMissing,
    /// Claim `iat` is missing or not a number from 0 to 2^53 - 1.
    IssuedAtMissing,
    /// Claim `nbf` is not a number from 0 to 2^53 - 1.
    NotBeforeMalformed,
    /// Claim `exp` is not later than `iat`.
    ExpiryNotAfterIssue,
    /// The token has expired.
    Expired,
    /// Claim `iat` lies in the future.
    IssuedInTheFuture,
    /// Claim `nbf` lies in the future.
    NotYetValid,
    /// The token was minted longer ago than `max_token_age`.
    TooOld,
    /// A claim with a meaning for guards (`sub`, `aud`, `scope`, `scp`, `jti`) has a value of the wrong type.
    ClaimMalformed,
    /// The issuer has no key with this id.
    UnknownKey,
    /// The signature is not that key's.
    BadSignature,
    /// A frontend session is asked for, and none was sent.
    NoSession,
    /// A cookie `sIdRefreshToken`, of a session that an SDK from before 2023 made.
    SessionLegacyCookie,
    /// Several cookies hold a session's access token. Which one counts would be anybody's guess.
    SessionCookieTwice,
    /// A session in a cookie, and the request does not show that no other site forged it: see
    /// [`AntiCsrf`](crate::AntiCsrf).
    SessionAntiCsrf,
    /// A token that looks like a session, in a form that no core writes.
    SessionMalformed,
    /// A session whose header names no `version`, or one that this crate does not know.
    SessionVersionNotAccepted,
    /// A session that is signed with the other kind of key than
    /// [`session_signing_key`](crate::ConfigBuilder::session_signing_key).
    SessionKeyNotAccepted,
    /// The session's access token has expired.
    SessionExpired,
    /// Claim `nbf` of a session lies in the future.
    SessionNotYetValid,
    /// The issuer has no key with the id that a session names.
    SessionUnknownKey,
    /// The signature of a session is not that key's.
    SessionBadSignature,
    /// The core wants the session refreshed.
    SessionRefreshDemanded,
    /// The core says that the session has ended.
    SessionEnded,
    /// A good session of another tenant.
    SessionTenantNotAllowed,
    /// A good session, of which a claim is not as it must be.
    SessionClaimInvalid,
    /// The core must be asked about a session and cannot be, or there is none.
    CoreUnavailable,
    /// The token was revoked here: [`M2m::revoke`](crate::M2m::revoke), or a
    /// [`RevocationCheck`](crate::RevocationCheck).
    Revoked,
    /// A good token without this service's audience.
    AudienceNotAccepted,
    /// A good token of a service that `from = …` does not name.
    CallerNotAllowed,
    /// There are keys, but none with this id, and the issuer was asked too recently to be asked about it: a flood of
    /// invented ids must not become a flood of fetches.
    KeyUnconfirmed,
    /// Keys cannot be had, and none is cached.
    KeysUnavailable,
    /// There is no `M2m`: neither `st_m2m::init` nor an extension provided one.
    NotInitialized,
}

impl Reason {
    /// A stable code for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoCredentials => "no_credentials",
            Self::SeveralAuthorizationHeaders => "several_authorization_headers",
            Self::MalformedAuthorizationHeader => "malformed_authorization_header",
            Self::TokenTooLong => "token_too_long",
            Self::MalformedToken => "malformed_token",
            Self::AlgorithmNotAccepted => "algorithm_not_accepted",
            Self::TypeNotAccepted => "type_not_accepted",
            Self::HeaderNotAccepted => "header_not_accepted",
            Self::KeyIdNotAccepted => "key_id_not_accepted",
            Self::DynamicKeyNotAccepted => "dynamic_key_not_accepted",
            Self::WrongKind(kind) => match kind {
                TokenKind::Service => "wrong_kind_service",
                TokenKind::Session => "wrong_kind_session",
                TokenKind::OAuth2Access => "wrong_kind_oauth2_access",
                TokenKind::Id => "wrong_kind_id",
                TokenKind::Other => "wrong_kind_other",
            },
            Self::SourceNotAccepted => "source_not_accepted",
            Self::ClientIdMissing => "client_id_missing",
            Self::OAuth2TokenOfAUser => "oauth2_token_of_a_user",
            Self::IssuerMissing => "issuer_missing",
            Self::IssuerNotAccepted => "issuer_not_accepted",
            Self::ExpiryMissing => "expiry_missing",
            Self::IssuedAtMissing => "issued_at_missing",
            Self::NotBeforeMalformed => "not_before_malformed",
            Self::ExpiryNotAfterIssue => "expiry_not_after_issue",
            Self::Expired => "expired",
            Self::IssuedInTheFuture => "issued_in_the_future",
            Self::NotYetValid => "not_yet_valid",
            Self::TooOld => "too_old",
            Self::ClaimMalformed => "claim_malformed",
            Self::UnknownKey => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::NoSession => "no_session",
            Self::SessionLegacyCookie => "session_legacy_cookie",
            Self::SessionCookieTwice => "session_cookie_twice",
            Self::SessionAntiCsrf => "session_anti_csrf",
            Self::SessionMalformed => "session_malformed",
            Self::SessionVersionNotAccepted => "session_version_not_accepted",
            Self::SessionKeyNotAccepted => "session_key_not_accepted",
            Self::SessionExpired => "session_expired",
            Self::SessionNotYetValid => "session_not_yet_valid",
            Self::SessionUnknownKey => "session_unknown_key",
            Self::SessionBadSignature => "session_bad_signature",
            Self::SessionRefreshDemanded => "session_refresh_demanded",
            Self::SessionEnded => "session_ended",
            Self::SessionTenantNotAllowed => "session_tenant_not_allowed",
            Self::SessionClaimInvalid => "session_claim_invalid",
            Self::CoreUnavailable => "core_unavailable",
            Self::Revoked => "revoked",
            Self::AudienceNotAccepted => "audience_not_accepted",
            Self::CallerNotAllowed => "caller_not_allowed",
            Self::KeyUnconfirmed => "key_unconfirmed",
            Self::KeysUnavailable => "keys_unavailable",
            Self::NotInitialized => "not_initialized",
        }
    }
}

/// A sentence that says what to do, where there is something to do.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCredentials => "no bearer token was sent",
            Self::SeveralAuthorizationHeaders => "more than one Authorization header was sent",
            Self::MalformedAuthorizationHeader => "the Authorization header is not `Bearer` and one token",
            Self::TokenTooLong => "the token is longer than 8 KiB: mint fewer claims",
            Self::MalformedToken => "the token is no JWT",
            Self::AlgorithmNotAccepted => "the token is not signed with RS256",
            Self::TypeNotAccepted => "the token's `typ` is neither `JWT` nor, in an OAuth2 access token, `at+jwt`",
            Self::HeaderNotAccepted => "the token's header has a member that is not accepted",
            Self::KeyIdNotAccepted => "the token names no key, or one that no core has",
            Self::DynamicKeyNotAccepted => {
                "the token is signed with a key that rotates, and `accept_keys` is static"
            }
            Self::WrongKind(TokenKind::Session) => "the token is a user's session, not a service's",
            Self::WrongKind(TokenKind::OAuth2Access) => {
                "the token is an OAuth2 access token, not a service's: are its clients services? `accept_oauth2_clients`"
            }
            Self::WrongKind(TokenKind::Id) => "the token is an ID token, not a service's",
            Self::WrongKind(TokenKind::Service | TokenKind::Other) | Self::SourceNotAccepted => {
                "the token does not say that it is a service's"
            }
            Self::ClientIdMissing => "the OAuth2 access token names no client",
            Self::OAuth2TokenOfAUser => "the OAuth2 access token is a user's, not a client's own",
            Self::IssuerMissing => "the token names no issuer",
            Self::IssuerNotAccepted => {
                "the token's issuer is another: set the same `api_domain` in both services, or name it in `issuers`"
            }
            Self::ExpiryMissing | Self::IssuedAtMissing | Self::NotBeforeMalformed | Self::ExpiryNotAfterIssue => {
                "the token's dates make no sense"
            }
            Self::Expired => "the token has expired",
            Self::IssuedInTheFuture | Self::NotYetValid => {
                "the token is from the future: compare the clocks of the core and of this machine"
            }
            Self::TooOld => "the token is older than `max_token_age`",
            Self::ClaimMalformed => "a claim of the token has a wrong type",
            Self::UnknownKey => {
                "the issuer has no such key: do both services use one core, and does `jwks` name its keys?"
            }
            Self::BadSignature => "the token's signature is not the key's",
            Self::NoSession => "no session was sent",
            Self::SessionLegacyCookie => "the session was made by an SDK of before 2023: it must be refreshed",
            Self::SessionCookieTwice => {
                "several cookies hold an access token: did the cookies' domain or path change?"
            }
            Self::SessionAntiCsrf => {
                "nothing shows that the request was not forged by another site: `session_anti_csrf` wants a header"
            }
            Self::SessionMalformed => "the token looks like a session, but no core writes such",
            Self::SessionVersionNotAccepted => "the session's header names no version, or an unknown one",
            Self::SessionKeyNotAccepted => {
                "the session is signed with the other kind of key: compare `session_signing_key` with `useDynamicAccessTokenSigningKey` of the SDK"
            }
            Self::SessionExpired => "the session's access token has expired",
            Self::SessionNotYetValid => "the session is from the future",
            Self::SessionUnknownKey => {
                "the issuer has no key that signed the session: does `jwks` name the keys of the core that made it?"
            }
            Self::SessionBadSignature => "the session's signature is not the key's",
            Self::SessionRefreshDemanded => "the core wants the session refreshed",
            Self::SessionEnded => "the session has ended",
            Self::SessionTenantNotAllowed => "the session is good, but of another tenant",
            Self::SessionClaimInvalid => "the session is good, but a claim is not as it must be",
            Self::CoreUnavailable => {
                "the core must be asked about the session and cannot be: it takes `connection_uri`, and a core that answers"
            }
            Self::Revoked => "the token is revoked here, by `M2m::revoke` or by the `RevocationCheck`",
            Self::AudienceNotAccepted => "the token is good, but not for this service's `audience`",
            Self::CallerNotAllowed => "the token is good, but its service (claim `sub`) is not in `from`",
            Self::KeyUnconfirmed => {
                "the key is not among the known ones, and the issuer was asked too recently to be asked again"
            }
            Self::KeysUnavailable => "keys cannot be had: see the events before this one",
            Self::NotInitialized => {
                "there is no M2m: call `st_m2m::init` first, or give the router an `Extension(m2m)`"
            }
        })
    }
}
