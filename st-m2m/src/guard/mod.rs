//! What `#[m2m_protected]` expands to: a handler's policy, the argument that proves it was enforced, and the answer
//! when it was not met.

mod bearer;
mod caller;
#[expect(
    clippy::module_inception,
    reason = "the file is about `Guard`, as every other here about its noun"
)]
mod guard;
mod policy;
mod rejection;

pub use self::{
    caller::Caller,
    guard::{CallerArgument, Guard, caller},
    policy::{Policy, Rules},
    rejection::Rejection,
};
pub use crate::observe::Handler;
pub use crate::verify::{Reason, TokenKind};
