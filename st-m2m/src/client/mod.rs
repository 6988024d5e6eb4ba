//! What `#[m2m_client]` expands to: typed HTTP clients that send this service's token.
//!
//! A call goes through three steps: the arguments are encoded ([`Error::InvalidRequest`] when they cannot be, and
//! nothing is sent), this service's token is added ([`Error::Token`] when there is none, and nothing is sent), and
//! the answer is decoded. The token is sent to the base URL's origin only: redirects are not followed.

mod base;
mod call;
mod decode;
mod encode;
mod endpoint;
mod error;
mod handle;

pub use self::{
    endpoint::Endpoint,
    error::{Error, ErrorResponse, Failure},
    handle::ClientBuilder,
};

/// What generated code uses, through `__private`.
pub(crate) mod private {
    use super::Endpoint;
    pub use super::{
        call::{Call, EndpointError, JsonBody, Outcome, Parameter},
        decode::{Decode, Json, OptionalJson, Unit},
        handle::{Client, GeneratedClient, Service, client_builder, new_client},
    };

    /// The description of one endpoint.
    #[must_use]
    pub const fn endpoint(
        service: &'static str,
        trait_name: &'static str,
        name: &'static str,
        method: &'static str,
        path: &'static str,
    ) -> Endpoint {
        Endpoint::new(service, trait_name, name, method, path)
    }
}
