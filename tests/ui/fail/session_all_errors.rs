use st_m2m::{Caller, session_or_m2m};

// All at once, in the order of the source.
#[session_or_m2m(form = "orders", tenant = "t1", user(tenant = 1, claims(), databse), crate = st_m2m)]
unsafe fn like(#[caller(service)] _one: Caller, #[caller] _other: Caller) {}

fn main() {}
