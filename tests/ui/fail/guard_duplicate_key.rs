use st_m2m::m2m_protected;

#[m2m_protected(from = "orders", from = "checkout")]
async fn charge() {}

fn main() {}
