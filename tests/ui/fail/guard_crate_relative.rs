use st_m2m::m2m_protected;

#[m2m_protected(crate = st_m2m)]
async fn charge() {}

fn main() {}
