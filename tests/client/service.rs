//! A service that calls another, which a test makes up.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use st_m2m::{
    Config, ConfigBuilder, M2m, client::Error, clock::ManualClock, m2m_client, transport::Request,
};
use st_m2m_tests::{
    still::{self, NOW},
    transport::{Reply, Scripted},
};

#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Order {
    pub(crate) id: u64,
    pub(crate) item: String,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    InFlight,
}

#[m2m_client(service = "orders", base_url = "https://orders.internal/v1")]
pub(crate) trait Orders {
    #[get("/orders/{id}")]
    async fn get(&self, id: &str) -> Result<Order, Error>;

    #[get("/orders/{id}/lines/{line-no}")]
    async fn line(&self, #[path("line-no")] line: u8, id: u64) -> Result<Order, Error>;

    #[get("/orders")]
    async fn list(
        &self,
        status: Option<Status>,
        #[query("tag")] tags: &[&str],
        r#type: Option<&str>,
    ) -> Result<Vec<Order>, Error>;

    #[get("/orders/{id}")]
    async fn find(&self, id: u64) -> Result<Option<Order>, Error>;

    #[head("/orders/{id}")]
    async fn exists(&self, id: u64) -> Result<(), Error>;

    #[post("/orders")]
    async fn create(&self, #[body] order: &Order, #[query] dry_run: bool) -> Result<Order, Error>;

    #[put("/orders/{id}")]
    async fn replace(&self, id: u64, #[body] order: Order) -> Result<(), Error>;

    #[patch("/orders/{id}")]
    async fn change(&self, id: u64, #[body] item: &str) -> Result<(), Error>;

    #[delete("/orders/{id}")]
    async fn cancel(&self, id: u64) -> Result<(), Error>;

    #[options("/orders")]
    async fn options(&self) -> Result<(), Error>;

    #[request("PURGE", "/cache")]
    async fn purge(&self) -> Result<(), Error>;

    #[post("/orders/{id}/archive")]
    async fn archive(&self, id: u64) -> Result<(), Error>;

    #[get("/")]
    async fn root(&self) -> Result<String, Error>;

    #[get("/search")]
    async fn search(&self, filter: Filter) -> Result<(), Error>;
}

/// No scalar, so it has no form in a query.
#[derive(Debug, Serialize)]
pub(crate) struct Filter {
    pub(crate) name: String,
}

/// A started service, and everything it sent to others.
pub(crate) struct Service {
    pub(crate) m2m: M2m,
    pub(crate) clock: ManualClock,
    network: Scripted,
}

impl Service {
    /// A service whose callee answers with `answer`.
    pub(crate) async fn start(
        answer: impl Fn(&Request) -> Reply + Send + Sync + 'static,
        change: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
    ) -> Self {
        let clock = ManualClock::at_unix_seconds(NOW);
        let core = Arc::new(still::shared_core());
        let network = Scripted::new(move |request| match request.uri().port_u16() {
            Some(3567) => Reply::By(core.clone()),
            _ => answer(request),
        });
        let config = Config::builder()
            .connection_uri("http://127.0.0.1:3567")
            .api_domain("https://api.example.com")
            .service("checkout")
            .clock(Arc::new(clock.clone()))
            .transport(network.shared());
        let config = change(config).build().expect("a configuration");
        let m2m = M2m::start(config).await.expect("started");
        Self {
            m2m,
            clock,
            network,
        }
    }

    pub(crate) async fn answering(status: u16, body: &'static str) -> Self {
        Self::start(move |_| Reply::text(status, body), |config| config).await
    }

    pub(crate) fn client(&self) -> OrdersClient {
        OrdersClient::builder().m2m(&self.m2m).build()
    }

    /// The requests to others than the core.
    pub(crate) fn sent(&self) -> Vec<Request> {
        let mut sent = self.network.sent();
        sent.retain(|request| request.uri().port_u16() != Some(3567));
        sent
    }

    /// The one request that was sent.
    pub(crate) fn only(&self) -> Request {
        let mut sent = self.sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent.remove(0)
    }
}
