use st_m2m::session_or_m2m;

#[session_or_m2m]
struct Like;

fn main() {}
