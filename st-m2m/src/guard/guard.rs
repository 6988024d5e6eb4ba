//! The argument that proves a handler's policy was enforced.

use std::{fmt, marker::PhantomData};

use http::{Extensions, HeaderMap};

use super::{Caller, Policy, Rejection, bearer};
use crate::{
    m2m::M2m,
    observe::{self, Cause, Handler},
    verify::{Reason, Refusal},
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
        let verdict = match authorize(headers, extensions).await {
            Ok(caller) => P::RULES.check(&caller).map(|()| caller),
            Err(refusal) => Err(refusal),
        };
        match verdict {
            Ok(caller) => Ok(Self {
                caller,
                policy: PhantomData,
            }),
            Err(refusal) => Err(refuse(refusal, Some(&P::HANDLER))),
        }
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
        authorize(headers, extensions)
            .await
            .map_err(|refusal| refuse(refusal, None))
    }
}

/// The one place where a request becomes a caller. The `M2m` is the request's own extension, else the global one.
async fn authorize(headers: &HeaderMap, extensions: &Extensions) -> Result<Caller, Refusal> {
    let m2m = match extensions.get::<M2m>() {
        Some(m2m) => m2m.clone(),
        None => M2m::global().ok_or(Reason::NotInitialized)?,
    };
    let token = bearer::token(headers)?;
    m2m.verify(token).await.map(Caller::new)
}

fn refuse(refusal: Refusal, handler: Option<&Handler>) -> Rejection {
    let Refusal { reason, found } = refusal;
    let cause = match reason {
        Reason::KeysUnavailable => Cause::Issuer,
        Reason::NotInitialized => Cause::Program,
        _ => Cause::Request,
    };
    observe::refused(cause, reason.as_str(), &reason, found.as_deref(), handler);
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
