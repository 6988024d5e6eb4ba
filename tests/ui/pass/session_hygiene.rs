//! Names of the user never meet names of the expansion.
#![no_implicit_prelude]
#![deny(warnings)]
#![allow(dead_code, non_camel_case_types, unused_macros)]

mod core {}
mod std {}
mod st_m2m {}
struct Result;
struct Option;
struct PrincipalGuard;
struct Reply;
struct ClaimValidator;
static CLAIMS: ::st_m2m::HasValue = ::st_m2m::HasValue::is_true("a");
struct PrincipalPolicy;
struct str;
macro_rules! module_path { () => {}; }
macro_rules! line { () => {}; }

#[::st_m2m::session_or_m2m(from = "orders", user(check_database, claims(CLAIMS)))]
async fn charge(#[caller] __m2m: ::st_m2m::Principal) -> ::st_m2m::Principal {
    __m2m
}

macro_rules! handlers {
    ($($vis:vis $name:ident($who:ident: $ty:ty) -> $ret:ty $body:block)*) => {$(
        #[::st_m2m::session_or_m2m(from = ["orders"])]
        $vis async fn $name(#[caller] $who: $ty) -> $ret $body
    )*};
}

handlers! {
    made(who: ::st_m2m::Principal) -> ::st_m2m::Principal { who }
}

macro_rules! own {
    ($name:ident) => {
        #[::st_m2m::session_or_m2m]
        async fn $name(#[caller] who: ::st_m2m::Principal) -> ::st_m2m::Principal {
            who
        }
    };
}

own!(owned);

macro_rules! two_of_one_name {
    ($number:ident) => {
        #[::st_m2m::session_or_m2m]
        async fn sum($number: u64, number: u64) -> u64 {
            $number + number
        }
    };
}

two_of_one_name!(number);

fn main() {
    let _ = (charge, made, owned, sum);
}
