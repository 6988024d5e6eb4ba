use st_m2m::{Caller, m2m_protected};

#[m2m_protected]
async fn charge(#[caller] _one: Caller, #[caller] _other: Caller) {}

fn main() {}
