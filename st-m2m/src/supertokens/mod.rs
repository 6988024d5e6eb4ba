//! SuperTokens Core's HTTP interface, the Core Driver Interface (CDI).

mod access;
mod client;
mod host;
mod sessions;
mod version;
pub(crate) mod wire;

pub use self::access::SigningKey;
pub(crate) use self::{
    access::CoreAccess,
    client::{CoreClient, MintRequest},
    host::CoreHost,
    sessions::{CoreSession, SessionVerdict, VerifySession},
    version::CdiVersion,
};
