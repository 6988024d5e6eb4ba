use st_m2m::m2m_client;

#[m2m_client(service = "orders")]
struct Orders;

fn main() {}
