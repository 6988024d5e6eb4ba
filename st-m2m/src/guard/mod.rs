//! What `#[m2m_protected]` and `#[session_or_m2m]` expand to: a handler's policy, the argument that proves it was enforced, and the answer
//! when it was not met.

mod bearer;
mod caller;
#[expect(
    clippy::module_inception,
    reason = "the file is about `Guard`, as every other here about its noun"
)]
mod guard;
mod policy;
mod principal;
mod rejection;

#[cfg(feature = "axum")]
pub(crate) use self::principal::GuardedRequest;
pub use self::{
    caller::Caller,
    guard::{CallerArgument, Guard, caller},
    policy::{Policy, Rules},
    principal::{
        Principal, PrincipalArgument, PrincipalGuard, PrincipalPolicy, Reply, principal, reply,
    },
    rejection::Rejection,
};
pub use crate::observe::Handler;
pub use crate::session::UserRules;
pub use crate::verify::{Reason, TokenKind};
