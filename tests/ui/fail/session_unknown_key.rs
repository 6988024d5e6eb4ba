use st_m2m::session_or_m2m;

#[session_or_m2m(users(check_database))]
async fn like() {}

fn main() {}
