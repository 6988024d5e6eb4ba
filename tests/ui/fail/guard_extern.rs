use st_m2m::m2m_protected;

#[m2m_protected]
async extern "C" fn charge() {}

fn main() {}
