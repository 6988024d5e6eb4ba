use st_m2m::session_or_m2m;

#[session_or_m2m(user)]
async fn like() {}

fn main() {}
