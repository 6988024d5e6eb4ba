use st_m2m::session_or_m2m;

#[session_or_m2m]
#[session_or_m2m]
async fn like() {}

fn main() {}
