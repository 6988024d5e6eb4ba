//! The argument that proves that a handler's caller is one of our users or one of our services.
//!
//! # What `#[session_or_m2m]` expands to
//!
//! ```ignore
//! #[session_or_m2m(from = "billing", user(check_database, anti_csrf = off, tenant = "t1", claims(EMAIL_VERIFIED)))]
//! async fn like(#[caller] who: Principal, Path(id): Path<u64>) -> Result<Json<Likes>, ApiError> { body }
//!
//! // becomes
//! #[doc(hidden)]
//! struct __Policy_like;
//! impl ::st_m2m::__private::PrincipalPolicy for __Policy_like {
//!     const SERVICE: ::st_m2m::__private::Rules = ::st_m2m::__private::Rules::new().from(&["billing"]);
//!     const USER: ::st_m2m::__private::UserRules = {
//!         // A constant of its own, since a reference to a `static` lives long enough nowhere else.
//!         const __CLAIMS: &[&dyn ::st_m2m::ClaimValidator] = &[&EMAIL_VERIFIED];
//!         ::st_m2m::__private::UserRules::new()
//!             .anti_csrf(false)
//!             .check_database(true)
//!             .tenant("t1")
//!             .claims(__CLAIMS)
//!     };
//!     const HANDLER: ::st_m2m::__private::Handler = ::st_m2m::__private::Handler::new(/* where it stands */);
//! }
//!
//! async fn like(
//!     __m2m: ::st_m2m::PrincipalGuard<__Policy_like>,
//!     __1: Path<u64>,
//! ) -> ::st_m2m::__private::Reply<Result<Json<Likes>, ApiError>> {
//!     // The user's own function: `?`, `return`, `impl Trait` and patterns mean in it what they say.
//!     async fn like(who: Principal, Path(id): Path<u64>) -> Result<Json<Likes>, ApiError> { body }
//!     let __caller = ::st_m2m::__private::principal::<Principal, _>(&__m2m);
//!     ::st_m2m::__private::reply(__m2m, like(__caller, __1).await)
//! }
//! ```
//!
//! * The inner function has the generics and `where` clause of the user's. Attributes stay on the outer one, except
//!   `#[instrument]`; the inner has `#[allow(clippy::unused_async)]`, since clippy spares a handler that awaits nothing but
//!   not a function that is called.
//! * A parameter that is a name keeps it, unless it is the function's own or starts with `__`.
//! * Without `#[caller]` the line with `principal` and the argument fall away. Its type is [`Principal`], `Option<Session>`
//!   or `Option<Caller>`.
//! * Every member of [`UserRules`] is optional; what is not said is what the configuration says.
//! * `EMAIL_VERIFIED` is a `static` (or a `const`) of a type that implements [`ClaimValidator`](crate::ClaimValidator),
//!   such as [`HasValue`](crate::HasValue).
//! * [`Reply`] renders the handler's answer and adds to it what the browser must learn of its session, as it is when the
//!   answer is rendered. For axum `R` must be `IntoResponse`, and so is `Reply<R>`.
//! * The guard is `FromRequestParts` for every state, as [`Guard`](super::Guard) is; the `M2m` is found in the same way.

use std::{fmt, marker::PhantomData};

use http::{Extensions, HeaderMap, Method};

use super::{
    Caller, Rejection, Rules,
    bearer::Bearer,
    guard::{m2m_of, refuse, service_let_in, verify},
};
use crate::{
    m2m::M2m,
    observe::{self, Handler},
    session::{self, Session, SessionRefusal, SessionRequest, UserRules},
    verify::{Reason, Refusal, TokenKind},
};

/// Who calls: one of our users, with a frontend session, or one of our services.
///
/// It is the type of a `#[caller]` argument under `#[session_or_m2m]`, and with axum an extractor of its own:
///
#[cfg_attr(feature = "axum", doc = "```")]
#[cfg_attr(not(feature = "axum"), doc = "```ignore")]
/// use st_m2m::Principal;
///
/// async fn like(principal: Principal) -> String {
///     match principal {
///         Principal::User(session) => format!("the user {}", session.user_id()),
///         Principal::Service(caller) => format!("the service {}", caller.service().unwrap_or("without a name")),
///     }
/// }
///
/// let app: axum::Router = axum::Router::new().route("/likes", axum::routing::post(like));
/// ```
///
/// Which of the two a request's caller is, and whether it is good, is decided as SuperTokens' SDKs and guide have it: a
/// session goes first, and a service's token counts only where no token of the request looks like a session. One that does
/// and fails is answered 401, whatever else was sent. No session is ever a service, and no service's token a session.
///
/// # CORS
///
/// A browser on another origin needs a CORS layer outside the guard that answers preflights and lets it send the headers
/// `authorization`, `rid`, `fdi-version`, `anti-csrf` and `st-auth-mode`, and cookies where sessions are in cookies. The
/// names of the headers that it must be able to read are added to `Access-Control-Expose-Headers`; a layer that sets that
/// header itself, as tower-http's with a list of its own, must name `front-token`, `st-access-token`, `st-refresh-token` and
/// `anti-csrf`, too.
#[derive(Clone, Debug)]
pub enum Principal {
    /// A user.
    User(Session),
    /// A service, or an `OAuth2` client where those are services.
    Service(Caller),
}

