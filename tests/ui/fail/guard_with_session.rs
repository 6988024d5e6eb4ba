use st_m2m::{Caller, m2m_protected};

#[m2m_protected]
#[st_m2m::session_or_m2m(user(check_database))]
async fn charge(#[caller] _who: Caller) {}

fn main() {}
