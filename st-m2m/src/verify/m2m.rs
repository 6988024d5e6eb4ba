//! The rules of a service's token.
//!
//! The official samples check the signature and `source`, some not even that. These rules hold a token to
//! everything the core writes: issuer, dates, and the absence of every mark of another kind.

use super::{
    AcceptKeys, Reason, Refusal, TokenKind, VerificationRules,
    claims::{Claims, Dates},
};
use crate::supertokens::wire;

/// What the rules established.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) subject: Option<String>,
    pub(super) issuer: String,
    pub(super) audience: Vec<String>,
    pub(super) scopes: Vec<String>,
    pub(super) dates: Dates,
}

/// Whether a key of this id may sign. It needs no claims, so that no key is fetched in vain.
pub(super) fn check_key_id(key_id: &str, rules: &VerificationRules) -> Result<(), Reason> {
    match rules.accept_keys {
        AcceptKeys::StaticOnly if wire::is_dynamic(key_id) => Err(Reason::DynamicKeyNotAccepted),
        AcceptKeys::Any | AcceptKeys::StaticOnly => Ok(()),
    }
}

/// Holds the claims of a token of kind `kind` to the rules at the time `now`, in seconds since the Unix epoch.
pub(super) fn check(
    kind: TokenKind,
    claims: &Claims<'_>,
    rules: &VerificationRules,
    now: u64,
) -> Result<Facts, Refusal> {
    if kind != TokenKind::Service {
        return Err(Reason::WrongKind(kind).into());
    }
    if claims.source().as_deref() != Some(wire::SERVICE_SOURCE) {
        return Err(Reason::SourceNotAccepted.into());
    }
    let issuer = claims.issuer().ok_or(Reason::IssuerMissing)?;
    if !rules.issuers.iter().any(|accepted| *accepted == issuer) {
        return Err(Refusal::found(Reason::IssuerNotAccepted, &issuer));
    }
    let dates = claims.dates()?;
    check_dates(dates, rules, now)?;
    Ok(Facts {
        subject: claims.subject()?.map(Into::into),
        issuer: issuer.into_owned(),
        audience: claims.audience()?,
        scopes: claims.scopes()?,
        dates,
    })
}

/// The rules that depend on the time.
fn check_dates(dates: Dates, rules: &VerificationRules, now: u64) -> Result<(), Reason> {
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
            issuers: vec!["https://api.example.com".to_owned()],
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
