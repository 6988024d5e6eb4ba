use st_m2m::{HasValue, session_or_m2m};

static EMAIL_VERIFIED: HasValue = HasValue::is_true("st-ev");

#[session_or_m2m(user(claims(EMAIL_VERIFED)))]
async fn like() {}

fn main() {
    let _ = &EMAIL_VERIFIED;
}
