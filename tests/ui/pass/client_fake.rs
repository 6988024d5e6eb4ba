//! A trait that was made a client is implemented by hand with plain `async fn`.

use st_m2m::client::Error;
use st_m2m::m2m_client;

#[m2m_client(service = "orders")]
trait Orders {
    #[get("/orders/{id}")]
    async fn find(&self, id: u64) -> Result<u64, Error>;
}

struct Fake;

impl Orders for Fake {
    async fn find(&self, id: u64) -> Result<u64, Error> {
        Ok(id)
    }
}

async fn uses(orders: &impl Orders) -> Result<u64, Error> {
    orders.find(5).await
}

fn main() {
    let _ = uses(&Fake);
    let _ = uses(&OrdersClient::new());
}
