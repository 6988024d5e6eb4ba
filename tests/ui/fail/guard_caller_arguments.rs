use st_m2m::{Caller, m2m_protected};

#[m2m_protected]
async fn charge(#[caller(service)] _who: Caller) {}

fn main() {}
