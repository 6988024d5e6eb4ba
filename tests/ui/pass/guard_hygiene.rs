//! Names of the user never meet names of the expansion.
#![no_implicit_prelude]
#![deny(warnings)]
#![allow(dead_code, non_camel_case_types, unused_macros)]

mod core {}
mod std {}
mod st_m2m {}
struct Result;
struct Option;
struct Guard;
struct Policy;
struct str;
macro_rules! module_path { () => {}; }
macro_rules! line { () => {}; }

#[::st_m2m::m2m_protected(from = "orders")]
async fn charge(#[caller] __m2m: ::st_m2m::Caller) -> ::st_m2m::Caller {
    __m2m
}

macro_rules! handlers {
    ($($vis:vis $name:ident($who:ident: $ty:ty) -> $ret:ty $body:block)*) => {$(
        #[::st_m2m::m2m_protected(from = ["orders"])]
        $vis async fn $name(#[caller] $who: $ty) -> $ret $body
    )*};
}

handlers! {
    made(who: ::st_m2m::Caller) -> ::st_m2m::Caller { who }
}

macro_rules! own {
    ($name:ident) => {
        #[::st_m2m::m2m_protected]
        async fn $name(#[caller] who: ::st_m2m::Caller) -> ::st_m2m::Caller {
            who
        }
    };
}

own!(owned);

fn main() {
    let _ = (charge, made, owned);
}
