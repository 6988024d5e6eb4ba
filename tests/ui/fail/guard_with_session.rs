use st_m2m::{Caller, m2m_protected, session_or_m2m};

#[m2m_protected]
#[session_or_m2m(user(check_database))]
async fn charge(#[caller] _who: Caller) {}

fn main() {}
