use st_m2m::{Caller, Session, session_or_m2m};

#[session_or_m2m]
async fn like(#[caller] _user: Option<Session>, #[caller] _service: Option<Caller>) {}

fn main() {}
