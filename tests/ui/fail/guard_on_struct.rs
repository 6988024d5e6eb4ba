use st_m2m::m2m_protected;

#[m2m_protected]
struct Charge;

fn main() {}
