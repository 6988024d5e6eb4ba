use st_m2m::client::Error;
use st_m2m::m2m_client;

#[m2m_client(servcie = "orders")]
trait Orders {
    #[get("orders")]
    fn list(&self) -> Result<u64, Error>;

    #[post("/orders/{id}")]
    async fn update(&self, order: u64) -> Result<u64, Error>;

    #[get("/fine")]
    async fn fine(&self) -> Result<u64, Error>;
}

// What is right stays usable: nothing below is an error.
async fn uses(client: OrdersClient) -> Result<u64, Error> {
    client.update(1).await?;
    client.fine().await
}

fn main() {}
