use st_m2m::m2m_protected;

struct Api;

#[m2m_protected]
impl Api {
    async fn charge(&self) {}
}

fn main() {}
