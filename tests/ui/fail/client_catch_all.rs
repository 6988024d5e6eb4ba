use st_m2m::client::Error;
use st_m2m::m2m_client;

#[m2m_client(service = "orders")]
trait Orders {
    #[get("/orders/{*rest}")]
    async fn find(&self, rest: &str) -> Result<u64, Error>;
}

fn main() {}
