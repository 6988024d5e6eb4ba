use st_m2m::session_or_m2m;

// The macro above already counted the arguments: an error, never an open route.
#[axum::debug_handler]
#[session_or_m2m]
async fn charge() {}

fn main() {}
