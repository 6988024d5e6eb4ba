use st_m2m::m2m_protected;

// The macro above already counted the arguments: an error, never an open route.
#[axum::debug_handler]
#[m2m_protected]
async fn charge() {}

fn main() {}
