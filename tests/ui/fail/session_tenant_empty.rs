use st_m2m::session_or_m2m;

#[session_or_m2m(user(tenant = ""))]
async fn like() {}

fn main() {}
