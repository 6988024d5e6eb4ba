use st_m2m::{Caller, m2m_protected, session_or_m2m};

#[session_or_m2m]
#[m2m_protected(from = "orders")]
async fn like(#[caller] _who: Caller) {}

fn main() {}
