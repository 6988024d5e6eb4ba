use st_m2m::m2m_protected;

#[m2m_protected]
async fn charge(#[caller] who: Vec<String>) {}

fn main() {}