impl Principal {
    /// The user's session.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        match self {
            Self::User(session) => Some(session),
            Self::Service(_) => None,
        }
    }

    /// The service.
    #[must_use]
    pub fn caller(&self) -> Option<&Caller> {
        match self {
            Self::User(_) => None,
            Self::Service(caller) => Some(caller),
        }
    }
}

/// A handler's policy for users and services, as a type. The attribute implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a policy for users and services",
    note = "policies are made by `#[session_or_m2m]`; take `Principal` as an argument to guard a handler without an attribute"
)]
pub trait PrincipalPolicy: Send + Sync + 'static {
    /// What services must satisfy.
    const SERVICE: Rules;
    /// What users must satisfy.
    const USER: UserRules;
    /// The handler that demands it.
    const HANDLER: Handler;
}

/// Proof that a request satisfied the policy `P`: it is a user's or a service's.
///
/// `#[session_or_m2m]` puts it in front of a handler's arguments. Only this crate makes one, from a request that was
/// verified, so a guarded handler can neither be routed nor called without the check.
pub struct PrincipalGuard<P> {
    principal: Principal,
    policy: PhantomData<fn() -> P>,
}

/// A request, as far as guards look at it.
#[derive(Clone, Copy)]
#[cfg_attr(
    not(feature = "axum"),
    allow(dead_code, reason = "only frameworks call it")
)]
pub(crate) struct GuardedRequest<'r> {
    pub(crate) method: &'r Method,
    pub(crate) headers: &'r HeaderMap,
    pub(crate) extensions: &'r Extensions,
}

#[cfg_attr(
    not(feature = "axum"),
    allow(dead_code, reason = "only frameworks call it")
)]
impl<P: PrincipalPolicy> PrincipalGuard<P> {
    /// Verifies a request's session or token, then holds the user or service to the policy.
    pub(crate) async fn authorize(request: GuardedRequest<'_>) -> Result<Self, Rejection> {
        let answering = session::Reply::CanCarry;
        let handler = Some(&P::HANDLER);
        let principal = admit(request, &P::SERVICE, &P::USER, answering, handler).await?;
        Ok(Self {
            principal,
            policy: PhantomData,
        })
    }
}

impl<P> PrincipalGuard<P> {
    /// Who calls.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.principal
    }
}

#[cfg_attr(
    not(feature = "axum"),
    allow(dead_code, reason = "only frameworks call it")
)]
impl Principal {
    /// Verifies a request's session or token: any user and any service is let in.
    pub(crate) async fn authorize(request: GuardedRequest<'_>) -> Result<Self, Rejection> {
        let (service, user) = (Rules::new(), UserRules::new());
        admit(request, &service, &user, session::Reply::CannotCarry, None).await
    }
}

#[cfg_attr(
    not(feature = "axum"),
    allow(dead_code, reason = "only frameworks call it")
)]
impl Session {
    /// Verifies a request's session: any user is let in, and nobody else.
    pub(crate) async fn authorize(request: GuardedRequest<'_>) -> Result<Self, Rejection> {
        let m2m = m2m_of(request.extensions, None)?;
        let user = UserRules::new();
        let found = resolve(m2m, request, &user, session::Reply::CannotCarry, false).await;
        match found.map_err(|refusal| turn_away(refusal, None))? {
            Some(session) => {
                user_let_in(m2m, None);
                Ok(session)
            }
            None => Err(nothing_sent(m2m, Reason::NoSession.into(), None)),
        }
    }
}

