use st_m2m::session_or_m2m;

#[session_or_m2m(user(claims("st-ev")))]
async fn like() {}

fn main() {}
