//! The argument that proves a handler's policy was enforced.

use std::{fmt, marker::PhantomData};

use http::{Extensions, HeaderMap};

use super::{Caller, Policy, Rejection, Rules, bearer::Bearer};
use crate::{
    m2m::M2m,
    observe::{self, Cause, Handler},
    verify::{Reason, Refusal, TokenKind},
};

/// Proof that a request satisfied the policy `P`.
///
/// `#[m2m_protected]` puts it in front of a handler's arguments. Only this crate makes one, from a request that was
/// verified, so a guarded handler can neither be routed nor called without the check.
pub struct Guard<P> {
    caller: Caller,
    policy: PhantomData<fn() -> P>,
}

impl<P: Policy> Guard<P> {
    /// Verifies a request's token, then holds the caller to the policy.
    #[cfg_attr(
        not(feature = "axum"),
        expect(dead_code, reason = "only frameworks call it")
    )]
    pub(crate) async fn authorize(
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Result<Self, Rejection> {
        let caller = admit(headers, extensions, &P::RULES, Some(&P::HANDLER)).await?;
        Ok(Self {
            caller,
            policy: PhantomData,
        })
    }
}

impl<P> Guard<P> {
    /// The verified caller.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }
}

impl Caller {
    /// Verifies a request's token: any service is let in.
    #[cfg_attr(
        not(feature = "axum"),
        expect(dead_code, reason = "only frameworks call it")
    )]
    pub(crate) async fn authorize(
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Result<Self, Rejection> {
        admit(headers, extensions, &Rules::new(), None).await
    }
}

/// The `M2m` of a request: its own extension, else the global one.
pub(super) fn m2m_of<'e>(
    extensions: &'e Extensions,
    handler: Option<&Handler>,
) -> Result<&'e M2m, Rejection> {
    extensions
        .get::<M2m>()
        .or_else(|| M2m::global_ref())
        .ok_or_else(|| refuse(Reason::NotInitialized.into(), handler))
}

/// The one place where a service is let in or refused.
async fn admit(
    headers: &HeaderMap,
    extensions: &Extensions,
    rules: &Rules,
    handler: Option<&Handler>,
) -> Result<Caller, Rejection> {
    let m2m = m2m_of(extensions, handler)?;
    let verdict = match verify(m2m, headers).await {
        // On each request, whether or not the token was seen before.
        Ok(caller) => rules.check(&caller).map(|()| caller),
        Err(refusal) => Err(refusal),
    };
    match verdict {
        Ok(caller) => {
            service_let_in(m2m, &caller, handler);
            Ok(caller)
        }
        Err(refusal) => Err(refuse(refusal, handler)),
    }
}

/// Verifies the service's token of a request.
pub(super) async fn verify(m2m: &M2m, headers: &HeaderMap) -> Result<Caller, Refusal> {
    let bearer = Bearer::of(headers)?;
    let verdict = match m2m.recall(bearer.as_bytes()) {
        Some(verdict) => verdict,
        // Boxed, so that the future of every request is small.
        None => Box::pin(m2m.verify(bearer.as_str()?)).await,
    };
    match verdict {
        Ok(verified) => Ok(Caller::new(verified)),
        Err(refusal) => Err(Refusal {
            reason: bearer.explain(refusal.reason),
            ..refusal
        }),
    }
}

/// Counts a service that was let in.
pub(super) fn service_let_in(m2m: &M2m, caller: &Caller, handler: Option<&Handler>) {
    let kind = caller.kind();
    m2m.meters().accepted(kind);
    observe::let_in(
        kind.as_str(),
        caller.service(),
        Some(caller.key_id()),
        handler,
    );
}

// Seldom called, and kept out of the way of those that are let in.
#[cold]
pub(super) fn refuse(refusal: Refusal, handler: Option<&Handler>) -> Rejection {
    let Refusal {
        reason,
        found,
        kind,
    } = refusal;
    let cause = match reason {
        Reason::KeysUnavailable | Reason::CoreUnavailable => Cause::Issuer,
        Reason::NotInitialized => Cause::Program,
        Reason::SessionExpired => Cause::Routine,
        _ => Cause::Request,
    };
    observe::refused(
        cause,
        reason.as_str(),
        &reason,
        kind.map(TokenKind::as_str),
        found.as_deref(),
        handler,
    );
    Rejection::new(reason)
}

impl<P> fmt::Debug for Guard<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Guard").field(&self.caller).finish()
    }
}

/// What an argument with `#[caller]` may be.
#[diagnostic::on_unimplemented(
    message = "`#[caller]` cannot provide a `{Self}`",
    label = "write `Caller`",
    note = "`#[m2m_protected]` verifies services: its `#[caller]` argument is an `st_m2m::Caller`"
)]
pub trait CallerArgument: Sized {
    /// Takes the verified caller.
    fn from_caller(caller: Caller) -> Self;
}

impl CallerArgument for Caller {
    fn from_caller(caller: Caller) -> Self {
        caller
    }
}

/// The `#[caller]` argument of a guarded handler.
#[must_use]
pub fn caller<A: CallerArgument, P: Policy>(guard: Guard<P>) -> A {
    A::from_caller(guard.caller)
}
