//! SuperTokens Core's HTTP interface, the Core Driver Interface (CDI).

mod client;
mod host;
mod version;
pub(crate) mod wire;

pub(crate) use self::{
    client::{CoreClient, MintRequest},
    host::CoreHost,
    version::CdiVersion,
};
