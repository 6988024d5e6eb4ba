//! One service of the load test, which prints its URL once it serves: `JWKS_URI=<url> service <name>`.

use st_m2m_peers::service::{Service, runtime};

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    let Some((_, service)) = Service::ALL.iter().find(|(known, _)| *known == name) else {
        let names = Service::ALL.map(|(name, _)| name);
        panic!("no service {name:?}; there are {names:?}");
    };
    let jwks_uri = std::env::var("JWKS_URI").expect("JWKS_URI is where the keys are");
    let served = runtime().block_on(service.serve(&jwks_uri, |url| println!("{url}")));
    served.expect("it serves until it is ended");
}
