use st_m2m::session_or_m2m;

#[session_or_m2m(user = "t1")]
async fn like() {}

fn main() {}
