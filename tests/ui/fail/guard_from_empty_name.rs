use st_m2m::m2m_protected;

#[m2m_protected(from = "")]
async fn charge() {}

fn main() {}
