use st_m2m::client::Error;
use st_m2m::m2m_client;

#[m2m_client(service = "orders")]
trait Orders {
    #[post("/orders")]
    async fn create(&self, #[query] #[body] order: u64) -> Result<u64, Error>;
}

fn main() {}
