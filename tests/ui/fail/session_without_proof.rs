use st_m2m::{Principal, session_or_m2m};

#[session_or_m2m]
async fn like(#[caller] _who: Principal, id: u64) -> u64 {
    id
}

fn main() {
    let _ = like(7);
}
