use st_m2m::session_or_m2m;

struct Likes;

#[session_or_m2m]
impl Likes {
    async fn like(&self) {}
}

fn main() {
    let _ = Likes.like();
}
