use st_m2m::m2m_client;

struct Opaque;

#[m2m_client(service = "orders")]
trait Orders {
    #[get("/orders")]
    async fn list(&self) -> Result<u64, Opaque>;
}

fn main() {}
