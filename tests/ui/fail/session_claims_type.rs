use st_m2m::session_or_m2m;

mod demands {
    pub const EMAIL_VERIFIED: &str = "st-ev";
}

#[session_or_m2m(user(claims(demands::EMAIL_VERIFIED)))]
async fn like() {}

fn main() {}
