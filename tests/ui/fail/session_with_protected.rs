use st_m2m::{Caller, session_or_m2m};

#[session_or_m2m]
#[st_m2m::m2m_protected(from = "orders")]
async fn like(#[caller] _who: Caller) {}

fn main() {}
