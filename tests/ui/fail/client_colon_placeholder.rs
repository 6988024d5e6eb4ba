use st_m2m::{client::Error, m2m_client};

#[m2m_client(service = "orders")]
trait Orders {
    #[get("/orders/:id")]
    async fn find(&self, id: u64) -> Result<u64, Error>;
}

fn main() {}
