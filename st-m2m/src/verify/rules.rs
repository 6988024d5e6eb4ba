//! What a receiver demands of service tokens.

use std::sync::Arc;

use super::{
    Reason, Refusal, TokenKind,
    claims::{Claims, Dates},
    header::Header,
    jws::Jws,
    m2m, oauth2_client,
};
use crate::supertokens::wire;

/// Which of the issuer's keys may have signed a service's token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcceptKeys {
    /// Any key of the set. The default.
    #[default]
    Any,
    /// Only keys that never rotate: those whose id does not begin with `d-`.
    StaticOnly,
}

/// What a service's token must satisfy, checked.
#[derive(Clone, Debug)]
pub(crate) struct VerificationRules {
    /// Of service tokens. Never empty.
    pub(crate) issuers: Vec<Arc<str>>,
    /// Absent: `OAuth2` clients are no services.
    pub(crate) oauth2_clients: Option<OAuth2ClientRules>,
    pub(crate) audience: Option<String>,
    /// Seconds, at most 60.
    pub(crate) leeway: u64,
    /// Seconds.
    pub(crate) max_token_age: Option<u64>,
    pub(crate) accept_keys: AcceptKeys,
}

/// What an `OAuth2` client's token must satisfy beside [`VerificationRules`], checked.
#[derive(Clone, Debug)]
pub(crate) struct OAuth2ClientRules {
    /// Never empty.
    pub(crate) issuers: Vec<Arc<str>>,
}

/// What the rules established of a token.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) kind: TokenKind,
    pub(crate) key_id: String,
    pub(crate) subject: Option<String>,
    pub(crate) issuer: Arc<str>,
    /// Whether the receiver is among the audience, or demands no such thing. A token without it is refused when its
    /// signature is known to be good.
    pub(crate) is_for_us: bool,
    /// With a space behind each.
    pub(crate) scopes: String,
    pub(crate) dates: Dates,
    pub(crate) token_id: Option<String>,
}

/// Holds a token to every rule that needs no key, at the time `now`, in seconds since the Unix epoch.
///
/// The token's shape tells its kind, and then that kind's rules apply. There is no second try with another kind's.
pub(super) fn check(
    header_text: &str,
    payload_text: &str,
    rules: &VerificationRules,
    now: u64,
) -> Result<Facts, Refusal> {
    let header = Header::read(header_text)?;
    let claims = Claims::read(payload_text)?;
    let kind = TokenKind::of(&header, &claims);
    check_kind(kind, &header, &claims, rules, now).map_err(|refusal| refusal.of(kind))
}

/// The kind of a token, told by its shape alone.
pub(super) fn kind_of(token: &str) -> Option<TokenKind> {
    let jws = Jws::split(token).ok()?;
    let header = Header::read(jws.header()).ok()?;
    let claims = Claims::read(jws.payload()).ok()?;
    Some(TokenKind::of(&header, &claims))
}

/// Holds a token to the rules of its kind.
fn check_kind(
    kind: TokenKind,
    header: &Header<'_>,
    claims: &Claims<'_>,
    rules: &VerificationRules,
    now: u64,
) -> Result<Facts, Refusal> {
    let key_id = header.check(kind.types())?;
    let issuers = match (kind, &rules.oauth2_clients) {
        (TokenKind::Service, _) => {
            m2m::check(claims)?;
            &rules.issuers
        }
        (TokenKind::OAuth2Access, Some(clients)) => {
            oauth2_client::check(claims)?;
            &clients.issuers
        }
        (TokenKind::OAuth2Access | TokenKind::Session | TokenKind::Id | TokenKind::Other, _) => {
            return Err(Reason::WrongKind(kind).into());
        }
    };
    let issuer = claims.issuer().ok_or(Reason::IssuerMissing)?;
    let Some(accepted) = issuers.iter().find(|accepted| ***accepted == *issuer) else {
        return Err(Refusal::found(Reason::IssuerNotAccepted, &issuer));
    };
    let dates = claims.dates()?;
    check_dates(dates, rules, now)?;
    let mut is_for_us = rules.audience.is_none();
    claims.each_audience(|one| is_for_us |= rules.audience.as_deref() == Some(one))?;
    let facts = Facts {
        kind,
        key_id: key_id.to_owned(),
        subject: claims.subject()?.map(Into::into),
        issuer: Arc::clone(accepted),
        is_for_us,
        scopes: claims.scopes()?,
        dates,
        token_id: claims.token_id()?.map(Into::into),
    };
    check_key_id(key_id, rules)?;
    Ok(facts)
}