/// The one place where a user or a service is let in or refused.
///
/// The session goes first, as in the SDK: a service's token counts only where no token of the request looks like a
/// session. What looks like one and fails is refused, whatever else was sent; and what the service's branch gets it holds
/// to the whole rules of service tokens, which no session satisfies.
async fn admit(
    request: GuardedRequest<'_>,
    service: &Rules,
    user: &UserRules,
    reply: session::Reply,
    handler: Option<&Handler>,
) -> Result<Principal, Rejection> {
    let m2m = m2m_of(request.extensions, handler)?;
    // Service tokens repeat: one that is remembered was held to all their rules, so it is no session.
    let bearer = Bearer::of(request.headers).ok();
    let is_service = bearer.is_some_and(|it| m2m.remembers(it.as_bytes()));
    let bearer_first = m2m.bearer_first()
        && (is_service
            || bearer.is_some_and(|it| it.as_str().is_ok_and(|token| m2m.is_for_services(token))));
    if !bearer_first {
        let found = resolve(m2m, request, user, reply, is_service).await;
        if let Some(session) = found.map_err(|refusal| turn_away(refusal, handler))? {
            user_let_in(m2m, handler);
            return Ok(Principal::User(session));
        }
    }
    let verdict = match verify(m2m, request.headers).await {
        Ok(caller) => service.check(&caller).map(|()| caller),
        Err(refusal) => Err(refusal),
    };
    match verdict {
        Ok(caller) => {
            service_let_in(m2m, &caller, handler);
            Ok(Principal::Service(caller))
        }
        Err(refusal) if refusal.reason == Reason::NoCredentials => {
            Err(nothing_sent(m2m, refusal, handler))
        }
        Err(refusal) => Err(refuse(refusal, handler)),
    }
}

/// Counts a user who was let in. Who it was is nobody's business.
fn user_let_in(m2m: &M2m, handler: Option<&Handler>) {
    m2m.meters().accepted(TokenKind::Session);
    observe::let_in(TokenKind::Session.as_str(), None, None, handler);
}

async fn resolve(
    m2m: &M2m,
    request: GuardedRequest<'_>,
    user: &UserRules,
    reply: session::Reply,
    has_foreign_bearer: bool,
) -> Result<Option<Session>, SessionRefusal> {
    let request = SessionRequest {
        method: request.method,
        headers: request.headers,
        has_foreign_bearer,
    };
    m2m.session(request, user, reply).await
}

#[cold]
fn turn_away(refused: SessionRefusal, handler: Option<&Handler>) -> Rejection {
    let SessionRefusal { refusal, answer } = refused;
    refuse(refusal, handler).answered(answer)
}

/// Nothing was sent: a browser may have a session all the same, and refreshes it for the status that says so.
#[cold]
fn nothing_sent(m2m: &M2m, refusal: Refusal, handler: Option<&Handler>) -> Rejection {
    refuse(refusal, handler).answered(Some(m2m.sessions().no_credentials()))
}

impl<P> fmt::Debug for PrincipalGuard<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PrincipalGuard")
            .field(&self.principal)
            .finish()
    }
}

/// What an argument with `#[caller]` may be, under `#[session_or_m2m]`.
#[diagnostic::on_unimplemented(
    message = "`#[caller]` cannot provide a `{Self}`",
    label = "write `Principal`, `Option<Session>` or `Option<Caller>`",
    note = "`#[session_or_m2m]` lets in users and services: its `#[caller]` argument is an `st_m2m::Principal`, or one of the two"
)]
pub trait PrincipalArgument: Sized {
    /// Takes the verified user or service.
    fn from_principal(principal: Principal) -> Self;
}

impl PrincipalArgument for Principal {
    fn from_principal(principal: Principal) -> Self {
        principal
    }
}

impl PrincipalArgument for Option<Session> {
    fn from_principal(principal: Principal) -> Self {
        match principal {
            Principal::User(session) => Some(session),
            Principal::Service(_) => None,
        }
    }
}

impl PrincipalArgument for Option<Caller> {
    fn from_principal(principal: Principal) -> Self {
        match principal {
            Principal::User(_) => None,
            Principal::Service(caller) => Some(caller),
        }
    }
}

/// The `#[caller]` argument of a handler that is open to users and services.
#[must_use]
pub fn principal<A: PrincipalArgument, P: PrincipalPolicy>(guard: &PrincipalGuard<P>) -> A {
    A::from_principal(guard.principal.clone())
}

/// A handler's answer, to which the browser's news of its session are added when it is rendered.
pub struct Reply<R> {
    answer: R,
    session: Option<Session>,
}

/// The answer of a handler behind `guard`.
#[must_use]
pub fn reply<R, P: PrincipalPolicy>(guard: PrincipalGuard<P>, answer: R) -> Reply<R> {
    let session = Option::from_principal(guard.principal);
    Reply { answer, session }
}

#[cfg_attr(
    not(feature = "axum"),
    allow(dead_code, reason = "only frameworks call it")
)]
impl<R> Reply<R> {
    /// The answer, and the session whose news it must carry.
    pub(crate) fn into_parts(self) -> (R, Option<Session>) {
        (self.answer, self.session)
    }
}

impl<R> fmt::Debug for Reply<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}
