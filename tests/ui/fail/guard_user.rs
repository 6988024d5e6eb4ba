use st_m2m::m2m_protected;

#[m2m_protected(from = "orders", user(check_database))]
async fn charge() {}

fn main() {}
