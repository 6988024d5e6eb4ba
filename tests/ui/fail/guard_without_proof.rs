use st_m2m::{Caller, m2m_protected};

#[m2m_protected(from = "orders")]
async fn charge(#[caller] _who: Caller) {}

// A guarded handler cannot be called around its guard.
async fn around(who: Caller) {
    charge(who).await;
}

fn main() {}
