use st_m2m::{HasValue, session_or_m2m};

static EMAIL_VERIFIED: HasValue = HasValue::is_true("st-ev");

#[session_or_m2m(user(claims(EMAIL_VERIFIED, EMAIL_VERIFIED)))]
async fn like() {}

fn main() {}
