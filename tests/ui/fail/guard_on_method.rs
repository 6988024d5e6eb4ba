use st_m2m::m2m_protected;

struct Api;

impl Api {
    #[m2m_protected]
    async fn charge(&self) {}
}

fn main() {}
