//! What a handler demands of its callers, as the attribute wrote it.

use super::Caller;
use crate::verify::Reason;

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
    pub(super) fn check(self, caller: &Caller) -> Result<(), Reason> {
        let allowed = self.callers.is_empty()
            || caller
                .service()
                .is_some_and(|service| self.callers.contains(&service));
        if allowed {
            Ok(())
        } else {
            Err(Reason::CallerNotAllowed)
        }
    }
}

/// A guarded handler: where it stands and what it is called.
#[derive(Clone, Copy, Debug)]
pub struct Handler {
    module_path: &'static str,
    name: &'static str,
    file: &'static str,
    line: u32,
}

impl Handler {
    /// What the attribute knows of its function.
    #[must_use]
    pub const fn new(
        module_path: &'static str,
        name: &'static str,
        file: &'static str,
        line: u32,
    ) -> Self {
        Self {
            module_path,
            name,
            file,
            line,
        }
    }

    pub(super) fn module_path(&self) -> &'static str {
        self.module_path
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn file(&self) -> &'static str {
        self.file
    }

    pub(super) fn line(&self) -> u32 {
        self.line
    }
}
