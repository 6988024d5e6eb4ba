use st_m2m::m2m_protected;

#[m2m_protected(form = "orders")]
async fn charge() {}

fn main() {}
