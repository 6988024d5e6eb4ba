use st_m2m::client::Error;
use st_m2m::m2m_client;

#[m2m_client(service = "orders")]
trait Orders {
    #[head("/orders")]
    async fn exists(&self) -> Result<bool, Error>;
}

fn main() {}
