use st_m2m::{Caller, m2m_protected};

// All at once, in the order of the source.
#[m2m_protected(form = "orders", from = [], crate = st_m2m)]
unsafe fn charge(#[caller(service)] _one: Caller, #[caller] _other: Caller) {}

fn main() {}
