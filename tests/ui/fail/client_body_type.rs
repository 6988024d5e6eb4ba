use st_m2m::client::Error;
use st_m2m::m2m_client;

struct Opaque;

#[m2m_client(service = "orders")]
trait Orders {
    #[post("/orders")]
    async fn create(&self, #[body] order: &Opaque) -> Result<u64, Error>;
}

fn main() {}
