use st_m2m::{Session, session_or_m2m};

#[session_or_m2m]
async fn like(#[caller] _who: Session) {}

fn main() {}
