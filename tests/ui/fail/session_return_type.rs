use axum::{Router, routing::get};
use st_m2m::session_or_m2m;

struct Like;

#[session_or_m2m]
async fn like() -> Like {
    Like
}

fn main() {
    let _: Router = Router::new().route("/like", get(like));
}
