//! What a handler demands of its callers, as the attribute wrote it.

use super::Caller;
use crate::{
    observe::Handler,
    verify::{Reason, Refusal},
};

/// A handler's policy, as a type. The attributes implement it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a policy",
    note = "policies are made by `#[m2m_protected]`; take `Caller` as an argument to guard a handler without an attribute"
)]
pub trait Policy: Send + Sync + 'static {
    /// What callers must satisfy.
    const RULES: Rules;
    /// The handler that demands it.
    const HANDLER: Handler;
}

/// What callers must satisfy.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    /// Empty: any service.
    callers: &'static [&'static str],
}

impl Rules {
    /// Any service.
    #[must_use]
    pub const fn new() -> Self {
        Self { callers: &[] }
    }

    /// Only these services.
    #[must_use]
    pub const fn from(self, callers: &'static [&'static str]) -> Self {
        Self { callers }
    }

    /// Holds a verified caller to the rules.
    pub(super) fn check(self, caller: &Caller) -> Result<(), Refusal> {
        let allowed = self.callers.is_empty()
            || caller
                .service()
                .is_some_and(|service| self.callers.contains(&service));
        if allowed {
            Ok(())
        } else {
            let service = caller.service().unwrap_or("no `sub`: set `service` there");
            Err(Refusal::found(Reason::CallerNotAllowed, service))
        }
    }
}
