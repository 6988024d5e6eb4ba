use st_m2m::session_or_m2m;

// What is wrong in the user's own code is said of it, once.
#[session_or_m2m]
async fn like(id: u64, name: Strin) -> Result<u64, String> {
    let half: u32 = id;
    if half > 5 {
        return half;
    }
    Ok(name)
}

fn main() {}
