use st_m2m::m2m_protected;

#[m2m_protected(from = 5)]
async fn charge() {}

fn main() {}
