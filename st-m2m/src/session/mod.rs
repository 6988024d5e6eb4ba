//! Frontend sessions: does a request carry one, is it good, and what goes back to the browser?
//!
//! The rules are those of SuperTokens' Node SDK (`supertokens-node`, `recipe/session`), decision for decision; where this
//! is stricter, the place says so and why. Sources are named by their path in that repository.

#![cfg_attr(
    not(feature = "axum"),
    allow(dead_code, reason = "only frameworks ask for sessions")
)]

mod claims;
mod request;
mod response;
mod rules;
#[expect(
    clippy::module_inception,
    reason = "the file is about `Session`, as every other here about its noun"
)]
mod session;
mod token;
mod verify;

#[cfg(feature = "axum")]
pub(crate) use self::response::answer_to;
pub use self::{
    claims::{ClaimRefusal, ClaimValidator, ClaimValue, HasValue},
    rules::{AntiCsrf, SameSite, TokenTransfer, UserRules},
    session::Session,
};
pub(crate) use self::{
    response::SessionAnswer,
    rules::{CookieRules, SessionRules},
    verify::{Reply, SessionRefusal, SessionRequest, Sessions},
};
