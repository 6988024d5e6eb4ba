use st_m2m::m2m_protected;

#[m2m_protected(from = "order service")]
async fn charge() {}

fn main() {}
