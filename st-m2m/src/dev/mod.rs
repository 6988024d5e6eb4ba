//! A SuperTokens-compatible core inside the process, for development, examples and tests.
//!
//! [`DevCore`] answers like SuperTokens Core 11.4.7 (CDI 2.7 to 5.4) at what services and frontend sessions need, so
//! that official backend SDKs can use it:
//!
//! | paths | what |
//! |---|---|
//! | `/hello`, `/apiversion` | as the core |
//! | `/recipe/jwt`, `/.well-known/jwks.json`, `/recipe/jwt/jwks` | tokens of services, and the keys |
//! | `/recipe/session`, and `/verify`, `/refresh`, `/regenerate`, `/remove`, `/user`, `/data` below it; `/recipe/jwt/data` | sessions: with rotation of refresh tokens, detection of their theft, and anti-csrf |
//! | `/recipe/signup`, `/recipe/signin`, `/user/id`, `/users/by-accountinfo` | users with an email and a password |
//! | `/recipe/multitenancy/app/v2` and `/tenant/v2`, and `/list/v2` of either | apps and tenants, with their factors |
//! | `{api_base_path}/jwt/jwks.json` | the keys where a backend SDK serves them, so that one [`DevCore`] is all that a service needs to start |
//!
//! It is held to recordings of the real core, and to the Node SDK with its recipes `Session`, `EmailPassword`, `JWT` and
//! `Multitenancy`.
//!
//! **Development only.** It keeps nothing on disk: keys, sessions and users are gone when it stops, and every start
//! makes new keys. It listens on loopback alone, and whoever reaches it can mint any token unless it has an api key. Of
//! passwords it keeps hashes (PBKDF2), yet type none that is good elsewhere.
//!
//! Web pages from elsewhere do not reach it, neither by a name that is rebound to 127.0.0.1 nor by a `POST` that needs
//! no preflight: on the socket, a request whose `Host` is not `127.0.0.1`, `localhost` or `[::1]`, with any port, or
//! that has an `Origin` other than `http` or `https` on one of these, is answered with 403 and an explanation. What
//! is public anyway stays so: `/hello` and the keys, at `/.well-known/jwks.json` and where a backend SDK serves them.
//! In memory, through [`DevCore::handle`] or as a [`Transport`](crate::transport::Transport), neither header counts.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use st_m2m::dev::DevCore;
//!
//! let core = DevCore::start().await?;
//! println!("a core for development at {}", core.connection_uri());
//! # Ok(())
//! # }
//! ```
//!
//! Differences from the real core, all on purpose: it refuses web pages (403, see above), a request body may have
//! 1 MiB (413 beyond), accounts are not linked, and anything else that the core serves is `404 Not found`. What it
//! keeps is bounded: of each app the newest 10,000 sessions, as far as 32 MiB hold them, and the newest 10,000 users, as
//! far as 8 MiB do; older ones are forgotten. Requests may add 32 apps, and 256 tenants to each; further ones are
//! refused with 400, as are settings (`coreConfig`) of an app or tenant.
//!
//! # Events
//!
//! What it records with `tracing` has the target `st_m2m::dev`:
//!
//! | event | level | fields |
//! |---|---|---|
//! | `DevCore listens; for development only: keys and sessions live in memory` | info | `origin` |
//! | `connection not accepted` | debug | `error` |

mod access_token;
mod api;
mod apps;
mod blocking;
mod builder;
mod cdi;
mod context;
mod core;
mod http;
mod identifier;
mod json;
mod jwt;
mod keys;
mod multitenancy;
mod mutex;
mod query;
mod recent;
mod refresh_token;
mod reply;
mod request;
mod route;
mod sdk;
mod sessions;
mod tenants;
#[cfg(test)]
mod tests;
mod users;
mod web_page;

use std::{io, net::SocketAddr};

pub use self::{builder::DevCoreBuilder, core::DevCore};

/// The target of every event.
const TARGET: &str = "st_m2m::dev";

/// Why a [`DevCore`] cannot start or sign.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is taken or not allowed.
    #[error("cannot listen on {address}: {error}")]
    #[non_exhaustive]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// What the operating system said; part of this error's message, so it is no `source`.
        error: io::Error,
    },
    /// [`start`](DevCore::start) was called outside a tokio runtime.
    #[error("DevCore needs a running tokio runtime; without one, use DevCoreBuilder::in_memory")]
    NoRuntime,
    /// An api key is empty or holds characters other than visible ASCII. The key is not shown.
    #[error("an api key must be one or more visible ASCII characters")]
    ApiKey,
    /// The api base path is not a plain path.
    #[error("api base path {0:?} is not a path such as \"/auth\"")]
    ApiBasePath(String),
    /// An app or tenant has a name that the core does not accept.
    #[error("{0:?} is no name for an app or tenant: use a-z, 0-9 and -")]
    Name(String),
    /// A session's payload holds a claim that the core sets itself.
    #[error("a session's payload must not contain the claim {0:?}")]
    ProtectedClaim(String),
    /// A payload cannot be written as the core writes it: it is nested too deeply.
    #[error("the payload is nested too deeply")]
    Payload,
    /// No randomness, or a key cannot be generated or used.
    #[error("the cryptography library failed")]
    Crypto,
}
