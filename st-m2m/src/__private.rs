//! The only door for generated code. Not part of the public API: it may change in any release.

#[cfg(feature = "client")]
pub use crate::client::private::*;
pub use crate::guard::{
    CallerArgument, Handler, Policy, PrincipalArgument, PrincipalPolicy, Reply, Rules, UserRules,
    caller, principal, reply,
};
