use st_m2m::{Principal, session_or_m2m};

#[session_or_m2m]
async fn like(#[caller] Principal::User(_user): Principal) {}

fn main() {}
