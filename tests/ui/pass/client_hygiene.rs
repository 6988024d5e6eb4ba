//! Names of the user never meet names of the expansion.
#![no_implicit_prelude]
#![deny(warnings)]
#![allow(dead_code, non_camel_case_types)]

mod core {}
mod std {}
mod st_m2m {}
mod client {}
struct Result;
struct Option;
struct Some;
struct Send;
struct Sync;
struct Clone;
struct Default;
struct Future;
struct Client;
struct Endpoint;
struct Call;
struct str;

#[::st_m2m::m2m_client(service = "orders", base_url = "https://orders.internal")]
trait Orders {
    #[get("/orders/{id}")]
    async fn find(
        &self,
        id: u64,
        __client: u64,
        __f: u64,
    ) -> ::core::result::Result<::core::option::Option<u64>, ::st_m2m::client::Error>;
}

macro_rules! clients {
    ($($vis:vis trait $name:ident ($service:literal) {
        #[$verb:ident($path:expr)]
        async fn $method:ident(&self $(, $(#[$binding:ident])? $parameter:ident: $ty:ty)*) -> $output:ty;
    })*) => {$(
        #[::st_m2m::m2m_client(service = $service)]
        $vis trait $name {
            #[$verb($path)]
            async fn $method(&self $(, $(#[$binding])? $parameter: $ty)*) -> $output;
        }
    )*};
}

clients! {
    trait Made("made") {
        #[post("/made/{id}")]
        async fn make(&self, id: u64, #[body] body: u64) -> ::core::result::Result<(), ::st_m2m::client::Error>;
    }
}

macro_rules! own {
    ($name:ident) => {
        #[::st_m2m::m2m_client(service = "own")]
        trait $name {
            #[get("/own/{id}")]
            async fn find(&self, id: u64) -> ::core::result::Result<u64, ::st_m2m::client::Error>;
        }
    };
}

own!(Own);

fn main() {
    ::core::mem::drop(OrdersClient::new().find(1, 2, 3));
    ::core::mem::drop(MadeClient::new().make(1, 2));
    ::core::mem::drop(OwnClient::new().find(1));
}
