//! A generated client's insides, and its builder.

use std::{fmt, marker::PhantomData, sync::Arc};

use once_cell::sync::OnceCell;

use super::{Endpoint, Error, Failure, base};
use crate::{m2m::M2m, transport::BaseUrl};

/// The service that a client calls, as the attribute names it.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    name: &'static str,
    base_url: Option<&'static str>,
}

impl Service {
    /// A service and the base URL that the attribute gives it.
    #[must_use]
    pub const fn new(name: &'static str, base_url: Option<&'static str>) -> Self {
        Self { name, base_url }
    }
}

/// A client type that the attribute generated.
pub trait GeneratedClient: Sized {
    /// The service it calls.
    const SERVICE: Service;

    /// Wraps the insides.
    fn from_client(client: Client) -> Self;
}

/// The insides of a generated client.
#[derive(Clone, Debug)]
pub struct Client {
    service: Service,
    /// `None`: the process-global one, looked up at each call.
    m2m: Option<M2m>,
    base_url: Option<Arc<str>>,
    /// Neither a bound `M2m` nor the global one changes, so the base URL is resolved once.
    resolved: Arc<OnceCell<Arc<BaseUrl>>>,
}

impl Client {
    /// The `M2m` this client belongs to.
    pub(super) fn m2m(&self, endpoint: &'static Endpoint) -> Result<M2m, Error> {
        self.m2m.clone().or_else(M2m::global).ok_or_else(|| {
            Error::Token(Failure::of(endpoint, "no M2m: call `st_m2m::init(config).await` first, or bind one with `builder().m2m(&m2m)`"))
        })
    }

    /// The base URL that this client sends to.
    pub(super) fn base_url(
        &self,
        m2m: &M2m,
        endpoint: &'static Endpoint,
    ) -> Result<&Arc<BaseUrl>, Error> {
        self.resolved.get_or_try_init(|| {
            base::resolve(
                self.service.name,
                self.base_url.as_deref(),
                m2m.url_of(self.service.name),
                self.service.base_url,
                m2m.plain_http(),
            )
            .map_err(|problem| Error::InvalidRequest(Failure::of(endpoint, problem)))
        })
    }
}

/// A client of the process-global `M2m`.
#[must_use]
pub fn new_client<C: GeneratedClient>() -> C {
    ClientBuilder::new().build()
}

/// A client whose `M2m` or base URL is to be set.
pub fn client_builder<C: GeneratedClient>() -> ClientBuilder<C> {
    ClientBuilder::new()
}

/// Builds a generated client. What is not set is looked up: the `M2m` is the process-global one, the base URL that of
/// the configuration, else that of the attribute.
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder<C> {
    m2m: Option<M2m>,
    base_url: Option<Arc<str>>,
    client: PhantomData<fn() -> C>,
}

impl<C: GeneratedClient> ClientBuilder<C> {
    fn new() -> Self {
        Self {
            m2m: None,
            base_url: None,
            client: PhantomData,
        }
    }

    /// Sends the token of `m2m`, through its transport and within its time limits.
    pub fn m2m(mut self, m2m: &M2m) -> Self {
        self.m2m = Some(m2m.clone());
        self
    }

    /// The base URL: absolute, http or https, with no query, fragment or credentials. It is checked at the first
    /// call, which fails with [`Error::InvalidRequest`] if it is not, or if it is plain http to a host that
    /// `allow_http` does not name.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = Some(base_url.into().into());
        self
    }

    /// The client.
    #[must_use]
    pub fn build(self) -> C {
        C::from_client(Client {
            service: C::SERVICE,
            m2m: self.m2m,
            base_url: self.base_url,
            resolved: Arc::default(),
        })
    }
}

impl<C> fmt::Debug for ClientBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("m2m", &self.m2m)
            .finish_non_exhaustive()
    }
}
