use st_m2m::client::Error;
use st_m2m::m2m_client;

#[m2m_client(service = "orders")]
trait Orders {
    async fn cancel(&self) -> Result<(), Error>;
}

fn main() {}
