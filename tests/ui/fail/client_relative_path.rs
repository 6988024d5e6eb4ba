use st_m2m::client::Error;
use st_m2m::m2m_client;

#[m2m_client(service = "orders")]
trait Orders {
    #[get("orders")]
    async fn list(&self) -> Result<u64, Error>;
}

fn main() {}
