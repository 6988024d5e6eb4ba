use st_m2m::session_or_m2m;

#[session_or_m2m(user(check_databse))]
async fn like() {}

fn main() {}
