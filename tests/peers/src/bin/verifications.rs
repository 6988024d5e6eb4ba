//! Verifies one token many times, for a tool that counts instructions: `verifications <contender> <times>`. Without
//! arguments it prints the contenders' names.

use std::hint::black_box;

use st_m2m_peers::{Issuer, verify};

fn main() {
    let issuer = Issuer::new();
    let mut contenders = verify::contenders(&issuer, &issuer.token(1));
    contenders.push(("st-m2m, first sight", verify::first_sights(&issuer)));
    let mut arguments = std::env::args().skip(1);
    let Some(asked) = arguments.next() else {
        for (name, _) in contenders {
            println!("{name}");
        }
        return;
    };
    let times = arguments.next().expect("verifications <contender> <times>");
    let times = times.parse().expect("a number of times");
    let contender = contenders.iter_mut().find(|(name, _)| *name == asked);
    let (_, check) = contender.expect("one of the names that it prints");
    assert!(counted_verifications(check, times), "a good token");
}

/// The one function whose instructions count: an issuer's key takes a different number of them at each start.
#[inline(never)]
fn counted_verifications(check: &mut verify::Check, times: u32) -> bool {
    (0..times).fold(true, |good, _| good & black_box(check()))
}
