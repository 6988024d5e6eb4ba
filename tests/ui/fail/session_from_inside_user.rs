use st_m2m::session_or_m2m;

#[session_or_m2m(user(from = "billing"))]
async fn like() {}

fn main() {}
