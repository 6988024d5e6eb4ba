use st_m2m::client::Error;
use st_m2m::m2m_client;

struct Opaque;

#[m2m_client(service = "orders")]
trait Orders {
    #[get("/orders")]
    async fn list(&self, filter: Opaque) -> Result<u64, Error>;
}

fn main() {}
