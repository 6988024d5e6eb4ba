use st_m2m::client::Error;
use st_m2m::m2m_client;

#[m2m_client(service = "orders")]
trait Orders {
    #[get("/orders/{id}")]
    async fn find(&self, order_id: u64) -> Result<u64, Error>;
}

fn main() {}