/// The audience of a token that was read before, to be shown.
pub(super) fn audience(payload_text: &str) -> String {
    let mut all = Vec::new();
    if let Ok(claims) = Claims::read(payload_text) {
        // It was read without an error.
        let _ = claims.each_audience(|one| all.push(one.to_owned()));
    }
    all.join(", ")
}

/// Whether a key of this id may sign. It needs no claims, so that no key is fetched in vain.
fn check_key_id(key_id: &str, rules: &VerificationRules) -> Result<(), Reason> {
    match rules.accept_keys {
        AcceptKeys::StaticOnly if wire::is_dynamic(key_id) => Err(Reason::DynamicKeyNotAccepted),
        AcceptKeys::Any | AcceptKeys::StaticOnly => Ok(()),
    }
}

/// The rules that depend on the time.
pub(super) fn check_dates(dates: Dates, rules: &VerificationRules, now: u64) -> Result<(), Reason> {
    let Dates {
        issued_at,
        expires_at,
        not_before,
    } = dates;
    if expires_at <= issued_at {
        return Err(Reason::ExpiryNotAfterIssue);
    }
    if expires_at.saturating_add(rules.leeway) <= now {
        return Err(Reason::Expired);
    }
    let latest = now.saturating_add(rules.leeway);
    if issued_at > latest {
        return Err(Reason::IssuedInTheFuture);
    }
    if not_before.is_some_and(|not_before| not_before > latest) {
        return Err(Reason::NotYetValid);
    }
    let age = now.saturating_sub(issued_at);
    if rules
        .max_token_age
        .is_some_and(|most| age > most.saturating_add(rules.leeway))
    {
        return Err(Reason::TooOld);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_440_859;

    fn rules() -> VerificationRules {
        VerificationRules {
            issuers: vec!["https://api.example.com".into()],
            oauth2_clients: None,
            audience: None,
            leeway: 5,
            max_token_age: None,
            accept_keys: AcceptKeys::Any,
        }
    }

    fn dates(issued_at: u64, expires_at: u64, not_before: Option<u64>) -> Dates {
        Dates {
            issued_at,
            expires_at,
            not_before,
        }
    }

    #[test]
    fn each_bound_is_exact() {
        let check = |dates| check_dates(dates, &rules(), NOW);
        assert_eq!(check(dates(NOW - 10, NOW - 4, None)), Ok(()));
        assert_eq!(check(dates(NOW - 10, NOW - 5, None)), Err(Reason::Expired));
        assert_eq!(check(dates(NOW + 5, NOW + 6, None)), Ok(()));
        assert_eq!(
            check(dates(NOW + 6, NOW + 7, None)),
            Err(Reason::IssuedInTheFuture)
        );
        assert_eq!(check(dates(NOW, NOW + 60, Some(NOW + 5))), Ok(()));
        assert_eq!(
            check(dates(NOW, NOW + 60, Some(NOW + 6))),
            Err(Reason::NotYetValid)
        );
        assert_eq!(
            check(dates(NOW, NOW, None)),
            Err(Reason::ExpiryNotAfterIssue)
        );
        assert_eq!(check(dates(NOW, (1 << 53) - 1, None)), Ok(()));
    }

    #[test]
    fn an_age_limit_counts_from_the_minting() {
        let mut rules = rules();
        rules.max_token_age = Some(60);
        let check = |issued_at| check_dates(dates(issued_at, u64::MAX, None), &rules, NOW);
        assert_eq!(check(NOW - 65), Ok(()));
        assert_eq!(check(NOW - 66), Err(Reason::TooOld));
    }

    #[test]
    fn extreme_clocks_do_not_overflow() {
        let (first, last) = (dates(0, 1, Some(0)), dates(0, u64::MAX, Some(u64::MAX)));
        for (one, now, expected) in [
            (first, 0, Ok(())),
            (first, 1, Ok(())),
            (first, u64::MAX, Err(Reason::Expired)),
            (last, 0, Err(Reason::NotYetValid)),
            (last, 1, Err(Reason::NotYetValid)),
            (last, u64::MAX, Err(Reason::Expired)),
        ] {
            assert_eq!(
                check_dates(one, &rules(), now),
                expected,
                "{one:?} at {now}"
            );
        }
    }
}
