use st_m2m::session_or_m2m;

#[session_or_m2m(check_database)]
async fn like() {}

fn main() {}
