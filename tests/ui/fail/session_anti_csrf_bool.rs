use st_m2m::session_or_m2m;

#[session_or_m2m(user(anti_csrf = false))]
async fn like() {}

fn main() {}
