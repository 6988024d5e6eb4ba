//! Everything that `#[m2m_client]` accepts.
#![deny(warnings, missing_docs, unreachable_pub, missing_debug_implementations)]

use serde::{Deserialize, Serialize};
use st_m2m::client::Error;
use st_m2m::m2m_client;

/// An order.
#[derive(Debug, Deserialize, Serialize)]
pub struct Order {
    /// Its number.
    pub id: u64,
}

/// An error of our own.
#[derive(Debug)]
pub struct Failed;

impl From<Error> for Failed {
    fn from(_: Error) -> Self {
        Self
    }
}

/// An alias with an argument.
pub type Reply<T> = Result<T, Failed>;

/// An alias without.
pub type Found = Result<Order, Error>;

/// Orders.
#[m2m_client(service = "orders", base_url = "https://orders.internal/v1", crate = ::st_m2m)]
pub trait Orders: Send + 'static {
    /// A name that is a placeholder, a query by rule, a list, a name on the wire.
    #[get("/orders/{id}/items/{item-id}")]
    async fn find(
        &self,
        id: u64,
        #[path("item-id")] item: &str,
        open: Option<bool>,
        #[query("tag")] tags: &[&str],
    ) -> Reply<Option<Order>>;

    /// A body and a query.
    #[post("/orders")]
    async fn create(&self, #[body] order: &Order, #[query] notify: bool) -> Result<Order, Error>;

    /// A body by value, and lifetimes.
    #[put("/orders")]
    async fn replace<'a>(&'a self, #[body] order: &'a Order) -> Found;

    /// A string is a JSON string.
    #[patch("/orders/{id}")]
    async fn update(&self, #[path] id: u64, #[body] order: Order) -> Result<String, Error>;

    /// Nothing to decode.
    #[delete("/orders/{type}")]
    async fn r#type(&self, r#type: u64) -> Result<(), Error>;

    /// Never a body.
    #[head("/orders")]
    async fn exists(&self) -> Result<(), Error>;

    /// Bare parameters are queries.
    #[options("/")]
    async fn options(&self, größe: u64) -> Found;

    /// Another method.
    #[request("PURGE", "/orders")]
    async fn purge(&self) -> Result<(), Error>;

    /// Not always there.
    #[cfg(any())]
    #[get("/orders")]
    async fn absent(&self) -> Missing;

    /// Not an endpoint.
    fn name(&self) -> &'static str {
        "orders"
    }
}

fn spawn(_: impl Future<Output = ()> + Send + 'static) {}

fn uses(orders: impl Orders + Clone) {
    spawn(async move {
        let _ = orders.find(1, "2", None, &[]).await;
        let _ = orders.exists().await;
    });
}

fn main() {
    let orders = OrdersClient::new();
    assert_eq!(format!("{orders:?}"), "OrdersClient { .. }");
    assert_eq!(OrdersClient::ENDPOINTS.len(), 8);
    let _ = OrdersClient::default().name();
    let _ = OrdersClient::builder();
    uses(orders.clone());
}
