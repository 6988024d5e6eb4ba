use st_m2m::session_or_m2m;

#[session_or_m2m(user(tenant = "t1", tenant = "t2"))]
async fn like() {}

fn main() {}
