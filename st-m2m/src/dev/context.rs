//! What a request is answered with.

use super::{
    apps::App,
    cdi::CdiVersion,
    reply::{self, Refusal},
    route::{PUBLIC, Route},
};

/// The app that was asked, how, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    pub(super) version: &'a CdiVersion,
    pub(super) route: &'a Route,
    pub(super) app: &'a App,
    /// Milliseconds since the Unix epoch.
    pub(super) now: u64,
}

impl<'a> Context<'a> {
    /// The tenant in the path, which must exist.
    pub(super) fn tenant(&self) -> Result<&'a str, Refusal> {
        let route = self.route;
        self.known_tenant(&route.tenant)?;
        Ok(&route.tenant)
    }

    /// The name of a tenant that something else than the path names, as the core reads names of tenants
    /// (`TenantIdentifier.java` of its plugin interface).
    pub(super) fn known_tenant(&self, name: &str) -> Result<String, Refusal> {
        let name = match name.trim().to_lowercase() {
            _ if name.is_empty() => PUBLIC.to_owned(),
            name => name,
        };
        if self.app.tenants.contains(&name) {
            Ok(name)
        } else {
            Err(reply::not_found(&self.app.name, &name))
        }
    }

    /// Whether an API of the whole app may be called by this path.
    pub(super) fn app_specific(&self) -> Result<(), Refusal> {
        self.route.app_specific(self.version)
    }
}
