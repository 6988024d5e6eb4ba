use st_m2m::m2m_client;

#[m2m_client(service = "orders")]
trait Orders {
    #[get("/orders")]
    async fn list(&self) -> Option<u64>;
}

fn main() {}
